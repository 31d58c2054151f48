#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What each command prints, to the letter, in text and in JSON: see golden.sh. Here
# is what needs no module; what pinctl says with one guest.sh looks at, by patterns.

load common
load machine

golden() { # NAME ARGUMENTS...
	"$BATS_TEST_DIRNAME/golden.sh" "$@"
}

@test "golden: doctor" {
	good
	cd "$dir"
	golden doctor-good doctor --sysroot root
	no_module
	limit 8388608 8388608
	golden doctor doctor --sysroot root
	golden doctor-fixes doctor --sysroot root --print-fixes
	golden doctor-checks doctor --list-checks
}

@test "golden: check" {
	need_no_module
	golden check check self:0+64K
	golden check-all check -a new:anon,1M
	golden check-columns check self:0+64K -r -b -o +KIND,-PERM
}

@test "golden: check above 2^53" {
	need_no_module
	grep -q vsyscall /proc/self/maps || skip "no vsyscall page"
	golden check-high check self:ffffffffff600000+4K
}

@test "golden: check of a file whose name is no text" {
	need_no_module
	[ "$(stat -f -c %T /dev/shm)" = tmpfs ] || skip "no tmpfs at /dev/shm"
	shm=$(mktemp -d /dev/shm/pinctl-test.XXXXXX)
	name=$'odd \n\\ \033[31m\xff\xc3\xa4'
	truncate -s 4K "$shm/$name"
	code=0
	golden check-odd check -a "file:$shm/$name" || code=$?
	golden check-odd-raw check -ar "file:$shm/$name" || code=$?
	rm -r "$shm"
	[ "$code" = 0 ]
}

@test "golden: explain" {
	need_no_module
	golden explain explain fsdax
	golden explain-for explain --for rdma ENOMEM
	golden explain-target explain self:0+64K
	golden explain-list explain --list
}

@test "golden: pin, list and show without the module" {
	need_no_module
	golden pin-no-module pin new:anon,1M
	golden bench-no-module bench
	golden list-no-module list
	golden list-system-no-module list --system
	golden monitor-no-module monitor
	golden release-no-module release 42
	golden show-pin-no-module show pin:42
	golden who-no-module who pfn:0x1000+16
	command -v setpriv >/dev/null || skip "no setpriv(1)"
	(ulimit -l 64 && exec setpriv --inh-caps=-ipc_lock --bounding-set=-ipc_lock sleep 60) &
	pid=$!
	until [ "$(cat /proc/$pid/comm)" = sleep ]; do :; done
	code=0
	golden show-no-module show $pid || code=$?
	kill $pid
	[ "$code" = 0 ]
}

@test "golden: help, completion and wrong use" {
	golden help help
	for command in $(commands); do
		golden "help-$command" help "$command"
	done
	golden completion completion bash
	golden usage chek self
}
