#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=dash
#
# The demonstration, in the guest: pin.ko, pinctl and mappings lie beside it.
# Every command says beforehand how it ought to end; another end is a failure.
#
# guest.sh prepare only loads the module and makes the filesystems and devices.
set -u

here=$(cd "$(dirname "$0")" && pwd)
PATH=$here:$PATH
# shellcheck source=tests/vm/guest-lib.sh
. /lib/pin/guest.sh

die() {
	echo "demo: $*" >&2
	exit 1
}

title() {
	echo
	echo "=== $*"
}

show() { # EXIT-STATUS COMMAND...
	want=$1
	shift
	echo
	if [ "$1" = su ]; then
		echo "\$ su $2 -c '$4'"
	else
		echo "\$ $*"
	fi
	"$@"
	status=$?
	[ "$status" = "$want" ] || die "\"$*\" ended with $status, not $want"
}

plain_ext4() {
	modprobe -q loop
	modprobe -q ext4
	truncate -s 64M /tmp/ext4.img
	mkfs.ext4 -q -F /tmp/ext4.img && mkdir -p /mnt/disk &&
		mount -o loop /tmp/ext4.img /mnt/disk
}

pci_bar() {
	for device in /sys/bus/pci/devices/*; do
		if [ "$(cat "$device/vendor") $(cat "$device/device")" = "0x1234 0x11e8" ]; then
			echo 1 > "$device/enable"
			echo "$device/resource0"
		fi
	done
}

prepare() {
	mount_dax ext4 /dev/pmem0 /mnt/ext4dax || die "no ext4 with DAX"
	mount_dax xfs /dev/pmem1 /mnt/xfsdax || die "no XFS with DAX"
	plain_ext4 || die "no ext4"
	devdax=$(make_devdax) || die "no device-dax"
	for dir in /mnt/ext4dax /mnt/xfsdax /mnt/disk; do
		dd if=/dev/zero of=$dir/data bs=1M count=4 2>/dev/null
	done
	sync
	insmod "$here/pin.ko" || die "the module does not load"
	# What udev and sysusers do on a real system.
	grep -q ^pin: /etc/group 2>/dev/null || echo pin:x:900: >> /etc/group
	group=$(sed -n 's/^pin:[^:]*:\([0-9]*\):.*/\1/p' /etc/group)
	grep -q ^dev: /etc/passwd 2>/dev/null ||
		echo "dev:x:1000:$group::/tmp:/bin/sh" >> /etc/passwd
	chgrp pin /dev/pin
}

prepare
[ "${1:-}" != prepare ] || exit 0

title "This machine"
show 0 pinctl doctor

title "A process with twenty kinds of mappings: what can be pinned, and what not"
mappings s:/mnt/ext4dax/data s:/mnt/xfsdax/data p:/mnt/ext4dax/data \
	s:/mnt/disk/data p:/mnt/disk/data r:/mnt/disk/data s:"$devdax" \
	b:"$(pci_bar)" > /tmp/mappings &
while [ ! -s /tmp/mappings ]; do
	usleep 50000
done
pid=$(cat /tmp/mappings)
show 1 pinctl check "$pid"
kill "$pid"

title "Files on filesystem-DAX: refused, and explained"
show 1 pinctl pin file:/mnt/ext4dax/data
show 1 pinctl pin file:/mnt/xfsdax/data

title "A lease on such a file, until somebody truncates it"
{
	until pinctl list -J | jq -e '.charged > 0' > /dev/null; do
		usleep 100000
	done
	truncate -s 1M /mnt/ext4dax/data
} &
show 1 pinctl pin --lease file:/mnt/ext4dax/data
wait $!

title "What can be pinned: device-dax, hugetlb, memfd, anonymous memory"
show 0 pinctl pin "file:$devdax" --query --hold 0
show 0 pinctl pin new:anon,8M,hugetlb=2M --query --hold 0
show 0 pinctl pin new:memfd,8M --query --hold 0
show 0 pinctl pin new:anon,64M,thp --query --hold 0

title "The memory limit, for an ordinary user"
show 1 su dev -c 'ulimit -l 8192; pinctl pin new:anon,16M --hold 0'
show 0 su dev -c 'ulimit -l 8192; pinctl pin new:anon,8M --hold 0'

rmmod pin || die "the module is still in use"
echo
echo "Nothing is left behind: every page pinned has been released."
