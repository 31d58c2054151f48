#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# scale.sh [KERNEL]: does the cost grow as it has to, and no faster; 7.2-perf, or 6.12 or
# 7.2. Owns the machine that bench-scale needs, whose clock counts executed instructions
# (see run.sh), the table build/bench/scale-KERNEL.tsv, and the pictures of it, docs/*.svg,
# which are those of 7.2-perf.
set -euo pipefail

cd "$(dirname "$0")/../.."
kernel=${1:-7.2-perf}
case $kernel in
6.12 | 7.2 | 7.2-perf) ;;
*)
	echo "usage: scale.sh 6.12|7.2|7.2-perf" >&2
	exit 2
	;;
esac
table=build/bench/scale-$kernel.tsv

make -s -C tests/bench
module=$(tests/vm/module.sh "$kernel")
mkdir -p build/bench docs
status=0
# Without ERMS and FSRM a string instruction counts for what it does, eight bytes at a time.
PIN_ACCEL=tcg tests/vm/run.sh -k "$kernel" -n bench-scale -t 3000 \
	-q "-icount shift=0,sleep=off -smp 1 -seed 42 -rtc base=2026-01-01,clock=vm \
-cpu max,la57=off,-erms,-fsrm" -a "nokaslr tsc=reliable nowatchdog slub_debug=- kmemleak=off" \
	-f "$module" -f build/tests/bench/bench-scale \
	-- sh -c 'insmod /root/pin.ko max_pages=2000000 max_pins=200000 && ./bench-scale' |
	tee "$table" || status=$?
if [ "$status" = 0 ] && [ "$kernel" = 7.2-perf ]; then
	tests/setup.sh bench
	gnuplot -e "table='$table'" tests/bench/scale.gnuplot
	# What gnuplot writes says of what program it is, and not of whom.
	sed -i '1a <!-- SPDX-License-Identifier: GPL-2.0-or-later -->' docs/scale-*.svg
fi
exit "$status"
