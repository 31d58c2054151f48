#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# i386.sh: makes sure that what a 32-bit pin-func is linked with, beyond what
# gcc-multilib has, is in the cache and prints its directory: Debian's own packages
# for i386, unpacked. Everything else goes to stderr.
#
# Installing them would take a second architecture for dpkg, which is a change to
# the machine that nobody asked for; building them here would test libraries that
# nobody else uses.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/vm/apt.sh
. "$here/../vm/apt.sh"

packages='check libsubunit-dev liburing-dev'
dir=$pin_cache/i386/$(echo "$packages" | sha256sum | cut -c1-12)
if [ ! -d "$dir" ]; then
	new=$dir.new
	rm -rf "$new"
	mkdir -p "$new/debs" "$new/root"
	APT_CONFIG=$(APT_ARCHITECTURE=i386 apt_private i386 bookworm)
	export APT_CONFIG
	# shellcheck disable=SC2086 # words are wanted
	(cd "$new/debs" && apt-get -q download $packages >&2)
	for deb in "$new"/debs/*.deb; do
		dpkg-deb -x "$deb" "$new/root"
	done
	mv "$new/root" "$dir"
	rm -rf "$new"
fi
echo "$dir"
