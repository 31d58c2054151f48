#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The commands that ask the ledger, as far as they go without the module.

load common

@test "the ledger needs the module" {
	need_no_module
	for words in monitor "release 42" "list --system" "show pin:42" \
		"who pfn:1"; do
		# shellcheck disable=SC2086 # words are wanted
		pinctl $words
		[ "$code" = 3 ]
		[ -z "$out" ]
		[[ $err == *"fix: sudo modprobe pin"* ]]
		# shellcheck disable=SC2086 # words are wanted
		pinctl $words -J
		[ "$code" = 3 ]
		is_json pinctl.error/1
	done
}

@test "what monitor is not given" {
	for words in "-n 0" "-n x" "-n -1" "--count 99999999999999999999" "--timeout 1x" \
		"--timeout=" "--idle-timeout -1" "42" "--timeout 99999999999999999999"; do
		# shellcheck disable=SC2086 # words are wanted
		pinctl monitor $words
		[ "$code" = 2 ]
		[ -z "$out" ]
	done
}

@test "what list is not given" {
	for words in "--by user" "--system --by usr" "--system --sort size" "--system -a" \
		"--system --user nobody-of-this-name" "--system --pid x" "--system --node -1" \
		"--system --mode short" "--metrics --system" "--metrics -J" "--sort pins"; do
		# shellcheck disable=SC2086 # words are wanted
		pinctl list $words
		[ "$code" = 2 ]
	done
	pinctl list --metrics
	[ "$code" = 3 ] || [ "$code" = 0 ]
}

@test "what who is not given" {
	for place in "" 1 pfn: pfn:x pfn:5-5 pfn:5-4 pfn:1+0 pfn:1+1x pfn:18446744073709551616 \
		pfn:1+18446744073709551615 phys:4K phys:1-0x phys:1+0 block: block:x block:memory \
		node: node:-1 zone file; do
		pinctl who "$place"
		[ "$code" = 2 ]
		[ -z "$out" ]
	done
	pinctl who
	[ "$code" = 2 ]
	pinctl who pfn:1 pfn:2
	[ "$code" = 2 ]
	for place in block:memory99999999 zone:Mov node:999 file:/nowhere file:/dev/null; do
		pinctl who "$place" -J
		[ "$code" = 3 ]
		is_json pinctl.error/1
	done
}

@test "a zero in front of a number means nothing" {
	for place in pfn:08+1 pfn:8+09 pfn:9-010 phys:08-0010 phys:008+1 pfn:0x0a-011; do
		pinctl who "$place"
		[ "$code" != 2 ]
	done
	# Not if it were octal.
	for place in pfn:010-9 phys:010-9; do
		pinctl who "$place"
		[ "$code" = 2 ]
	done
}

@test "a FIFO has no pages, and is not waited for" {
	mkfifo "$dir/fifo"
	code=0
	timeout 5 "$PINCTL" who "file:$dir/fifo" >"$dir/out" 2>"$dir/err" || code=$?
	cat "$dir/err"
	[ "$code" = 3 ]
	[ ! -s "$dir/out" ]
	grep -q "not a regular file" "$dir/err"
}

@test "what release is not given" {
	for pin in 0 x 12x -- -1 99999999999999999999; do
		pinctl release "$pin"
		[ "$code" = 2 ]
		[ -z "$out" ]
	done
	pinctl release 1 2
	[ "$code" = 2 ]
}
