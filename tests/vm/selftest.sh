#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# selftest.sh [KERNEL]: tests the runner itself. Owns the proof that every way in
# which a guest can end is told apart, and that persistent memory is what it should
# be. Prints TAP lines and, last, one line of totals; exits 1 on any failure.

set -u

here=$(cd "$(dirname "$0")" && pwd)
kernel=${1:-6.12}
work=$(mktemp -d "${TMPDIR:-/tmp}/pin-selftest.XXXXXX")
trap 'rm -rf "$work"' EXIT
passed=0 failed=0 skipped=0 number=0

ok() {
	number=$((number + 1)) passed=$((passed + 1))
	echo "ok $number - $1"
}

not_ok() {
	number=$((number + 1)) failed=$((failed + 1))
	echo "not ok $number - $1"
	sed 's/^/# /' "$work/err" "$work/out" | tail -n 30
}

skip() {
	number=$((number + 1)) skipped=$((skipped + 1))
	echo "ok $number - $1 # SKIP $2"
}

# vm OPTION...: runs a guest; $status, $work/out and $work/err tell how it went.
vm() {
	status=0
	"$here/run.sh" -k "$kernel" -n "selftest-$((number + 1))" "$@" \
		>"$work/out" 2>"$work/err" || status=$?
}

# check TEXT COMMAND...: a test that passes when the command does.
check() {
	local text=$1
	shift
	if "$@"; then ok "$text"; else not_ok "$text"; fi
}

# child PID NAME: the pid of a child; a minimal system has no pgrep.
child() {
	local file
	for file in /proc/[0-9]*/status; do
		if grep -qs "^PPid:[[:space:]]*$1\$" "$file" && grep -qs "^Name:[[:space:]]*$2" "$file"; then
			file=${file%/status}
			echo "${file##*/}"
			return
		fi
	done
	echo none
}

# ends TEXT STATUS OPTION...: a guest that must end in one way.
ends() {
	local text=$1 want=$2
	shift 2
	vm "$@"
	if [ "$status" = "$want" ]; then
		ok "$text"
	else
		not_ok "$text (got $status, wanted $want)"
	fi
}

dir=$("$here/kernel.sh" "$kernel") || { echo "no kernel $kernel" >&2; exit 1; }
head -c 1048576 /dev/urandom >"$work/random"
mkdir "$work/tree"
echo "in a directory" >"$work/tree/file name"

ends "exit status 0 passes through" 0 -- true
ends "exit status 3 passes through" 3 -- sh -c 'exit 3'
ends "an exit status of our own numbers passes too" 122 -- sh -c 'exit 122'

vm -- sh -c 'echo one; sleep 4; echo two'
check "output comes out" [ "$(cat "$work/out")" = "one
two" ]
"$here/run.sh" -k "$kernel" -n selftest-stream -- sh -c 'echo one; sleep 5; echo two' 2>/dev/null |
	while read -r _; do echo "$SECONDS"; done >"$work/times"
# shellcheck disable=SC2046 # two numbers
set -- $(cat "$work/times")
check "output comes as it is written" [ $((${2:-0} - ${1:-0})) -ge 3 ]

vm -o "$work/got" -f "$work/random:/data/random" -f "$work/tree" -- \
	sh -c 'cp /data/random "/root/tree/file name" /out/; head -c 65536 /data/random'
check "a file goes in and comes out unchanged" cmp "$work/random" "$work/got/random"
check "a directory goes in" cmp "$work/tree/file name" "$work/got/file name"
head -c 65536 "$work/random" >"$work/part"
check "output is binary-safe" cmp "$work/part" "$work/out"

# shellcheck disable=SC2016 # the guest expands it
vm -e "WORDS=two  'words' \$HOME" -- sh -c 'printf %s "$WORDS"; printf %s "$1"' sh 'a  "b" c'
check "variables and arguments arrive as they are" \
	[ "$(cat "$work/out")" = "two  'words' \$HOMEa  \"b\" c" ]

if [ -x /usr/bin/strace ]; then
	vm -f /usr/bin/strace -- sh -c './strace -c true 2>&1'
	check "a program goes in with its libraries" grep -q 'total$' "$work/out"
else
	skip "a program goes in with its libraries" "no strace here"
fi

# shellcheck disable=SC2016 # the guest expands it
vm -r -o "$work/got" -- hostrun /bin/bash -c 'echo "$BASH_VERSION"; touch /usr/x || echo read-only
	cat /sys/kernel/debug/sleep_time >/dev/null && echo job >/mnt/job'
check "the host's programs run in the guest" grep -q '^5' "$work/out"
check "the host's root directory is read-only" grep -q '^read-only' "$work/out"

check "they can leave results" [ "$(cat "$work/got/job" 2>/dev/null)" = job ]

if printf 'int main(void) { return sizeof(long); }\n' >"$work/m32.c" &&
	cc -m32 -o "$work/m32" "$work/m32.c" 2>/dev/null; then
	ends "a 32-bit program runs" 4 -f "$work/m32" -- ./m32
else
	skip "a 32-bit program runs" "no 32-bit compiler here"
fi

"$here/run.sh" -k "$kernel" -n selftest-kill -- sleep 1000 >/dev/null 2>&1 &
runner=$!
sleep 8
machine=$(child "$(child "$runner" timeout)" qemu)
kill "$runner"
wait "$runner" 2>/dev/null
for _ in 1 2 3 4 5 6 7 8 9 10; do
	kill -0 "$machine" 2>/dev/null || break
	sleep 0.5
done
# shellcheck disable=SC2016 # sh expands it
check "killing the runner ends the machine" \
	sh -c '[ "$1" != none ] && ! kill -0 "$1" 2>/dev/null' sh "$machine"

ends "a panic is a failure" 122 -- sh -c 'echo 1 >/proc/sys/kernel/sysrq; echo c >/proc/sysrq-trigger; sleep 60'
ends "a hang is stopped and is a failure" 124 -t 15 -- sleep 1000
ends "a guest that powers off early is a failure" 122 -- sh -c 'poweroff -f; sleep 60'
ends "a false verdict is no verdict" 122 -- sh -c 'echo "verdict 0 0" >/dev/ttyS2; poweroff -f; sleep 60'
ends "a dead init is a failure" 122 -- sh -c 'kill -9 1; kill -SEGV 1; echo b >/proc/sysrq-trigger; sleep 60'
ends "a warning in the kernel's log is a failure" 123 -- \
	sh -c 'echo "<4>WARNING: CPU: 0 PID: 1 at selftest" >/dev/kmsg'
ends "a broken machine is told apart" 125 -q '-device no-such-device' -- true

vm -- sh -c 'logscan mark a && logscan && echo clean
	echo "<6>BUG: selftest" >/dev/kmsg
	logscan >/dev/null || echo dirty
	logscan mark b; logscan && echo clean-again'
check "logscan sees what came since the mark, and no more" \
	[ "$(cat "$work/out")" = "clean
dirty
clean-again" ]

# shellcheck disable=SC2016 # the guest expands it
vm -- sh -ec '
	. /lib/pin/guest.sh
	pmem_devices_ready
	ls -1 /dev/pmem0 /dev/pmem1 /dev/pmem2
	for fs in ext4 xfs; do
		case $fs in ext4) dev=/dev/pmem0 ;; xfs) dev=/dev/pmem1 ;; esac
		mount_dax $fs $dev /mnt/$fs
		echo x >/mnt/$fs/file
		# STATX_ATTR_DAX
		attr=$(xfs_io -r -c "statx -r -m all" /mnt/$fs/file | sed -n "s/^stat.attributes = //p")
		[ $((attr & 0x200000)) -ne 0 ] && echo "$fs is dax"
	done
	dax=$(make_devdax)
	echo "devdax $dax"
	[ -c "$dax" ] && echo "devdax is there"
	cat /sys/bus/dax/devices/dax*/align
'
check "three regions of persistent memory" grep -q '^/dev/pmem2$' "$work/out"
check "ext4 has DAX" grep -q '^ext4 is dax$' "$work/out"
check "xfs has DAX" grep -q '^xfs is dax$' "$work/out"
check "a region becomes device-dax" grep -q '^devdax is there$' "$work/out"
check "nothing of this dirties the log" [ "$status" = 0 ]

# shellcheck disable=SC2016 # the guest expands it
vm -- sh -c 'for i in 0 1; do
		test -d /sys/devices/system/node/node$i/cpu$i && echo node $i
	done
	grep HugePages_Total /proc/meminfo
	grep -l 0x11e8 /sys/bus/pci/devices/*/device'
check "two NUMA nodes with a processor each" grep -q '^node 1$' "$work/out"
check "64 huge pages" grep -q 'HugePages_Total: *64$' "$work/out"
check "a PCI device with a BAR" grep -q '/device$' "$work/out"
vm -m 4G -a 'hugepages=8' -- sh -c 'grep -e MemTotal -e HugePages_Total /proc/meminfo; modprobe nd_e820; modprobe nd_pmem; sleep 1; ls -1 /dev/pmem*'
check "later arguments replace the defaults" grep -q 'HugePages_Total: *8$' "$work/out"
check "4 GiB still have persistent memory" grep -q '^/dev/pmem2$' "$work/out"
ends "a small machine boots" 0 -m 512M -- true
ends "one processor boots" 0 -q '-smp 1' -- true

# shellcheck disable=SC2016 # the guest expands it
vm -t 60 -- sh -c 'for m in btrfs fuse zram brd loop rdma_rxe ib_uverbs vfio_pci vfio_iommu_type1 dummy tun hwpoison_inject overlay; do
	modprobe $m || echo "lacks $m"; done; : done'
check "the other drivers that pin can be loaded" [ "$status:$(cat "$work/out")" = 0: ]

if [ -e "$dir/key" ]; then
	vm -- sh -c 'kmemleak-scan clear; kmemleak-scan && echo no leaks'
	check "an idle kernel leaks nothing" grep -q '^no leaks$' "$work/out"
	vm -- sh -c 'modprobe test_hmm && ls /dev/hmm_dmirror0; ls /sys/kernel/debug/gup_test /sys/kernel/debug/kunit /sys/kernel/debug/failslab /sys/kernel/debug/gcov >/dev/null && echo all'
	check "the debug kernel has its testers" [ "$status:$(tail -n 1 "$work/out")" = 0:all ]
else
	skip "an idle kernel leaks nothing" "a stock kernel"
	skip "the debug kernel has its testers" "a stock kernel"
fi

echo "1..$number"
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]
