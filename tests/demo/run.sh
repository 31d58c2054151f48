#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# run.sh KERNEL [shell]: shows /dev/pin at work in a virtual machine. Installs what
# is missing, builds, boots, and runs guest.sh there, or a shell with everything
# ready.
set -eu

cd "$(dirname "$0")/../.."
kernel=$1
tests/setup.sh build vm
make -s -C userlib
make -s -C tools
mkdir -p build/demo
cc -O2 -Wall -Wextra -Werror -D_GNU_SOURCE -o build/demo/mappings tests/demo/mappings.c
module=$(tests/vm/module.sh "$kernel")

# secretmem.enable: off by default before 6.5.
set -- -k "$kernel" -n demo -t 300 -a secretmem.enable=1 -f "$module" \
	-f build/tools/pinctl -f build/demo/mappings -f tests/demo/guest.sh "${@:2}"
# The guest writes to a terminal of its own, whatever we write to.
[ -t 1 ] || set -- -e NO_COLOR=1 "$@"
if [ "${!#}" = shell ]; then
	echo "In the machine: ./guest.sh prepare; then try ./pinctl doctor. exit ends it."
	exec tests/vm/run.sh "${@:1:$#-1}" -s
fi
exec tests/vm/run.sh "$@" -- /root/guest.sh
