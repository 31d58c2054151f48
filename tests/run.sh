#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# run.sh WHERE...: runs test suites and counts over everything that ran. WHERE is
# "host" (what needs no module) or a kernel of the virtual machine: 6.1, 6.12, 7.2.
# Owns the list of suites; builds and installs what they need.
#
# Each suite ends with "N passed, N failed, N skipped"; one that does not, or whose
# exit status says otherwise, is a failure. The last line here is the sum.
#
# PIN_TEST_LANES suites run at a time, one for each processor unless told: a virtual
# machine under TCG uses one. The suites of this machine are one lane, they share what
# they build. Each job is a process group, so that it ends with this script.
#
# PIN_TEST_PAIR_MS is how long a pair of the race matrix has (tests/func/pairs.c);
# PIN_TEST_LOADS, PIN_TEST_KILLS and PIN_TEST_OOMS how often the module is loaded, and
# processes are killed, or run out of memory (lifecycle.c, kill.c, oom.c there);
# PIN_TEST_SOAK_SECONDS how long everything goes on at once (soak.c there).
# With PIN_COVERAGE, see tests/coverage/run, the module counts which of its lines run,
# where the kernel can. PINCTL is the program to test.
# PIN_TEST_ONLY names the suites to run of a kernel, as "driver windows"; those that share
# a machine by their own names, as "pairs". With PIN_TEST_STOP none begins any more once
# one has failed.
set -um

cd "$(dirname "$0")/.." || exit 1
logs=build/tests/logs
lanes=${PIN_TEST_LANES:-$(nproc)}
passed=0 failed=0 skipped=0
suites=()
broken=()

run_suite() { # NAME COMMAND...: its log, its line here, and its result for the sum
	local name=$1 log=$logs/$1.log status counts started=$SECONDS
	shift
	"$@" > "$log" 2>&1
	status=$?
	counts=$(grep -aE '^[0-9]+ passed, [0-9]+ failed, [0-9]+ skipped$' "$log" | tail -n 1)
	printf '%-24s %s (%d s%s)\n' "$name" "${counts:-ended without counts}" \
		$((SECONDS - started)) "$([ "$status" = 0 ] || echo ", status $status")"
	echo "$status ${counts//[!0-9 ]/}" > "$logs/$name.result"
}

announce() { # NAME: from here on it is a failure not to have a result
	suites+=("$1")
	rm -f "$logs/$1.result"
}

take_a_lane() {
	while [ "$(jobs -rp | wc -l)" -ge "$lanes" ]; do
		wait -n
	done
}

has_failed() {
	local name status failures
	for name in "${suites[@]}"; do
		read -r status _ failures _ 2> /dev/null < "$logs/$name.result" || continue
		[ "$status ${failures:-1}" = "0 0" ] || return 0
	done
	return 1
}

is_wanted() { # NAME-KERNEL
	case " ${PIN_TEST_ONLY:-${1%-*}} " in
	*" ${1%-*} "*) ;;
	*) return 1 ;;
	esac
	[ -z "${PIN_TEST_STOP:-}" ] || ! has_failed
}

suite() { # NAME COMMAND...: when a lane is free
	take_a_lane
	is_wanted "$1" || return 0
	announce "$1"
	run_suite "$@" < /dev/null &
}

# To start a machine takes longer than some suites.
group() { # NAME-KERNEL SUITE... -- COMMAND...: in one machine those that are wanted
	local name=$1 wanted=()
	shift
	take_a_lane
	while [ "$1" != -- ]; do
		! is_wanted "$1-${name##*-}" || wanted+=("$1")
		shift
	done
	shift
	[ ${#wanted[@]} != 0 ] || return 0
	announce "$name"
	run_suite "$name" "$@" "${wanted[@]}" < /dev/null &
}

in_turn() { # NAME COMMAND...: into the lane that has them one after the other
	announce "$1"
	turns+=("$(printf '%q ' "$@")")
}

add_up() {
	local name status passes failures skips
	wait
	for name in "${suites[@]}"; do
		passes='' failures='' skips=''
		read -r status passes failures skips 2> /dev/null < "$logs/$name.result" ||
			status=lost
		if [ "$status" != 0 ] && [ "${failures:-0}" = 0 ] || [ -z "$skips" ]; then
			failures=1
		fi
		if [ "$failures" != 0 ]; then
			broken+=("$logs/$name.log")
		fi
		passed=$((passed + ${passes:-0})) failed=$((failed + failures))
		skipped=$((skipped + ${skips:-0}))
	done
}

# What still runs when this script is ended has no reader.
end_jobs() {
	local job
	for job in $(jobs -p); do
		kill -- "-$job" 2> /dev/null
	done
}

host_suites() {
	local line turns=()
	in_turn abi tests/abi/run
	in_turn lists tests/func/lists
	in_turn logscan tests/vm/logscan-check
	in_turn libpin tests/lib/run
	in_turn coverage tests/coverage/run libpin
	in_turn man tests/man/run
	in_turn install tests/install/run
	in_turn bench tests/bench/selftest
	in_turn docs tests/docs/run
	in_turn blocks tests/docs/blocks here
	in_turn unit make -s -C tests/unit check
	in_turn unit-sanitized make -s -C tests/unit check SANITIZE=1
	in_turn unit-valgrind make -s -C tests/unit check-valgrind
	in_turn parsers make -s -C tests/fuzz/parsers check
	in_turn cli tests/cli/run
	in_turn cli-sanitized env PINCTL=build/tools-sanitize/pinctl tests/cli/run
	in_turn cli-memory tests/cli/memory
	take_a_lane
	for line in "${turns[@]}"; do
		eval "run_suite $line"
	done < /dev/null &
}

# Whether it is asked for, and the kernel can.
counts_lines() { # KERNEL
	[ -n "${PIN_COVERAGE:-}" ] &&
		grep -qx CONFIG_GCOV_KERNEL=y "$(tests/vm/kernel.sh "$1")/build/.config"
}

build_modules() { # KERNEL: sets module and delays
	local log=$logs/module-$1.log
	if counts_lines "$1"; then
		module=$(tests/vm/module.sh "$1" coverage 2> "$log") && delays=$module && return
	else
		module=$(tests/vm/module.sh "$1" 2> "$log") &&
			delays=$(tests/vm/module.sh "$1" delays 2>> "$log") && return
	fi
	broken+=("$log")
	failed=$((failed + 1))
	echo "module for $1: does not build"
	return 1
}

kernel_suites() { # KERNEL
	local kernel=$1 module delays tests plain files file users=() m32_suites=() clock=() seldom=()
	local pinctl=${PINCTL:-build/tools/pinctl} listed=()
	local calls=5000 name counts=() racing failing=() gigantic='' few=''
	# Half of the time that 7.2 takes to start a program goes to kmemleak. Whether the
	# driver loses memory is asked where its own suites run.
	local unwatched='kmemleak=off'
	for file in build/tests/lib/*; do
		users+=(-f "$file")
	done
	build_modules "$kernel" || return
	# All of it on one kernel, on another what asks the compat path, and on the debug
	# kernel, where everything takes several times as long, a little of that. No threads
	# there, which has no COMPAT_32BIT_TIME: without it glibc's abort.
	case $kernel in
	6.1) m32_suites=(contract hostile boundaries descriptor) ;;
	7.2) m32_suites=(contract descriptor) ;;
	esac
	tests=(-f "${module%/*}/pin_testmem.ko" -f tests/func/guest.sh
		-f tests/func/skips.txt -f tests/func/matrix.txt
		-f tests/func/reasons.txt ${PIN_TEST_STOP:+-e PIN_TEST_STOP=1})
	plain=(-f "$module" -f build/tests/func/pin-func "${tests[@]}")
	for name in PIN_TEST_LOADS PIN_TEST_KILLS PIN_TEST_OOMS PIN_TEST_SOAK_SECONDS; do
		[ -z "${!name:-}" ] || counts+=(-e "$name=${!name}")
	done
	# On the debug kernel, which takes several times as long, what repeats does less.
	if [ "$kernel" = 7.2 ]; then
		seldom=(-e PIN_TEST_TAKES=25 -e PIN_TEST_CHEAP=100)
		[ -n "${PIN_TEST_KILLS:-}" ] || counts+=(-e PIN_TEST_KILLS=120)
		[ -n "${PIN_TEST_OOMS:-}" ] || counts+=(-e PIN_TEST_OOMS=9)
	fi
	files=("${plain[@]}")
	if [ -e "${module%/*}/pin_kunit.ko" ]; then
		files+=(-f "${module%/*}/pin_kunit.ko")
	fi
	# The module that counts has delay points, too, and is not asked for those suites only.
	if counts_lines "$kernel"; then
		mapfile -t listed < <(build/tests/func/pin-func --list)
	fi
	# secretmem.enable: off by default before 6.5.
	suite "driver-$kernel" tests/vm/run.sh -k "$kernel" -n "driver" -t 3000 \
		-a secretmem.enable=1 "${seldom[@]}" "${files[@]}" -- \
		/root/guest.sh "$kernel" "${listed[@]}"
	# The same as a 32-bit program.
	suite "driver-m32-$kernel" tests/vm/run.sh -k "$kernel" -n "driver-m32" -t 1500 \
		-a secretmem.enable=1 -f "$module" -f build/tests/func-m32/pin-func \
		"${tests[@]}" -- /root/guest.sh "$kernel" "${m32_suites[@]}"
	# With the module that can be held up, the suites that need it.
	suite "windows-$kernel" tests/vm/run.sh -k "$kernel" -n "windows" -t 1500 \
		-a secretmem.enable=1 -f "$delays" -f build/tests/func/pin-func \
		"${tests[@]}" -- /root/guest.sh "$kernel"
	racing=$module
	[ -z "${PIN_TEST_PAIR_MS:-}" ] || racing=$delays
	# No other kernel lets things fail on demand.
	[ "$kernel" != 7.2 ] || failing=(failnth ledger-failnth)
	# The race matrix: some 600 pairs, so a millisecond each is less than a second. Who
	# gives them time gets delay points, too. Of the fuzzer the cases that are kept, and as
	# many calls of chance as take less than a minute.
	[ "$kernel" != 7.2 ] || calls=1000
	group "stress-$kernel" pairs fuzz "${failing[@]}" lifecycle -- \
		tests/vm/run.sh -k "$kernel" -n "stress" \
		-t $((2400 + ${PIN_TEST_PAIR_MS:-0} + ${PIN_TEST_LOADS:-0} * 3)) \
		-a secretmem.enable=1 \
		${PIN_TEST_PAIR_MS:+-e PIN_TEST_PAIR_MS="$PIN_TEST_PAIR_MS"} \
		-f "$racing" -f build/tests/func/pin-func "${tests[@]}" \
		-f build/tests/fuzz/pin-fuzz -f tests/fuzz/corpus.txt \
		-e PIN_FUZZ="--corpus /root/corpus.txt --seed 1 --calls $calls" \
		"${counts[@]}" -- /root/guest.sh "$kernel"
	group "soak-$kernel" sharing blocks soak reconfigure -- \
		tests/vm/run.sh -k "$kernel" -n "soak" \
		-t $((1800 + ${PIN_TEST_SOAK_SECONDS:-0} * 3)) \
		-a "secretmem.enable=1 $unwatched" "${counts[@]}" "${plain[@]}" -- \
		/root/guest.sh "$kernel"
	# Its clock counts instructions, so how busy this host is does not matter. 6.1
	# does not boot so: it stops early, before it has a clock.
	if [ "$kernel" != 6.1 ]; then
		clock=(-q "-icount shift=0,sleep=off" -e PIN_TEST_CLOCK=instructions)
	fi
	suite "kill-$kernel" env PIN_ACCEL=tcg tests/vm/run.sh -k "$kernel" -n "kill" \
		-t $((1500 + ${PIN_TEST_KILLS:-0})) "${clock[@]}" "${counts[@]}" \
		-a secretmem.enable=1 -f "$module" -f build/tests/func/pin-func \
		"${tests[@]}" -- /root/guest.sh "$kernel" kill oom
	# Python is the host's.
	suite "libpin-$kernel" tests/vm/run.sh -k "$kernel" -n "libpin" -t 600 -r \
		-a "$unwatched" \
		-f "$module" -f tests/lib/guest.sh "${users[@]}" -- /root/guest.sh
	if [ "$kernel" = 6.12 ]; then
		suite "pinctl-sanitized-$kernel" env PINCTL=build/tools-sanitize/pinctl \
			tests/cli/vm "$kernel" "$module"
		suite "session-$kernel" tests/docs/session
		suite "bench-$kernel" tests/bench/check "$kernel"
		suite "blocks-$kernel" tests/docs/blocks vm
		# What tests/cli/memory does here, where the module answers. Of each chain of
		# allocations the first, unless lines are counted.
		[ -n "${PIN_COVERAGE:-}" ] || few=-q
		suite "pinctl-memory-$kernel" tests/vm/run.sh -k "$kernel" \
			-n "pinctl-memory" -t 1500 -r -e PINCTL_MODULE=1 \
			-e PINCTL=/root/pinctl -e PINCTL_NOMEM=/root/nomem.so \
			-f "$module" -f "$pinctl" -f build/tests/cli/nomem.so \
			-f tests/cli/memory -- sh -c \
			"insmod /root/pin.ko && hostrun /usr/bin/python3 /root/memory $few && rmmod pin"
	fi
	# Half of the memory is ZONE_MOVABLE, more than half of what is free CMA. Where
	# a kernel is that picks its place, such an area may have none, and a block of such
	# a zone does not go offline.
	suite "movable-$kernel" tests/vm/run.sh -k "$kernel" -n "movable" -t 600 \
		-m 1024M -a "movablecore=500M nokaslr $unwatched" "${plain[@]}" -- \
		/root/guest.sh "$kernel" movable zone
	# Less memory than is wanted, and something to swap to.
	suite "pressure-$kernel" tests/vm/run.sh -k "$kernel" -n "pressure" -t 900 \
		-m 1152M -a "memmap=512M!512M $unwatched" "${plain[@]}" -- \
		/root/guest.sh "$kernel" pressure
	# A NUMA node without a processor, of which a memory block can go offline: one, and
	# a kernel that picks its place would lie in it now and then. Between 1G and 2G is a
	# page of that size, unless KASAN takes an eighth of everything.
	[ "$kernel" = 7.2 ] || gigantic='hugepagesz=1G hugepages=1'
	suite "offline-$kernel" tests/vm/run.sh -k "$kernel" -n "offline" -t 600 -m 2496M \
		-a "nokaslr $gigantic $unwatched" \
		-q "-object memory-backend-ram,id=near,size=2112M" \
		-q "-object memory-backend-ram,id=far,size=384M" \
		-q "-numa node,nodeid=0,cpus=0,memdev=near -numa node,nodeid=1,memdev=far" \
		-f "$module" -f "$pinctl" -f tests/cli/offline.sh -- /root/offline.sh
	suite "removal-$kernel" tests/vm/run.sh -k "$kernel" -n "removal" -t 600 \
		-a "$unwatched" "${plain[@]}" -f tests/func/removal.sh -- /root/removal.sh "$kernel"
	suite "powercut-$kernel" tests/func/powercut "$kernel" "$module"
	if [ "$kernel" = 7.2 ]; then
		suite "cma-$kernel" tests/vm/run.sh -k "$kernel" -n "cma" -t 600 \
			-m 1536M -a "cma=700M nokaslr $unwatched" "${plain[@]}" -- \
			/root/guest.sh "$kernel" cma area
	fi
	# Not where the sanitized one runs, which counts no lines.
	if [ "$kernel" != 6.12 ] || [ -n "${PIN_COVERAGE:-}" ]; then
		suite "pinctl-$kernel" tests/cli/vm "$kernel" "$module"
	fi
	suite "trace-$kernel" tests/trace/vm "$kernel"
	# The IOMMU is for VFIO.
	suite "traced-$kernel" tests/vm/run.sh -k "$kernel" -n "traced" -t 1500 \
		-q "-device intel-iommu" -a "intel_iommu=on secretmem.enable=1 $unwatched" \
		-f "$pinctl" -f "$(command -v rdma)" "${plain[@]}" -- \
		/root/guest.sh "$kernel" traced
	# The machine has no huge page of 1G to give, so it is not to claim them.
	files=(-f "$module")
	for file in libshim.so gup_longterm cow errnos; do
		files+=(-f "build/tests/selftest/$file")
	done
	for file in guest.sh results.awk exceptions.txt; do
		files+=(-f "tests/selftest/$file")
	done
	suite "selftest-$kernel" tests/vm/run.sh -k "$kernel" -n "selftest" -t 1500 \
		-q "-cpu max,la57=off,pdpe1gb=off,erms=off,fsrm=off" \
		-a "secretmem.enable=1 $unwatched" "${files[@]}" \
		-- /root/guest.sh "$kernel"
}

build() {
	make -s -C userlib && make -s -C userlib examples &&
		tests/lib/run build/tests/lib && tests/man/run build/tests/lib && make -s -C tools && make -s -C tests/func &&
		make -s -C tests/fuzz &&
		make -s -C tests/func M32=1 &&
		make -s -C tests/selftest && make -s -C tests/cli && make -s -C tools SANITIZE=1 COVERAGE=
}

[ $# -gt 0 ] || { echo "usage: run.sh host|6.1|6.12|7.2..." >&2; exit 2; }
mkdir -p "$logs"
trap end_jobs EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
tests/setup.sh build trace test vm bench || exit 1
build || { echo "the user space does not build" >&2; exit 1; }
for where; do
	case $where in
	host) host_suites ;;
	*) kernel_suites "$where" ;;
	esac
done
add_up

for log in "${broken[@]}"; do
	echo
	echo "== $log"
	tail -n 60 "$log"
done
# Last, where somebody sees it who is shown an end only.
for log in "${broken[@]}"; do
	echo "== $log: of what failed"
	tests/failures "$log" | head -n 20
done
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]
