#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Explain, which needs neither module nor privilege.

load common

reasons() {
	"$PINCTL" explain --list -rn -o REASON
}

@test "the list has every reason of the interface" {
	wanted=$(sed -n 's/^\tX(PIN_REASON_[A-Z0-9_]*, "\([^"]*\)".*/\1/p' \
		"$BATS_TEST_DIRNAME/../../uapi/pin/types.h")
	[ -n "$wanted" ]
	[ "$(reasons)" = "$wanted" ]
}

@test "every reason is explained, with something to do" {
	for reason in $(reasons); do
		pinctl explain "$reason"
		[ "$code" = 0 ]
		[ -z "$err" ]
		[[ $out == "You saw"* ]]
		[[ $out == *"Because     $reason: "* ]]
		[[ $out == *$'\n'"Why  "* ]]
		[[ $out == *$'\n'"What to do"*$'\n'"  1. "* ]]
		[[ $out != *unknown* ]]
	done
}

@test "every reason as JSON" {
	for reason in $(reasons); do
		pinctl explain -J "$reason"
		[ "$code" = 0 ]
		is_json pinctl.explain/1 ".explanations[0].reason == \"$reason\"" \
			'.explanations | length == 1' \
			'.explanations[0].remedies | length >= 1' \
			'.explanations[0].remedies | all(has("command") and has("needs_root"))' \
			'.explanations[0].where == []' \
			'.explanations[0].errno_value | type == "number"'
	done
}

@test "what destroys data is marked, and comes last" {
	pinctl explain fsdax
	[[ $out == *"erases every file"*"ndctl create-namespace"*"[destroys data]"*"[needs root]"* ]]
	pinctl explain -J fsdax
	is_json pinctl.explain/1 '.explanations[0].remedies[-1].destroys_data'
	for consumer in any rdma io_uring vfio iommufd xdp; do
		# shellcheck disable=SC2046 # each is a word
		pinctl explain -J --for $consumer $(reasons)
		is_json pinctl.explain/1 '[.explanations[].remedies | map(.destroys_data) |
			. == sort] | all and length > 20'
	done
}

@test "a target, for one subsystem" {
	need_no_module
	pinctl explain -J --for io_uring self:0+4K
	[ "$code" = 1 ]
	is_json pinctl.explain/1 '.explanations[0].reason == "hole"'
}

@test "every errno of the list leads back to its reasons" {
	"$PINCTL" explain --list -rn -o ERRNO,REASON >"$dir/list"
	while read -r errno reason; do
		pinctl explain "$errno"
		[ "$code" = 0 ]
		[[ $out == *$'\n'"  $reason "* ]]
	done <"$dir/list"
	pinctl explain -J ENOMEM
	is_json pinctl.explain/1 '.explanations | length > 2' \
		'.explanations | all(.errno == "ENOMEM")'
}

@test "an errno: limits first, and of others nothing that only /dev/pin has" {
	pinctl explain ENOMEM
	[[ $out == *$':\n  memlock-limit '* ]]
	[[ $out == *$'\n  system-cap '* ]]
	[[ $out == *$'\n  (no reason) '* ]]
	pinctl explain -J ENOMEM
	is_json pinctl.explain/1 '.explanations[0].reason == "memlock-limit"' \
		'.explanations | any(.reason == "system-cap")'
	pinctl explain -J EOPNOTSUPP --for rdma
	is_json pinctl.explain/1 '[.explanations[].reason] == ["fsdax"]'
	for consumer in rdma io_uring vfio iommufd; do
		pinctl explain ENOMEM --for $consumer
		[[ $out == *$':\n  memlock-limit '* ]]
		[[ $out != *system-cap* && $out != *"no reason"* ]]
		[[ $out == *"pinctl check --for $consumer PID, "* ]]
	done
	pinctl explain EINVAL --for vfio
	[ "$code" = 0 ]
	[[ $out == *"(no reason)"* && $out != *Next:* ]]
}

@test "an errno that refuses nothing is explained too" {
	pinctl explain EPERM
	[ "$code" = 0 ]
	[[ $out == *capability* ]]
	pinctl explain ENOTSUP
	[ "$code" = 0 ]
	[[ $out == *fsdax* ]]
	pinctl explain EXDEV
	[ "$code" = 2 ]
	for errno in EPERM ENOTTY ESTALE; do
		pinctl explain -J "$errno"
		is_json pinctl.explain/1 '.explanations | length == 1' \
			".explanations[0] | .errno == \"$errno\" and .reason == null" \
			'.explanations[0].sentence | endswith(".")' \
			'.explanations[0] | .remedies == [] and .where == []'
	done
	pinctl explain -J EFAULT
	is_json pinctl.explain/1 '[.explanations[] | select(.reason == null)] | length == 1' \
		'[.explanations[] | keys_unsorted] | unique | length == 1'
}

@test "several at once" {
	pinctl explain fsdax hole
	[ "$code" = 0 ]
	[ "$(grep -c '^You saw' "$dir/out")" = 2 ]
	pinctl explain -J fsdax hole
	is_json pinctl.explain/1 '[.explanations[].reason] == ["fsdax", "hole"]'
}

@test "a target, with the place" {
	need_no_module
	disk_file
	pinctl explain "file:$disk"
	[ "$code" = 1 ]
	[[ $out == *"Because     file-dirty-tracking: "* ]]
	[[ $out == *"Where "*" $disk"* ]]
	pinctl explain -J "file:$disk"
	[ "$code" = 1 ]
	is_json pinctl.explain/1 '.source == "predicted"' \
		".explanations[0].where[0].path == \"$disk\"" \
		'.explanations[0].where[0].size == 65536'
	pinctl explain --read "file:$disk"
	[ "$code" = 0 ]
	[[ $out == *"can be pinned for reading"* ]]
}

@test "the list as JSON" {
	pinctl explain --list -J
	[ "$code" = 0 ]
	is_json pinctl.reasons/1 '.reasons | length > 20' \
		'.reasons | all(.errno_value > 0 and (.sentence | length > 0))'
}

@test "two errnos, a line between them" {
	pinctl explain EFAULT EOPNOTSUPP
	[ "$code" = 0 ]
	[[ $out == "EFAULT (14) "*$'\n\n'"EOPNOTSUPP (95) "* ]]
}

@test "as wide as the terminal, but for commands" {
	command -v script >/dev/null || skip "no script(1) for a terminal"
	script -qec "stty cols 50; '$PINCTL' explain guard --color=never" /dev/null </dev/null |
		tr -d '\r' >"$dir/out"
	[ "$(grep -v '\[needs root\]' "$dir/out" | wc -L)" -le 50 ]
	pinctl explain guard --color=never
	[ "$(wc -L <<<"$out")" -gt 50 ]
}
