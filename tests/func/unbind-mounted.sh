#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=dash
#
# Shows what Linux itself does when a pmem device is unbound under a mounted filesystem:
# this module is never loaded, and nobody pins anything. Run by hand, as the command
# alone; it is expected to crash the machine, and no suite.
#
#   tests/vm/run.sh -k 7.2 -f tests/func/unbind-mounted.sh -- /root/unbind-mounted.sh ext4
#
# usage: unbind-mounted.sh ext4|xfs
set -eu

# shellcheck source=tests/vm/guest-lib.sh
. /lib/pin/guest.sh

step() { # TEXT: in the kernel's log, too, so that a crash can be told from others
	echo "$*"
	echo "unbind-mounted: $*" > /dev/kmsg
}

mount_dax "$1" /dev/pmem0 /mnt/dax
if grep '^pin' /proc/modules; then
	exit 1
fi
mkfifo /tmp/commands
xfs_io -f /mnt/dax/file < /tmp/commands > /tmp/answers 2>&1 &
exec 3> /tmp/commands
echo "pwrite 0 1m" >&3
echo "mmap -rw 0 1m" >&3
echo "mwrite 0 1m" >&3
# The size tells that it has done the others. A truncate would unmap all pages.
echo "pwrite 2m 1" >&3
n=0
while [ "$(stat -c %s /mnt/dax/file 2> /dev/null)" != 2097153 ]; do
	n=$((n + 1))
	[ "$n" -lt 300 ] || exit 1
	usleep 100000
done

step "a process maps a file of $1 with DAX; unbinding the device"
basename "$(readlink -f /sys/block/pmem0/device)" > /sys/bus/nd/drivers/nd_pmem/unbind
step "unbound; the process ends"
echo quit >&3
exec 3>&-
wait
step "the process has ended; unmounting"
umount /mnt/dax || :
step "unmounted; nothing has crashed"
