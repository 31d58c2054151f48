#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=dash
#
# guest.sh KERNEL: pinctl trace in the guest, with the kernel's own registrations as
# programs make them; beside this lie pinctl, consumer and rdma.  The module is not loaded.
#
# The lines that trace has printed are left in /out, to be held against the schema.
#
# The last line is "N passed, N failed, N skipped".
set -u

here=$(cd "$(dirname "$0")" && pwd)
kernel=$1
passed=0 failed=0
mkdir -p /out
# shellcheck source=tests/vm/guest-lib.sh
. /lib/pin/guest.sh

fail() { # WHAT [FILE...]
	echo "FAILED: $1"
	shift
	[ $# = 0 ] || sed 's/^/    /' "$@"
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

prepare() {
	modprobe -q loop
	modprobe -q ext4
	truncate -s 100M /tmp/image && mkfs.ext4 -q -F /tmp/image || return
	mkdir -p /mnt/plain && mount -t ext4 -o loop /tmp/image /mnt/plain || return
	mount_dax ext4 /dev/pmem0 /mnt/dax || return
	for file in /mnt/plain/data /mnt/dax/data /dev/shm/data; do
		dd if=/dev/zero of=$file bs=1M count=4 2> /dev/null || return
	done
	truncate -s 6000 /mnt/plain/short
	# Only what is loaded before can be watched.
	make_rxe "$here/rdma" > /dev/null
}

# Listens when this returns: nothing of the one before may be mistaken for its first line.
start_trace() { # OPTIONS
	: > /tmp/lines
	"$here/pinctl" trace -J "$@" > /tmp/lines 2> /tmp/err < /dev/null &
	tracer=$!
	wait_until grep -q -e '"event":"ready"' /tmp/lines
}

stop_trace() { # it ends with 0, and nothing was lost
	kill "$tracer"
	wait "$tracer"
	code=$?
	cat /tmp/lines >> /tmp/all
	if [ "$code" = 0 ] && ! grep -q lost /tmp/err; then
		passed=$((passed + 1))
	else
		fail "trace ended with $code" /tmp/err
	fi
}

# Those that are whole. Without jq, which takes longer than a registration.
lines_of() { # PID
	grep "\"pid\":$1,.*}\$" /tmp/lines
}

has_line() { # PID
	lines_of "$1" | grep -q .
}

# One registration, what it came to, and the one line about it.
registers() { # RESULT FILTER CONSUMER-ARGUMENTS...
	result=$1 filter=$2
	shift 2
	"$here/consumer" "$@" > /tmp/consumer 2>&1 &
	pid=$!
	wait $pid
	wait_until has_line $pid
	lines_of $pid > /tmp/line
	if grep -q "^$result 0x" /tmp/consumer && [ "$(grep -c . /tmp/line)" = 1 ] &&
	   jq -e "$filter" /tmp/line > /dev/null; then
		passed=$((passed + 1))
	else
		fail "consumer $*: wanted $result and $filter" /tmp/consumer /tmp/line
	fi
}

# What every kind of registration is told of in the same way.
same_for_all() { # CONSUMER MOST-ERRNO-OF-A-HOLE LEDGER ERRNO-OF-THE-LIMIT [DEVICE]
	mine=".for == \"$1\" and .command == \"consumer\" and .tid == .pid"
	registers EOPNOTSUPP "$mine and .event == \"refused\" and .reason == \"fsdax\" and
		.errno == \"EOPNOTSUPP\" and .failed == .start and .length == 4194304 and
		.mapping.path == \"/mnt/dax/data\" and .mapping.kind == \"fsdax\" and
		.mapping.perm == \"rw-s\" and .remedy.text != null and .candidates == []" \
		"$1" /mnt/dax/data 4M "${5:-}"
	registers "$2" "$mine and .reason == \"hole\" and .errno == \"$2\" and
		.mapping == null and .failed != .start" "$1" hole 64K "${5:-}"
	registers "$2" "$mine and .reason == \"beyond-eof\" and .failed != .start and
		.mapping.path == \"/mnt/plain/short\"" "$1" /mnt/plain/short,private 64K "${5:-}"
	registers ok "$mine and .event == \"pinned\" and .pinned_pages == 1024 and
		.reason == null and .took_ns > 0 and .faults > 0" "$1" anon 4M "${5:-}"
	registers "$4" "$mine and .reason == \"memlock-limit\" and .function == null and
		(.charge | .ledger == \"$3\" and .limit == 65536 and .asked == 4194304 and
		.charged < 65536 and (.exempt | not)) and (.remedy.command | strings)" \
		-l 65536 "$1" anon 4M "${5:-}"
}

# A shared, writable mapping of a file on a disk, which 6.1 still lets others pin.
dirty_tracking() { # CONSUMER ERRNO-OF-A-PIN [DEVICE]
	if [ "$kernel" != 6.1 ]; then
		registers "$2" '.reason == "file-dirty-tracking" and
			.mapping.path == "/mnt/plain/data"' "$1" /mnt/plain/data 4M "${3:-}"
	elif [ "$1" = io_uring ]; then
		registers EOPNOTSUPP '.reason == null and (.rule | test("takes no mapping")) and
			.function == null and .mapping.path == "/mnt/plain/data"' \
			"$1" /mnt/plain/data 4M
		registers EINVAL '.reason == null and (.rule | test("different files")) and
			.function == null' "$1" /dev/shm/data+/mnt/plain/data 4M
	else
		registers ok '.event == "pinned"' "$1" /mnt/plain/data 4M "${3:-}"
	fi
}

consumers() {
	start_trace --all
	# There only what the stock kernels do not have; "traced" has all of them.
	[ "$kernel" = 7.2 ] || stock_consumers
	same_for_all rdma EFAULT VmPin ENOMEM
	dirty_tracking rdma EFAULT
	registers EPERM '.reason == "memlock-limit" and .charge.limit == 0' -l 0 rdma anon 4M
	if [ -n "$device" ]; then
		same_for_all iommufd EFAULT user ENOMEM "$device"
		dirty_tracking iommufd EFAULT "$device"
	fi
	stop_trace
}

stock_consumers() {
	same_for_all io_uring EFAULT user ENOMEM
	dirty_tracking io_uring EFAULT
	registers EFAULT '.reason == null and (.rule | test("1 GiB")) and
		.length == 2147483648' io_uring anon 2G
	# Of a pin that falls short AF_XDP makes an errno of its own.
	same_for_all xdp ENOMEM user ENOBUFS
	dirty_tracking xdp EFAULT
	same_for_all vfio EFAULT VmLck ENOMEM "$group"
	dirty_tracking vfio EFAULT "$group"
	if [ -e /dev/udmabuf ]; then
		registers EINVAL '.function == "memfd_pin_folios" and .for == null and
			(.subsystem | test("udmabuf")) and .reason == "beyond-eof" and
			.mapping.path == "/memfd:short (deleted)"' udmabuf anon 64K
	fi
}

# A hundred that fail at once: each is told of, or counted.
many() {
	start_trace
	: > /tmp/pids
	n=0
	while [ $n -lt 100 ]; do
		"$here/consumer" io_uring /mnt/dax/data 4M > /dev/null &
		echo $! >> /tmp/pids
		n=$((n + 1))
	done
	# shellcheck disable=SC2046 # one word each
	wait $(cat /tmp/pids)
	wait_until all_told
	jq -r 'select(.event == "refused" and .reason == "fsdax") | .pid' /tmp/lines |
		sort > /tmp/told
	sort /tmp/pids > /tmp/asked
	check "a hundred at once" diff /tmp/asked /tmp/told
	stop_trace
}

all_told() {
	[ "$(grep -c '"event":"refused"' /tmp/lines)" -ge 100 ]
}

# Stopped for longer than there is room for what happens: how much was lost is told.
overrun() {
	start_trace --all --stack
	kill -STOP "$tracer"
	"$here/consumer" -n 4000 io_uring anon 64K > /dev/null
	kill -CONT "$tracer"
	check "what was lost is counted" wait_until grep -q '"event":"lost"' /tmp/lines
	kill "$tracer"
	wait "$tracer"
	check "trace goes on when some were lost" [ $? = 0 ]
	check "and says so" grep -q '^pinctl: [0-9]* events were lost$' /tmp/err
	lost=$(jq -s 'map(select(.event == "lost").events) | add' /tmp/lines)
	# One event each: the pin is told of with the call that has made it.
	told=$(grep -c '"event":"pinned"' /tmp/lines)
	check "of 4000 registrations $told lines and $lost lost" \
		[ $((told + lost)) = 4000 ]
	grep -m 1 '"event":"lost"' /tmp/lines >> /tmp/all
}

# Killed in the middle of a pin: it is told of, and nothing of it is kept.
interrupted() {
	start_trace
	"$here/consumer" rdma stuck 64K > /dev/null 2>&1 &
	pid=$!
	check "a pin is on its way" wait_until on_its_way
	kill -9 $pid
	wait $pid 2> /dev/null
	check "nothing is kept of what was killed" wait_until nothing_on_its_way
	wait_until has_line $pid
	lines_of $pid > /tmp/line
	if jq -e '.event == "refused" and .for == "rdma" and .errno == "EINTR" and
		.reason == "interrupted"' /tmp/line > /dev/null; then
		passed=$((passed + 1))
	else
		fail "what was killed is told of" /tmp/line
	fi
	stop_trace
}

on_its_way() {
	[ "$("$here/consumer" entries)" -gt 0 ]
}

nothing_on_its_way() {
	[ "$("$here/consumer" entries)" = 0 ]
}

programs() {
	"$here/consumer" programs
}

no_programs() {
	[ "$(programs)" = "$before" ]
}

# Whatever becomes of it, the kernel is as it was.
killed() {
	before=$(programs)
	start_trace
	check "there are programs" [ "$(programs)" -gt "$before" ]
	kill -9 "$tracer"
	wait "$tracer" 2> /dev/null
	check "no program is left after SIGKILL" wait_until no_programs
}

stacks() {
	start_trace --stack
	# Of the function that is watched itself the stack may have no frame.
	registers EOPNOTSUPP '(.stack | any(test("^io_sqe_buffers?_register\\+"))) and
		(.stack | any(test("^/.*\\+0x|^0x")))' \
		io_uring /mnt/dax/data 4M
	# Of a process that is still there the files are known.
	"$here/consumer" -s 300 io_uring /mnt/dax/data 4M > /dev/null &
	pid=$!
	wait_until has_line $pid
	lines_of $pid > /tmp/line
	check "a frame has the program's file" grep -q '"/[^"]*+0x' /tmp/line
	kill $pid
	wait $pid 2> /dev/null
	stop_trace
}

golden() { # NAME ARGUMENTS...: to the letter, in text and in JSON; see golden.sh
	check "golden: $1" env PINCTL="$here/pinctl" sh "$here/golden.sh" "$@"
}

goldens() {
	[ -z "${GOLDEN_REFRESH:-}" ] || mkdir -p "$GOLDEN_REFRESH"
	# What consumer says itself comes sooner or later.
	golden trace trace --all -- sh -c "{
		$here/consumer io_uring /mnt/dax/data 4M
		$here/consumer -l 65536 rdma anon 4M
		$here/consumer xdp anon 64K
	} > /dev/null; exit 7"
}

# What the golden text has not.
in_words() {
	"$here/pinctl" trace -- "$here/consumer" io_uring hole 64K > /tmp/text 2> /tmp/err
	check "a hole" grep -q '^  at    [0-9a-f]*: nothing is mapped$' /tmp/text
	"$here/pinctl" trace -- "$here/consumer" io_uring anon 2G > /tmp/text 2> /tmp/err
	check "a rule of the consumer's own" grep -q '^  rule  .*1 GiB' /tmp/text
	mkdir -p /mnt/full && mount -t tmpfs -o size=4k full /mnt/full &&
		truncate -s 64K /mnt/full/data
	"$here/pinctl" trace -- "$here/consumer" io_uring /mnt/full/data 64K > /tmp/text 2> /tmp/err
	check "what it may be" grep -q '^  it is .*fault-failed' /tmp/text
	umount /mnt/full
}

frames_in_words() {
	"$here/pinctl" trace --stack -- "$here/consumer" io_uring hole 64K > /tmp/text 2> /tmp/err
	check "a frame of the kernel's" grep -q '^    io_[a-z_]*+0x[0-9a-f]*' /tmp/text
	check "a frame of the program's" grep -q -e '^    /.*+0x[0-9a-f]*$' -e '^    0x[0-9a-f]*$' /tmp/text
}

# With a command, one process, a count, a time.
options() {
	"$here/pinctl" trace -- sh -c "$here/consumer io_uring /mnt/dax/data 4M; exit 7" \
		> /tmp/text 2> /tmp/err
	check "the command's exit status" [ $? = 7 ]
	check "a command's child" grep -q '^consumer\[[0-9]*\] io_uring [0-9a-f]*+4M: EOPNOTSUPP fsdax$' \
		/tmp/text
	check "where" grep -q '^  at    [0-9a-f]* in [0-9a-f]*-[0-9a-f]* 4M rw-s /mnt/dax/data$' /tmp/text
	check "what to do" grep -q '^  do    ' /tmp/text
	# shellcheck disable=SC2016 # the shell inside has them
	inherit='trap "" INT TERM PIPE CHLD; exec "$@" grep SigIgn /proc/self/status'
	sh -c "$inherit" sh > /tmp/without
	sh -c "$inherit" sh "$here/pinctl" trace -- > /tmp/text 2> /tmp/err
	check "the command ignores the signals that it would without" cmp /tmp/without /tmp/text
	"$here/pinctl" trace -- /nothing/there > /tmp/text 2> /tmp/err
	check "no such command" [ $? = 127 ]
	"$here/pinctl" trace -- /nothing/there > /tmp/text 2>&-
	check "no such command, and nowhere to say so" [ $? = 127 ]
	sleep 1000 &
	other=$!
	start_trace -p $other
	"$here/consumer" io_uring /mnt/dax/data 4M > /dev/null
	kill $other
	stop_trace
	check "another process" [ "$(grep -c . /tmp/lines)" = 1 ]
	: > /tmp/err
	"$here/pinctl" trace -n 1 > /tmp/text 2> /tmp/err &
	tracer=$!
	wait_until grep -q ready /tmp/err
	"$here/consumer" io_uring /mnt/dax/data 4M > /dev/null
	"$here/consumer" io_uring /mnt/dax/data 4M > /dev/null
	wait $tracer
	check "one line" [ "$? $(grep -c EOPNOTSUPP /tmp/text)" = "0 1" ]
	"$here/pinctl" trace --timeout 1 > /tmp/text 2> /tmp/err
	check "a time" [ $? = 0 ]
	"$here/pinctl" trace -n 1 -- sh -c "$here/consumer -n 3 io_uring /mnt/dax/data 4M
		sleep 1; exit 7" > /tmp/text 2> /tmp/err
	check "a count, and the command's exit status" \
		[ "$? $(grep -c ': EOPNOTSUPP' /tmp/text)" = "7 1" ]
	: > /tmp/err
	"$here/pinctl" trace -- sleep 1000 > /tmp/text 2> /tmp/err &
	tracer=$!
	wait_until grep -q ready /tmp/err
	kill $tracer
	wait $tracer
	check "what ends pinctl ends its command" [ $? = 143 ]
}

unprivileged() {
	su user -c "$here/pinctl trace" > /tmp/text 2> /tmp/err
	check "without privilege" [ $? = 3 ]
	check "what is missing" grep -q 'CAP_BPF and CAP_PERFMON' /tmp/err
}

# Whose process 1 is not the kernel's.
other_numbers() {
	unshare -p -f --mount-proc "$here/pinctl" trace -- true > /tmp/text 2> /tmp/err
	check "in a pid namespace" [ $? = 3 ]
	check "that it is one" grep -q 'pid namespace' /tmp/err
}

# As where the kernel has no description of itself: what is missing.
cannot_trace() {
	unshare -m sh -c "mount -t tmpfs none /sys/kernel/btf &&
		'$here/pinctl' trace --timeout 1" > /tmp/text 2> /tmp/err
	check "a kernel that cannot be traced" [ $? = 3 ]
	check "what it lacks" grep -q /sys/kernel/btf/vmlinux /tmp/err
	# And no JIT: any error is due to that.
	unshare -m sh -c "mount -t tmpfs none /proc/sys/net/core && ulimit -n 12 &&
		'$here/pinctl' trace --timeout 1" > /tmp/text 2> /tmp/err
	check "a kernel without a JIT" [ $? = 3 ]
	grep -q CONFIG_BPF_JIT /tmp/err || fail "what it lacks" /tmp/err
	sh -c "ulimit -n 12 && '$here/pinctl' trace --timeout 1" > /tmp/text 2> /tmp/err
	check "too few descriptors" [ $? = 3 ]
	grep -q '^pinctl: cannot trace: ' /tmp/err || fail "what it is" /tmp/err
}

same_on_all() {
	many
	goldens
	in_words
	frames_in_words
	options
	other_numbers
	overrun
}

everything() {
	prepare || {
		echo "guest.sh: cannot lay out the memory and devices to test" >&2
		exit 1
	}
	group=$(bind_vfio)
	check "an IOMMU for VFIO" [ -n "$group" ]
	group=/dev/vfio/$group
	# Debian's kernels have no iommufd.
	device=''
	[ ! -c /dev/iommu ] || device=$(vfio_device)
	[ "$kernel" != 7.2 ] || check "a device for iommufd" [ -n "$device" ]
	consumers
	# There a longterm pin does not wait for a userfaultfd: the fault fails at once.
	[ "$kernel" = 6.1 ] || interrupted
	stacks
	killed
	unprivileged
	cannot_trace
	# The debug kernel takes minutes for what is the same on all.
	[ "$kernel" = 7.2 ] || same_on_all
	n=0
	while read -r line; do
		n=$((n + 1))
		echo "$line" > "/out/line.$n"
	done < /tmp/all
}

ulimit -l unlimited
: > /tmp/all
[ ! -e /proc/sys/kernel/io_uring_disabled ] || echo 0 > /proc/sys/kernel/io_uring_disabled
everything
echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" = 0 ]
