#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Asks one kernel's headers what they offer: compiles every file in probes/ in
# one kbuild run and writes a header with PINDEV_HAVE_<NAME> for each that
# compiled.  Headers are asked, not version numbers, because distributions and
# stable kernels carry back-ports.
#
# usage: probe.sh KDIR OUTPUT-HEADER [make variables...]
#
# The answers are trusted only if probes/control.c compiles and
# probes/control_fails.c does not.
set -eu

kdir=$1
header=$2
shift 2
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/pin-probe.XXXXXX")
trap 'rm -rf "$work"' EXIT

for probe in "$here"/probes/*.c; do
	cp "$probe" "$work/"
	echo "obj-m += $(basename "$probe" .c).o"
done > "$work/Kbuild"

# KBUILD_MODPOST_WARN: some kernels go on to modpost with what did compile, and
# whether that links says nothing about a header.
make -k -C "$kdir" M="$work" KBUILD_MODPOST_WARN=1 "$@" modules \
	> "$work/log" 2>&1 || :

if [ ! -f "$work/control.o" ]; then
	echo "probe.sh: the control probe does not compile against $kdir:" >&2
	tail -n 40 "$work/log" >&2
	exit 1
fi
if [ -f "$work/control_fails.o" ]; then
	echo "probe.sh: a probe that must fail compiled against $kdir" >&2
	exit 1
fi

mkdir -p "$(dirname "$header")"
{
	echo '/* SPDX-License-Identifier: GPL-2.0-only */'
	echo '/* Written by probe.sh: what the kernel being built against offers. */'
	echo "/* Headers: $kdir */"
	for probe in "$here"/probes/*.c; do
		name=$(basename "$probe" .c)
		case $name in control | control_fails) continue ;; esac
		macro=PINDEV_HAVE_$(echo "$name" | tr '[:lower:]' '[:upper:]')
		if [ -f "$work/$name.o" ]; then
			echo "#define $macro 1"
		else
			echo "#define $macro 0"
		fi
	done
} > "$header.new"
# Unchanged answers keep their time stamp, so that nothing is built again.
if cmp -s "$header.new" "$header"; then
	rm "$header.new"
else
	mv "$header.new" "$header"
fi
