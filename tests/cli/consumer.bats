#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# --for: what another subsystem would say.

load common

consumers="any rdma io_uring vfio iommufd xdp"

@test "explain: the remedies and the errno are the consumer's" {
	pinctl explain --for rdma fsdax
	[ "$code" = 0 ]
	[[ $out == *$'\n'"For         rdma: ibv_reg_mr(3)"* ]]
	pinctl explain -J --for xdp memlock-limit
	is_json pinctl.explain/1 '.for == "xdp"' '.explanations[0].errno == "ENOBUFS"' \
		'.explanations[0].for == "xdp"'
	pinctl explain -J --for vfio memlock-limit
	is_json pinctl.explain/1 '.explanations[0].errno == "ENOMEM"'
	pinctl explain --for xdp memlock-limit
	[[ $out == *$'\n'"Charged     "*user-\>locked_vm* ]]
	pinctl explain -J --for xdp ENOBUFS
	[ "$code" = 0 ]
	is_json pinctl.explain/1 '[.explanations[].reason] == ["memlock-limit"]'
	pinctl explain ENOBUFS
	[ "$code" = 2 ]
	pinctl explain --for rdma EFAULT
	[[ $out == *'from ibv_reg_mr(3):'* ]]
	reasons=$("$PINCTL" explain --list -rn -o REASON)
	for consumer in $consumers; do
		# shellcheck disable=SC2086 # words
		pinctl explain -J --for $consumer $reasons
		is_json pinctl.explain/1 ".for == \"$consumer\"" '.explanations | length > 20' \
			'.explanations | all(.remedies | length > 0)'
	done
}

@test "check: the ledger of each" {
	need_no_module
	for pair in rdma:VmPin vfio:VmLck io_uring:user iommufd:user xdp:user; do
		pinctl check -J --for "${pair%:*}" new:anon,64K
		[ "$code" = 0 ]
		is_json pinctl.check/1 ".for == \"${pair%:*}\"" \
			".charge.ledger == \"${pair#*:}\"" '.charge.asked == 65536'
		pinctl check --for "${pair%:*}" new:anon,64K
		[[ $out == *"${pair%:*} charges ${pair#*:}: "*", 64K asked"* ]]
	done
	pinctl check -J --for any new:anon,64K
	is_json pinctl.check/1 '.for == "any" and .charge == null'
	pinctl check -J new:anon,64K
	is_json pinctl.check/1 '.for == "any" and .charge == null'
	pinctl check -J --for rdma self
	is_json pinctl.check/1 '.charge.asked == null' '.charge | has("limit")'
}

limited() { # ARGUMENTS...: as somebody who may lock 64K
	code=0
	(ulimit -Sl 64 && setpriv --inh-caps=-ipc_lock --bounding-set=-ipc_lock \
		"$PINCTL" check "$@" >"$dir/out" 2>"$dir/err") || code=$?
	out=$(cat "$dir/out")
}

@test "check: the limit" {
	command -v setpriv >/dev/null || skip "no setpriv(1)"
	(ulimit -Sl 64) || skip "cannot lower the limit"
	for consumer in rdma vfio io_uring iommufd xdp; do
		limited -J --for $consumer new:anon,64K
		[ "$code" = 0 ]
		is_json pinctl.check/1 '.limit == null' '.charge.exempt == false' \
			'.charge.limit == 65536'
		limited -J --for $consumer new:anon,68K
		[ "$code" = 1 ]
		is_json pinctl.check/1 '.limit.reason == "memlock-limit"' '.pinnable == false'
	done
	# The last one was XDP, whose errno is another.
	is_json pinctl.check/1 '.limit.errno == "ENOBUFS"'
	limited --for vfio new:anon,68K
	[[ $out == *"Next: pinctl explain --for vfio memlock-limit" ]]
	# Where a mapping refuses, limits do not come into it.
	limited -J --for rdma self:0+1M
	is_json pinctl.check/1 '.limit == null and .results[0].reason == "hole"'
}

@test "check: io_uring's own rules" {
	case $(uname -r) in
	6.[1-9].* | 6.1[0-2].*) ;;
	*)
		pinctl check -q --for io_uring new:anon,2G
		[ "$code" = 0 ]
		return
		;;
	esac
	pinctl check -J --for io_uring new:anon,2G
	[ "$code" = 1 ]
	is_json pinctl.check/1 '.charge.rule_errno == "EFAULT"' '.pinnable == false'
}

@test "a consumer that is unknown" {
	for command in check explain; do
		pinctl $command --for io_urnig fsdax
		[ "$code" = 2 ]
		[[ $err == *"did you mean 'io_uring'"* ]]
	done
}
