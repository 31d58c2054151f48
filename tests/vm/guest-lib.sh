# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Sourced by test scripts in the guest as /lib/pin/guest.sh. Owns how persistent
# memory becomes a DAX filesystem or a DAX device there, what the kernel's own
# registrations need, a device for RDMA, one for VFIO, and how they wait. Every function
# returns non-zero and says why on stderr when it cannot.

wait_until() { # COMMAND...: a minute at most
	_tries=0
	until "$@"; do
		_tries=$((_tries + 1))
		[ "$_tries" -lt 600 ] || {
			echo "waited in vain until: $*" >&2
			return 1
		}
		usleep 100000
	done
}

# Makes /dev/pmem0.. appear; fails if there is none.
pmem_devices_ready() {
	modprobe -q nd_e820
	modprobe -q nfit
	modprobe -q nd_pmem
	wait_until [ -e /dev/pmem0 ] && return
	echo "no /dev/pmem0: was the guest started without memmap=nn!ss or an nvdimm?" >&2
	return 1
}

reflink_default() {
	case $(uname -r) in
	6.1.*) echo 0 ;;
	*) echo 1 ;;
	esac
}

# mount_dax ext4|xfs DEVICE DIR: a fresh filesystem, mounted with DAX for every file.
mount_dax() {
	pmem_devices_ready || return
	modprobe -q "$1"
	case $1 in
	ext4) mkfs.ext4 -q -F -b 4096 "$2" ;;
	# Reflink, as everybody has it; with DAX it takes a device that is no partition.
	# Not on 6.1, where sharing makes the kernel warn (tests/func/sharing-mapped.sh).
	xfs) mkfs.xfs -q -f -m "reflink=${PIN_REFLINK:-$(reflink_default)}" "$2" ;;
	*)
		echo "mount_dax: ext4 or xfs, not $1" >&2
		return 2
		;;
	esac || return
	mkdir -p "$3"
	mount -t "$1" -o dax=always "$2" "$3" || return
	# ext4 falls back to no DAX with nothing but a line in the log.
	if ! grep -q " $3 $1 [^ ]*dax=always" /proc/mounts; then
		umount "$3"
		echo "mount_dax: $1 on $2 came up without DAX" >&2
		return 1
	fi
}

# make_devdax [REGION [ALIGN]]: turns a region (default: the last one) into a
# device-dax device and prints its path.
make_devdax() {
	pmem_devices_ready || return
	modprobe -q device_dax
	modprobe -q dax_pmem
	_region=${1:-}
	if [ -z "$_region" ]; then
		for _dir in /sys/bus/nd/devices/region*; do
			_region=${_dir##*/region}
		done
	fi
	_json=$(ndctl create-namespace -f -e "namespace$_region.0" -m devdax -a "${2:-2M}") || return
	_dev=/dev/$(echo "$_json" | jq -r '.daxregion.devices[0].chardev')
	wait_until [ -c "$_dev" ] && echo "$_dev"
}

# make_rxe RDMA: an RDMA device in software, by iproute2's program RDMA; prints its path.
make_rxe() {
	modprobe -q ib_uverbs
	modprobe -q rdma_rxe
	modprobe -q dummy
	ip link show dummy0 > /dev/null 2>&1 || ip link add dummy0 type dummy || return
	ip link set dummy0 up && "$1" link add rxe0 type rxe netdev dummy0 || return
	[ -c /dev/infiniband/uverbs0 ] || {
		echo "make_rxe: no /dev/infiniband/uverbs0" >&2
		return 1
	}
	echo /dev/infiniband/uverbs0
}

# edu_device: the emulated device that nothing else uses; prints its path in sysfs.
edu_device() {
	for _dir in /sys/bus/pci/devices/*; do
		[ "$(cat "$_dir/vendor") $(cat "$_dir/device")" = "0x1234 0x11e8" ] || continue
		echo "$_dir"
		return
	done
	echo "no edu device: was the guest started without -device edu?" >&2
	return 1
}

# vfio_device: the path of the device that bind_vfio has bound, for iommufd.
vfio_device() {
	_dir=$(edu_device) || return
	_dir=$(echo "$_dir"/vfio-dev/vfio*)
	[ -c "/dev/vfio/devices/${_dir##*/}" ] || {
		echo "vfio_device: no /dev/vfio/devices/${_dir##*/}" >&2
		return 1
	}
	echo "/dev/vfio/devices/${_dir##*/}"
}

# bind_vfio: gives the edu device to VFIO, for which it has to be behind an IOMMU; prints
# the number of its group.
bind_vfio() {
	modprobe -q vfio_iommu_type1
	modprobe -q vfio_pci
	# The emulated IOMMU does not remap interrupts.
	for _module in vfio_iommu_type1 iommufd; do
		_dir=/sys/module/$_module/parameters/allow_unsafe_interrupts
		[ ! -e "$_dir" ] || echo 1 > "$_dir"
	done
	_dir=$(edu_device) || return
	[ -e "$_dir/iommu_group" ] || {
		echo "bind_vfio: no IOMMU: was the guest started without -device intel-iommu?" >&2
		return 1
	}
	echo vfio-pci > "$_dir/driver_override"
	echo "${_dir##*/}" > /sys/bus/pci/drivers_probe
	_dir=$(readlink "$_dir/iommu_group")
	[ -c "/dev/vfio/${_dir##*/}" ] || {
		echo "bind_vfio: no /dev/vfio/${_dir##*/}" >&2
		return 1
	}
	echo "${_dir##*/}"
}

# make_consumers RDMA: what the kernel's own registrations need, and the variables that
# tell it to the programs that call them.
make_consumers() {
	PIN_TEST_UVERBS=$(make_rxe "$1") || return
	PIN_TEST_VFIO_GROUP=/dev/vfio/$(bind_vfio) || return
	export PIN_TEST_UVERBS PIN_TEST_VFIO_GROUP
	# Debian's kernels have no iommufd.
	[ -c /dev/iommu ] || return 0
	PIN_TEST_VFIO_DEVICE=$(vfio_device) || return
	export PIN_TEST_VFIO_DEVICE
}
