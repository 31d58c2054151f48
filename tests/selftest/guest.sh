#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=dash
#
# Tests for the kernel's gup_test device, its own and errnos, in the guest, through
# /dev/pin instead. Every case must pass; what does not is listed in exceptions.txt,
# and what is listed must be so. Where the kernel has gup_test itself the same
# programs run on that too, and both must say the same, case by case.
#
# usage: guest.sh KERNEL; beside it lie pin.ko, libshim.so, the programs,
# results.awk and exceptions.txt
set -u

here=$(cd "$(dirname "$0")" && pwd)
kernel=$1
passed=0 failed=0 skipped=0
tab=$(printf '\t')
# shellcheck source=tests/vm/guest-lib.sh
. /lib/pin/guest.sh

die() {
	echo "guest.sh: $*" >&2
	exit 1
}

fail() {
	echo "FAILED: $*"
	failed=$((failed + 1))
}

check() { # WHAT COMMAND...
	what=$1
	shift
	if "$@"; then
		passed=$((passed + 1))
	else
		fail "$what"
	fi
}

# A file of the kind that the directory's name says.
prepare() {
	pmem_devices_ready || die "no persistent memory"
	mkdir -p /mnt/tmpfs /mnt/ext4 /mnt/xfsdax
	mount -t tmpfs tmpfs /mnt/tmpfs || die "no tmpfs"
	modprobe -q ext4
	mkfs.ext4 -q -F -b 4096 /dev/pmem0
	mount -t ext4 -o dax=never /dev/pmem0 /mnt/ext4 || die "no ext4"
	mount_dax xfs /dev/pmem1 /mnt/xfsdax || die "no XFS with DAX"
	modprobe -q loop
	modprobe -q xfs
	mkdir -p /mnt/xfs
	truncate -s 400M /tmp/xfs.img
	mkfs.xfs -q -f /tmp/xfs.img
	mount -t xfs -o loop /tmp/xfs.img /mnt/xfs || die "no XFS"
	# Some cases are about pages that were swapped out.
	mkswap /dev/pmem2 > /dev/null
	swapon /dev/pmem2 || die "no swap"
	[ "$(awk '/^HugePages_Free/ { print $2 }' /proc/meminfo)" -ge 8 ] || die "no huge pages"
}

run() { # PROGRAM DIR LOG [PRELOAD]: the log becomes results
	(cd "/mnt/$2" && LD_PRELOAD=${4:-} "$here/$1") > "$3.log" 2>&1
	awk -f "$here/results.awk" "$3.log" > "$3"
}

# The lines of exceptions.txt that hold for a run.
exceptions() { # WHO PROGRAM DIR: "CASE<tab>RESULT" each
	awk -F "$tab" -v who="$1" -v program="$2" -v dir="$3" '
		!/^#/ && NF {
			if (index(" " $1 " ", " " who " ") && $2 == program &&
			    index(" " $3 " ", " " dir " "))
				print $4 "\t" $5
		}' "$here/exceptions.txt"
}

# Holds results to "all pass, but for the exceptions".
judge() { # WHO PROGRAM DIR RESULTS
	exceptions "$1" "$2" "$3" > /tmp/exceptions
	awk -F "$tab" '
		FILENAME == ARGV[1] { except[$1] = $2; next }
		{
			split($2, word, " ")
			want = $1 in except ? except[$1] : "ok"
			delete except[$1]
			if (word[1] != want)
				print "wrong: " $1 ": " $2 ", not " want
			else if (word[1] == "SKIP")
				print "skip: " $1 ": " $2
			else
				print "good: " $1 ": " $2
		}
		END {
			for (name in except)
				print "wrong: " name ": listed, but there is no such case"
		}' /tmp/exceptions "$4" > /tmp/judged
	grep '^wrong' /tmp/judged
	grep '^skip' /tmp/judged
	good=$(grep -c '^good' /tmp/judged)
	bad=$(grep -c '^wrong' /tmp/judged)
	skip=$(grep -c '^skip' /tmp/judged)
	echo "$2 in $3 through $1: $good as expected, $bad not, $skip skipped"
	passed=$((passed + good)) failed=$((failed + bad)) skipped=$((skipped + skip))
	[ "$good" != 0 ] || fail "$2 in $3: nothing ran"
}

# The shim's counts: did the calls come to it?
came_to_shim() { # LOG
	grep -E '^# shim: [1-9][0-9]* pinned, [0-9]+ refused, [0-9]+ read$' "$1"
}

# The results that /tmp/exceptions does not list.
unlisted() { # RESULTS
	awk -F "$tab" 'FILENAME == ARGV[1] { except[$1]; next } !($1 in except)' \
		/tmp/exceptions "$1"
}

compare() { # PROGRAM DIR
	rm -f /tmp/shim /tmp/kernel
	run "$1" "$2" /tmp/shim "$here/libshim.so"
	judge "$kernel" "$1" "$2" /tmp/shim
	check "$1 in $2 used the shim" came_to_shim /tmp/shim.log
	[ -e /sys/kernel/debug/gup_test ] || return
	run "$1" "$2" /tmp/kernel
	judge gup_test "$1" "$2" /tmp/kernel
	{
		exceptions "$kernel" "$1" "$2"
		exceptions gup_test "$1" "$2"
	} > /tmp/exceptions
	unlisted /tmp/kernel > /tmp/kernel.rest
	unlisted /tmp/shim > /tmp/shim.rest
	check "$1 in $2 says the same with and without the shim" \
		diff /tmp/kernel.rest /tmp/shim.rest
}

prepare
logscan mark selftest
check "insmod" insmod "$here/pin.ko"
if [ "$kernel" = 7.2 ]; then
	check "the debug kernel has gup_test" test -e /sys/kernel/debug/gup_test
fi
for dir in tmpfs ext4 xfs xfsdax; do
	compare gup_longterm "$dir"
done
# What it tests is anonymous memory: the directory does not matter.
compare cow tmpfs
compare errnos tmpfs
check "kernel log" logscan
check "rmmod" rmmod pin
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]
