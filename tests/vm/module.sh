#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# module.sh KERNEL [delays|coverage]: builds pin.ko for one of the virtual machine's
# kernels and prints its path; everything else goes to stderr. With "delays" it is the one
# that tests can hold up at named places (driver/delay.h); with "coverage", on a kernel
# with gcov, that one, and each of its lines counts how often it ran, and KCOV, if the
# kernel has it, sees where it is. Owns build/module/.
#
# kbuild writes beside the sources on the oldest kernels, so each kernel gets a
# copy of them, and the variant one of its own. Every build is a W=1 build in which a
# warning is an error. Beside pin.ko lie the modules that only tests need:
# pin_testmem.ko and, where the kernel has KUnit, pin_kunit.ko.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
kernel=$("$here/kernel.sh" "$1")
copy=$top/build/module/$(cat "$kernel/release")
variant=''
case ${2:-} in
'') ;;
delays)
	copy=$copy/delays
	variant=PINDEV_DELAYS=1
	;;
coverage)
	copy=$copy/coverage
	variant='PINDEV_DELAYS=1 GCOV_PROFILE=y KCOV_INSTRUMENT=y'
	# Each check of UBSAN's is a branch that no suite takes.
	[ -z "${PIN_COVERAGE:-}" ] || variant="$variant UBSAN_SANITIZE=n"
	;;
*)
	echo "usage: module.sh KERNEL [delays|coverage]" >&2
	exit 2
	;;
esac

mkdir -p "$copy"
for folder in driver uapi; do
	# Deleted sources go, what kbuild made stays. By content, not by time: a file that
	# changes counts as new, however old it is where it comes from.
	rsync -rlpc --delete --exclude='*.o' --exclude='*.gcno' --exclude='*.ko' --exclude='*.mod*' \
		--exclude='.*' --exclude=features.h --exclude=Module.symvers \
		--exclude=modules.order "$top/$folder/" "$copy/$folder/"
done

log=$copy/build.log
make -C "$copy/driver" KDIR="$kernel/build/" \
	KARGS="W=1 KCFLAGS=-Werror PINDEV_TESTMEM=1 $variant" \
	modules > "$log" 2>&1 || {
	cat "$log" >&2
	exit 1
}
# What is left of a make that says nothing new is what a reader wants to see.
if grep -E 'warning:|WARNING:' "$log" >&2; then
	exit 1
fi
echo "$copy/driver/pin.ko"
