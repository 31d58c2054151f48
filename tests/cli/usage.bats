#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Help, mistakes, exit codes, output that cannot be written.

load common

@test "pinctl alone is one screen of help" {
	pinctl
	[ "$code" = 0 ]
	[ -z "$err" ]
	[ "$(wc -l <"$dir/out")" -le 24 ]
	[[ "${out%%$'\n'*}" == *"memory pins, not GPIO pins"* ]]
}

@test "every command has help with its options and exit codes" {
	for command in $(commands); do
		pinctl "$command" --help
		[ "$code" = 0 ]
		[ -z "$err" ]
		[[ $out == *"pinctl $command"* ]]
		[[ $out == *"Exit codes:"* ]]
		[[ $out == *"Examples:"* ]]
		[[ $out == *"-J, --json"* ]]
		before=$out
		pinctl help "$command"
		[ "$code" = 0 ]
		[ "$out" = "$before" ]
	done
}

@test "the overview names every command" {
	# A file for each command; cmd_NAME.c.
	for file in "$BATS_TEST_DIRNAME"/../../tools/cmd_*.c; do
		name=${file##*/cmd_}
		commands | grep -qx "${name%.c}"
	done
	[ "$(commands | wc -l)" = "$(ls "$BATS_TEST_DIRNAME"/../../tools/cmd_*.c | wc -l)" ]
}

@test "the columns can be listed" {
	for command in $(commands); do
		columns=$("$PINCTL" help "$command" -J | jq -r '.columns[].name')
		[ -n "$columns" ] || continue
		for list in "-o help" -H --list-columns --output=help; do
			# shellcheck disable=SC2086 # words
			pinctl "$command" $list
			[ "$code" = 0 ]
			[ "$(awk '{ print $1 }' "$dir/out")" = "$columns" ]
			[ "$(awk '{ print $2 }' "$dir/out" | sort -u | tr -d '\n' |
				sed -E 's/<(address|boolean|integer|list|string)>//g')" = "" ]
		done
		pinctl "$command" -J -o help
		is_json pinctl.columns/1 ".command == \"$command\"" \
			'[.columns[].type] - ["address", "boolean", "integer", "list", "string"] == []'
	done
}

@test "the help lists every column that -o takes" {
	for command in check explain; do
		pinctl "$command" --help
		columns=$(sed -n '/^Columns:/,/^$/p' "$dir/out" | awk '/</ {print $1}')
		[ -n "$columns" ]
		for column in $columns; do
			case $command in
			check) pinctl check self -o "$column" ;;
			*) pinctl explain --list -o "$column" ;;
			esac
			[ "$code" = 0 ]
		done
	done
}

@test "--version" {
	pinctl --version
	[ "$code" = 0 ]
	[[ $out =~ ^pinctl\ [0-9]+\.[0-9]+\.[0-9]+$ ]]
}

mistake() { # HINT ARGUMENTS...: exit 2, nothing on stdout, the hint on stderr
	local hint=$1
	shift
	pinctl "$@"
	[ "$code" = 2 ]
	[ -z "$out" ]
	[[ $err == pinctl:* ]]
	[[ $err == *"$hint"* ]]
	[[ $err == *"--help"* ]]
}

@test "mistakes say what was meant" {
	mistake "did you mean 'check'" chek
	mistake "did you mean 'explain'" explian fsdax
	mistake "did you mean '--write'" check self --wirte
	mistake "did you mean '--json'" --jsno
	mistake "did you mean 'REASON'" check self -o RANGE,RAESON
	mistake "did you mean 'fsdax'" explain fsdxa
	mistake "did you mean 'EFAULT'" explain EFALUT
	mistake "did you mean 'always'" --color=alwyas
	mistake "did you mean 'memlock.soft'" doctor --only memlock.sfot
}

@test "mistakes that every command knows" {
	for command in $(commands) help; do
		mistake "unknown option --no-such-option" "$command" --no-such-option
	done
	for command in doctor list "explain --list" "check self"; do
		# shellcheck disable=SC2086 # words
		mistake "unknown column 'NO-SUCH'" $command -o NO-SUCH
	done
	mistake "did you mean 'check'" help chek
	pinctl explain "$(printf '%0100d' 0 | tr 0 x)"
	[ "$code" = 2 ]
	[[ $err != *"did you mean"* ]]
	mistake "did you mean 'RANGE'" check self -o -RANEG
}

@test "more than there is room for" {
	mistake "more than 24 columns" check self -o "$(printf 'SIZE,%.0s' {1..25})"
	# shellcheck disable=SC2046 # words
	mistake "more than 32 things" explain $(printf 'fsdax %.0s' {1..33})
}

@test "writing is what is asked for, and can be said" {
	need_no_module
	for command in check explain pin; do
		pinctl $command self:0+4K
		before=$(sed 's/([0-9]*)//' "$dir/out")
		pinctl $command --read --write self:0+4K
		[ "$(sed 's/([0-9]*)//' "$dir/out")" = "$before" ]
	done
}

@test "mistakes without a guess" {
	mistake "unknown command" frobnicate
	mistake "unknown option -x" check -x self
	mistake "needs an argument" check self -o
	mistake "needs an argument" check self --output
	mistake "takes no argument" check --all=1 self
	mistake "needs a target" check
	mistake "more than one target" check self self
	mistake "needs a target" pin
	mistake "needs a reason" explain
	mistake "takes no target" doctor self
	mistake "unknown column" check self -o NOSUCHTHING
	mistake "no columns left" check self -o -RANGE,SIZE,PERM,ERRNO,REASON,MAPPING
	for time in soon 1d 1mm -1 '' ' 1' 99999999999999999999 9223372036854775807h; do
		mistake "needs a time" pin new:anon,1M --hold "$time"
	done
	# These it takes, and gets on to what is wrong next.
	for time in 0 30 30s 5m 2h; do
		mistake "memory of its own" pin 1 --hold $time
	done
	mistake "memory of its own" pin 1
	for command in pin check; do
		mistake "a lease is for writing" $command --read --lease new:anon,1M
		mistake "a lease is for writing" $command --lease --read new:anon,1M
	done
	mistake "rdma knows no leases" check --lease --for rdma new:anon,1M
	mistake "--try needs" check --try self
	mistake "more than one target" pin new:anon,1M new:anon,1M
	mistake "not the id of a pin" show pin:x
	mistake "not PID, PID/FD or pin:ID" show nobody
	mistake "the size is too large" check new:anon,18446744073709551615
}

@test "bad targets" {
	for target in '' nobody 0 12x self:1000 self:2000-1000 file: new:anon new:anon,64MB \
		self:ffffffffffffffff+2; do
		mistake "target '$target'" check "$target"
		case $target in
		*:*)
			mistake "target '$target'" explain "$target"
			mistake "target '$target'" pin "$target"
			;;
		esac
	done
}

@test "long options are not abbreviated" {
	mistake "unknown option --js" check self --js
	mistake "unknown option --al" check --al self
}

@test "options stand anywhere, and -- ends them" {
	for line in "-b self:0+4K -o SIZE -rn" "-rnb --output=SIZE self:0+4K" \
		"self:0+4K -rn -b -oSIZE" "-nrboSIZE -- self:0+4K"; do
		# shellcheck disable=SC2086 # words
		pinctl check $line
		[ "$code" = 1 ]
		[ "$out" = 4096 ]
	done
	mistake "target '-x'" check -- -x
}

@test "what cannot be found out is 3" {
	pinctl check 2147483647
	[ "$code" = 3 ]
	[ -z "$out" ]
	pinctl check file:/no/such/file
	[ "$code" = 3 ]
	: >"$dir/empty"
	pinctl check "file:$dir/empty"
	[ "$code" = 3 ]
	[[ $err == *"empty"* ]]
}

@test "output that cannot be written is a failure" {
	[ -c /dev/full ] || skip "no /dev/full"
	code=0
	"$PINCTL" explain --list >/dev/full 2>"$dir/err" || code=$?
	[ "$code" = 3 ]
	grep -q "cannot write" "$dir/err"
	code=0
	"$PINCTL" explain --list >&- 2>"$dir/err" || code=$?
	[ "$code" = 3 ]
}

@test "a reader that stops reading is none" {
	"$PINCTL" explain --list 2>"$dir/err" | head -n 1
	[ ! -s "$dir/err" ]
}

@test "colours only when asked for or on a terminal" {
	pinctl explain --color=always fsdax
	[[ $out == *$'\033['* ]]
	pinctl explain fsdax
	[[ $out != *$'\033['* ]]
	pinctl explain --color=never fsdax
	[[ $out != *$'\033['* ]]
	command -v script >/dev/null || skip "no script(1) for a terminal"
	script -qec "'$PINCTL' explain fsdax" /dev/null </dev/null | grep -q $'\033\['
	NO_COLOR=1 script -qec "'$PINCTL' explain fsdax" /dev/null </dev/null >"$dir/out"
	lacks -q $'\033\[' "$dir/out"
	pinctl explain --color fsdax
	[[ $out == *$'\033'* ]]
}

@test "a file that is looked at is never taken for a closed standard descriptor" {
	: >"$BATS_TEST_TMPDIR/empty"
	run bash -c '"$PINCTL" check "file:$BATS_TEST_TMPDIR/empty" 2>&-'
	[ "$status" = 3 ]
	[ ! -s "$BATS_TEST_TMPDIR/empty" ]
	run bash -c '"$PINCTL" check -q self >&-'
	[ "$status" = 0 ]
}

@test "a reader that has seen enough is no failure, whatever the parent ignores" {
	run bash -c 'trap "" PIPE
		{ sleep .2; "$PINCTL" check -a -J self 2>"$BATS_TEST_TMPDIR/err"; } | true'
	[ -s "$BATS_TEST_TMPDIR/err" ]
	lacks "cannot write" "$BATS_TEST_TMPDIR/err"
}

@test "a FIFO is not waited for" {
	mkfifo "$BATS_TEST_TMPDIR/fifo"
	run timeout 5 "$PINCTL" check --read "file:$BATS_TEST_TMPDIR/fifo"
	[ "$status" = 3 ]
}
