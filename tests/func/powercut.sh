#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=dash
#
# One boot of tests/func/powercut in the guest: verifies what the boots before have
# acknowledged and has both filesystems checked, then writes until it is switched off.
#
# usage: powercut.sh BOOT last|more; beside it lie pin.ko, pin-func and acknowledged
# "passed WHAT" and "failed WHAT" tell of the checks; with "last" it ends.
set -u

here=$(cd "$(dirname "$0")" && pwd)
export PIN_TEST_BOOT=$1 PIN_TEST_ACKNOWLEDGED=$here/acknowledged
export PIN_TEST_EXT4DAX=/mnt/ext4dax PIN_TEST_XFSDAX=/mnt/xfsdax
# shellcheck source=tests/vm/guest-lib.sh
. /lib/pin/guest.sh

die() {
	echo "failed $*"
	exit 1
}

check() { # WHAT COMMAND...
	what=$1
	shift
	"$@" > /tmp/log 2>&1 || {
		cat /tmp/log
		die "$what"
	}
	grep '^note: ' /tmp/log
	echo "passed $what"
}

# Struct pages and so DAX take a namespace of that mode; what it writes for that lasts.
make_fsdax() {
	for region in 0 1; do
		ndctl create-namespace -f -e "namespace$region.0" -m fsdax -M mem > /dev/null ||
			return
	done
}

mount_both() {
	modprobe -q ext4
	modprobe -q xfs
	mkdir -p /mnt/ext4dax /mnt/xfsdax
	mount -t ext4 -o dax=always /dev/pmem0 /mnt/ext4dax &&
		mount -t xfs -o dax=always /dev/pmem1 /mnt/xfsdax
}

logscan mark powercut
pmem_devices_ready || die "no persistent memory"
insmod "$here/pin.ko" || die "no module"
if [ "$1" = 0 ]; then
	make_fsdax || die "no fsdax namespaces"
	mount_dax ext4 /dev/pmem0 /mnt/ext4dax || die "no ext4 with DAX"
	mount_dax xfs /dev/pmem1 /mnt/xfsdax || die "no XFS with DAX"
else
	# Mounting replays the journals.
	check "boot $1: mount" mount_both
	check "boot $1: what was acknowledged" env CK_RUN_CASE=verify "$here/pin-func" powercut
	check "boot $1: umount" umount /mnt/ext4dax /mnt/xfsdax
	check "boot $1: e2fsck" e2fsck -fn /dev/pmem0
	check "boot $1: xfs_repair" xfs_repair -n /dev/pmem1
	mount_both || die "mount again"
fi
check "boot $1: kernel log" logscan
[ "$2" = more ] || exit 0
env CK_RUN_CASE=write "$here/pin-func" powercut
die "not switched off"
