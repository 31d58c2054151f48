#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=dash
#
# Shows what Linux itself does when files on XFS with DAX share their blocks, or exchange
# them: this module is never loaded, and nobody pins anything. Run by hand, and no suite;
# the kernel is expected to warn.
#
#   tests/vm/run.sh -k 6.1 -a panic_on_warn=0 -f tests/func/sharing-mapped.sh -- \
#           /root/sharing-mapped.sh
#
# "WHAT: N warnings" tells how many the kernel had for each.
set -eu

# shellcheck source=tests/vm/guest-lib.sh
. /lib/pin/guest.sh

warnings() {
	dmesg | grep -c 'WARNING: ' || :
}

make_file() { # PATH BYTE
	xfs_io -f -c "pwrite -q -S $2 0 1m" -c fsync "$1"
}

# Through a mapping, as a program with DAX does it.
map_and() { # mread|mwrite PATH
	xfs_io -c "mmap -rw 0 1m" -c "$1 0 1m" "$2" > /dev/null
}

tell() { # WHAT
	after=$(warnings)
	echo "$1: $((after - before)) warnings"
	before=$after
}

PIN_REFLINK=1 mount_dax xfs /dev/pmem0 /mnt/dax
if grep '^pin' /proc/modules; then
	exit 1
fi
cd /mnt/dax
before=$(warnings)

make_file one 1
map_and mread one
xfs_io -f -c "reflink one" two > /dev/null
tell "a mapped file is cloned"
map_and mread one
map_and mread two
tell "both are read"
map_and mwrite one
map_and mwrite two
tell "both are written"
rm one two
sync
# Until what they had is given to others.
for i in 1 2 3 4 5 6 7 8; do
	make_file "next$i" 3
	map_and mwrite "next$i"
done
tell "both are removed, others get their blocks and are written"

make_file one 1
make_file two 2
map_and mwrite one
map_and mwrite two
xfs_io -c "swapext two" one
tell "two mapped files exchange their blocks"
map_and mwrite one
map_and mwrite two
tell "both are written"
rm one two
cd /
umount /mnt/dax
tell "all is removed and unmounted"
dmesg | grep 'WARNING: ' || :
