#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Bench, as far as it goes without the module.

load common

@test "bench needs the module" {
	need_no_module
	pinctl bench
	[ "$code" = 3 ]
	[ -z "$out" ]
	[[ $err == *"the module is not loaded"* ]]
	[[ $err == *"fix: sudo modprobe pin"* ]]
	pinctl bench -J --memory small --size 4K
	[ "$code" = 3 ]
	is_json pinctl.error/1
}

@test "what bench is not given" {
	for words in self "--rounds 12" "--rounds 10001" "--rounds x" "--rounds 21x" \
		"--rounds -21" "--rounds +21" "--rounds=" "--rounds 99999999999999999999" \
		"--size 0" "--size 4095" "--size 4K,x" "--size=" "--size ," "--size -4K" \
		"--size 99999999999G" "--memory anon" "--memory small,big" "--memory=" \
		"--memory ," "-o NOTHING" "-o -MEMORY,SIZE,RUNS,BY,PIN,PIN-IQR,PIN-PAGE,PIN-VS,UNPIN,UNPIN-IQR,UNPIN-PAGE,UNPIN-VS" \
		"--size 1M,2M,3M,4M,5M,6M,7M,8M,9M,10M,11M,12M,13M,14M,15M,16M,17M"; do
		# shellcheck disable=SC2086 # words are wanted
		pinctl bench $words
		[ "$code" = 2 ]
		[ -z "$out" ]
		[[ $err == pinctl:* ]]
	done
	pinctl bench --memory smal
	[[ $err == *"did you mean 'small'"* ]]
}

@test "what bench is given" {
	need_no_module
	for words in "--rounds 13" "--rounds 10000" "--size 4K" "--size 1p,2MiB,0x3000" \
		"--memory small,thp" "--memory memfd-hugetlb" "-o +RUNS -rnb"; do
		# shellcheck disable=SC2086 # words are wanted
		pinctl bench $words
		[ "$code" = 3 ]
	done
}
