#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# kernel.sh NAME: makes sure that kernel NAME is in the cache and prints its
# directory. Owns the cache of kernels. NAME is 6.1, 6.12 (Debian's own kernels)
# or one that is built here from base.config and a file of its own: 7.2, also called
# debug (debug.config), 7.2-perf (perf.config), 7.2-latency (latency.config) and 7.2-kcsan
# (kcsan.config).
#
# The directory holds release (what uname -r says), vmlinuz, modules/ (a tree
# lib/modules/RELEASE) and build (for make -C DIR/build M=...).
#
# A cached Debian kernel stays until its directory is removed; those built here are
# built again when their options change. PIN_CACHE says where the cache is.

set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/vm/apt.sh
. "$here/apt.sh"
PATH=$PATH:/usr/sbin:/sbin
kernels=$pin_cache/kernels

say() { echo "kernel: $*" >&2; }
die() { say "$*"; exit 1; }

# A directory appears under its final name only when it is complete.
publish() {
	rm -rf "$kernels/.old-$2"
	if [ -e "$kernels/$2" ]; then
		mv "$kernels/$2" "$kernels/.old-$2"
	fi
	mv "$1" "$kernels/$2"
	rm -rf "$kernels/.old-$2"
}

# stock_versions META: prints RELEASE VERSION of the newest kernel.
stock_versions() {
	local package version
	package=$(LC_ALL=C apt-cache depends "$1" 2>/dev/null |
		awk '$1 == "Depends:" && $2 ~ /^linux-image-[0-9]/ { print $2; exit }')
	[ -n "$package" ] || return 1
	version=$(apt_candidate "$package")
	[ -n "$version" ] || return 1
	echo "${package#linux-image-} $version"
}

# fetch_debs DIR PACKAGE=VERSION...: downloads and unpacks, installs nothing.
fetch_debs() {
	local into=$1 deb
	shift
	rm -rf "$into.debs"
	mkdir -p "$into.debs" "$into"
	(cd "$into.debs" && apt-get -q -o "APT::Sandbox::User=$(id -un)" download "$@" >&2) ||
		return 1
	for deb in "$into.debs"/*.deb; do
		dpkg-deb -x "$deb" "$into"
	done
	rm -rf "$into.debs"
}

# fetch_all DIR RELEASE VERSION. The headers come unpacked too: installing them
# would be a change to the machine, and those of 6.12 pull in the kernel itself.
fetch_all() {
	local kbuild
	kbuild=$(LC_ALL=C apt-cache show "linux-headers-$2=$3" 2>/dev/null |
		sed -n 's/^Depends:.*\(linux-kbuild-[^ ,]*\).*/\1/p' | head -n 1)
	[ -n "$kbuild" ] || return 1
	fetch_debs "$1" "linux-image-$2=$3" "linux-headers-$2=$3" \
		"linux-headers-${2%-amd64}-common=$3" "$kbuild=$3"
}

fetch_stock() {
	local name=$1 meta=$2 found release version tmp headers
	tmp=$kernels/.new-$name
	rm -rf "$tmp" "$tmp".*
	mkdir -p "$tmp"
	found=$(stock_versions "$meta") || found=
	if [ -n "$found" ]; then
		say "fetching ${found% *} ${found#* }"
	fi
	# The machine may not follow the security archive, or its lists may be
	# older than the archive.
	if [ -z "$found" ] || ! fetch_all "$tmp/root" "${found% *}" "${found#* }"; then
		APT_CONFIG=$(apt_private security bookworm bookworm-security)
		export APT_CONFIG
		found=$(stock_versions "$meta") ||
			die "apt knows no $meta, not even in bookworm-security"
		say "fetching ${found% *} ${found#* }"
		fetch_all "$tmp/root" "${found% *}" "${found#* }" ||
			die "cannot download ${found% *} ${found#* }"
	fi
	release=${found% *} version=${found#* }
	headers=root/usr/src/linux-headers-$release
	sed -i "s,/usr/src/,$kernels/$name/root/usr/src/," "$tmp/$headers/Makefile"
	ln -s "$headers" "$tmp/build"
	mv "$tmp/root/boot/vmlinuz-$release" "$tmp/vmlinuz"
	mkdir -p "$tmp/modules/lib/modules"
	if [ -d "$tmp/root/usr/lib/modules/$release/kernel" ]; then
		mv "$tmp/root/usr/lib/modules/$release" "$tmp/modules/lib/modules/"
	else
		mv "$tmp/root/lib/modules/$release" "$tmp/modules/lib/modules/"
	fi
	rm -rf "$tmp/modules/lib/modules/$release"/{build,source} "$tmp/root/lib" \
		"$tmp/root/boot" "$tmp/root/usr/share"
	depmod -b "$tmp/modules" "$release"
	echo "$release" >"$tmp/release"
	echo "$version" >"$tmp/version"
	publish "$tmp" "$name"
}

stock() {
	"$here/../setup.sh" vm
	[ -s "$kernels/$1/version" ] || fetch_stock "$@"
}

# Prints the directory of the unpacked source, fetching it when needed.
kernel_source() {
	local package=$1 suite conf='' version dir tmp
	# One unpacked source serves until it is removed: a newer one would cost
	# everybody a build.
	for dir in "$pin_cache/source/$package"_*/; do
		if [ -e "$dir/Kconfig" ]; then
			echo "${dir%/}"
			return
		fi
	done
	for suite in trixie-backports forky sid; do
		conf=$(apt_private "source-$suite" "$suite") || continue
		version=$(APT_CONFIG=$conf apt_candidate "$package")
		[ -z "$version" ] || break
	done
	[ -n "${version:-}" ] || die "no suite has $package"
	say "fetching $package $version from $suite"
	tmp=$pin_cache/source/.new-$package
	rm -rf "$tmp"
	mkdir -p "$tmp"
	APT_CONFIG=$conf fetch_debs "$tmp/root" "$package=$version" ||
		die "cannot download $package $version"
	say "unpacking $package"
	tar -C "$tmp" -xf "$tmp/root/usr/src/$package.tar.xz"
	dir=$pin_cache/source/${package}_$version
	mv "$tmp/$package" "$dir"
	rm -rf "$tmp"
	echo "$dir"
}

# The options that are wanted, of base.config and FRAGMENT.
wanted_options() {
	grep -hE '^(# )?CONFIG_' "$here/base.config" "$here/$1.config"
}

# make_options FRAGMENT: what make is told beside the configuration, a line each. The
# debug kernel takes a third of the time of a fresh machine's tests, so it has no more than
# they ask for: which of its own undefined behaviour UBSAN would find is not theirs, only
# modules are looked at; BTF is wanted where pinctl trace attaches; and KASAN follows the
# memory that the module shares with the kernel, not what a filesystem, a protocol or a bus
# has for itself.
make_options() {
	local nobody_traces=(arch/x86% block% certs% crypto% drivers/acpi% drivers/base%
		drivers/block% drivers/net% drivers/nvdimm% drivers/pci% drivers/tty%
		drivers/virtio% fs/% lib lib/crypto% lib/math% lib/raid% lib/xz% lib/zlib%
		lib/zstd% net/9p% net/core% net/ethernet% net/ipv4% net/ipv6% net/sched%)
	local shares_nothing=(arch/x86/crypto% block% certs% crypto% drivers/acpi%
		drivers/block% drivers/net% drivers/pci% drivers/tty% drivers/virtio% fs/9p%
		fs/btrfs% fs/ext4% fs/jbd2% fs/netfs% fs/overlayfs% fs/xfs% lib/crypto%
		lib/math% lib/raid% lib/xz% lib/zlib% lib/zstd% net/9p% net/ethernet%
		net/ipv4% net/ipv6% net/sched%)
	local unchecked='--param asan-instrument-reads=0 --param asan-instrument-writes=0'
	unchecked="$unchecked --param asan-stack=0 --param asan-globals=0"

	[ "$1" = debug ] || return 0
	echo 'UBSAN_SANITIZE=n'
	# These flags are not for modules, and follow those of the configuration. make
	# expands $(obj) in each directory.
	printf 'CFLAGS_KERNEL=%s %s\n' \
		"\$(if \$(filter ${nobody_traces[*]},\$(obj)),-g0)" \
		"\$(if \$(filter ${shares_nothing[*]},\$(obj)),$unchecked)"
}

# check_config FILE FRAGMENT: Kconfig drops what it cannot satisfy without a word.
check_config() {
	local line lost=0
	while read -r line; do
		if ! grep -qxF -e "$line" "$1"; then
			say "base.config or $2.config: $line was not taken"
			lost=1
		fi
	done < <(wanted_options "$2")
	return $lost
}

# relocate DIR FINAL: kbuild and its tools write the absolute path of the output
# directory into what they leave there, and build everything anew where it is wrong.
relocate() {
	{ grep -rlIs -e "$kernels/[^/ ]*/obj" "$1/obj/tools" "$1/obj/Makefile" || :; } |
		xargs -r sed -i "s,$kernels/[^/ ]*/obj,$2/obj,g"
}

# built NAME FRAGMENT
built() {
	local name=$1 fragment=$2 dir=$kernels/$1 source key tmp release options
	"$here/../setup.sh" vm debug-kernel
	source=$(kernel_source "linux-source-${name%%-*}")
	mapfile -t options < <(make_options "$fragment")
	key=$({ wanted_options "$fragment" | LC_ALL=C sort
		make_options "$fragment"
		echo "${source##*_}"; } | sha256sum | cut -c1-12)
	[ "$(cat "$dir/key" 2>/dev/null)" != "$key" ] || return 0
	# An interrupted build goes on where it stopped; a changed fragment starts
	# from the last kernel's objects, because make sees which options changed.
	tmp=$kernels/.partial-$name-$key
	if [ ! -d "$tmp/obj" ]; then
		mkdir -p "$tmp"
		if [ -d "$dir/obj" ]; then
			rm -rf "$tmp/copy"
			mkdir "$tmp/copy"
			cp -a --reflink=auto "$dir/obj" "$tmp/copy/obj"
			relocate "$tmp/copy" "$tmp"
			mv "$tmp/copy/obj" "$tmp/obj"
			rmdir "$tmp/copy"
		fi
		mkdir -p "$tmp/obj"
	fi
	wanted_options "$fragment" >"$tmp/wanted"
	make -s -C "$source" O="$tmp/obj" KCONFIG_ALLCONFIG="$tmp/wanted" allnoconfig \
		>"$tmp/config.log" 2>&1 || { cat "$tmp/config.log" >&2; exit 1; }
	check_config "$tmp/obj/.config" "$fragment" || exit 1
	say "building $name (the first time 15 to 30 minutes), log in $tmp/build.log"
	make -C "$tmp/obj" -j"$(nproc)" "${options[@]}" bzImage modules >"$tmp/build.log" 2>&1 || {
		tail -n 30 "$tmp/build.log" >&2
		die "the build failed, log in $tmp/build.log"
	}
	release=$(make -s -C "$tmp/obj" kernelrelease)
	rm -rf "$tmp/modules"
	make -C "$tmp/obj" INSTALL_MOD_PATH="$tmp/modules" modules_install >>"$tmp/build.log" 2>&1
	rm -f "$tmp/modules/lib/modules/$release/build" "$tmp/modules/lib/modules/$release/source"
	depmod -b "$tmp/modules" "$release"
	cp "$tmp/obj/arch/x86/boot/bzImage" "$tmp/vmlinuz"
	echo "$release" >"$tmp/release"
	relocate "$tmp" "$dir"
	ln -sfn obj "$tmp/build"
	echo "$key" >"$tmp/key"
	publish "$tmp" "$name"
	# Only its own: 12 digits of the key, and no other name that begins so.
	rm -rf "$kernels/.partial-$name-"????????????
}

[ $# -eq 1 ] || { echo "usage: ${0##*/} 6.1|6.12|7.2|debug|7.2-perf|7.2-latency|7.2-kcsan" >&2; exit 2; }
name=$1
[ "$name" != debug ] || name=7.2
mkdir -p "$kernels"
exec 9>"$kernels/.lock-$name"
flock -n 9 || {
	say "another run is preparing $name, waiting for it"
	flock 9
}
# The lock must not live on in a process that outlasts this one.
case $name in
6.1) stock 6.1 linux-image-amd64 9>&- ;;
6.12) stock 6.12 linux-image-6.12-amd64 9>&- ;;
7.2) built 7.2 debug 9>&- ;;
7.2-perf | 7.2-latency | 7.2-kcsan) built "$name" "${name#*-}" 9>&- ;;
*) die "no kernel named $name: 6.1, 6.12, 7.2 (debug), 7.2-perf, 7.2-latency or 7.2-kcsan" ;;
esac
echo "$kernels/$name"
