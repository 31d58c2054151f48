#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=dash
#
# The benchmarks in the guest: two filesystems with DAX, then the programs. Beside it
# lie pin.ko, which the programs load themselves, and bench-munmap.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/vm/guest-lib.sh
. /lib/pin/guest.sh

mount_dax ext4 /dev/pmem0 /mnt/ext4dax
mount_dax xfs /dev/pmem1 /mnt/xfsdax
logscan mark bench
"$here/bench-munmap" "$here/pin.ko" /mnt/ext4dax /mnt/xfsdax
rmmod pin
logscan
