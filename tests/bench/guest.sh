#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=dash
#
# The benchmarks in the guest: two filesystems with DAX, then the programs. Beside it
# lie pin.ko, which bench-munmap loads itself, the programs, and pinctl.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/vm/guest-lib.sh
. /lib/pin/guest.sh

mount_dax ext4 /dev/pmem0 /mnt/ext4dax
mount_dax xfs /dev/pmem1 /mnt/xfsdax
logscan mark bench
"$here/bench-munmap" "$here/pin.ko" /mnt/ext4dax /mnt/xfsdax
rmmod pin
insmod "$here/pin.ko" max_pins=200000
"$here/bench-ledger"
rmmod pin
[ ! -e /proc/sys/kernel/io_uring_disabled ] || echo 0 > /proc/sys/kernel/io_uring_disabled
"$here/bench-trace" "$here/pinctl"
logscan
