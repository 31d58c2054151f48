# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# A machine that is not this one: a directory for doctor's --sysroot, in $root, which
# good makes and the others change.

# file PATH: stdin becomes that file of the machine.
file() {
	mkdir -p "$root$(dirname "$1")"
	cat >"$root$1"
}

# A machine where nothing is wrong, of an ordinary user without privileges.
good() {
	root=$dir/root
	rm -rf "$root"
	file /pinctl/facts <<-END
	pinctl: 0.1.0
	process: self
	uid: 1000
	page-size: 4096
	device: ok
	device-type: character
	device-mode: 0664
	device-uid: 0
	device-gid: 900
	open-to-pin: ok
	open-to-ask: ok
	abi-version: 1
	features: 7
	system-cap-pages: 262144
	system-pinned-pages: 256
	user-limit-pages: 18446744073709551615
	user-charged-pages: 0
	END
	echo 6.12.1-test | file /proc/sys/kernel/osrelease
	echo 0 | file /proc/sys/kernel/modules_disabled
	echo 0 | file /proc/sys/kernel/io_uring_disabled
	: | file /sys/kernel/btf/vmlinux
	: | file /proc/modules
	echo '[none] integrity confidentiality' | file /sys/kernel/security/lockdown
	printf '\6\0\0\0\0' | file "$secure_boot"
	echo 0.1.0 | file /sys/module/pin/version
	echo O | file /sys/module/pin/taint
	echo N | file /sys/module/module/parameters/sig_enforce
	echo '         0          0 4294967295' | file /proc/self/uid_map
	limit unlimited unlimited
	file /proc/self/status <<-END
	Name:	test
	VmLck:	       0 kB
	VmPin:	      64 kB
	CapEff:	0000000000000000
	Seccomp:	0
	END
	echo 0::/user.slice/test | file /proc/self/cgroup
	file /proc/meminfo <<-END
	HugePages_Total:      16
	HugePages_Free:       16
	Hugepagesize:       2048 kB
	CmaTotal:              0 kB
	END
	printf 'nr_foll_pin_acquired 500\nnr_foll_pin_released 244\n' | file /proc/vmstat
	printf 'Node 0, zone   Normal\n        managed  1000\n' | file /proc/zoneinfo
	printf '/dev/a / ext4 rw,relatime 0 0\n' | file /proc/self/mounts
	echo 'always [madvise] never' | file /sys/kernel/mm/transparent_hugepage/enabled
	echo 65535 | file /sys/module/vfio_iommu_type1/parameters/dma_entry_limit
}

secure_boot=/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c

limit() { # SOFT HARD
	printf '%-25s %-20s %-20s %-10s\n' Limit 'Soft Limit' 'Hard Limit' Units \
		'Max locked memory' "$1" "$2" bytes | file /proc/self/limits
}

fact() { # NAME VALUE: changes one; none if VALUE is "-"
	sed -i "/^$1:/d" "$root/pinctl/facts"
	[ "$2" = - ] || echo "$1: $2" >>"$root/pinctl/facts"
}

no_module() {
	rm -rf "$root/sys/module/pin"
	fact device ENOENT
	fact open-to-pin ENOENT
	fact open-to-ask ENOENT
}
