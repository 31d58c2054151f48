#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=dash
#
# guest.sh PROGRAM...: the benchmarks in the guest, in this order: what each needs, then
# the program. Beside it lie pin.ko, which bench-munmap loads itself, the programs, and
# pinctl. What the figures depend on is said first. PIN_BENCH_ONLY are the names of those
# that bench-pins is to measure.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/vm/guest-lib.sh
. /lib/pin/guest.sh

# Pages that are freed go back to where their neighbours are. Left on the processor's own
# list they would come back in descending order, and the next memory would be as scattered
# as that list is long.
neighbours_first() { # COMMAND...
	echo 100000 > /proc/sys/vm/percpu_pagelist_high_fraction
	"$@"
	echo 0 > /proc/sys/vm/percpu_pagelist_high_fraction
}

bench_pinners() { # PROGRAM ARGUMENT...
	_program=$here/bench-$1
	shift
	# More than the machine has: the same memory is pinned again and again.
	insmod "$here/pin.ko" max_pages=4194304
	neighbours_first "$_program" "$@"
	rmmod pin
}

bench() { # PROGRAM
	case $1 in
	pins)
		# shellcheck disable=SC2086 # words are wanted
		bench_pinners "$1" ${PIN_BENCH_ONLY:-}
		;;
	calls | footprint)
		bench_pinners "$1"
		;;
	munmap)
		mount_dax ext4 /dev/pmem0 /mnt/ext4dax
		mount_dax xfs /dev/pmem1 /mnt/xfsdax
		"$here/bench-munmap" "$here/pin.ko" /mnt/ext4dax /mnt/xfsdax
		rmmod pin
		;;
	ledger)
		insmod "$here/pin.ko" max_pins=200000
		"$here/bench-ledger"
		rmmod pin
		;;
	trace)
		"$here/bench-trace" "$here/pinctl"
		;;
	*)
		echo "guest.sh: no benchmark $1" >&2
		return 2
		;;
	esac
}

printf 'version\tkernel\t%s\n' "$(uname -r)"
printf 'version\tcompiler of the kernel\t%s\n' "$(sed 's/^[^(]*([^(]*(\(.*\)) #.*/\1/' /proc/version)"
[ ! -e /proc/sys/kernel/io_uring_disabled ] || echo 0 > /proc/sys/kernel/io_uring_disabled
if [ -e "$here/rdma" ]; then
	make_consumers "$here/rdma" > /dev/null
	# Debian's kernels have it built in.
	modprobe -q udmabuf || :
fi
logscan mark bench
for program; do
	bench "$program"
done
logscan
