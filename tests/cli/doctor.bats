#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Doctor: every check answers, and what fails comes with a command.

load common

@test "every check answers once" {
	"$PINCTL" doctor --list-checks >"$dir/ids"
	pinctl doctor -J
	is_json pinctl.doctor/1 '.checks | all(.status | IN("ok", "warn", "fail", "unknown"))' \
		'.checks | all(.text | length > 0)' '.checks | all(.fixes | type == "array")' \
		'.ok + .warn + .fail + .unknown == (.checks | length)' \
		'.features | type == "array"' '.kernel | length > 0'
	[ "$(jq -r '.checks[].id' "$dir/out")" = "$(cat "$dir/ids")" ]
}

@test "the text has the same checks" {
	pinctl doctor
	for id in $("$PINCTL" doctor --list-checks); do
		grep -qE "^ $id +(ok|warn|FAIL|unknown) " "$dir/out"
	done
	[[ $out =~ [0-9]+\ ok,\ [0-9]+\ warn,\ [0-9]+\ FAIL,\ [0-9]+\ unknown$ ]]
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
}

@test "one check alone" {
	pinctl doctor --only thp
	[ "$code" = 0 ]
	[[ $out == *" thp "* ]]
	[[ $out != *"module.loaded"* ]]
	pinctl doctor -J --only thp
	is_json pinctl.doctor/1 '[.checks[].id] == ["thp"]'
}

@test "a low limit is a warning with commands" {
	command -v setpriv >/dev/null || skip "no setpriv(1)"
	ulimit -Sl 64 || skip "cannot lower the limit"
	setpriv --inh-caps=-ipc_lock --bounding-set=-ipc_lock \
		"$PINCTL" doctor -J --only memlock.soft >"$dir/out"
	is_json pinctl.doctor/1 '.checks[0].status == "warn"' \
		'.checks[0].fixes | any(contains("prlimit"))'
}
