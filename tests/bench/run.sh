#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# run.sh [KERNEL]: the benchmarks, on one kernel of the virtual machine, 6.12 or 7.2.
# Owns the machine that they need: its clock counts executed instructions, so that the
# figures depend neither on the host nor on what else that does. 6.1 does not boot with
# such a clock.
set -euo pipefail

cd "$(dirname "$0")/../.."
kernel=${1:-6.12}
case $kernel in
6.12 | 7.2) ;;
*)
	echo "usage: run.sh 6.12|7.2" >&2
	exit 2
	;;
esac
make -s -C userlib
make -s -C tools
make -s -C tests/bench
module=$(tests/vm/module.sh "$kernel")
# One processor, or the other one's instructions count as well. Nothing that checks each
# allocation: the other suites have that, and kmemleak no memory for as many leases.
machine=(-k "$kernel" -n bench -t 3000
	-q "-icount shift=0,sleep=off -smp 1 -seed 42 -rtc base=2026-01-01,clock=vm"
	-a "nokaslr slub_debug=- kmemleak=off")
job=(-f "$module" -f build/tests/bench/bench-munmap -f build/tests/bench/bench-ledger
	-f build/tests/bench/bench-trace -f build/tools/pinctl -f tests/bench/guest.sh)
printf '$ PIN_ACCEL=tcg tests/vm/run.sh'
printf ' %q' "${machine[@]}" "${job[@]/#"$PWD/"/}"
printf ' -- /root/guest.sh\n'
PIN_ACCEL=tcg exec tests/vm/run.sh "${machine[@]}" "${job[@]}" -- /root/guest.sh
