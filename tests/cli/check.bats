#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Check without the module: what is predicted, and how it is printed.

load common

@test "a prediction says that it is one, and why" {
	need_no_module
	pinctl check self
	[ "$code" = 0 ]
	[[ $out == *"(predicted)"* ]]
	[[ $err == *"predicted from /proc: there is no /dev/pin"* ]]
	pinctl check -J self
	is_json pinctl.check/1 '.source == "predicted"' '.because | length > 0' '.pid > 0' \
		'.pinnable' '.refused == 0' '.left_out > 0' '.results == []'
}

@test "memory that cannot be had" {
	pinctl check new:anon,200T
	[ "$code" = 3 ]
	[[ $err == *"cannot map new memory"* ]]
	pinctl check new:anon,200T,hugetlb=2M
	[ "$code" = 3 ]
	[[ $err == *"cannot map new memory"*"vm.nr_hugepages"* ]]
	: >"$dir/file"
	pinctl check --read "file:$dir/file@0+200T"
	[ "$code" = 3 ]
	[[ $err == *"cannot map $dir/file"* ]]
}

@test "a program, which nobody may write to while it runs" {
	cp "$(command -v sleep)" "$dir/program"
	"$dir/program" 60 &
	until [ "$(cat /proc/$!/comm)" = program ]; do :; done
	pinctl check "file:$dir/program"
	[ "$code" = 3 ]
	[[ $err == *"cannot open $dir/program"* ]]
	pinctl check -J --read "file:$dir/program"
	kill $!
	[ "$code" = 0 ]
	is_json pinctl.check/1 '.access == "read"' '.mappings == 1' '.pinnable'
}

@test "another process" {
	need_no_module
	sleep 60 &
	# Until exec() it is still this shell.
	until [ "$(cat /proc/$!/comm)" = sleep ]; do :; done
	pinctl check -J -a $!
	kill $!
	[ "$code" = 0 ]
	is_json pinctl.check/1 '.name == "sleep"' '.results | length == length' \
		'.mappings == (.results | length)' \
		'.results | any(.mapping == "[stack]" and .verdict == "yes")' \
		'.results | all(.size == (.size | floor))' \
		'.results | all(.start | startswith("0x"))'
}

@test "a file on disk, for writing and for reading" {
	need_no_module
	disk_file
	pinctl check "file:$disk"
	[ "$code" = 1 ]
	[[ $out == *"1 of 1 mapping cannot be pinned for writing"* ]]
	[[ $out == *"EFAULT file-dirty-tracking $disk"* ]]
	[[ $out == *"Next: pinctl explain file-dirty-tracking"* ]]
	pinctl check --read "file:$disk"
	[ "$code" = 0 ]
	pinctl check -J "file:$disk@4K+8K"
	[ "$code" = 1 ]
	is_json pinctl.check/1 '.results[0].size == 8192' '.results[0].offset == 4096' \
		'.results[0].errno_value == 14' '.results[0].kind == "file"'
}

@test "a file on tmpfs" {
	need_no_module
	[ "$(stat -f -c %T /dev/shm)" = tmpfs ] || skip "no tmpfs at /dev/shm"
	shm=$(mktemp /dev/shm/pinctl-test.XXXXXX)
	truncate -s 64K "$shm"
	pinctl check -J -a "file:$shm"
	[ "$code" = 0 ]
	is_json pinctl.check/1 '.results[0].kind == "shmem"' '.results[0].verdict == "yes"'
}

@test "new memory of each kind" {
	need_no_module
	for new in new:anon,1M new:shmem,1M new:memfd,1M new:anon,4M,thp; do
		pinctl check -J -a "$new"
		[ "$code" = 0 ]
		is_json pinctl.check/1 '.results | length == 1' '.results[0].verdict == "yes"'
	done
}

@test "a lease of memory that needs none" {
	need_no_module
	for new in new:anon,1M new:memfd,1M; do
		pinctl check -J -a --lease "$new"
		[ "$code" = 0 ]
		is_json pinctl.check/1 '.lease' '.source == "predicted"' \
			'.results[0].verdict == "yes"' '.results[0].lease == false'
	done
	disk_file
	pinctl check -J --lease "file:$disk"
	[ "$code" = 1 ]
	is_json pinctl.check/1 '.results[0].reason == "file-dirty-tracking"' \
		'.results[0].lease == false'
	pinctl check -J "file:$disk"
	is_json pinctl.check/1 '.lease == false'
}

@test "what is not mapped is a hole" {
	pinctl check -J self:0+64K
	[ "$code" = 1 ]
	is_json pinctl.check/1 '.results | length == 1' '.results[0].reason == "hole"' \
		'.results[0].start == "0x0"' '.results[0].size == 65536' \
		'.results[0].inode == null'
}

@test "a process without memory is no hole" {
	# A zombie: exec has made its parent one that waits for nobody.
	sh -c 'true & exec sleep 30' &
	parent=$!
	for _ in $(seq 100); do
		zombie=$(ps -o pid=,stat= --ppid $parent | awk '$2 ~ /^Z/ { print $1 }')
		[ -z "$zombie" ] || break
		sleep 0.1
	done
	for target in "$zombie" "$zombie:0+4K"; do
		for command in check explain; do
			pinctl "$command" "$target"
			[ "$code" = 3 ]
			[[ $err == *"process $zombie has no memory of its own"* ]]
		done
	done
	kill $parent
}

@test "the limit of locked memory" {
	need_no_module
	command -v setpriv >/dev/null || skip "no setpriv(1)"
	ulimit -Sl 64 || skip "cannot lower the limit"
	code=0
	setpriv --inh-caps=-ipc_lock --bounding-set=-ipc_lock \
		"$PINCTL" check -J new:anon,1M >"$dir/out" || code=$?
	[ "$code" = 1 ]
	is_json pinctl.check/1 '.limit.reason == "memlock-limit"' '.limit.errno == "ENOMEM"' \
		'.refused == 0' '.pinnable == false'
	setpriv --inh-caps=-ipc_lock --bounding-set=-ipc_lock \
		"$PINCTL" check -q new:anon,64K 2>"$dir/err"
}

# Half a page at each end: 17 pages for the bytes of 16.
@test "the limit is one of whole pages" {
	need_no_module
	[ "$(stat -f -c %T /dev/shm)" = tmpfs ] || skip "no tmpfs at /dev/shm"
	command -v setpriv >/dev/null || skip "no setpriv(1)"
	ulimit -Sl 64 || skip "cannot lower the limit"
	shm=$(mktemp /dev/shm/pinctl-test.XXXXXX)
	truncate -s 128K "$shm"
	for consumer in any rdma io_uring; do
		code=0
		setpriv --inh-caps=-ipc_lock --bounding-set=-ipc_lock "$PINCTL" check -J --read \
			--for $consumer "file:$shm@2048+64K" >"$dir/out" || code=$?
		[ "$code" = 1 ]
		is_json pinctl.check/1 '.limit.reason == "memlock-limit"' '.refused == 0'
	done
	setpriv --inh-caps=-ipc_lock --bounding-set=-ipc_lock "$PINCTL" check -q --read \
		"file:$shm@2048+62K" 2>"$dir/err"
}

@test "a whole process: its limit is told, not judged" {
	need_no_module
	command -v setpriv >/dev/null || skip "no setpriv(1)"
	(ulimit -l 64 && exec setpriv --inh-caps=-ipc_lock --bounding-set=-ipc_lock sleep 60) &
	pid=$!
	until [ "$(cat /proc/$pid/comm)" = sleep ]; do :; done
	pinctl check $pid
	told=$out
	pinctl explain $pid
	explained=$out
	pinctl check --for rdma $pid
	other=$out
	pinctl check -q $pid
	quiet=$out
	kill $pid
	line='Not judged: the limit, which is of ranges; RLIMIT_MEMLOCK of the process is 64K (memlock-limit)'
	[[ $told == *$'\n'"$line" ]]
	[[ $explained == *$'\n'"$line" ]]
	[[ $other != *"Not judged"* && $other == *"of 64K charged"* ]]
	[ -z "$quiet" ]
	pinctl check new:anon,64K
	[[ $out$err != *"Not judged"* ]]
}

@test "quiet: only the exit code" {
	pinctl check -q self:0+4K
	[ "$code" = 1 ]
	[ -z "$out" ]
	pinctl check -q new:anon,1M
	[ "$code" = 0 ]
	[ -z "$out$err" ]
}

@test "raw columns never shift" {
	pinctl check -a -r self -o RANGE,ERRNO,REASON,INODE,DEV,OFFSET,MAPPING
	awk 'NF != 7 { exit 1 }' "$dir/out"
	pinctl check -r self:0+4K
	[[ $out == *'[nothing\x20mapped]'* ]]
}

@test "names of any bytes" {
	need_no_module
	disk_file
	name=$'with space\n\\ \033[31m\xff\xc3\xa4'
	mkdir "$disk.d"
	truncate -s 4K "$disk.d/$name"
	pinctl check -J "file:$disk.d/$name"
	[ "$code" = 1 ]
	is_json pinctl.check/1 '.results[0].mapping | contains("\\xff\u00e4")'
	pinctl check "file:$disk.d/$name"
	[[ $out != *$'\033'* ]]
	[[ $out == *'\xff'* ]]
	pinctl check -r "file:$disk.d/$name"
	[ "$(wc -l <"$dir/out")" = 2 ]
	awk 'NF != 6 { exit 1 }' "$dir/out"
	rm -r "$disk.d"
}

# Without the right to follow /proc/PID/map_files: then only its name tells what it is.
@test "a memfd with the name of something deleted" {
	need_no_module
	drop=
	[ "$(id -u)" != 0 ] || drop="setpriv --inh-caps=-all --ambient-caps=-all --bounding-set=-all"
	for name in "x (deleted) y" "x (deleted)" "x"; do
		code=0
		# shellcheck disable=SC2086 # words
		$drop python3 - "$PINCTL" "$name" >"$dir/out" 2>"$dir/err" <<-'END' || code=$?
		import mmap, os, subprocess, sys
		fd = os.memfd_create(sys.argv[2])
		os.ftruncate(fd, mmap.PAGESIZE)
		mapping = mmap.mmap(fd, mmap.PAGESIZE)
		sys.exit(subprocess.run([sys.argv[1], "check", "-aJ", str(os.getpid())]).returncode)
		END
		[ "$code" -le 1 ]
		is_json pinctl.check/1 '[.results[] | select(.mapping | startswith("/memfd:x"))] |
			length == 1 and .[0].kind == "shmem" and .[0].verdict == "yes"'
	done
}

@test "-o chooses, adds and drops" {
	pinctl check self:0+4K -rn -o reason,SIZE
	[ "$out" = "hole 4K" ]
	pinctl check self:0+4K -rn -b -o SIZE
	[ "$out" = 4096 ]
	pinctl check self:0+4K -r -o +KIND
	[[ ${out%%$'\n'*} == "RANGE SIZE PERM ERRNO REASON MAPPING KIND" ]]
	pinctl check self:0+4K -r -o +SIZE,KIND,kind
	[[ ${out%%$'\n'*} == "RANGE SIZE PERM ERRNO REASON MAPPING KIND" ]]
	pinctl check self:0+4K -r -o -RANGE,MAPPING
	[[ ${out%%$'\n'*} == "SIZE PERM ERRNO REASON" ]]
	pinctl check self:0+4K -J -o SIZE,REASON
	is_json pinctl.check/1 '.results[0] == {"size": 4096, "reason": "hole"}'
	pinctl check self:0+4K -J -o -RANGE
	is_json pinctl.check/1 '.results[0] | has("range") | not' '.results[0] | has("size")'
}

@test "without the module nothing is tried or pinned" {
	need_no_module
	pinctl check --try new:anon,1M
	[ "$code" = 3 ]
	[ -z "$out" ]
	pinctl pin new:anon,1M --hold 0
	[ "$code" = 3 ]
	[ -z "$out" ]
	[[ $err == *"fix: sudo modprobe pin"* ]]
}

@test "root of a user namespace is not exempt" {
	need_no_module
	unshare -Ur true || skip "no user namespaces"
	code=0
	# shellcheck disable=SC2016 # the shell inside has them
	unshare -Ur sh -c 'ulimit -l 64 && exec "$0" check -J new:anon,1M' "$PINCTL" \
		>"$dir/out" 2>"$dir/err" || code=$?
	[ "$code" = 1 ]
	is_json pinctl.check/1 '.limit.reason == "memlock-limit"'
}
