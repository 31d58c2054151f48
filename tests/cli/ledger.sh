# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=dash disable=SC2154
#
# The ledger by pinctl, with the real module: sourced by guest.sh, whose functions it uses.

# A monitor that listens when this returns; its number is in $monitor.
start_monitor() { # ARGUMENTS...
	: >/tmp/heard
	: >/tmp/monitor.err
	"$here/pinctl" monitor "$@" >/tmp/heard 2>/tmp/monitor.err </dev/null &
	monitor=$!
	wait_until grep -q '^pinctl: listening' /tmp/monitor.err
}

monitor_ended() { # EXIT WHAT
	wait "$monitor"
	code=$?
	cp /tmp/heard /tmp/out
	cp /tmp/monitor.err /tmp/err
	if [ "$code" = "$1" ]; then
		passed=$((passed + 1))
	else
		fail "$2: exit $code, wanted $1"
	fi
}

heard() { # FILTER: what jq holds for true of all lines together
	# Each line is a document of its own, which the schema has.
	awk '{ file = "/out/event." NR; print >file; close(file) }' /tmp/heard
	if jq -s -e "$1" /tmp/heard >/dev/null; then
		passed=$((passed + 1))
	else
		cp /tmp/heard /tmp/out
		fail "monitor -J: wanted $1"
	fi
}

pin_of_holder() {
	sed -n 's/^pin \([0-9]*\):.*/\1/p' /tmp/held
}

ledger_lists() {
	json 0 '.complete and (.interrupted | not) and .groups == [] and .total.pins == 0' \
		list --system
	hold_pin new:anon,8M
	first=$holder first_pin=$(pin_of_holder)
	hold su dev -c "exec $here/pinctl pin new:memfd,1M"
	second=$holder second_pin=$(pin_of_holder)
	json 0 ".by == \"process\" and .complete and .total.pins == 2 and
		.total.pinned == 9437184 and .total.references == 2304 and
		(.groups | map(.pid) == [$first, $second]) and
		(.groups[0] | .command == \"pinctl\" and .uid == 0 and .pins == 1 and
		 .pinned == 8388608 and .charged == 8388608 and .fd == null and .node == null)" \
		list --system
	is 0 '^2 pins, 9M pinned, 9M charged$' list --system
	json 0 '.groups | map(.user) == ["root", "dev"] and all(.pid == null)' \
		list --system --by user
	json 0 '.groups | map(.user) == ["root", "dev"]' list --system --by user --sort charged
	json 0 '.groups | map(.pins) == [1, 1]' list --system --by user --sort pins
	json 0 '.groups | length > 0 and (map(.pinned) | add) == 9437184 and
		all(.node != null and .charged == null)' list --system --by node
	json 0 '.groups | length == 1 and .[0].mode == "longterm" and .[0].pins == 2' \
		list --system --by mode
	json 0 ".total.pins == 1 and .groups[0].pid == $second" list --system --user dev
	json 0 ".total.pins == 1 and .groups[0].pid == $first" list --system --pid "$first"
	json 0 '.total.pins == 0 and .groups == []' list --system --mode lease
	json 0 ".pins | length == 1 and (.[0] | .id == $first_pin and .pid == $first and
		.length == 8388608 and .mode == \"longterm\" and .state == \"live\" and
		(.nodes | add) == 2048)" show "pin:$first_pin"
	is 0 '^STATE  *live$' show "pin:$first_pin"
	is 0 "^$first_pin$" show "pin:$first_pin" -rn -o ID
	json 1 '.error.message | test("no pin")' show pin:999999
	case $(uname -r) in
	6.1.*) json 3 '.error.detail == null' list --system --user 4294967295 ;;
	*) json 3 '.error.detail | test("no such user")' list --system --user 4294967295 ;;
	esac
}

# Who has no privilege sees his own pins, and learns nothing of others.
ledger_privacy() {
	as_dev 0 "(.complete | not) and .total.pins == 1 and .groups[0].pid == $second" \
		list --system
	as_dev 0 '.groups == [] and .total.pins == 0' list --system --user root
	as_dev 0 ".pins[0].id == $second_pin" show "pin:$second_pin"
	as_dev 1 '.error.message | test("no pin")' show "pin:$first_pin"
	as_dev 3 '.error.message | test("not permitted")' monitor -n 1
	as_dev 3 '.error.message | test("not permitted")' release "$second_pin"
	as_dev 1 '.error.message | test("no pin")' release "$first_pin"
	as_dev 3 '.error.message | test("not permitted")' who pfn:0x1000+1
	if su dev -c "$here/pinctl list --metrics" >/tmp/out 2>/tmp/err; then
		fail "metrics without privilege"
	fi
}

metric() { # LINE: is among the metrics
	if "$here/pinctl" list --metrics >/tmp/out 2>/tmp/err && [ "$(tail -n 1 /tmp/out)" = '# EOF' ] &&
	   grep -qxF "$1" /tmp/out; then
		passed=$((passed + 1))
	else
		fail "no metric $1"
	fi
}

ledger_metrics() {
	metric 'pin_pins{mode="longterm"} 2'
	metric 'pin_pinned_bytes{mode="longterm"} 9437184'
	metric 'pin_user_pins{uid="1234",user="dev"} 1'
	metric 'pin_user_pinned_bytes{uid="0",user="root"} 8388608'
}

memory_blocks() { # with pins in them
	for block in /sys/devices/system/memory/memory*; do
		"$here/pinctl" who "block:${block##*/}" -rn -o PID
	done | sort -u | tr '\n' ' '
}

ledger_who() {
	if [ "$(memory_blocks)" = "$(printf '%s\n' "$first" "$second" | sort | tr '\n' ' ')" ]; then
		passed=$((passed + 1))
	else
		fail "memory blocks are held by $(memory_blocks), not $first and $second"
	fi
	json 0 "(.pins | map(.pid) | sort) == ([$first, $second] | sort) and
		.ranges[0].first_pfn == \"0x0\"" who pfn:0+0x10000000
	json 1 '.pins == []' who phys:0+4K
	if { "$here/pinctl" who node:0 -rn -o PID; "$here/pinctl" who node:1 -rn -o PID; } |
	   grep -qx "$first"; then
		passed=$((passed + 1))
	else
		fail "no NUMA node is held by $first"
	fi
	is 1 '^zone:Movable: no pin of /dev/pin holds' who zone:Movable
	hold_pin file:/dev/shm/data
	json 0 ".pins | length == 1 and .[0].pid == $holder" who file:/dev/shm/data
	json 1 '.pins == []' who file:/mnt/plain/data
	kill "$holder"
	wait "$holder"
	json 1 '.pins == []' who file:/dev/shm/data
}

# What it was to hold is not pinned any more: it says so and ends, and waits for no signal.
ended_by_release() { # PID
	wait "$1"
	code=$?
	if [ "$code" = 1 ] && grep -q '^pin [0-9]* revoked: nothing of it' /tmp/held &&
	   grep -q '^Cause  *admin: ' /tmp/held; then
		passed=$((passed + 1))
	else
		cp /tmp/held /tmp/out
		fail "a holder whose pin is taken away ends with $code"
	fi
}

# Its document is there with the pin, so that the end stands on stderr.
released_json() {
	: >/tmp/held
	"$here/pinctl" pin -J new:anon,64K >/tmp/held 2>/tmp/err &
	wait_until grep -q '^}' /tmp/held
	"$here/pinctl" release "$(jq .id /tmp/held)" >/tmp/out
	wait "$!"
	code=$?
	if [ "$code" = 1 ] && grep -q '^pinctl: pin [0-9]* revoked: admin$' /tmp/err &&
	   one_document '.revocation == null' /tmp/held; then
		passed=$((passed + 1))
	else
		fail "pin -J whose pin is taken away ends with $code"
	fi
}

ledger_release() {
	hold_pin new:anon,1M
	"$here/pinctl" release "$(pin_of_holder)" >/tmp/out
	ended_by_release "$holder"
	released_json

	# Stopped, so that the pin is still there when it is asked about.
	kill -STOP "$second"
	start_monitor -J -n 1
	json 0 ".released and .pin.id == $second_pin and .pin.user == \"dev\"" \
		release "$second_pin"
	monitor_ended 0 "the event of a release"
	heard ".[0] | .event == \"revoked\" and .pin.id == $second_pin and
		.revocation.cause == \"admin\" and .revocation.admin.command == \"pinctl\" and
		.revocation.admin.uid == 0"
	json 1 '.error.message | test("revoked already")' release "$second_pin"
	json 1 '.error.message | test("no pin")' release 999999
	json 0 '.pins[0] | .state == "revoked" and .pinned == 0' show "pin:$second_pin"
	metric 'pin_revocations_total{cause="admin"} 3'
	kill -CONT "$second"
	wait "$second"
	kill "$first"
	wait "$first"
	json 0 '.total.pins == 0' list --system
}

# The device cannot go while somebody has it pinned: who that is, and that it goes then.
offline_waits() {
	name=${dax##*/}
	hold_pin "file:$dax@0+4M"
	start=$(cat "/sys/bus/dax/devices/$name/resource")
	size=$(cat "/sys/bus/dax/devices/$name/size")
	driver=$(readlink -f "/sys/bus/dax/devices/$name/driver")
	echo "$name" >"$driver/unbind" &
	unbind=$!
	n=0
	while [ -e "/sys/bus/dax/devices/$name/driver" ] && [ "$n" -lt 20 ]; do
		usleep 100000
		n=$((n + 1))
	done
	if kill -0 "$unbind" 2>/dev/null; then
		passed=$((passed + 1))
	else
		fail "a device goes although it is pinned"
	fi
	for place in "phys:$start+$size" zone:Device; do
		json 0 ".pins | length == 1 and .[0].pid == $holder" who "$place"
	done
	"$here/pinctl" release "$(pin_of_holder)" >/tmp/out 2>/tmp/err
	if wait "$unbind"; then
		passed=$((passed + 1))
	else
		fail "the device does not go after the release"
	fi
	for place in "phys:$start+$size" zone:Device; do
		json 1 '.pins == []' who "$place"
	done
	ended_by_release "$holder"
	echo "$name" >"$driver/bind"
}

# 10,000 pins: each event in order, or a line says how many are missing. A sanitizer, of
# pinctl or of the kernel, makes it slow, and has seen all there is after a tenth.
monitor_flood() {
	pins=10000
	if sanitized || [ -e /sys/kernel/debug/kmemleak ]; then
		pins=1000
	fi
	start_monitor -J -n $((2 * pins)) --idle-timeout 20
	"$here/many" "$pins"
	# 1 if there are less, because some were lost.
	wait "$monitor"
	# shellcheck disable=SC2016 # jq's and awk's variables
	if jq -r '[.event, .sequence, .lost // 0] | @tsv' /tmp/heard | awk -v pins="$pins" '
		NR > 1 && $1 == "lost" && $2 != last + $3 { bad = 1 }
		NR > 1 && $1 != "lost" && $2 != last + 1 { bad = 1 }
		{ last = $2; n += $1 == "lost" ? $3 : 1; lost += $3 }
		END {
			printf "%d events, %d of them lost\n", n, lost
			exit bad || n != 2 * pins
		}' >/tmp/out; then
		passed=$((passed + 1))
		cat /tmp/out
	else
		fail "the events of $pins pins"
	fi
}

# Stopped while more happens than its socket holds, which on the debug kernel would take
# minutes.
monitor_overrun() {
	[ ! -e /sys/kernel/debug/kmemleak ] || return
	start_monitor
	kill -STOP "$monitor"
	"$here/many" 40000
	kill -CONT "$monitor"
	if wait_until grep -q '^lost [0-9]* events$' /tmp/heard; then
		passed=$((passed + 1))
	else
		fail "what a monitor has missed"
	fi
	kill -INT "$monitor"
	monitor_ended 0 "a monitor that has missed some"
}

monitor_ends() {
	start_monitor -J
	"$here/many" 3
	kill -INT "$monitor"
	monitor_ended 0 "SIGINT"
	heard 'length <= 6 and all(.schema == "pinctl.event/1")'
	start_monitor -n 3 --idle-timeout 1
	monitor_ended 1 "idle"
	start_monitor --timeout 1
	monitor_ended 0 "a timeout"
	start_monitor -n 2
	"$here/many" 1
	monitor_ended 0 "a count"
	if [ "$(sed -nE 's/^[-0-9T:.]+ (pinned  |unpinned) pin [0-9]+: 4K longterm, many \([0-9]+\), user root$/\1/p' \
		/tmp/heard | tr -d ' \n')" = pinnedunpinned ]; then
		passed=$((passed + 1))
	else
		fail "monitor as text"
	fi
}

# Whoever ends with pins is told, by an event and by the sums.
leak_is_reported() {
	start_monitor -J -n 5
	"$here/many" 2 leak
	"$here/pinctl" pin file:/mnt/plain/data --hold 0 >/dev/null 2>&1
	monitor_ended 0 "a leak"
	heard 'map(.event) | sort == ["closed", "pinned", "pinned", "unpinned", "unpinned"]'
	heard '.[] | select(.event == "closed") | .exiting and .context.pins == 2 and
		.context.command == "many"'
	metric 'pin_leaks_total 1'
	start_monitor -n 1
	"$here/pinctl" pin file:/mnt/plain/data >/dev/null 2>&1
	monitor_ended 0 "a refusal"
	is_heard=' refused  file-dirty-tracking (EFAULT) at [0-9a-f]*: 4M longterm, pinctl '
	if grep -q -e "$is_heard" /tmp/heard; then
		passed=$((passed + 1))
	else
		fail "a refusal as text"
	fi
}

ledger_tests() {
	ledger_lists
	ledger_privacy
	ledger_metrics
	ledger_who
	ledger_release
	offline_waits
	monitor_overrun
	monitor_ends
	leak_is_reported
	monitor_flood
}
