# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=dash disable=SC2154
#
# pinctl bench with the real module: sourced by guest.sh, whose functions it uses.
#
# No time is asserted, only what is done with them: that the figures follow from the rounds,
# and that nothing is said of two whose interquartile ranges overlap. And what is left out
# and why, and that no page stays pinned.

# jq's: whether a document of bench is sound.
# shellcheck disable=SC2016 # jq's variables
sound='
	def quartile($k): sort | ((length - 1) * $k) as $at | ($at / 4 | floor) as $i |
		if $at % 4 == 0 then .[$i]
		else .[$i] + ((.[$i + 1] - .[$i]) * ($at % 4) / 4 | floor) end;
	def follows($rounds; $pages):
		(.rounds | length) == $rounds and .median == (.rounds | quartile(2)) and
		.low == (.rounds | quartile(1)) and .high == (.rounds | quartile(3)) and
		.iqr == .high - .low and
		.page == ((.median * 1000 + ($pages / 2 | floor)) / $pages | floor);
	def figures($what): {
		median: .[$what], low: .[$what + "_low"], high: .[$what + "_high"],
		iqr: .[$what + "_iqr"], page: .[$what + "_page"], vs: .[$what + "_vs"],
		rounds: .[$what + "_rounds"] };
	def compared($other):
		if $other == null then .vs == null
		elif .low <= $other.high and $other.low <= .high then .vs == "noise"
		elif $other.median == 0 then .vs == "noise"
		elif .median > $other.median then .vs | test("^[+][0-9]+[.][0-9]%$")
		else .vs | test("^-[0-9]+[.][0-9]%$") end;
	def sound: .rounds as $rounds | .page_size as $page | .results as $all |
		($all | length) > 0 and
		all($all[]; . as $row |
			(first($all[] | select(.by == "io_uring" and .memory == $row.memory and
					       .size == $row.size)) // null) as $uring |
			all("pin", "unpin"; . as $what | ($row | figures($what)) |
				follows($rounds; $row.size / $page) and
				if $row.by == "io_uring" then .vs == null
				else compared($uring | if . then figures($what) else . end) end) and
			.calls >= 1 and .calls <= 1000 and .runs >= 1 and
			.runs <= .size / $page) and
		all(.left_out[]; .why | length > 0);
	def measured: [.results[] | "\(.memory) \(.size) \(.by)"] | sort;
	def both($list): [$list[] | . + " /dev/pin", . + " io_uring"] | sort;
	sound and '

free_huge_pages() {
	cat /sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages
}

benches() { # FILTER ARGUMENTS...: exit 0, sound, and everything is given back
	filter=$1
	shift
	huge=$(free_huge_pages)
	json 0 "$sound ($filter)" bench --rounds 13 "$@"
	json 0 '.contexts == [] and .system_charged == 0' list -a
	if [ "$(pinned_pages)" = "$before" ] && [ "$(free_huge_pages)" = "$huge" ]; then
		passed=$((passed + 1))
	else
		fail "bench $*: $(pinned_pages) pages are pinned, not $before, and" \
			"$(free_huge_pages) huge pages free, not $huge"
	fi
}

bench_by() { # EXIT FILTER COMMAND...: another way to run it
	want=$1 filter=$2
	shift 2
	"$@" >/tmp/out 2>/tmp/err </dev/null
	code=$?
	keep_document
	if [ "$code" = "$want" ] && jq -e "$filter" /tmp/out >/dev/null; then
		passed=$((passed + 1))
	else
		fail "$*: exit $code, wanted $want and $filter"
	fi
}

bench_dev() { # EXIT LIMIT FILTER ARGUMENTS...: as a user with that limit, in KiB
	want=$1 limit=$2 filter=$3
	shift 3
	bench_by "$want" "$filter" su dev -c "ulimit -l $limit; $here/pinctl bench -J $*"
}

# What the document advises is done: root needs no sudo.
follow() { # FILTER ARGUMENTS...: the command in it
	filter=$1
	shift
	pinctl bench -J --rounds 13 "$@"
	fix=$(jq -r "$filter" /tmp/out | sed 's/sudo //')
	if sh -c "$fix" >/tmp/fixed 2>&1; then
		passed=$((passed + 1))
	else
		fail "the advice '$fix'"
	fi
}

bench_kinds() {
	benches '.io_uring.available and .left_out == [] and measured == both([
		"small 4096", "small 2097152", "scattered 4096", "scattered 2097152",
		"thp 2097152", "hugetlb 2097152", "memfd 4096", "memfd 2097152",
		"memfd-hugetlb 2097152"])' --size 2M,4K
	# Each kind is what it is called.
	benches 'all(.results[]; if .memory == "scattered" then .runs > .size / 8192
			       else .runs <= .size / 2097152 end) and
		measured == both(["scattered 33554432", "thp 33554432"])' \
		--size 32M --memory thp,scattered
	benches '[.results[].runs] == [1, 1, 1, 1]' \
		--size 2M --memory hugetlb,memfd-hugetlb
	benches '.left_out | length == 1 and .[0].memory == "thp" and .[0].size == null and
		.[0].taken == 0' --size 4K,8K --memory small,thp
	is 0 '^MEMORY  *SIZE  *RUNS  *BY  *PIN ' bench --rounds 13 --memory small --size 4K
	is 0 '^small  *4K  *1  */dev/pin  *[0-9.]*[num]*s ' bench --rounds 13 --memory small \
		--size 4K
	is 0 '^small 4096 io_uring [0-9]* [0-9]*$' bench --rounds 13 --memory small --size 4K \
		-rnb -o MEMORY,SIZE,BY,PIN,UNPIN-PAGE
	is 0 '^VS: .* noise where' bench --rounds 13 --memory small --size 4K
	# The virtual machine is told of, if it shows itself.
	if ! grep -qw hypervisor /proc/cpuinfo || grep -q '^pinctl: doubtful: ' /tmp/err; then
		passed=$((passed + 1))
	else
		fail "bench does not doubt a virtual machine"
	fi
}

bench_without_io_uring() {
	# shellcheck disable=SC2016 # jq's
	without='(.io_uring.available | not) and .io_uring.errno == "EPERM" and
		([.results[].by] | unique) == ["/dev/pin"]'
	bench_by 0 "$sound $without and .io_uring.fix == null and
		(.io_uring.why | test(\"seccomp\"))" \
		"$here/forbid" "$here/pinctl" bench -J --rounds 13 --memory small --size 4K
	# Linux 6.1 has no such switch.
	[ -e /proc/sys/kernel/io_uring_disabled ] || return 0
	for value in 1 2; do
		echo $value >/proc/sys/kernel/io_uring_disabled
		bench_dev 0 8192 "$sound $without and
			(.io_uring.why | test(\"io_uring_disabled is $value\"))" \
			--rounds 13 --memory small --size 4K
	done
	benches "$without" --memory small --size 4K
	is 0 '^small ' bench --rounds 13 --memory small --size 4K
	if grep -q '^pinctl: not measured: io_uring (EPERM)' /tmp/err &&
	   grep -q '^  fix: sudo sysctl kernel.io_uring_disabled=0$' /tmp/err &&
	   ! grep -q '^VS:' /tmp/out; then
		passed=$((passed + 1))
	else
		fail "bench does not say why there is no io_uring"
	fi
	follow .io_uring.fix --memory small --size 4K
	benches '.io_uring.available' --memory small --size 4K
}

# The user's limit, what is charged to it already, the module's cap, and the cgroup's.
bench_limits() {
	bench_dev 0 64 "$sound measured == both([\"small 4096\", \"small 65536\"]) and
		(.left_out | map([.memory, .size, .taken]) ==
		 [[\"small\", 2097152, 65536], [\"small\", 134217728, 65536],
		  [\"thp\", 2097152, 0], [\"thp\", 134217728, 0]]) and
		all(.left_out[]; (.why | test(\"RLIMIT_MEMLOCK leaves 64K\")) and
		    (.fix | test(\"memlock\")))" --rounds 13 --memory small,thp
	hold su dev -c "ulimit -l 64; exec $here/pinctl pin new:anon,40K"
	bench_dev 0 64 "$sound measured == both([\"memfd 24576\"])" --rounds 13 \
		--memory memfd --size 1M
	kill "$holder"
	wait "$holder"
	bench_dev 3 0 '.error | .message == "nothing can be measured" and
		(.detail | test("RLIMIT_MEMLOCK")) and (.fix | test("memlock"))' --rounds 13
	cap=$(cat /sys/module/pin/parameters/max_pages)
	echo 16 >/sys/module/pin/parameters/max_pages
	benches 'measured == both(["small 65536"]) and (.left_out[0].why | test("max_pages"))' \
		--memory small --size 1M
	echo "$cap" >/sys/module/pin/parameters/max_pages
	echo +memory >/sys/fs/cgroup/cgroup.subtree_control
	mkdir /sys/fs/cgroup/narrow
	echo 64M >/sys/fs/cgroup/narrow/memory.max
	# shellcheck disable=SC2016 # the shell's own number
	bench_by 0 "$sound (.left_out | length == 1 and (.[0].why | test(\"cgroup\"))) and
		all(.results[]; .size > 1048576 and .size <= 33554432)" \
		sh -c 'echo $$ >/sys/fs/cgroup/narrow/cgroup.procs
			exec "$0" bench -J --rounds 13 --memory small --size 128M' "$here/pinctl"
	rmdir /sys/fs/cgroup/narrow
	echo -memory >/sys/fs/cgroup/cgroup.subtree_control
}

# What is left out for one reason stands together, and the reason once.
bench_in_words() {
	su dev -c "ulimit -l 64; $here/pinctl bench --rounds 13 --memory small,thp" \
		>/tmp/out 2>/tmp/err </dev/null
	if grep -qx 'pinctl: not measured: small 2M 128M, thp 2M 128M' /tmp/err &&
	   [ "$(grep -c 'RLIMIT_MEMLOCK leaves 64K' /tmp/err)" = 1 ] &&
	   [ "$(grep -c '^  fix: .*memlock' /tmp/err)" = 1 ]; then
		passed=$((passed + 1))
	else
		fail "bench does not say what it leaves out"
	fi
}

# Huge pages that are not there, and what bench advises.
bench_huge_pages() {
	thp=/sys/kernel/mm/transparent_hugepage/enabled
	pool=$(cat /proc/sys/vm/nr_hugepages)
	was=$(sed 's/.*\[\(.*\)\].*/\1/' $thp)
	echo never >$thp
	benches '.left_out[0].memory == "thp" and measured == both(["small 2097152"])' \
		--memory small,thp --size 2M
	follow '.left_out[0].fix' --memory small,thp --size 2M
	benches '.left_out == []' --memory thp --size 2M
	echo "$was" >$thp
	echo 0 >/proc/sys/vm/nr_hugepages
	json 3 '.error.detail == "the pool of 2M pages has 0 free"' bench --memory hugetlb
	follow '.left_out[-1].fix' --size 2M,4M --memory small,memfd-hugetlb
	benches '.left_out == [] and measured == both(["hugetlb 4194304"])' --memory hugetlb \
		--size 4M
	benches '.left_out[0].taken == 4194304 and measured == both(["hugetlb 4194304"])' \
		--memory hugetlb --size 8M
	echo "$pool" >/proc/sys/vm/nr_hugepages
}

# However it ends.
bench_killed() {
	"$here/pinctl" bench --rounds 10000 --memory small >/dev/null 2>&1 &
	bench=$!
	wait_until grep -q '^VmPin:.* [1-9][0-9]* kB' "/proc/$bench/status"
	kill -9 $bench
	wait $bench
	# A ring is given back later, by a worker.
	if wait_until pinned_is "$before"; then
		passed=$((passed + 1))
	else
		fail "bench was killed: $(pinned_pages) pages are pinned, not $before"
	fi
}

pinned_is() { # PAGES
	[ "$(pinned_pages)" = "$1" ]
}

bench_tests() {
	before=$(pinned_pages)
	bench_kinds
	bench_without_io_uring
	bench_limits
	bench_in_words
	bench_huge_pages
	bench_killed
}
