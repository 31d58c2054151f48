#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# latency.sh [PART...]: does a pin keep others waiting? Owns the machines for it, one a
# part; without any, all of them.
#
#   tracers     bench-latency on 7.2-latency, whose tracers tell the longest stretch without
#               interrupts or preemption
#   voluntary   bench-latency on 6.12 without preemption: the longest way to a point where
#               it reschedules
#   contention  bench-lock-contention on the debug kernel, 7.2, with two processors
#
# PIN_BENCH_GIB is how much bench-latency pins at once (64). Fails if a part fails, after all.
set -euo pipefail

cd "$(dirname "$0")/../.."
gib=${PIN_BENCH_GIB:-64}
# As in run.sh. Without ERMS and FSRM a string instruction counts for what it does.
counted=(-q "-icount shift=0,sleep=off -smp 1 -seed 42 -rtc base=2026-01-01,clock=vm \
-cpu max,la57=off,-erms,-fsrm")

latency() { # KERNEL ARGUMENTS
	local module
	module=$(tests/vm/module.sh "$1")
	# No persistent memory, which would take half of it; the huge pages are the file's.
	PIN_ACCEL=tcg tests/vm/run.sh -k "$1" -n bench-latency -t 5400 -m 2500M "${counted[@]}" \
		-a "nokaslr tsc=reliable nowatchdog hugepages=128 slub_debug=- $2" \
		-f "$module" -f build/tests/bench/bench-latency \
		-- sh -c "insmod pin.ko max_pages=$((gib << 18)) && ./bench-latency $gib"
}

contention() {
	local module
	module=$(tests/vm/module.sh 7.2)
	tests/vm/run.sh -k 7.2 -n bench-contention -t 1200 -a no_hash_pointers \
		-f "$module" -f build/tests/bench/bench-lock-contention \
		-- sh -c 'insmod pin.ko && ./bench-lock-contention'
}

part() { # NAME
	case $1 in
	tracers) latency 7.2-latency '' ;;
	voluntary) latency 6.12 preempt=none ;;
	contention) contention ;;
	*)
		echo "usage: latency.sh [tracers|voluntary|contention]..." >&2
		exit 2
		;;
	esac
}

if [ $# = 1 ]; then
	make -s -C tests/bench
	part "$1"
	exit
fi
[ $# -gt 0 ] || set -- tracers voluntary contention
failed=()
for name; do
	echo "=== $name"
	tests/bench/latency.sh "$name" || failed+=("$name")
done
[ ${#failed[@]} = 0 ] || { echo "failed: ${failed[*]}"; exit 1; }
