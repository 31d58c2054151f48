#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# image.sh KERNELDIR: makes sure that the base initramfs for a kernel of kernel.sh
# is in the cache and prints its path. Owns what is inside the guest apart from the
# job, which run.sh appends as a second archive.
#
# The same inputs give the same bytes: benchmarks count instructions, and a boot
# that differs in one page shifts every figure.

set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/vm/apt.sh
. "$here/apt.sh"
PATH=$PATH:/usr/sbin:/sbin

[ $# -eq 1 ] || { echo "usage: ${0##*/} KERNELDIR" >&2; exit 2; }
kernel=$1
release=$(cat "$kernel/release")

# Names that a kernel does not have, or has built in, cost nothing.
modules=(
	virtio_pci virtio_blk virtio_console virtio_balloon virtio_mem
	9p 9pnet_virtio
	nfit nd_e820 nd_pmem nd_btt dax_pmem device_dax kmem dax_hmem
	ext4 xfs btrfs fuse overlay loop zram brd crc32c_generic crc32c_intel
	ib_core ib_uverbs rdma_ucm rdma_rxe crc32_generic
	iommufd vfio vfio_pci vfio_iommu_type1
	dummy tun veth
	hwpoison_inject udmabuf test_hmm binfmt_misc
)

programs=(
	/bin/kmod
	/sbin/mkfs.ext4 /sbin/mkfs.xfs /sbin/mkfs.btrfs /usr/sbin/xfs_io
	/sbin/e2fsck /sbin/xfs_repair
	/usr/bin/ndctl /usr/bin/daxctl /usr/bin/jq
)

# The real ones take these names. busybox's modprobe fails on some dependencies.
kmod_names='depmod insmod lsmod modinfo modprobe rmmod'

guest_files=(init guest-lib.sh guest-bin/logscan guest-bin/kmemleak-scan guest-bin/hostrun log-ignore.txt)

libraries() {
	# libgcc_s is opened by name when a thread exits, so ldd does not list it.
	{
		ldd "${programs[@]}" 2>/dev/null || true
		echo "x => /lib/x86_64-linux-gnu/libgcc_s.so.1 (0)"
	} | sed -n 's,.*[[:space:]]\(/[^ ]*\) (0.*,\1,p' | LC_ALL=C sort -u
}

mkdir -p "$pin_cache/images"
# The packages' versions stand for the bytes of what they hold.
key=$({
	sha256sum "$0" "${guest_files[@]/#/$here/}" | cut -d' ' -f1
	sha256sum "$kernel/vmlinuz" "$kernel/modules/lib/modules/$release/modules.dep" | cut -d' ' -f1
	libraries | xargs sha256sum "${programs[@]}" /bin/busybox
} | sha256sum | cut -c1-16)
image=$pin_cache/images/$release-$key.cpio
if [ -s "$image" ]; then
	touch "$image"
	echo "$image"
	exit
fi

root=$(mktemp -d "${TMPDIR:-/tmp}/pin-image.XXXXXX")
trap 'rm -rf "$root" "$image.$$"' EXIT
umask 022
mkdir -p "$root"/{bin,dev,etc,job,lib/pin,lib/x86_64-linux-gnu,lib64,mnt,out,proc,root,run,sbin,sys,tmp,usr/bin,usr/sbin,usr/lib/x86_64-linux-gnu,host}

cp /bin/busybox "$root/bin/busybox"
for program in "${programs[@]}"; do
	cp -L "$program" "$root$program"
done
for name in $kmod_names; do
	ln -s ../bin/kmod "$root/sbin/$name"
done
busybox --list-full | while read -r applet; do
	name=${applet##*/}
	case " busybox kmod $kmod_names " in
	*" $name "*) continue ;;
	esac
	if [ ! -e "$root/$applet" ]; then
		mkdir -p "$root/${applet%/*}"
		ln -s /bin/busybox "$root/$applet"
	fi
done
libraries | while read -r library; do
	mkdir -p "$root${library%/*}"
	cp -L "$library" "$root$library"
done
for conf in /etc/mke2fs.conf /etc/ndctl.conf.d /etc/daxctl.conf.d; do
	[ ! -e "$conf" ] || cp -rL "$conf" "$root/etc/"
done

cat >"$root/etc/passwd" <<END
root:x:0:0:root:/root:/bin/sh
user:x:1000:1000:user:/tmp:/bin/sh
other:x:1001:1001:other:/tmp:/bin/sh
nobody:x:65534:65534:nobody:/tmp:/bin/sh
END
cat >"$root/etc/group" <<END
root:x:0:
pin:x:900:user
user:x:1000:
other:x:1001:
nogroup:x:65534:
END
ln -s /proc/mounts "$root/etc/mtab"

cp "$here/init" "$root/init"
cp "$here/guest-lib.sh" "$root/lib/pin/guest.sh"
cp "$here/log-ignore.txt" "$root/lib/pin/log-ignore.txt"
cp "$here"/guest-bin/* "$root/bin/"
chmod 755 "$root/init" "$root"/bin/*

source=$kernel/modules/lib/modules/$release
target=$root/lib/modules/$release
mkdir -p "$target"
for module in "${modules[@]}"; do
	# -C: the host's own preferences about modules are not the guest's.
	modprobe -C /dev/null -d "$kernel/modules" -S "$release" -q --show-depends "$module" || true
done | sed -n 's/^insmod \([^ ]*\).*/\1/p' | LC_ALL=C sort -u | while read -r file; do
	into=$target/${file#"$source/"}
	mkdir -p "${into%/*}"
	case $file in
	*.xz) xz -dc "$file" >"${into%.xz}" ;;
	*) cp "$file" "$into" ;;
	esac
done
cp "$source"/modules.{order,builtin,builtin.modinfo} "$target/"
depmod -b "$root" "$release"

find "$root" -exec touch -h -d @0 {} +
(cd "$root" && find . -print0 | LC_ALL=C sort -z |
	cpio --quiet --null -o -H newc -R +0:+0 --reproducible) >"$image.$$"
mv "$image.$$" "$image"
# Images pile up with every change of a guest file.
find "$pin_cache/images" -name '*.cpio' -mtime +14 -delete
echo "$image"
