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
