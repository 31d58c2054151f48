#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=dash
#
# The suite "removal" in the guest. The kernel itself crashes, with or without leases,
# when a process ends that maps a file of a device that is gone (seen on 7.2) or when the
# filesystem is unmounted: the program stays until the machine is switched off.
#
# usage: removal.sh KERNEL; beside it lies what guest.sh needs
# The last line is "N passed, N failed, N skipped".
set -u

here=$(cd "$(dirname "$0")" && pwd)
log=/tmp/log.removal

CK_FORK=no PIN_TEST_STAY=1 "$here/guest.sh" "$1" removal > /tmp/guest.log 2>&1 &
seconds=0
while [ "$seconds" -lt 300 ] && ! grep -q '^[0-9]* passed, ' "$log" 2>/dev/null; do
	sleep 1
	seconds=$((seconds + 1))
done
if ! grep -q '^[0-9]* passed, ' "$log"; then
	cat /tmp/guest.log
	echo "FAILED: no end in $seconds s"
	echo "0 passed, 1 failed, 0 skipped"
	exit 1
fi
if ! logscan; then
	echo "FAILED: kernel log"
	echo "0 passed, 1 failed, 0 skipped" >> "$log"
fi
cat "$log"
tail -n 1 "$log" | grep -q ' 0 failed, '
