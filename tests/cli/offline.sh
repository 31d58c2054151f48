#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=dash
#
# A memory block that somebody has pinned cannot go offline: who that is, and that it
# goes when the pin is taken away or its holder ends. In the guest; beside this lie
# pin.ko and pinctl.
#
# And a page of 1 GiB, where the machine is given one: who holds it is found as well.
#
# The machine's NUMA node 1 has memory and no processor, so that the kernel keeps little
# there, and nothing in a block that was just put back. What is pinned is a file of a
# tmpfs that takes its memory from that node and fills it.
#
# The last line is "N passed, N failed, N skipped".
set -u

here=$(cd "$(dirname "$0")" && pwd)
passed=0 failed=0
memory=/sys/devices/system/memory

check() { # WHAT COMMAND...: one more test
	what=$1
	shift
	if "$@" >/tmp/log 2>&1; then
		passed=$((passed + 1))
	else
		echo "FAILED: $what"
		sed 's/^/    /' /tmp/log
		failed=$((failed + 1))
	fi
}

# In a zone of the kernel's: ZONE_MOVABLE would hold no pin.
put_back() {
	echo online_kernel >"$memory/$block/state"
}

# The first block of node 1 that goes offline.
find_block() {
	for block in /sys/devices/system/node/node1/memory[0-9]*; do
		block=${block##*/}
		if echo offline >"$memory/$block/state" 2>/dev/null; then
			put_back
			return
		fi
	done
	echo "offline.sh: no block of node 1 goes offline" >&2
	return 1
}

free_of_node() { # NODE: in MiB
	awk '$3 == "MemFree:" { print int($4 / 1024) }' "/sys/devices/system/node/node$1/meminfo"
}

# Anew each time: what was not pinned any more has moved away with the block.
fill_node() {
	rm -f /mnt/far/data
	truncate -s "$(($(free_of_node 1) - 24))M" /mnt/far/data
}

# A holder whose pin is there when this returns: its number is in $holder, the pin's in $pin.
hold() { # FILE
	: >/tmp/held
	"$here/pinctl" pin "file:$1" >/tmp/held 2>&1 &
	holder=$!
	n=0
	until grep -q '^pin [0-9]*:' /tmp/held || [ "$n" = 3000 ]; do
		usleep 100000
		n=$((n + 1))
	done
	cat /tmp/held
	pin=$(sed -n 's/^pin \([0-9]*\):.*/\1/p' /tmp/held)
	[ -n "$pin" ]
}

state() { # STATE: the block's
	[ "$(cat "$memory/$block/state")" = "$1" ] || {
		cat "$memory/$block/state"
		return 1
	}
}

# The kernel moves what it can and tries again for as long as nobody interrupts it.
take_offline() {
	echo offline >"$memory/$block/state" 2>/tmp/offline &
	remover=$!
	n=0
	until state going-offline || [ "$n" = 600 ]; do
		usleep 100000
		n=$((n + 1))
	done
	usleep 2000000
	state going-offline && kill -0 "$remover"
}

held_by() { # PLACE PIN
	[ "$("$here/pinctl" who "$1" -rn -o ID,PID,COMMAND 2>&1 | tee /dev/stderr)" = "$2" ]
}

held_by_nobody() { # PLACE
	"$here/pinctl" who "$1"
	[ $? = 1 ]
}

went_offline() {
	wait "$remover"
	cat /tmp/offline
	state offline
}

# shellcheck disable=SC2317 # check calls it
release() {
	"$here/pinctl" release "$pin"
}

# Nobody has to tell it.
# shellcheck disable=SC2317 # check calls it
holder_ends() {
	wait "$holder"
	[ $? = 1 ] && cat /tmp/held && grep -q "^pin $pin revoked: " /tmp/held
}

# shellcheck disable=SC2317 # check calls it
end_holder() {
	kill "$holder" && wait "$holder"
}

let_go() { # HOW
	check "$1: a file fills the node" fill_node
	check "$1: the pin" hold /mnt/far/data
	check "$1: somebody holds the block" held_by "block:$block" "$pin $holder pinctl"
	check "$1: somebody holds the node" held_by node:1 "$pin $holder pinctl"
	check "$1: the block does not go offline" take_offline
	check "$1: it is known who holds it up" held_by "block:$block" "$pin $holder pinctl"
	check "$1" "$1"
	check "$1: the block is offline" went_offline
	check "$1: nobody holds the block" held_by_nobody "block:$block"
	check "$1: the block is back" put_back
}

find_huge_page() {
	mkdir -p /mnt/huge
	mount -t hugetlbfs -o pagesize=1G huge /mnt/huge || exit 1
	truncate -s 1G /mnt/huge/page
	check "a huge page: the pin" hold /mnt/huge/page
	check "a huge page: somebody holds it" held_by file:/mnt/huge/page "$pin $holder pinctl"
	check "a huge page: the holder ends" end_holder
	check "a huge page: nobody holds it" held_by_nobody file:/mnt/huge/page
	umount /mnt/huge
}

insmod "$here/pin.ko" || exit 1
find_block || exit 1
mkdir -p /mnt/far
mount -t tmpfs -o "mpol=bind:1,size=90%" far /mnt/far || exit 1
let_go release
check "the holder of a pin that was released ends" holder_ends
let_go end_holder
umount /mnt/far
if grep -q hugepagesz=1G /proc/cmdline; then
	find_huge_page
fi
check "rmmod: nothing is pinned" rmmod pin
echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" = 0 ]
