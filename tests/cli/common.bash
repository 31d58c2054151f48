# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# What every test file needs. pinctl's stdout and stderr are kept apart in $out
# and $err, its exit code in $code.

PINCTL=${PINCTL:-$BATS_TEST_DIRNAME/../../build/tools/pinctl}
# shellcheck disable=SC2034 # for the tests
BUILT=$BATS_TEST_DIRNAME/../../build/tests/cli

setup() {
	dir=$BATS_TEST_TMPDIR
	unset NO_COLOR COLUMNS
	export LC_ALL=C.UTF-8
}

pinctl() {
	code=0
	"$PINCTL" "$@" >"$dir/out" 2>"$dir/err" </dev/null || code=$?
	out=$(cat "$dir/out")
	err=$(cat "$dir/err")
	keep_document
	# A failed test shows what it saw.
	echo "pinctl $*: exit $code"
	echo "$out"
	echo "$err"
}

# Every document goes to tests/cli/run, which holds it against the schema.
keep_document() {
	[ -n "${PINCTL_DOCUMENTS:-}" ] || return 0
	case $out in
	'{'*'"schema": "pinctl.'*)
		cp "$dir/out" "$(mktemp "$PINCTL_DOCUMENTS/${BATS_TEST_NUMBER}.XXXXXX")"
		;;
	esac
}

# The names of the commands, as the overview has them.
commands() {
	"$PINCTL" | sed -n '/^Commands:/,/^$/s/^ \([a-z]*\) .*/\1/p'
}

# Fails if grep finds it: bats lets "! grep" pass either way.
lacks() { # GREP-ARGUMENTS...
	if grep "$@"; then
		return 1
	fi
}

# Exactly one JSON document, with this schema, that the jq filters all hold for.
is_json() { # SCHEMA [FILTER...]
	local schema=$1 filter
	shift
	[ "$(jq -s length "$dir/out")" = 1 ]
	[ "$(jq -r .schema "$dir/out")" = "$schema" ]
	for filter; do
		echo "filter: $filter"
		jq -e "$filter" "$dir/out" >/dev/null
	done
}

need_no_module() {
	[ ! -e /dev/pin ] || skip "there is a /dev/pin here"
}

# A file on a filesystem that tracks dirty pages, that is not tmpfs.
disk_file() {
	local where
	for where in /var/tmp "$BATS_TEST_DIRNAME" /tmp; do
		case $(stat -f -c %T "$where") in
		ext2/ext3 | xfs | btrfs) ;;
		*) continue ;;
		esac
		disk=$(mktemp "$where/pinctl-test.XXXXXX") || continue
		truncate -s 64K "$disk"
		return
	done
	skip "no ext4, xfs or btrfs to write to"
}

teardown() {
	[ -z "${disk:-}" ] || rm -f -- "$disk"
	[ -z "${shm:-}" ] || rm -f -- "$shm"
}
