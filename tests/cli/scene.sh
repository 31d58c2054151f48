#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=dash
#
# scene.sh ARGUMENTS...: pinctl for golden.sh, in a scene of its own each time, in the guest.
#   SCENE=pinned  somebody holds a pin, whose number stands for PIN among the arguments
#   SCENE=heard   somebody pins, is refused, ends with a pin, and has one taken away, as
#                 soon as pinctl listens
here=$(cd "$(dirname "$0")" && pwd) || exit 1
# shellcheck source=tests/vm/guest-lib.sh
. /lib/pin/guest.sh

hold() {
	: >/tmp/scene
	"$here/pinctl" pin new:anon,1M >/tmp/scene 2>&1 &
	holder=$!
	wait_until grep -q '^pin [0-9]*:' /tmp/scene
	pin=$(sed -n 's/^pin \([0-9]*\):.*/\1/p' /tmp/scene)
}

# Whose pin was taken away may have ended by itself.
drop() {
	kill "$holder" 2>/dev/null
	wait "$holder"
}

pinned() {
	hold
	for word; do
		shift
		case $word in
		*PIN) word=${word%PIN}$pin ;;
		esac
		set -- "$@" "$word"
	done
	"$here/pinctl" "$@"
	code=$?
	drop
	return "$code"
}

heard() {
	: >/tmp/scene.err
	"$here/pinctl" "$@" 2>/tmp/scene.err &
	monitor=$!
	wait_until grep -q '^pinctl: listening' /tmp/scene.err
	{
		"$here/pinctl" pin file:/mnt/plain/data
		"$here/many" 1 leak
		hold
		"$here/pinctl" release "$pin"
		drop
	} >/dev/null 2>&1
	wait "$monitor"
	code=$?
	cat /tmp/scene.err >&2
	return "$code"
}

"$SCENE" "$@"
