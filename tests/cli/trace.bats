#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# trace: wrong use, and what it says where it cannot.  That it traces is looked at in the
# virtual machine, see tests/trace/.

load common

@test "wrong use of trace" {
	for arguments in "-n 0" "-n none" "--timeout 0" "--timeout 1x" "-p 0" "-p self" \
		"something" "-p 1 -- true"; do
		# shellcheck disable=SC2086 # words
		pinctl trace $arguments
		[ "$code" = 2 ]
		[[ $err == *"try: pinctl trace --help"* ]]
	done
	pinctl trace 'sleep' 1
	[[ $err == *"a command to run follows '--'"* ]]
}

@test "trace of a process that is not there" {
	pinctl trace -p 2147483647 -J
	[ "$code" = 3 ]
	is_json pinctl.error/1 '.error.message | test("there is no process")'
}

@test "trace without privilege says what is missing, and runs no command" {
	command -v setpriv >/dev/null || skip "no setpriv(1)"
	code=0
	setpriv --inh-caps=-all --ambient-caps=-all --bounding-set=-all \
		"$PINCTL" trace -- touch "$dir/ran" 2>"$dir/err" || code=$?
	[ "$code" = 3 ]
	grep -qE "CAP_BPF|libbpf|/sys/kernel/btf|pid namespace" "$dir/err"
	[ ! -e "$dir/ran" ]
}

# What was to be watched does not run unwatched.
@test "the command of a trace that dies does not run" {
	code=0
	ASAN_OPTIONS=verify_asan_link_order=0 LD_PRELOAD=$BUILT/dies.so \
		"$PINCTL" trace -- touch "$dir/ran" 2>"$dir/err" || code=$?
	[ "$code" = 137 ]
	# It has nothing to wait for any more: whoever is left of it would be running by now.
	sleep 1
	[ ! -e "$dir/ran" ]
}

@test "errors of what tells in lines are a line" {
	command -v setpriv >/dev/null || skip "no setpriv(1)"
	for words in monitor trace; do
		setpriv --inh-caps=-all --ambient-caps=-all --bounding-set=-all \
			"$PINCTL" "$words" -J >"$dir/out" 2>"$dir/err" || code=$?
		[ "$code" = 3 ]
		[ "$(wc -l <"$dir/out")" = 1 ]
		is_json pinctl.error/1
	done
}
