#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=dash
#
# libpin with the real module, in the guest: the examples, C++ and ctypes; and the ledger
# by the kernel's own client for pin.yaml. Beside this lie pin.ko and what "tests/lib/run
# DIR" and "tests/man/run DIR" built; Python is the host's.
#
# The last line is "N passed, N failed, N skipped".
set -u

here=$(cd "$(dirname "$0")" && pwd)
passed=0 failed=0
# shellcheck source=tests/vm/guest-lib.sh
. /lib/pin/guest.sh

check() { # WHAT COMMAND...: one more test
	what=$1
	shift
	if "$@" > /tmp/log 2>&1; then
		passed=$((passed + 1))
	else
		echo "FAILED: $what"
		sed 's/^/    /' /tmp/log
		failed=$((failed + 1))
	fi
}

# says EXIT PROGRAM [ARGUMENT...] -- LINE...: these lines are in the output, in order.
says() {
	want=$1 command=$2
	shift 2
	while [ "$1" != -- ]; do
		command="$command $1"
		shift
	done
	shift
	# shellcheck disable=SC2086 # words are wanted
	"$here"/$command > /tmp/out 2>&1
	code=$?
	cat /tmp/out
	[ "$code" = "$want" ] || { echo "exit $code, wanted $want"; return 1; }
	from=1
	for line; do
		at=$(tail -n "+$from" /tmp/out | grep -n -m 1 -e "$line") ||
			{ echo "not said: $line"; return 1; }
		from=$((from + ${at%%:*}))
	done
}

# A device of its own for users without privilege, and a limit that is theirs.
as_nobody() {
	chmod 0666 /dev/pin
	su -s /bin/sh nobody -c "ulimit -l 1024; $here/list_runs 8"
}

user_is_limited() {
	as_nobody 2>&1 | grep 'failed: Cannot allocate memory'
}

address_withheld() {
	su -s /bin/sh nobody -c "ulimit -l 16384; $here/list_runs 1" | grep 'address withheld'
}

# A pin comes and goes, and another one is refused.
ledger_events() {
	"$here/ledger" 3 > /tmp/heard 2>&1 &
	listener=$!
	wait_until grep -q '^0 pins' /tmp/heard
	"$here/read_write" && "$here/explain_refusal" /mnt/plain/data
	wait "$listener"
	code=$?
	cat /tmp/heard
	[ "$code" = 0 ] && tail -n 3 /tmp/heard | tr '\n' ' ' |
		grep -qx 'pinned pin \([0-9]*\) of read_write unpinned pin \1 of read_write refused file-dirty-tracking of explain_refusal '
}

# His own pins he may see, but not listen.
ledger_of_nobody() {
	su -s /bin/sh nobody -c "$here/ledger" | grep -x '0 pins' &&
		su -s /bin/sh nobody -c "$here/ledger 1" 2>&1 | grep 'failed: Operation not permitted'
}

prepare() {
	modprobe -q loop
	modprobe -q ext4
	truncate -s 200M /tmp/image && mkfs.ext4 -q -F /tmp/image &&
		mkdir -p /mnt/plain && mount -t ext4 -o loop /tmp/image /mnt/plain &&
		mount_dax ext4 /dev/pmem0 /mnt/dax || return
	for file in /mnt/plain/data /mnt/dax/data /dev/shm/data; do
		dd if=/dev/zero of=$file bs=1M count=4 2>/dev/null || return
	done
	grep -q ^nobody: /etc/passwd || echo nobody:x:65534:65534::/:/bin/sh >> /etc/passwd
	chmod 755 /root
}

prepare || { echo "guest.sh: cannot lay out the memory to test" >&2; exit 1; }
check "an example without the module" says 3 read_write -- 'No such file or directory'
logscan mark libpin
check "insmod" insmod "$here/pin.ko"

check "check_range, tmpfs" says 0 check_range /dev/shm/data -- \
	'^4194304 bytes of /dev/shm/data: shmem$' '^a pin would be charged 1024 pages$'
check "check_range, ext4" says 1 check_range /mnt/plain/data -- \
	'data: file, refused: file-dirty-tracking (Bad address)$'
check "check_range, DAX" says 1 check_range /mnt/dax/data -- \
	'data: fsdax, refused: fsdax (Operation not supported)$'
check "explain_refusal, tmpfs" says 0 explain_refusal /dev/shm/data -- '^pinned: 1024 pages$'
check "explain_refusal, DAX" says 1 explain_refusal /mnt/dax/data -- \
	'^fsdax: ' '^in /mnt/dax/data$' '^1\. .*copy' 'PIN_F_LEASE' \
	'^4\. .*device-dax' 'create-namespace.*(destroys data)$'
check "explain_refusal, DAX, RDMA" says 1 explain_refusal /mnt/dax/data rdma -- \
	'^fsdax: ' '^2\. .*IBV_ACCESS_ON_DEMAND'
check "explain_refusal, ext4, io_uring" says 1 explain_refusal /mnt/plain/data io_uring -- \
	'^file-dirty-tracking: ' 'without registering'
check "read_write" says 0 read_write -- \
	'^in the memory: written by a device$' '^after munmap:  written by a device$'
check "list_runs" says 0 list_runs 4 -- \
	'^a longterm pin of list_runs: 1024 pages in [0-9]* runs$' \
	'^  at 0: [0-9]* bytes on node [01], physical address 0x[0-9a-f]*000$'
check "list_runs beyond the user's limit" user_is_limited
check "list_runs without privilege" address_withheld
check "lease, DAX" says 0 lease /mnt/dax/leased -- \
	'^pin 1*[0-9]* leased$' 'revoked, cause: file$' '^pin [0-9]* leased$' \
	'^in the file: written by a device$'
check "lease, ext4" says 1 lease /mnt/plain/leased -- '^file-dirty-tracking: '
check "ledger, with nothing in it" says 0 ledger -- '^0 pins$'
check "ledger, events" ledger_events
check "ledger, of a user without privilege" ledger_of_nobody
check "the example of libpin(3)" says 0 libpin-3 -- '^pinned 25[67] pages$'
check "the example of pin(4)" says 0 pin-4 -- '^pinned [23] pages$'
check "C++" "$here/cplusplus" pin
check "ctypes" hostrun /usr/bin/python3 "$here/foreign.py" "$here/libpin.so" \
	"$here/libpin.h" pin
check "the kernel's client of pin.yaml" hostrun /usr/bin/python3 "$here/ledger_ynl.py" \
	"$here/ynl" "$here/pin.yaml"

check "rmmod: nothing is pinned" rmmod pin
check "kernel log" logscan
echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" = 0 ]
