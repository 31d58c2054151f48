#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Doctor: every check answers, and what fails comes with a command.

load common

ids() {
	"$PINCTL" doctor --list-checks | awk '{ print $1 }'
}

@test "every check answers once" {
	ids >"$dir/ids"
	pinctl doctor -J
	is_json pinctl.doctor/1 '.checks | all(.status | IN("ok", "warn", "fail", "unknown"))' \
		'.checks | all(.text | length > 0)' '.checks | all(.fixes | type == "array")' \
		'.checks | all(.alternatives | type == "array")' \
		'.ok + .warn + .fail + .unknown == (.checks | length)' \
		'.features | type == "array"' '.kernel | length > 0' '.process == "self"'
	[ "$(jq -r '.checks[].id' "$dir/out")" = "$(cat "$dir/ids")" ]
	[ "$(sort -u "$dir/ids" | wc -l)" = "$(wc -l <"$dir/ids")" ]
	pinctl doctor --list-checks -J
	is_json pinctl.checks/1 '.checks | all((.id | length > 0) and (.summary | length > 0))'
}

@test "the text has the same checks" {
	pinctl doctor
	for id in $(ids); do
		grep -qE "^ $id +(ok|warn|FAIL|unknown) " "$dir/out"
	done
	[[ $out =~ [0-9]+\ ok,\ [0-9]+\ warn,\ [0-9]+\ FAIL,\ [0-9]+\ unknown$ ]]
}

@test "as a table" {
	pinctl doctor -rn -o ID,STATUS
	awk 'NF != 2 { exit 1 }' "$dir/out"
	[ "$(awk '{ print $1 }' "$dir/out")" = "$(ids)" ]
	pinctl doctor -J -o ID,STATUS
	is_json pinctl.doctor/1 '.checks | all(keys == ["id", "status"])'
}

@test "without the module it fails, with a command" {
	need_no_module
	pinctl doctor
	[ "$code" = 1 ]
	[[ $out == *"fix: sudo modprobe pin"* ]]
	pinctl doctor -J
	[ "$code" = 1 ]
	is_json pinctl.doctor/1 '.checks[] | select(.id == "module.loaded") |
		.status == "fail" and (.fixes[0] | startswith("sudo modprobe pin"))'
	pinctl doctor -q
	[ "$code" = 1 ]
	[ -z "$out$err" ]
}

@test "some checks alone" {
	pinctl doctor --only thp
	[ "$code" = 0 ]
	[[ $out == *" thp "* ]]
	[[ $out != *"module.loaded"* ]]
	for list in "--only thp,io_uring" "--only thp --only io_uring" \
		"--only thp,io_uring,seccomp --skip seccomp"; do
		# shellcheck disable=SC2086 # words
		pinctl doctor -J $list
		is_json pinctl.doctor/1 '[.checks[].id] == ["thp", "io_uring"]'
	done
	pinctl doctor -J --skip thp,seccomp
	is_json pinctl.doctor/1 '[.checks[].id] | length > 20 and
		(index("thp") or index("seccomp") | not)'
	# Nothing is left: still a whole document.
	pinctl doctor -J --only thp --skip thp
	[ "$code" = 0 ]
	is_json pinctl.doctor/1 '.checks == [] and .ok == 0'
}

@test "a low limit is a warning with commands" {
	command -v setpriv >/dev/null || skip "no setpriv(1)"
	ulimit -Sl 64 || skip "cannot lower the limit"
	setpriv --inh-caps=-ipc_lock --bounding-set=-ipc_lock \
		"$PINCTL" doctor -J --only memlock.soft >"$dir/out"
	is_json pinctl.doctor/1 '.checks[0].status == "warn"' \
		'.checks[0].fixes == ["sudo prlimit --pid $$ --memlock=unlimited"]' \
		'.checks[0].alternatives | length > 2'
}

@test "the limits of another process" {
	(ulimit -Sl 48 && exec setpriv --inh-caps=-ipc_lock --bounding-set=-ipc_lock sleep 60) &
	pid=$!
	for _ in $(seq 100); do
		[ "$(cat /proc/$pid/comm)" != sleep ] || break
		sleep 0.1
	done
	pinctl doctor -J --pid $pid --only memlock.soft
	is_json pinctl.doctor/1 ".process == \"$pid\"" '.checks[0].status == "warn"' \
		'.checks[0].text | startswith("48K ")' \
		".checks[0].fixes == [\"sudo prlimit --pid $pid --memlock=unlimited\"]"
	pinctl doctor --pid $pid
	[[ $out == *"process $pid"* ]]
	kill $pid
	pinctl doctor --pid 2147483647
	[ "$code" = 3 ]
	[ -z "$out" ]
	pinctl doctor --pid 0
	[ "$code" = 2 ]
	pinctl doctor --pid 1x
	[ "$code" = 2 ]
}
