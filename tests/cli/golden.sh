#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=dash
#
# golden.sh NAME ARGUMENTS...: runs pinctl twice, for text and with -J, and compares
# stdout, stderr and exit status with golden/NAME.text and golden/NAME.json, after
# golden.sed has taken out what differs from run to run.
#   PINCTL            the program
#   PINCTL_DOCUMENTS  a directory for what came as JSON, which others hold against the schema
#   GOLDEN_REFRESH    a directory: what came is written there in place of that
# CONTRIBUTING.md says how to refresh them.

here=$(cd "$(dirname "$0")" && pwd) || exit 1
name=$1
shift
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
failed=0

run() { # FORM ARGUMENTS...
	form=$1
	shift
	code=0
	"$PINCTL" "$@" >"$work/out" 2>"$work/err" </dev/null || code=$?
	{
		echo "SPDX-License-Identifier: GPL-2.0-or-later"
		cat "$work/out"
		echo "== stderr"
		cat "$work/err"
		echo "== exit $code"
	} | sed -f "$here/golden.sed" >"$work/came"
	if [ -n "${GOLDEN_REFRESH:-}" ]; then
		cp "$work/came" "$GOLDEN_REFRESH/$name.$form"
	elif ! diff -u "$here/golden/$name.$form" "$work/came"; then
		echo "golden.sh: $name.$form is not what pinctl $* prints"
		failed=1
	fi
}

run text "$@"
run json -J "$@"
[ -z "${PINCTL_DOCUMENTS:-}" ] || cp "$work/out" "$(mktemp "$PINCTL_DOCUMENTS/golden.XXXXXX")"
exit $failed
