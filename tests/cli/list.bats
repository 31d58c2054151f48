#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# List and show, as far as they go without the module.

load common

@test "list needs the module" {
	need_no_module
	pinctl list
	[ "$code" = 3 ]
	[ -z "$out" ]
	[[ $err == *"fix: sudo modprobe pin"* ]]
	pinctl list -J
	is_json pinctl.error/1
	pinctl list self
	[ "$code" = 2 ]
}

@test "show a process that has no context" {
	sleep 60 &
	pid=$!
	pinctl show $pid
	[ "$code" = 1 ]
	[[ $out == *" ($pid), user "* ]]
	[[ $out == *"context  none"* ]]
	pinctl show -J $pid
	[ "$code" = 1 ]
	is_json pinctl.show/1 ".process.pid == $pid" '.contexts == [] and .pins == []' \
		'.process | has("vm_pin") and has("memlock_soft") and has("memlock_exempt")' \
		".process.uid == $(id -u)"
	pinctl show -rn $pid
	[ "$code" = 1 ]
	[ -z "$out" ]
	pinctl show $pid/0
	[ "$code" = 1 ]
	kill $pid
}

# In a mount namespace of its own: a /proc in which two processes that are there, $first and
# $second, hold one context of /dev/pin, the first as 8 and 9, the second as 9. That it is
# one kcmp(2) says, of another file that they share. $thread is one of the second's.
with_holders() { # COMMAND
	local user=
	[ "$(id -u)" = 0 ] || user=-r
	unshare -m $user true || skip "no mount namespaces"
	code=0
	rm -rf "$dir/proc"
	cat >"$dir/holders" <<-'END'
	hold() { # PID FD...
		process=$dir/proc/$1
		mkdir -p "$process/fd" "$process/fdinfo"
		for fd in "${@:2}"; do
			ln -s /dev/pin "$process/fd/$fd"
			printf 'flags:\t02\npins:\t0\npinned-pages:\t0\ncharged-pages:\t0\n' \
				>"$process/fdinfo/$fd"
		done
		mount --bind "$process/fd" "/proc/$1/fd"
		mount --bind "$process/fdinfo" "/proc/$1/fdinfo"
	}
	exec 8</dev/null 9<&8
	sleep 60 &
	first=$!
	exec 8<&-
	python3 -c 'import threading, time
	threading.Thread(target=time.sleep, args=(60,)).start()
	time.sleep(60)' &
	second=$!
	exec 9<&-
	trap 'kill "$first" "$second"' EXIT
	until thread=$(ls "/proc/$second/task" | grep -vx "$second"); do
		kill -0 "$second"
		sleep 0.1
	done
	hold "$first" 8 9
	hold "$second" 9
	END
	export dir PINCTL
	# shellcheck disable=SC2086 # a word or none
	unshare -m $user bash -euc ". $dir/holders; $1" >"$dir/out" 2>"$dir/err" 3<&- || code=$?
	cat "$dir/out" "$dir/err"
}

# shellcheck disable=SC2016 # with_holders sets them
@test "a descriptor is that of the process that was named" {
	with_holders '"$PINCTL" show -J "$first/8"'
	[ "$code" = 0 ]
	is_json pinctl.show/1 '.contexts | length == 1' '.contexts[0].held_by | length == 3'
	with_holders '"$PINCTL" show "$second/9"'
	[ "$code" = 0 ]
	with_holders '"$PINCTL" show "$second/8"'
	[ "$code" = 1 ]
	[[ $(cat "$dir/err") == *"descriptor 8 of process "*" is not one of /dev/pin"* ]]
}

# shellcheck disable=SC2016 # with_holders sets them
@test "a thread has the descriptors of its process" {
	with_holders '"$PINCTL" show -J "$thread"; echo "$second" >"$dir/second"'
	[ "$code" = 0 ]
	second=$(cat "$dir/second")
	is_json pinctl.show/1 ".process.pid == $second" ".contexts[0].context == \"$second/9\""
	with_holders '"$PINCTL" show "$thread/9"'
	[ "$code" = 0 ]
	with_holders '"$PINCTL" show "$thread/8"'
	[ "$code" = 1 ]
}

@test "what show is not given" {
	for target in 0 x 12x 12/ 12/x /1 -- 99999999999 1/99999999999; do
		pinctl show "$target"
		[ "$code" = 2 ]
		[ -z "$out" ]
	done
	pinctl show 1 2
	[ "$code" = 2 ]
	pinctl show 2147483647
	[ "$code" = 3 ]
	[[ $err == *"no process 2147483647"* ]]
	[ "$(id -u)" = 0 ] || skip "root is needed to become somebody else"
	code=0
	setpriv --reuid=65534 --clear-groups "$PINCTL" show 1 >"$dir/out" 2>"$dir/err" || code=$?
	[ "$code" = 3 ]
	grep -q "cannot look into process 1" "$dir/err"
}
