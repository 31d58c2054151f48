# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Sourced by tests that need a bare Debian 12, in $root, and to be root for chroot. Owns
# the archives of such roots that are kept in the cache.

# shellcheck source=tests/vm/apt.sh
. tests/vm/apt.sh

# shellcheck disable=SC2154 # root is whoever sources this's
unpack_root() { # PACKAGES: with these, by commas
	local archive
	archive=$pin_cache/roots/bookworm-$(echo "$1" | sha256sum | cut -c1-16).tar
	if [ ! -e "$archive" ]; then
		mkdir -p "${archive%/*}"
		mmdebstrap -q --format=tar --variant=minbase --include="$1" bookworm "$archive.new" \
			"$(apt_mirror)" && mv "$archive.new" "$archive" || return
	fi
	mkdir "$root"
	tar -C "$root" -xf "$archive"
}

# DKMS wants /proc; a mount of a namespace of its own is gone with its last process.
# udevadm and systemctl, which have nobody to tell in there, find out by process 1 that
# this is a chroot: it stays outside.
inside() {
	# shellcheck disable=SC2016 # expanded in there
	unshare --mount --pid --fork \
		sh -c 'mount -t proc proc "$0/proc" && chroot "$0" "$@"; exit $?' \
		"$root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C \
		DEBIAN_FRONTEND=noninteractive "$@"
}

# The headers refer to each other by the path they have in the cache.
add_headers() { # KERNEL
	local directory release
	directory=$(readlink -f "$(tests/vm/kernel.sh "$1")") || return
	release=$(cat "$directory/release")
	mkdir -p "$root$directory" "$root/lib/modules/$release"
	cp -a "$directory/root" "$directory/build" "$root$directory/" &&
		ln -s "$directory/build" "$root/lib/modules/$release/build" &&
		touch "$root/lib/modules/$release/modules.order" \
			"$root/lib/modules/$release/modules.builtin"
}

release_of() { # KERNEL
	cat "$(tests/vm/kernel.sh "$1")/release"
}
