#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# shellcheck disable=SC2054 # the commas are QEMU's
#
# run.sh [--twice] [--only WHO] [KERNEL...]: the benchmarks, on kernels of the virtual machine, each
# booted once: 6.12 and 7.2-perf. On 7.2, the debug kernel, only what leases, ledger and
# trace cost. Leaves build/bench/KERNEL.json and prints tables.
#
# --twice boots each kernel a second time, and fails if a single figure differs. --only
# measures nothing but how WHO pins, such as "pin uring", and holds it against nothing: for
# whoever changes the driver. That is build/bench/KERNEL-only.json.
#
# Owns the machine: its clock counts executed instructions, so that the figures depend
# neither on the host nor on what else that does. 6.1 does not boot with such a clock.
set -euo pipefail

cd "$(dirname "$0")/../.."
results=build/bench

usage() {
	echo "usage: run.sh [--twice] [--only WHO] [6.12|7.2-perf|7.2]..." >&2
	exit 2
}

programs() { # KERNEL
	case ${only:+only}$1 in
	only*) echo pins ;;
	7.2) echo munmap ledger trace ;;
	*) echo pins calls footprint munmap ledger trace ;;
	esac
}

# One processor, or the other one's instructions count as well. rep stosb would count
# once for each byte, so there is none. Nothing that checks each allocation: the other
# suites have that, and kmemleak no memory for as many leases.
boot() { # KERNEL MODULE: what the guest says goes to stdout
	local program file files=()
	local machine=(-k "$1" -n bench -t 5400 ${only:+-e "PIN_BENCH_ONLY=$only"}
		-q "-icount shift=0,sleep=off -smp 1 -cpu max,la57=off,-erms,-fsrm"
		-q "-device intel-iommu,intremap=on -seed 42 -rtc base=2026-01-01,clock=vm"
		-a "nokaslr tsc=reliable nowatchdog slub_debug=- kmemleak=off intel_iommu=on")
	for program in $(programs "$1"); do
		files+=(-f "build/tests/bench/bench-$program")
	done
	files+=(-f "$2" -f build/tools/pinctl -f tests/bench/guest.sh)
	if [[ $(programs "$1") = *pins* ]]; then
		files+=(-f "$(command -v rdma)")
		# libibverbs opens what speaks with rxe by name.
		for file in /etc/libibverbs.d/rxe.driver /usr/lib/*/libibverbs/librxe-*.so; do
			files+=(-f "$file:$file")
		done
	fi
	# shellcheck disable=SC2046 # words are wanted
	PIN_ACCEL=tcg tests/vm/run.sh "${machine[@]}" "${files[@]}" -- \
		/root/guest.sh $(programs "$1")
}

# The lines for programs go into a file, the others to whoever watches.
bench() { # KERNEL MODULE FILE
	boot "$1" "$2" | tee "$3.new" | { grep -aEv --line-buffered $'^(figure|absent|version)\t' || :; }
	mv "$3.new" "$3"
}

compiler() { # FILE: that it was made by
	readelf -p .comment "$1" | sed -n 's/^ *\[ *[0-9a-f]*\] *//p' | sort -u | paste -sd ' '
}

# What the figures depend on and the guest does not know; a kernel that is built here is
# another with other options.
versions() { # KERNEL MODULE
	local key
	key=$(tests/vm/kernel.sh "$1")/key
	[ ! -e "$key" ] || printf 'version\toptions of the kernel\t%s\n' "$(cat "$key")"
	printf 'version\tQEMU\t%s\n' "$(qemu-system-x86_64 --version | head -n 1)"
	printf 'version\tcompiler of the module\t%s\n' "$(compiler "$2")"
	printf 'version\tcompiler of the programs\t%s\n' "$(compiler build/tests/bench/bench-munmap)"
}

to_json() { # KERNEL: from lines on stdin
	grep -aE $'^(figure|absent|version)\t' | jq -Rn --arg kernel "$1" '
		def those(what): map(select(.[0] == what) | {(.[1]): .[2]}) | add // {};
		[inputs | split("\t")]
		| map(if .[0] == "figure" then .[2] |= tonumber else . end)
		| {licence: "SPDX-License-Identifier: GPL-2.0-or-later", $kernel,
		   versions: those("version"), absent: those("absent"), figures: those("figure")}'
}

# Fails if a figure of two boots differs.
same_figures() { # FILE FILE
	if ! diff <(grep -a $'^figure\t' "$1") <(grep -a $'^figure\t' "$2"); then
		echo "FAILED: figures of two boots differ"
		return 1
	fi
	echo "$(grep -ac $'^figure\t' "$1") figures, the same in two boots"
}

twice=0 only='' failed=0
while [[ ${1:-} = --* ]]; do
	case $1 in
	--twice) twice=1 ;;
	--only)
		[ $# -gt 1 ] || usage
		only=$2
		shift
		;;
	*) usage ;;
	esac
	shift
done
[ $# -gt 0 ] || set -- 6.12 7.2-perf
for kernel; do
	case $kernel in
	6.12 | 7.2-perf | 7.2) ;;
	*) usage ;;
	esac
done
make -s -C userlib
make -s -C tools
make -s -C tests/bench
mkdir -p "$results"
for kernel; do
	module=$(tests/vm/module.sh "$kernel")
	result=$results/$kernel${only:+-only}
	bench "$kernel" "$module" "$result.1"
	{ cat "$result.1"; versions "$kernel" "$module"; } | to_json "$kernel" > "$result.json"
	echo
	tests/bench/tables "$result.json"
	if [ $twice = 1 ]; then
		bench "$kernel" "$module" "$result.2" > /dev/null
		same_figures "$result".[12] || failed=1
	fi
	base=tests/bench/baseline/$kernel.json
	if [ -z "$only" ] && [ -e "$base" ]; then
		echo
		echo "Against $base:"
		tests/bench/compare --within 1 "$base" || failed=1
	fi
done
exit $failed
