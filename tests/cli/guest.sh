#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=dash
#
# pinctl with the real module, in the guest: beside this lie pin.ko, pinctl, ledger.sh,
# bench.sh and what "vm" compiles.
#
# What pinctl says with the module is compared with what it predicts without:
# both must agree on every mapping that can be made here.
#
# The last line is "N passed, N failed, N skipped".
set -u

here=$(cd "$(dirname "$0")" && pwd)
passed=0 failed=0 kept=0
mkdir -p /out
# shellcheck source=/dev/null
. /lib/pin/guest.sh
# shellcheck source=tests/cli/ledger.sh
. "$here/ledger.sh"
# shellcheck source=tests/cli/bench.sh
. "$here/bench.sh"

sanitized() {
	grep -q libasan.so "$here/pinctl"
}

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

# The documents go to whoever started the machine, to be held against the schema.
keep_document() {
	kept=$((kept + 1))
	cp /tmp/out "/out/document.$kept"
}

# One jq for both questions: it takes most of the time of a test.
one_document() { # FILTER FILE: it is one JSON document, and what jq holds for true
	jq -se "length == 1 and (.[0] | $1)" "$2" > /dev/null
}

json() { # EXIT FILTER ARGUMENTS...: the exit code, and what jq holds for true
	want=$1 filter=$2
	shift 2
	pinctl "$@" -J
	code=$?
	keep_document
	if [ "$code" = "$want" ] && one_document "$filter" /tmp/out; then
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
	file:/mnt/xfs/data
	file:/mnt/dax/short@0+16K
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
		for access in --write --read --lease; do
			pinctl check -a -rn "$access" "$target" \
				-o SIZE,KIND,VERDICT,ERRNO,REASON,LEASE,PAGESIZE,OFFSET
			echo "$target $access $? $(cat /tmp/out)"
		done
	done
	for target in self "$segments" "$segments:100000000000+64K"; do
		for access in --write --read --lease; do
			pinctl check -a -rn "$access" "$target" \
				-o SIZE,PERM,KIND,VERDICT,REASON,LEASE,MAPPING
			echo "${target%%[:0-9]*} $access $?"
			cat /tmp/out
		done
	done
}

# A process with mappings of many kinds at an address that is known; see segments.c.
start_segments() { # FILE [USER LIMIT]: its number is in $segments
	: >/tmp/segments
	if [ $# = 1 ]; then
		"$here/segments" "$1" >/tmp/segments 2>&1 &
	else
		su "$2" -c "ulimit -l $3; exec $here/segments $1" >/tmp/segments 2>&1 &
	fi
	segments=$!
	wait_until grep -q . /tmp/segments
	grep -qx mapped /tmp/segments
}

prepare() {
	modprobe -q loop
	modprobe -q ext4
	truncate -s 200M /tmp/image && mkfs.ext4 -q -F /tmp/image || return
	loop=$(losetup -f) && losetup "$loop" /tmp/image || return
	mkdir -p /mnt/plain && mount -t ext4 "$loop" /mnt/plain || return
	mount_dax ext4 /dev/pmem0 /mnt/dax || return
	mount_dax xfs /dev/pmem1 /mnt/xfs || return
	dax=$(make_devdax) || return
	echo 16 >/proc/sys/vm/nr_hugepages
	for file in /mnt/plain/data /mnt/dax/data /mnt/xfs/data /dev/shm/data; do
		dd if=/dev/zero of=$file bs=1M count=4 2>/dev/null || return
	done
	truncate -s 5000 /mnt/dax/short
	truncate -s 4M /dev/hugepages/data
	truncate -s 5000 /mnt/plain/short
	start_segments /mnt/dax/data
}

# A holder whose pin is there when this returns; its number is in $holder.
hold() { # COMMAND...
	: >/tmp/held
	"$@" >/tmp/held 2>&1 &
	holder=$!
	wait_until grep -q '^pin [0-9]*:' /tmp/held
}

hold_pin() { # TARGET
	hold "$here/pinctl" pin "$@"
}

holds_until() { # SIGNAL
	hold_pin new:anon,8M
	kill "-$1" "$holder"
	if wait "$holder" && grep -q '^pin [0-9]* released' /tmp/held; then
		passed=$((passed + 1))
	else
		cp /tmp/held /tmp/out
		fail "pinctl pin until SIG$1"
	fi
}

# All drivers together; the counters of each CPU are added up when they are asked to.
pinned_pages() {
	echo 1 >/proc/sys/vm/stat_refresh
	awk '/^nr_foll_pin_acquired / { n += $2 } /^nr_foll_pin_released / { n -= $2 }
		END { print n }' /proc/vmstat
}

# Of a holder that has ended: its status, and that it has left nothing pinned.
lease_ended() { # EXIT WHAT
	wait "$holder"
	code=$?
	cp /tmp/held /tmp/out
	if [ "$code" != "$1" ]; then
		fail "$2: exit $code, wanted $1"
	elif [ "$(pinned_pages)" != "$before" ]; then
		fail "$2: $(pinned_pages) pages are pinned, not $before"
	else
		passed=$((passed + 1))
	fi
}

says() { # PATTERN...: lines of what the holder has said
	for pattern; do
		if grep -q -e "$pattern" /tmp/held; then
			passed=$((passed + 1))
		else
			cp /tmp/held /tmp/out
			fail "no '$pattern'"
		fi
	done
}

# The document comes at the end; that the pin is there stands on stderr.
hold_lease_json() { # ARGUMENTS...
	: >/tmp/err
	"$here/pinctl" pin --lease -J "$@" >/tmp/held 2>/tmp/err &
	holder=$!
	wait_until grep -q '^pinctl: holding pin [0-9]*; ' /tmp/err
	if [ -s /tmp/held ]; then
		cp /tmp/held /tmp/out
		fail "pin --lease -J says something before the end"
	fi
}

lease_document() { # FILTER
	keep_document
	if one_document "$1" /tmp/held; then
		passed=$((passed + 1))
	else
		fail "pin --lease -J: wanted $1"
	fi
}

# $FILE stands for itself in the remedy.
lease_command="pinctl pin --lease file:\"\$FILE\""

# A process of its own truncates: it neither knows of the lease nor waits for it.
leases() { # FILE
	before=$(pinned_pages)
	json 0 '.lease and .pinnable and (.results[0] | .verdict == "yes" and .lease and
		.reason == null and .kind == "fsdax")' check -a --lease "file:$1"
	is 0 '^pinctl ([0-9]*): 1 mapping can be pinned for writing; 1 with a lease only$' \
		check --lease "file:$1"
	json 0 '.tried and .pinnable' check --try --lease "file:$1"
	json 1 '.lease == false and .results[0].lease' check "file:$1"
	is 1 "^ *$lease_command$" pin "file:$1"
	json 1 '.refusal.remedies | any(.command | strings | contains("pin --lease"))' \
		pin "file:$1"
	# A mapping that is not writable is not promised one.
	json 1 '.refusal.reason == "fsdax" and
		(.refusal.remedies | length > 1 and all(.text | contains("lease") | not))' \
		pin --read "file:$1"
	json 1 '.explanations[0] | .reason == "fsdax" and
		(.remedies | all(.text | contains("lease") | not))' explain --read "file:$1"
	json 1 '.explanations[0].remedies | any(.text | contains("lease"))' explain "file:$1"

	is 0 '^mode  *lease$' pin --lease "file:$1" --hold 0 --query
	json 0 '.mode == "lease" and .state == "live" and .revocation == null and .pages == 1024' \
		pin --lease "file:$1" --hold 0
	hold_pin --lease "file:$1"
	says '^pin [0-9]*: 1024 pages in [0-9]* runs, 4M charged, a lease$'
	json 0 ".pins | length == 1 and .[0].mode == \"lease\"" show "$holder"
	truncate -s 1M "$1"
	lease_ended 1 "a lease of $1 that is truncated"
	says '^pin [0-9]* revoked: nothing of it is pinned any more$' '^Cause  *file: ' \
		'^Where  *[0-9a-f]*-[0-9a-f]* [0-9.]*[KM]$' '^What to do  *Pin it again'
	truncate -s 4M "$1"

	hold_lease_json "file:$1@1M+2M"
	truncate -s 2M "$1"
	lease_ended 1 "a lease of a part of $1"
	# shellcheck disable=SC2016 # jq's variables
	lease_document '.pinned and .state == "revoked" and .mode == "lease" and
		.pages == 512 and .address <= .revocation.address and
		(.start_time_ns as $start | .length as $length | .revocation |
		 .cause == "file" and .length > 0 and .length <= $length and
		 .lost_events == 0 and .time_ns > $start)'
	truncate -s 4M "$1"
	hold_lease_json "file:$1"
	kill -INT "$holder"
	lease_ended 0 "a lease of $1 until SIGINT"
	lease_document '.state == "live" and .revocation == null'
	"$here/pinctl" pin -q --lease "file:$1" --hold 0 >/tmp/held 2>&1 &
	holder=$!
	lease_ended 0 "a lease without a word"
	[ ! -s /tmp/held ] || fail "-q says something"

	# Stopped after pinning: it hears of the end before it has looked at the pin.
	LD_PRELOAD=$here/stop.so "$here/pinctl" pin --lease "file:$1" >/tmp/held 2>&1 &
	holder=$!
	wait_until grep -q '^State:.T' "/proc/$holder/status"
	truncate -s 0 "$1"
	kill -CONT "$holder"
	lease_ended 1 "a lease of $1 that is lost before it is shown"
	says '^pin [0-9]*: 1024 pages in [0-9]* runs, .* charged, a lease$' \
		'^pin [0-9]* revoked: nothing'
	truncate -s 4M "$1"
}

leases_of_nothing() {
	before=$(pinned_pages)
	is 0 '^pin [0-9]*: 256 pages in .* charged, for the long term: none of it needs a lease$' \
		pin --lease new:memfd,1M --hold 0
	json 0 '.mode == "longterm" and .revocation == null' pin --lease new:anon,1M --hold 0
	json 1 '.refusal.reason == "file-dirty-tracking"' pin --lease file:/mnt/plain/data
	json 2 '.error.message | test("a lease is for writing")' \
		pin --lease --read file:/mnt/dax/data
	hold_lease_json new:anon,1M
	kill "$holder"
	lease_ended 0 "--lease of what needs none"
	lease_document '.mode == "longterm" and .state == "live"'
}

as_dev() { # EXIT FILTER COMMAND: pinctl COMMAND -J of a user without privileges
	want=$1 filter=$2
	shift 2
	su dev -c "$here/pinctl $* -J" >/tmp/out 2>/tmp/err </dev/null
	code=$?
	keep_document
	if [ "$code" = "$want" ] && one_document "$filter" /tmp/out; then
		passed=$((passed + 1))
	else
		fail "as dev: pinctl $*: exit $code, wanted $want and $filter"
	fi
}

as_nobody() { # EXIT PATTERN COMMAND...: of a user who may not open the device
	want=$1 pattern=$2
	shift 2
	su -s /bin/sh nobody -c "$here/pinctl $*" >/tmp/out 2>/tmp/err </dev/null
	code=$?
	if [ "$code" = "$want" ] && cat /tmp/out /tmp/err | grep -q -e "$pattern"; then
		passed=$((passed + 1))
	else
		fail "as nobody: pinctl $*: exit $code, wanted $want and '$pattern'"
	fi
}

# In place of the module's: a device of somebody else's, and a name that leads nowhere.
other_devices() {
	mknod /dev/pin c 1 3
	json 0 '.source == "predicted" and .because == "/dev/pin is something else"' check self
	rm /dev/pin
	ln -s pin /dev/pin
	json 0 '.source == "predicted" and .because == "/dev/pin does not answer"' check self
	rm /dev/pin
}

# What he may not see he is told, and who may.
nobody_is_told() {
	grep -q ^nobody: /etc/passwd || echo nobody:x:65534:65534::/:/bin/sh >>/etc/passwd
	chmod 755 /root
	chmod 644 /mnt/plain/data
	hold_pin new:anon,1M
	# Asking is open to all, unless somebody has closed it.
	mode=$(stat -c %a /dev/pin)
	chmod 600 /dev/pin
	as_nobody 0 'no permission to open /dev/pin' check self
	chmod "$mode" /dev/pin
	as_nobody 3 'needs write permission' pin new:anon,64K --hold 0
	as_nobody 3 'opened for writing' check file:/mnt/plain/data
	as_nobody 3 'with sudo' check "$holder"
	as_nobody 0 'could not be looked into; ask with sudo' list
	as_nobody 0 'only your own pins are seen' list --system
	as_nobody 3 'it takes CAP_SYS_ADMIN' who file:/mnt/plain/data
	kill "$holder"
	wait "$holder"
}

lists_and_shows() {
	json 0 '.contexts == [] and .complete and .system_charged == 0' list
	hold_pin new:anon,8M
	first=$holder
	json 0 ".complete and (.contexts | length == 1) and .charged == 8388608 and
		(.contexts[0] | .pid == $first and .pins == 1 and .pinned == 8388608 and
		 .charged == 8388608 and .holders == 1 and .command == \"pinctl\" and
		 .held_by == [\"$first/\(.fd)\"])" list
	hold_pin --read new:memfd,4M
	second=$holder
	json 0 '(.contexts | length == 2) and .charged == 12582912 and
		.system_charged == .charged' list
	is 0 "^2 contexts with 2 pins, 12M charged of 12M through /dev/pin in all" list
	# A context without pins, held twice.
	sleep 600 9<>/dev/pin &
	plain=$!
	(exec 9<>/dev/pin; sleep 600 & exec sleep 600) &
	twice=$!
	wait_until json_quiet '([.contexts[].holders] | add) == 5' list -a
	json 0 '.contexts | length == 2' list
	json 0 ".compared and (.contexts | length == 4) and
		([.contexts[] | select(.pid == $twice or .holders == 2)] |
		 length == 1 and .[0].holders == 2 and (.[0].held_by | length == 2) and
		 .[0].pins == 0 and .[0].access == \"pin\")" list -a
	json 0 '.contexts | all(.fd >= 0 and (.user | length > 0))' list -a
	fd=$("$here/pinctl" list -rn -o PID,FD | awk "\$1 == $first { print \$2 }")
	json 0 ".process.pid == $first and .process.vm_pin == 8388608 and
		(.contexts | length == 1) and .contexts[0].context == \"$first/$fd\" and
		.contexts[0].withheld == null and (.pins | length == 1) and
		(.pins[0] | .length == 8388608 and .access == \"write\" and .mode == \"longterm\"
		 and .state == \"live\" and .pinned == 8388608 and .charged == 8388608 and
		 .pid == $first and .command == \"pinctl\" and .uid == 0 and .runs >= 1 and
		 (.start | startswith(\"0x\")) and (.nodes | add) == 2048 and .since_ns > 0)" \
		show "$first"
	json 0 ".pins | length == 1" show "$first/$fd"
	json 0 '.pins[0].access == "read"' show "$second"
	json 0 '.pins == [] and (.contexts | length == 1)' show "$plain"
	json 1 '.error.message | test("not one of /dev/pin")' show "$first/0"
	json 1 '.contexts == [] and .pins == []' show 1
	is 0 "^context  $first/$fd: 1 pin, 8M pinned, 8M charged$" show "$first"
	is 0 "^context  $twice/9: 0 pins, .*; also [0-9]*/9$" show "$twice"
	# Of two descriptors of one context the one that was asked about.
	sleep 600 8<>/dev/pin 9<&8 &
	both=$!
	wait_until json_quiet '.contexts | length == 1' show "$both/9"
	is 0 "^context  $both/8: 0 pins, .*; also $both/9$" show "$both/8"
	is 0 "^context  $both/9: 0 pins, .*; also $both/8$" show "$both/9"
	kill "$both"
	wait "$both"
	# And of two contexts of one process.
	sleep 600 8<>/dev/pin 9<>/dev/pin &
	two=$!
	wait_until json_quiet '.contexts | length == 2' show "$two"
	json 0 ".contexts | length == 1 and .[0].context == \"$two/9\"" show "$two/9"
	kill "$two"
	wait "$two"
	json 2 '.error.message | test("NOSUCH")' show "$first" -o NOSUCH
	json 2 '.error.message | test("NOSUCH")' who pfn:0+1 -o NOSUCH
	# Looking has released nothing and left nothing open.
	json 0 '(.contexts | length == 2) and (.contexts | all(.holders == 1))' list
	as_dev 0 '.contexts == [] and .hidden_processes > 0 and (.complete | not) and
		.system_charged == 12582912' list
	as_dev 3 '.error.message | test("cannot look into")' show "$first"
	hold su dev -c "exec $here/pinctl pin new:anon,64K"
	third=$holder
	as_dev 0 ".contexts | length == 1 and .[0].pid == $third and .[0].user == \"dev\"" list
	as_dev 0 '.pins | length == 1 and .[0].length == 65536 and .[0].user == "dev"' \
		show "$third"
	json 0 '.pins | length == 1 and .[0].uid == 1234' show "$third"
	scope=/proc/sys/kernel/yama/ptrace_scope
	[ ! -e $scope ] || withheld_by_yama
	# The user's ledger is known of oneself only, the process's of anybody.
	as_dev 0 '.charge | .ledger == "user" and .charged == 65536 and .exempt == false' \
		check --for iommufd new:anon,64K
	json 0 '.charge | .ledger == "user" and .charged == null' check --for xdp "$third"
	json 0 '.charge | .ledger == "VmPin" and .charged == 65536' check --for rdma "$third"
	kill "$first" "$second" "$third" "$plain" "$twice"
	for child in $(ps -o pid,comm | awk '$2 == "sleep" { print $1 }'); do
		kill "$child" 2>/dev/null
	done
	wait
	json 0 '.contexts == [] and .system_charged == 0' list -a
}

# Its descriptors may be looked at, and not borrowed.
withheld_by_yama() {
	before=$(cat $scope) asan=${ASAN_OPTIONS:-}
	echo 2 >$scope
	# Who may not trace himself either finds no leaks.
	export ASAN_OPTIONS="${asan:+$asan:}detect_leaks=0"
	as_dev 0 '.pins == [] and (.contexts | length == 1 and .[0].withheld == "EPERM")' \
		show "$third"
	su dev -c "$here/pinctl show $third" >/tmp/out 2>/tmp/err
	echo "$before" >$scope
	ASAN_OPTIONS=$asan
	if grep -q "^pinctl: cannot see the pins of $third/[0-9]*: Operation not permitted" \
		/tmp/err; then
		passed=$((passed + 1))
	else
		fail "pins that are withheld"
	fi
}

golden() { # NAME ARGUMENTS...: to the letter, in text and in JSON; see golden.sh
	program=$here/pinctl documents=/out
	[ -z "${SCENE:-}" ] || program=$here/scene.sh
	# Its lines are documents; heard() keeps such.
	[ "${SCENE:-}" != heard ] || documents=
	if PINCTL=$program PINCTL_DOCUMENTS=$documents sh "$here/golden.sh" "$@" >/tmp/differs; then
		passed=$((passed + 1))
	else
		fail "golden: $*"
		sed 's/^/    /' /tmp/differs
	fi
}

golden_in() { # SCENE NAME ARGUMENTS...: the same in a scene of scene.sh
	export SCENE="$1"
	shift
	golden "$@"
	unset SCENE
}

# What each command prints when the module answers: nothing, one, many, no, and names
# that are no text.
goldens() {
	odd=$(printf '/dev/shm/odd \n\\ \033[31m\377\303\244')
	truncate -s 8192 "$odd"
	[ -z "${GOLDEN_REFRESH:-}" ] || mkdir -p "$GOLDEN_REFRESH"
	checks=module.loaded,module.version,device.exists,device.access,memlock.soft,memlock.user
	checks=$checks,memlock.process,memlock.cap,system.pins,hugetlb.free,dax.mounts,dax.devices
	golden module-doctor doctor --only "$checks"
	golden module-doctor-one doctor -q --only device.access
	golden module-doctor-no doctor --strict --only dax.mounts
	golden module-doctor-process doctor --only memlock.soft,memlock.cap --pid 1
	golden module-check-none check new:anon,1M
	golden module-check-one check -a new:anon,1M
	golden module-check-no check file:/mnt/dax/data
	golden module-check-hole check self:ffffffffff600000+4K
	golden module-check-odd check -a "file:$odd"
	golden module-check-odd-raw check -ar "file:$odd"
	golden module-check-for check --for io_uring new:memfd,1M
	golden module-check-error check 2
	golden module-explain explain file:/mnt/dax/data
	golden module-explain-odd explain "file:$odd"
	golden module-check-many check -a "$segments:100000000000+64K"
	golden module-check-read check --read -ar "$segments:100000000000+64K"
	golden module-explain-many explain "$segments:100000000000+64K"
	golden module-pin pin new:anon,8M --hold 0 --query
	golden module-pin-no pin file:/mnt/dax/data
	golden module-pin-lease pin --lease file:/mnt/dax/data --hold 0 --query
	golden module-check-lease check -a --lease file:/mnt/dax/data
	golden module-pin-odd pin --read "file:$odd" --hold 0
	golden module-pin-error pin file:/nowhere
	golden module-list-none list
	golden module-show-none show 1
	golden module-show-error show 999999999
	golden module-system-none list --system
	golden module-who-none who pfn:0+0x10000000
	golden module-who-error who block:memory999999
	golden module-release-error release 999999
	hold_pin new:anon,8M
	first=$holder
	golden module-list-one list
	golden module-show-one show "$first"
	hold_pin --read new:memfd,4M
	second=$holder
	sleep 600 9<>/dev/pin &
	plain=$!
	wait_until json_quiet '.contexts | length == 3' list -a
	golden module-list-many list -a
	golden module-list-columns list -o +HELD-BY,ACCESS
	golden module-show-plain show "$plain"
	golden module-show-columns show "$second" -o +COMMAND,UID,COOKIE -b
	golden module-system list --system
	golden module-system-user list --system --by user --sort charged -b
	golden module-system-mode list --system --by mode -r
	golden module-metrics list --metrics
	golden module-who who pfn:0+0x10000000 -o +COMMAND
	kill "$first" "$second" "$plain"
	wait "$first" "$second" "$plain"
	rm "$odd"
}

# They take pins away and leak some, which the tests of the ledger count.
goldens_in_scenes() {
	golden_in pinned module-release release PIN
	golden_in pinned module-show-pin show pin:PIN
	golden_in heard module-monitor monitor -n 6
}

# Of another process the module tells the mappings; the limit is that process's.
asks_about_a_range() {
	cp /mnt/plain/data /tmp/data && chmod 666 /tmp/data
	start_segments /tmp/data dev 0 || fail "no process to look at"
	json 1 '.source == "module" and .because == null and .refused == 0 and
		.limit.reason == "memlock-limit"' check "$segments:100000000000+4K"
	json 1 '.source == "module" and .explanations[0].reason == "memlock-limit"' \
		explain "$segments:100000000000+4K"
	json 1 '.source == "module" and .refused == 1 and .limit == null' \
		check "$segments:100000000000+8K"
	kill $segments
}

json_quiet() { # FILTER ARGUMENTS...
	filter=$1
	shift
	"$here/pinctl" "$@" -J 2>/dev/null | jq -e "$filter" >/dev/null
}

ulimit -l unlimited
prepare || {
	echo "guest.sh: cannot lay out the memory to test" >&2
	exit 1
}
# With a sanitizer what it has mapped itself is not the same each time.
sanitized || survey >/tmp/predicted
other_devices
insmod "$here/pin.ko" || exit 1
sanitized || survey >/tmp/asked
if sanitized || diff -U0 /tmp/predicted /tmp/asked; then
	passed=$((passed + 1))
else
	echo "FAILED: predicted (-) and asked (+) differ"
	failed=$((failed + 1))
fi

# As sysusers and udev do it.
echo pin:x:900: >>/etc/group
echo dev:x:1234:900::/tmp:/bin/sh >>/etc/passwd
chgrp pin /dev/pin
is 0 ' 0 FAIL,' doctor
json 0 '.features | index("check") and index("longterm")' doctor
json 0 '.source == "module" and .because == null' check self
json 0 '.source == "predicted" or .source == "module"' check 1
json 1 '.results[0].reason == "fsdax" and .results[0].errno == "EOPNOTSUPP"' \
	check file:/mnt/dax/data
json 0 '.tried and .results[0].verdict == "yes"' check -a --try new:anon,4M,hugetlb=2M
is 0 '; of 1 only trying can tell$' check new:anon,4M,hugetlb=2M
# A part of a huge page is charged as all of it by io_uring, as what it is by others.
json 0 '.charge.asked == 2097152' check --for io_uring new:memfd,4K,hugetlb=2M
json 0 '.charge.asked == 4096' check --for rdma new:memfd,4K,hugetlb=2M
json 1 '.tried and .results[0].reason == "beyond-eof"' check --try --read \
	file:/mnt/plain/short@0+16K
json 1 '(.tried | not) and .results[0].reason == "fsdax"' check --try file:/mnt/dax/data
# Of a range that a limit of /dev/pin keeps from being tried nothing is known, for others.
max_pages=$(cat /sys/module/pin/parameters/max_pages)
echo 10 >/sys/module/pin/parameters/max_pages
json 1 '.limit.reason == "system-cap"' check --try new:anon,1M
json 0 '(.tried | not) and .limit == null' check --try --for rdma new:anon,1M
is 0 '^Not tried: /dev/pin itself refuses the range (system-cap)$' \
	check --try --for rdma new:anon,1M
echo "$max_pages" >/sys/module/pin/parameters/max_pages
json 0 '.tried and .limit == null' check --try --for rdma new:anon,1M
is 1 '^Next: pinctl explain .*fsdax' check "$segments"
# A kernel thread.
json 3 '.error.message | test("no memory of its own")' check 2
json 3 '.error.message | test("no memory of its own")' explain 2:0+4K
is 1 '^Because     fsdax: ' explain file:/mnt/dax/data
json 1 '.source == "module" and (.explanations[0] | .reason == "fsdax" and
	.where[0].path == "/mnt/dax/data")' explain file:/mnt/dax/data
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
# More than there is: nothing of it is touched.
echo 1 >/proc/sys/vm/overcommit_memory
case $(uname -r) in
6.1.*)
	json 1 '.charge.rule_errno == "EFAULT"' check --for io_uring new:anon,2G
	json 1 '.charge.rule_errno == "EOPNOTSUPP" and .refused == 0' \
		check --read --for io_uring file:/mnt/plain/data
	;;
6.12.*)
	json 1 '.charge.rule_errno == "EFAULT"' check --for io_uring new:anon,2G
	is 1 ' (EFAULT)\.$' check --for io_uring new:anon,2G
	is 1 '^io_uring .*1 GiB' explain --for io_uring new:anon,2G
	json 0 '.charge.rule == null' check --read --for io_uring file:/mnt/plain/data
	;;
*)
	json 0 '.charge.rule == null' check --for io_uring new:anon,2G
	;;
esac
json 0 '.charge.rule == null' check --for io_uring new:anon,1G
goldens
kill "$segments"
asks_about_a_range
holds_until TERM
holds_until INT
lists_and_shows
nobody_is_told
ledger_tests
bench_tests
goldens_in_scenes
leases /mnt/dax/data
leases /mnt/xfs/data
leases_of_nothing

if rmmod pin; then
	passed=$((passed + 1))
else
	echo "FAILED: the module cannot be removed: something is still pinned"
	failed=$((failed + 1))
fi
echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" = 0 ]
