#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=dash
#
# pinctl with the real module, in the guest: beside this lie pin.ko and pinctl.
#
# What pinctl says with the module is compared with what it predicts without:
# both must agree on every mapping that can be made here.
#
# The last line is "N passed, N failed, N skipped".
set -u

here=$(cd "$(dirname "$0")" && pwd)
passed=0 failed=0
# shellcheck source=/dev/null
. /lib/pin/guest.sh

pinctl() {
	"$here/pinctl" "$@" >/tmp/out 2>/tmp/err </dev/null
}

fail() {
	echo "FAILED: $*"
	sed 's/^/    /' /tmp/out /tmp/err
	failed=$((failed + 1))
}

is() { # EXIT PATTERN ARGUMENTS...: the exit code, and a line of stdout
	want=$1 pattern=$2
	shift 2
	pinctl "$@"
	code=$?
	if [ "$code" = "$want" ] && grep -q -e "$pattern" /tmp/out; then
		passed=$((passed + 1))
	else
		fail "pinctl $*: exit $code, wanted $want and '$pattern'"
	fi
}

json() { # EXIT FILTER ARGUMENTS...: the exit code, and what jq holds for true
	want=$1 filter=$2
	shift 2
	pinctl "$@" -J
	code=$?
	if [ "$code" = "$want" ] && [ "$(jq -s length /tmp/out)" = 1 ] &&
	   jq -e "$filter" /tmp/out >/dev/null; then
		passed=$((passed + 1))
	else
		fail "pinctl $* -J: exit $code, wanted $want and $filter"
	fi
}

targets() {
	cat <<-END
	file:/mnt/plain/data
	file:/mnt/plain/short@0+16K
	file:/mnt/dax/data
	file:/dev/shm/data
	file:/dev/hugepages/data
	file:$loop@0+1M
	file:$dax@0+4M
	file:/dev/zero@0+64K
	new:anon,1M
	new:shmem,1M
	new:memfd,1M
	new:anon,8M,thp
	new:anon,4M,hugetlb=2M
	new:memfd,4M,hugetlb=2M
	self:0+64K
	END
}

# One line for each target, access and mapping.
survey() {
	targets | while read -r target; do
		for access in --write --read; do
			pinctl check -a -rn "$access" "$target" \
				-o SIZE,KIND,VERDICT,ERRNO,REASON,PAGESIZE,OFFSET
			echo "$target $access $? $(cat /tmp/out)"
		done
	done
	pinctl check -a -rn self -o SIZE,PERM,KIND,VERDICT,REASON,MAPPING
	cat /tmp/out
}

prepare() {
	modprobe -q loop
	modprobe -q ext4
	truncate -s 200M /tmp/image && mkfs.ext4 -q -F /tmp/image || return
	loop=$(losetup -f) && losetup "$loop" /tmp/image || return
	mkdir -p /mnt/plain && mount -t ext4 "$loop" /mnt/plain || return
	mount_dax ext4 /dev/pmem0 /mnt/dax || return
	dax=$(make_devdax) || return
	echo 16 >/proc/sys/vm/nr_hugepages
	for file in /mnt/plain/data /mnt/dax/data /dev/shm/data; do
		dd if=/dev/zero of=$file bs=1M count=4 2>/dev/null || return
	done
	truncate -s 4M /dev/hugepages/data
	truncate -s 5000 /mnt/plain/short
}

holds_until_terminated() {
	"$here/pinctl" pin new:anon,8M >/tmp/out 2>/tmp/err &
	holder=$!
	n=0
	until grep -q '^pin [0-9]*: 2048 pages' /tmp/out || [ "$n" = 100 ]; do
		usleep 100000
		n=$((n + 1))
	done
	kill -TERM $holder
	if wait $holder && grep -q '^pin [0-9]* released' /tmp/out; then
		passed=$((passed + 1))
	else
		fail "pinctl pin until SIGTERM"
	fi
}

ulimit -l unlimited
prepare || {
	echo "guest.sh: cannot lay out the memory to test" >&2
	exit 1
}
survey >/tmp/predicted
insmod "$here/pin.ko" || exit 1
survey >/tmp/asked
if diff -U0 /tmp/predicted /tmp/asked; then
	passed=$((passed + 1))
else
	echo "FAILED: predicted (-) and asked (+) differ"
	failed=$((failed + 1))
fi

is 0 ' 0 FAIL,' doctor
json 0 '.features | index("check") and index("longterm")' doctor
json 0 '.source == "module" and .because == null' check self
json 0 '.source == "predicted" or .source == "module"' check 1
json 1 '.results[0].reason == "fsdax" and .results[0].errno == "EOPNOTSUPP"' \
	check file:/mnt/dax/data
json 0 '.tried and .results[0].verdict == "yes"' check -a --try new:anon,4M,hugetlb=2M
json 1 '.tried and .results[0].reason == "beyond-eof"' check --try --read \
	file:/mnt/plain/short@0+16K
# A kernel thread.
json 3 '.error.message | test("no memory of its own")' check 2
json 3 '.error.message | test("no memory of its own")' explain 2:0+4K
is 1 '^Because     fsdax: ' explain file:/mnt/dax/data
is 1 '^Because     file-dirty-tracking: ' pin file:/mnt/plain/data
is 1 '^Where .*/mnt/dax/data$' pin file:/mnt/dax/data
json 1 '.pinned == false and .refusal.reason == "beyond-eof"' \
	pin --read file:/mnt/plain/short@0+16K
json 0 '.pinned and .pages == 2048 and .charged_pages == 2048 and .state == "live"' \
	pin new:anon,8M --hold 0
json 0 '.pages == 1024 and .runs >= 1 and (.node_pages | add) == 1024' \
	pin new:memfd,4M --hold 0
json 0 '.access == "read"' pin --read file:/mnt/plain/data --hold 0
is 0 '^pin [0-9]*: 1024 pages in 1 runs' pin "file:$dax@0+4M" --hold 0
is 0 '^mode  *longterm' pin new:shmem,1M --hold 0 --query
holds_until_terminated

if rmmod pin; then
	passed=$((passed + 1))
else
	echo "FAILED: the module cannot be removed: something is still pinned"
	failed=$((failed + 1))
fi
echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" = 0 ]
