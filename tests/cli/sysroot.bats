#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Doctor on machines that are not this one: directories made here, and bundles.

load common
load machine

says() { # ID STATUS [TEXT [FIX]]
	pinctl doctor -J --sysroot "$root" --only "$1"
	[ "$(jq -r '.checks[0].status' "$dir/out")" = "$2" ]
	[[ "$(jq -r '.checks[0].text' "$dir/out")" == *"${3:-}"* ]]
	[[ "$(jq -r '.checks[0].fixes[0] // ""' "$dir/out")" == *"${4:-}"* ]]
	[ -n "${4:-}" ] || [ "$(jq -r '.checks[0].fixes | length' "$dir/out")" = 0 ]
}

@test "a machine where nothing is wrong" {
	good
	pinctl doctor --sysroot "$root"
	[ "$code" = 0 ]
	[ -z "$err" ]
	[[ $out == *" 0 warn, 0 FAIL, 0 unknown" ]]
	[[ $out == "kernel 6.12.1-test, "*"read from $root"* ]]
	[[ $out == *"features: longterm check check-limits"* ]]
	[[ $out != *"fix:"* ]]
	pinctl doctor -q --strict --sysroot "$root"
	[ "$code" = 0 ]
}

@test "no module: installed or not, loadable or not" {
	good
	no_module
	says module.loaded fail "not loaded" "sudo modprobe pin"
	says module.version unknown
	says device.exists fail "No such file" "sudo modprobe pin"
	says device.access unknown
	says system.cap unknown
	says memlock.user unknown
	says module.available fail "6.12.1-test" "make install"
	printf 'kernel/a.ko.xz:\nupdates/dkms/pin.ko.xz: kernel/b.ko\n' |
		file /lib/modules/6.12.1-test/modules.dep
	says module.available ok installed
	says module.signature ok
	pinctl doctor -q --sysroot "$root"
	[ "$code" = 1 ]
	echo 1 | file /proc/sys/kernel/modules_disabled
	says kernel.modules-disabled fail "until the next boot"
	rm "$root/proc/modules"
	says kernel.modules-disabled fail "without modules" "make demo"
}

@test "signatures, lockdown and Secure Boot" {
	good
	no_module
	echo Y | file /sys/module/module/parameters/sig_enforce
	says module.signature warn "Key was rejected by service" "mokutil --import"
	echo N | file /sys/module/module/parameters/sig_enforce
	echo 'none [integrity] confidentiality' | file /sys/kernel/security/lockdown
	says module.signature warn lockdown "mokutil --import"
	says kernel.lockdown warn integrity
	echo odd | file /sys/kernel/security/lockdown
	says kernel.lockdown unknown "does not tell"
	echo 'none [integrity] confidentiality' | file /sys/kernel/security/lockdown
	printf '\6\0\0\0\1' | file "$secure_boot"
	says kernel.secure-boot ok "on:"
	rm "$root$secure_boot"
	says kernel.secure-boot unknown "does not tell"
	rm -r "$root/sys/firmware"
	says kernel.secure-boot ok "not booted by EFI"
	echo 0.1.0 | file /sys/module/pin/version
	says kernel.lockdown ok integrity
	echo OE | file /sys/module/pin/taint
	says module.signature ok "without a signature"
	echo 1 | file /proc/sys/kernel/modules_disabled
	says kernel.modules-disabled ok "but this one is"
	# Nor does a file that can be opened and not read.
	rm "$root/proc/sys/kernel/modules_disabled"
	mkdir "$root/proc/sys/kernel/modules_disabled"
	says kernel.modules-disabled unknown "does not tell"
}

@test "a module that speaks another version" {
	good
	says module.version ok "interface version 1,"
	fact abi-version 99
	says module.version warn "interface version 99"
}

@test "kernels that are too old" {
	good
	for release in 5.15.0-1-amd64 6.0.19; do
		echo $release | file /proc/sys/kernel/osrelease
		says kernel.version fail "older than 6.1"
	done
	for release in 6.1.0 6.12.3 7.2.1 10.0; do
		echo $release | file /proc/sys/kernel/osrelease
		says kernel.version ok $release
	done
	rm "$root/proc/sys/kernel/osrelease"
	says kernel.version unknown
}

@test "who may open the device" {
	good
	fact open-to-pin EACCES
	says device.access warn "may ask, not pin: Permission denied" "usermod -aG pin"
	fact open-to-ask EACCES
	fact device-gid 0
	fact device-mode 0600
	says device.access fail "may not even ask" "groupadd -f pin"
	fact open-to-ask ENOSUCHERROR
	says device.access fail "may not even ask: Input/output error" "groupadd -f pin"
	fact open-to-ask -
	says device.access fail "may not even ask: No data" "groupadd -f pin"
	fact device-type other
	says device.exists fail "not a character device" "sudo rm"
}

@test "containers" {
	good
	: | file /.dockerenv
	says container ok docker
	fact device ENOENT
	says device.exists fail "this container has no /dev/pin" "docker run --device"
	fact device ok
	fact open-to-ask EPERM
	fact open-to-pin EPERM
	says device.access fail "Operation not permitted" "docker run --device"
	no_module
	says module.available unknown host
	says module.loaded fail "" "on the host"
	echo '0 100000 65536' | file /proc/self/uid_map
	says container warn CAP_IPC_LOCK
	sed -i 's/^CapEff:.*/CapEff:	000001ffffffffff/' "$root/proc/self/status"
	says memlock.cap warn "not in the initial user namespace"
	limit 8388608 8388608
	says memlock.soft warn 8M prlimit
	echo '0 0 4294967295' | file /proc/self/uid_map
	says memlock.soft ok "CAP_IPC_LOCK exempts"
	says memlock.cap ok "does not count"
}

@test "limits" {
	good
	limit 8388608 unlimited
	says memlock.soft warn "8M (hard limit unlimited)" "prlimit --pid"
	fact user-limit-pages 2048
	fact user-charged-pages 2048
	says memlock.user warn "8M of 8M" "prlimit"
	says memlock.process ok "VmPin 64 kB"
	fact system-pinned-pages 262144
	says system.cap fail "1G of 1G" "pinctl doctor"
	rm "$root/proc/self/limits" "$root/proc/self/status"
	says memlock.soft unknown
	says memlock.cap unknown
	says memlock.process unknown
	says seccomp unknown
}

@test "the narrowest cgroup counts" {
	good
	says cgroup.memory ok "no limit"
	echo max | file /sys/fs/cgroup/user.slice/test/memory.max
	echo 4096 | file /sys/fs/cgroup/user.slice/test/memory.current
	says cgroup.memory ok "no limit"
	echo 1048576 | file /sys/fs/cgroup/user.slice/memory.max
	echo 8192 | file /sys/fs/cgroup/user.slice/memory.current
	says cgroup.memory ok "8K of 1M"
	echo 16384 | file /sys/fs/cgroup/user.slice/test/memory.max
	says cgroup.memory ok "4K of 16K"
	echo 16000 | file /sys/fs/cgroup/user.slice/test/memory.current
	says cgroup.memory warn "of 16K"
	printf '4:memory:/old\n' | file /proc/self/cgroup
	says cgroup.memory unknown
}

@test "memory that refuses" {
	good
	sed -i 's/^HugePages_Free:.*/HugePages_Free: 0/' "$root/proc/meminfo"
	says hugetlb.free warn "none of 16 pages of 2M" "vm.nr_hugepages=32"
	printf 'Node 0, zone  Movable\n        managed  512\nNode 1, zone  Movable\n        managed  512\n' |
		file /proc/zoneinfo
	says zone.movable warn "4M"
	echo 'CmaTotal: 65536 kB' | file /proc/meminfo
	says zone.cma ok "64M"
	says hugetlb.free ok "no hugetlb"
	says system.pins ok "256 pages"
	printf 'nr_foll_pin_acquired 500\nnr_foll_pin_released 530\n' | file /proc/vmstat
	says system.pins ok "0 pages are pinned"
	rm "$root/proc/zoneinfo" "$root/proc/meminfo" "$root/proc/vmstat"
	says zone.movable unknown
	says hugetlb.free unknown
	says system.pins unknown
	rm -r "$root/sys/kernel/mm"
	says thp ok none
}

@test "filesystems with DAX" {
	good
	for options in rw,dax dax rw,dax=always,relatime; do
		echo "/dev/pmem0 /mnt/pmem xfs $options 0 0" | file /proc/self/mounts
		says dax.mounts warn "/mnt/pmem: "
	done
	for options in rw,dax=never dax=inode rw,nodax daxx; do
		echo "/dev/pmem0 /mnt/pmem xfs $options 0 0" | file /proc/self/mounts
		says dax.mounts ok
	done
	printf '/dev/a /a xfs dax 0 0\n/dev/b /b xfs dax 0 0\n' | file /proc/self/mounts
	says dax.mounts warn "/a and others"
	mkdir -p "$root/sys/bus/dax/devices/dax0.0" "$root/sys/bus/dax/devices/dax1.0"
	says dax.devices ok "dax0.0, dax1.0: mapped from /dev they can be pinned"
	mkdir -p "$root/sys/class/infiniband/mlx5_0"
	says rdma.devices ok "mlx5_0"
}

@test "other subsystems" {
	good
	echo 1 | file /proc/sys/kernel/io_uring_disabled
	says io_uring warn "a group" "io_uring_disabled=0"
	echo 2 | file /proc/sys/kernel/io_uring_disabled
	says io_uring warn off "io_uring_disabled=0"
	says vfio.entries ok 65535
	sed -i 's/^Seccomp:.*/Seccomp:	2/' "$root/proc/self/status"
	says seccomp ok "a filter"
	pinctl doctor -q --strict --sysroot "$root"
	[ "$code" = 1 ]
	pinctl doctor -q --sysroot "$root"
	[ "$code" = 0 ]
}

@test "a directory without facts leaves them open" {
	good
	rm -r "$root/pinctl"
	says device.exists unknown
	says device.access unknown
	says module.version unknown
	says kernel.version ok 6.12
	: >"$dir/empty"
	rm -r "$root"
	mkdir "$root"
	pinctl doctor --sysroot "$root" -J
	is_json pinctl.doctor/1 '.kernel == "unknown"' '.features == []'
}

@test "the fixes are a script that runs" {
	good
	no_module
	limit 65536 65536
	sed -i 's/^HugePages_Free:.*/HugePages_Free: 0/' "$root/proc/meminfo"
	pinctl doctor --print-fixes --sysroot "$root"
	[ "$code" = 1 ]
	[ -z "$err" ]
	cp "$dir/out" "$dir/fixes"
	sh -n "$dir/fixes"
	! command -v shellcheck >/dev/null || shellcheck "$dir/fixes"
	# Run it, with everything that it calls taken down instead.
	mkdir "$dir/bin"
	for name in sudo make; do
		printf '#!/bin/sh\necho "%s $*" >>"%s"\n' $name "$dir/ran" >"$dir/bin/$name"
		chmod +x "$dir/bin/$name"
	done
	PATH=$dir/bin:$PATH sh -eu "$dir/fixes"
	grep -qx "sudo modprobe pin" "$dir/ran"
	grep -qx "sudo sysctl vm.nr_hugepages=32" "$dir/ran"
	# The shell that has asked, not the script.
	grep -qE "^sudo prlimit --pid $BASHPID --memlock=unlimited$" "$dir/ran" ||
		grep -qE "^sudo prlimit --pid [0-9]+ --memlock=unlimited$" "$dir/ran"
	# Each once, and no alternatives.
	[ -z "$(sort "$dir/ran" | uniq -d)" ]
	[ "$(wc -l <"$dir/ran")" -le 5 ]
	pinctl doctor --print-fixes -J --sysroot "$root"
	[ "$code" = 2 ]
	good
	pinctl doctor --print-fixes --sysroot "$root"
	[ "$code" = 0 ]
	[ -z "$(grep -v '^#' "$dir/out")" ]
}

@test "what is saved can be examined elsewhere" {
	pinctl doctor --save "$dir/bundle.tar"
	before=$out
	[[ $err == *"files saved to $dir/bundle.tar"* ]]
	[ "$(stat -c %a "$dir/bundle.tar")" = 600 ]
	pinctl doctor --sysroot "$dir/bundle.tar"
	# pages pinned by others may come and go; here nothing is read anew.
	[ "${out#*$'\n'}" = "${before#*$'\n'}" ]
	pinctl doctor -J --sysroot "$dir/bundle.tar"
	cp "$dir/out" "$dir/from-bundle"
	# tar unpacks it, in one folder, and the folder is a machine too.
	mkdir "$dir/unpacked"
	tar -C "$dir/unpacked" -xf "$dir/bundle.tar"
	[ "$(ls -A "$dir/unpacked")" = pin-doctor ]
	pinctl doctor -J --sysroot "$dir/unpacked/pin-doctor"
	jq 'del(.sysroot)' "$dir/out" >"$dir/a"
	jq 'del(.sysroot)' "$dir/from-bundle" | diff - "$dir/a"
	# And what tar packs is a bundle, in each of its formats.
	for format in gnu ustar posix v7; do
		tar -C "$dir/unpacked/pin-doctor" --format=$format -cf "$dir/$format.tar" .
		pinctl doctor -J --sysroot "$dir/$format.tar"
		[ $format = v7 ] || jq 'del(.sysroot)' "$dir/out" | diff - "$dir/a"
	done
}

@test "a made machine, saved: only what was read, and a long path" {
	good
	long=/$(printf 'l%.0s' {1..60})/$(printf 'm%.0s' {1..60})
	echo "0::$long" | file /proc/self/cgroup
	echo 1048576 | file "/sys/fs/cgroup$long/memory.max"
	echo 4096 | file "/sys/fs/cgroup$long/memory.current"
	printf 'a.ko:\nx/pin.ko: b.ko\n' | file /lib/modules/6.12.1-test/modules.dep
	rm -rf "$root/sys/module/pin"
	fact open-to-ask ENOENT
	echo secret | file /etc/shadow
	pinctl doctor -J --sysroot "$root" --save "$dir/bundle.tar"
	jq 'del(.sysroot, .saved)' "$dir/out" >"$dir/a"
	tar tf "$dir/bundle.tar" >"$dir/names"
	grep -qx "pin-doctor/sys/fs/cgroup$long/memory.max" "$dir/names"
	lacks shadow "$dir/names"
	[ "$(tar xOf "$dir/bundle.tar" pin-doctor/lib/modules/6.12.1-test/modules.dep)" = \
		"x/pin.ko: b.ko" ]
	pinctl doctor -J --sysroot "$dir/bundle.tar"
	jq 'del(.sysroot, .saved)' "$dir/out" | diff "$dir/a" -
	# A name that is as long is in two parts where tar has no other place for it.
	mkdir "$dir/unpacked"
	tar -C "$dir/unpacked" -xf "$dir/bundle.tar"
	tar -C "$dir/unpacked" --format=ustar -cf "$dir/ustar.tar" pin-doctor
	lacks -qa LongLink "$dir/ustar.tar"
	pinctl doctor -J --sysroot "$dir/ustar.tar"
	jq 'del(.sysroot, .saved)' "$dir/out" | diff "$dir/a" -
}

# Old programs fill numbers up with blanks, in front.
@test "a bundle with numbers as they once were" {
	good
	pinctl doctor -J --sysroot "$root" --save "$dir/bundle.tar"
	jq 'del(.sysroot, .saved)' "$dir/out" >"$dir/a"
	python3 - "$dir/bundle.tar" <<-'END'
	import sys
	data = bytearray(open(sys.argv[1], "rb").read())
	at = 0
	while any(data[at:at + 512]):
	    size = int(data[at + 124:at + 135], 8)
	    data[at + 124:at + 136] = b"%11o " % size
	    data[at + 148:at + 156] = b" " * 8
	    data[at + 148:at + 156] = b"%06o\0 " % sum(data[at:at + 512])
	    at += 512 + (size + 511) // 512 * 512
	open(sys.argv[1], "wb").write(data)
	END
	pinctl doctor -J --sysroot "$dir/bundle.tar"
	jq 'del(.sysroot, .saved)' "$dir/out" | diff "$dir/a" -
}

@test "what is no bundle, and what is damaged" {
	good
	pinctl doctor -q --sysroot "$root" --save "$dir/bundle.tar"
	: >"$dir/empty"
	head -c 100000 /dev/urandom >"$dir/noise"
	head -c 2000 "$dir/bundle.tar" >"$dir/short"
	tr 'p' 'q' <"$dir/bundle.tar" >"$dir/changed"
	for bad in "$dir"/{empty,noise,short,changed} /dev/null; do
		pinctl doctor --sysroot "$bad"
		[ "$code" = 3 ]
		[ -z "$out" ]
		[[ $err == *"neither a directory nor"* ]]
	done
	pinctl doctor -J --sysroot "$dir/none"
	[ "$code" = 3 ]
	is_json pinctl.error/1
	pinctl doctor --save "$dir/no/such/place"
	[ "$code" = 3 ]
	[ -c /dev/full ] || skip "no /dev/full"
	pinctl doctor --save /dev/full
	[ "$code" = 3 ]
	[[ $err == *"No space left on device"* ]]
}

@test "a bundle is for whoever saved it alone" {
	good
	touch "$dir/bundle.tar"
	chmod 644 "$dir/bundle.tar"
	pinctl doctor -q --sysroot "$root" --save "$dir/bundle.tar" --only thp
	[ "$(stat -c %a "$dir/bundle.tar")" = 600 ]
}

# Every prefix of a bundle, and every byte of its first headers, changed.
@test "a damaged bundle does no harm" {
	good
	pinctl doctor -q --sysroot "$root" --save "$dir/bundle.tar" --only thp
	size=$(stat -c %s "$dir/bundle.tar")
	for length in $(seq 0 257 "$size"); do
		head -c "$length" "$dir/bundle.tar" >"$dir/bad"
		pinctl doctor -q --sysroot "$dir/bad"
		[ "$code" -le 3 ]
	done
	for at in $(seq 0 37 2048); do
		cp "$dir/bundle.tar" "$dir/bad"
		printf '\377' | dd of="$dir/bad" bs=1 seek="$at" conv=notrunc status=none
		pinctl doctor -q --sysroot "$dir/bad"
		[ "$code" -le 3 ]
	done
}

@test "a stranger's machine cannot speak to the terminal or the shell" {
	good
	printf '6.12\033[31m$(reboot)\n' | file /proc/sys/kernel/osrelease
	printf '[never\033]0;x\007]\n' | file /sys/kernel/mm/transparent_hugepage/enabled
	fact process '$(reboot)'
	no_module
	limit 4096 4096
	pinctl doctor --sysroot "$root"
	[[ $out != *$'\033'* && $out != *$'\007'* ]]
	pinctl doctor --print-fixes --sysroot "$root"
	[[ $out != *$'\033'* ]]
	grep -v '^#' "$dir/out" >"$dir/commands"
	lacks -F reboot "$dir/commands"
	grep -q "prlimit --pid [0-9]* " "$dir/commands"
	pinctl doctor -J --sysroot "$root"
	is_json pinctl.doctor/1
}
