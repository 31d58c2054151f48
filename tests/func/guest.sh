#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=dash
#
# Runs the driver's suites in the guest: loads the module, lays out the memory
# that the suites need, runs each suite by itself and scans the kernel log after
# each. Where the kernel has kmemleak, that is asked after the last: it takes as long as
# some suites. Who wants to know whose a leak is runs the suites one by one.
#
# usage: guest.sh KERNEL [SUITE...]; beside it lie pin.ko, pin_testmem.ko, pin-func,
# skips.txt, reasons.txt and matrix.txt; for the suite "traced" pinctl and rdma as well,
# for the suite "fuzz" pin-fuzz, of which PIN_FUZZ has the options (tests/fuzz/).
# Without a suite: those that need delay points if pin.ko has them, else the others. With
# PIN_TEST_STOP none begins any more once something has failed.
#
# The suites "movable", "zone", "cma" and "area" need machines with kernel arguments of their
# own and not what the others need: neither persistent memory nor filesystems. So does
# "pressure", with little memory and a persistent one to swap to.
#
# The last line is "N passed, N failed, N skipped" over everything that ran; a
# dirty log, a leak, a skip that skips.txt does not list and a module that cannot
# be removed each count as a failure of their own.
set -u

here=$(cd "$(dirname "$0")" && pwd)
kernel=$1
shift
passed=0 failed=0 skipped=0
# shellcheck source=tests/vm/guest-lib.sh
. /lib/pin/guest.sh

check() { # WHAT COMMAND...: one more test
	what=$1
	shift
	if "$@"; then
		passed=$((passed + 1))
	else
		echo "FAILED: $what"
		failed=$((failed + 1))
	fi
}

die() {
	echo "guest.sh: $*" >&2
	exit 1
}

# A filesystem without DAX, on a file in memory.
mount_plain() { # TYPE DIR
	modprobe -q loop
	modprobe -q "$1"
	truncate -s 400M "/tmp/$1.img"
	case $1 in
	xfs) mkfs.xfs -q -f "/tmp/$1.img" ;;
	btrfs) mkfs.btrfs -q -f "/tmp/$1.img" 2> /dev/null ;;
	*) "mkfs.$1" -q -F "/tmp/$1.img" ;;
	esac
	mkdir -p "$2"
	mount -t "$1" -o loop "/tmp/$1.img" "$2"
}

find_pci_bar() {
	device=$(edu_device) || return
	echo 1 > "$device/enable"
	echo "$device/resource0"
}

# Two RAM disks: one to swap to, one to be mapped itself.
prepare_ram_disks() {
	modprobe -q brd rd_nr=2 rd_size=8192
	mkswap /dev/ram0 > /dev/null && swapon /dev/ram0 && test -b /dev/ram1
}

prepare() {
	mount_dax ext4 /dev/pmem0 /mnt/ext4dax || die "no ext4 with DAX"
	mount_dax xfs /dev/pmem1 /mnt/xfsdax || die "no XFS with DAX"
	mount_plain ext4 /mnt/ext4 || die "no ext4"
	mount_plain xfs /mnt/xfs || die "no XFS"
	mount_plain btrfs /mnt/btrfs || die "no btrfs"
	mkdir -p /mnt/small
	mount -t tmpfs -o size=16k small /mnt/small || die "no small tmpfs"
	prepare_ram_disks || die "no RAM disks"
	modprobe -q fuse
	# Only the matrix misses it.
	[ ! -e "$here/pin_testmem.ko" ] || insmod "$here/pin_testmem.ko" ||
		die "pin_testmem.ko cannot be loaded"
	PIN_TEST_DEVDAX=$(make_devdax) || die "no device-dax"
	PIN_TEST_PCI_BAR=$(find_pci_bar) || die "no edu device"
	export PIN_TEST_DEVDAX PIN_TEST_PCI_BAR
	export PIN_TEST_EXT4DAX=/mnt/ext4dax PIN_TEST_XFSDAX=/mnt/xfsdax
	export PIN_TEST_EXT4=/mnt/ext4 PIN_TEST_XFS=/mnt/xfs PIN_TEST_BTRFS=/mnt/btrfs
	export PIN_TEST_TMPFS=/dev/shm PIN_TEST_BLOCK_DEVICE=/dev/ram1
	export PIN_TEST_TMPFS_SMALL=/mnt/small PIN_TEST_SWAP=/dev/ram0
	export PIN_TEST_MODULE="$here/pin.ko"
}

# Every skip must be on the list, as "KERNEL TEST", with its reason beside it.
skips_listed() {
	while read -r test why; do
		echo "skipped: $test ($why)"
		grep -q "^$kernel $test " "$here/skips.txt" || return 1
	done < "$PIN_SKIPS"
}

# What reasons.txt says that a suite produces on this kernel, it has produced.
reasons_produced() { # SUITE
	if [ ! -e "$here/reasons.txt" ]; then
		echo "no reasons.txt: not compared"
		return
	fi
	while read -r reason kernels by _; do
		case ",$kernels," in *,all,* | *",$kernel,"*) ;; *) continue ;; esac
		case $by in
		never)
			! grep -qx "$reason" "/tmp/reasons.$1" || {
				echo "$reason is said to be produced never"
				return 1
			} ;;
		"$1":*)
			grep -qx "$reason" "/tmp/reasons.$1" || {
				echo "$reason was not produced"
				return 1
			} ;;
		esac
	done < "$here/reasons.txt"
}

seconds() { # since the machine started
	cut -d . -f 1 /proc/uptime
}

run_suite() {
	echo "== $1 on $kernel"
	# The fuzzer is a program of its own, and has options.
	program="$here/pin-func $1"
	[ "$1" != fuzz ] || program="$here/pin-fuzz ${PIN_FUZZ:-}"
	export PIN_SKIPS="/tmp/skips.$1" PIN_TEST_MATRIX="$here/matrix.txt"
	export PIN_TEST_MATRIX_FOUND="/tmp/matrix.$1" PIN_TEST_REASONS="/tmp/reasons.$1"
	: > "$PIN_SKIPS"
	: > "$PIN_TEST_REASONS"
	# Tests become other users.
	chmod 666 "$PIN_TEST_REASONS"
	logscan mark "$1"
	started=$(seconds)
	# shellcheck disable=SC2086 # words are wanted
	$program > "/tmp/log.$1" 2>&1
	status=$?
	echo "note: $1 took $(($(seconds) - started)) s"
	counts=$(grep -E '^[0-9]+ passed, [0-9]+ failed, [0-9]+ skipped$' "/tmp/log.$1" | tail -n 1)
	if [ "$status" != 0 ] || [ -z "$counts" ]; then
		cat "/tmp/log.$1"
	else
		grep '^note: ' "/tmp/log.$1"
		echo "$counts"
	fi
	[ ! -e "$PIN_TEST_MATRIX_FOUND" ] || cat "$PIN_TEST_MATRIX_FOUND"
	if [ -n "$counts" ]; then
		# shellcheck disable=SC2086 # words are wanted
		set -- "$1" $counts
		passed=$((passed + $2)) failed=$((failed + $4)) skipped=$((skipped + $6))
	else
		check "$1 ends without counts" false
	fi
	check "skips of $1 are listed" skips_listed
	check "reasons of $1" reasons_produced "$1"
	check "kernel log after $1" logscan
	check "module is unused after $1" test "$(cat /sys/module/pin/refcnt)" = 0
}

# Where the kernel has KUnit the build made pin_kunit.ko. Whether tests run as the
# module loads is the kernel's choice, so they are told to.
run_kunit() {
	[ -e "$here/pin_kunit.ko" ] || return
	echo "== kunit on $kernel"
	logscan mark kunit
	check "insmod pin_kunit" insmod "$here/pin_kunit.ko"
	for suite in /sys/kernel/debug/kunit/*; do
		echo 1 > "$suite/run"
		# A line of a test is indented; the one of the whole suite is not.
		good=$(grep -c '^    ok [0-9]' "$suite/results")
		bad=$(grep -c '^    not ok [0-9]' "$suite/results")
		passed=$((passed + good)) failed=$((failed + bad))
		echo "$good passed, $bad failed, 0 skipped"
		[ "$bad" = 0 ] || cat "$suite/results"
		check "KUnit ran" test "$((good + bad))" != 0
	done
	check "rmmod pin_kunit" rmmod pin_kunit
	check "kernel log after kunit" logscan
}

# What anybody may read: since the first suite no line has told where the kernel is. What
# the OOM killer reports has the registers of the process, whatever numbers those are; the
# kernel's own are in the report of an oops, which is a failure. KCSAN tells what raced.
no_addresses() {
	! dmesg | sed -n '/pin-vm: mark/,$p' | grep -vE '\bR([A-D]X|[SD]I|[BS]P|[0-9]+): [0-9a-f]{16}' |
		grep -vE '(read|write) .*to 0xffff[0-9a-f]{12} of | value changed: 0x' |
		grep -E '(^|[^0-9a-f])ffff[0-9a-f]{12}'
}

has_kmemleak() {
	[ -w /sys/kernel/debug/kmemleak ] && ! grep -q kmemleak=off /proc/cmdline
}

kcsan=/sys/kernel/debug/kcsan

# Was it on, and looked where the module reads and writes? What it found is in the log.
kcsan_watched() {
	sed -n 's/^\([a-z_]*\): \([0-9]*\)$/note: KCSAN: \2 \1/p' $kcsan
	dmesg | sed -n 's/.*BUG: KCSAN: \(.*\)/\1/p' | sort | uniq -c | sort -rn |
		sed 's/^ */note: KCSAN: /'
	grep -q '^enabled: 1$' $kcsan &&
		! grep -q '^setup_watchpoints: 0$' $kcsan
}

# On memory that is none of the machine's, so that to swap takes none, and with nothing to
# compress: an allocation that waits for ten seconds makes 7.2 complain.
prepare_swap() {
	pmem_devices_ready && mkswap /dev/pmem0 > /dev/null && swapon /dev/pmem0
}

case $* in
pressure) prepare_swap || die "nothing to swap to" ;;
"movable zone" | movable | zone | "cma area" | cma | area) ;;
traced) prepare && { make_consumers "$here/rdma" || die "no devices for RDMA and VFIO"; } ;;
*) prepare ;;
esac
check "insmod" insmod "$here/pin.ko"
list=--list
[ ! -e /sys/module/pin/parameters/delay_judged_ms ] || list=--list-delays
# shellcheck disable=SC2046 # words are wanted
[ $# -gt 0 ] || set -- $("$here/pin-func" "$list")
has_kmemleak && kmemleak-scan clear
[ ! -w $kcsan ] || echo on > $kcsan
for suite; do
	run_suite "$suite"
	[ -z "${PIN_TEST_STOP:-}" ] || [ "$failed" = 0 ] || break
done
# While the module is there to give the addresses in its report names.
has_kmemleak && check "kmemleak" kmemleak-scan
[ ! -w $kcsan ] || check "KCSAN" kcsan_watched
check "rmmod" rmmod pin
check "no address in the kernel log" no_addresses
run_kunit
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]
