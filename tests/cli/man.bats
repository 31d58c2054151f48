#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# pinctl(1) has what pinctl has: commands, options, columns, checks; no more, no less.

load common

page=$BATS_TEST_DIRNAME/../../tools/pinctl.1

# The lines of a subsection or section.
part() { # NAME
	awk -v name="$1" '
		/^\.S[SH] / { inside = substr($0, 5) == name; next }
		inside' "$page"
}

# "-o --output COLUMNS" for each option of a part.
options_of() { # NAME
	part "$1" | awk 'last == ".TP" && /^\.BR \\-/ { print } { last = $0 }' |
		sed 's/^\.BR //' |
		sed -E 's/\\-/-/g; s/\\f[IR]//g; s/ ", " / /; s/ ?(\[?)=(.*)/ \1\2/'
}

columns_of() { # NAME
	part "$1" | sed -nE 's/^\.BR ([A-Z\\-]+) " <([a-z]+)>"$/\1 \2/p' | sed 's/\\-/-/g'
}

@test "every option of every command" {
	for command in $(commands); do
		"$PINCTL" help "$command" -J >"$dir/help"
		jq -r '.options[] | ((.letter | strings | "-" + . + " ") // "") + "--" + .name +
			((.argument | strings | " " + .) // "")' "$dir/help" | sort >"$dir/help.options"
		{
			options_of "pinctl $command"
			options_of "Options of every command"
			if jq -e '.columns | length > 0' "$dir/help" >/dev/null; then
				options_of "Options of commands that print a table"
			fi
		} | sort >"$dir/man.options"
		diff "$dir/help.options" "$dir/man.options"
	done
}

@test "every column of every command" {
	for command in $(commands); do
		"$PINCTL" help "$command" -J | jq -r '.columns[] | .name + " " + .type' \
			>"$dir/help.columns"
		columns_of "pinctl $command" | diff "$dir/help.columns" -
	done
}

@test "every command, check, consumer and exit code" {
	sed -n 's/^\.SS pinctl //p' "$page" >"$dir/sections"
	[ "$(cat "$dir/sections")" = "$(commands)" ]
	for command in $(commands) help; do
		part SYNOPSIS | grep -q "^\.B pinctl $command$"
	done
	"$PINCTL" doctor --list-checks -J | jq -r '.checks[].id' >"$dir/checks"
	part "pinctl doctor" | sed -nE 's/^\.B ([a-z_.\\-]+)$/\1/p' | sed 's/\\-/-/g' |
		grep -E '\.|^(thp|container|io_uring|trace|seccomp)$' | diff "$dir/checks" -
	for consumer in $("$PINCTL" completion bash |
		sed -n 's/.*check:--for:.*_pinctl_offer one \(.*\) ;;/\1/p'); do
		part CONSUMERS | grep -qw "$consumer"
	done
	[ "$(part "EXIT STATUS" | sed -n 's/^\.B \([0-9]\)$/\1/p' | tr -d '\n')" = 0123 ]
	"$PINCTL" check --help | grep -A 4 "^Exit codes" | sed -nE 's/^ ([0-9]) .*/\1/p' |
		tr -d '\n' | grep -qx 0123
}

@test "the page is well formed" {
	command -v groff >/dev/null || skip "no groff"
	groff -man -Tutf8 -ww -z "$page" 2>"$dir/err"
	[ ! -s "$dir/err" ]
}

@test "what the examples run is what pinctl takes" {
	part EXAMPLES | sed -nE 's/^[#$] (sudo )?(pinctl .*)/\2/p' | sed 's/\\-/-/g; s/\\e/\\/g' \
		>"$dir/lines"
	[ "$(wc -l <"$dir/lines")" -ge 6 ]
	while read -r _ command rest; do
		# Wrong use would be 2; what is not there on this machine is something else.
		for word in $rest; do
			case $word in
			--*)
				name=${word#--}
				"$PINCTL" help "$command" -J |
					jq -e --arg name "${name%%=*}" \
						'any(.options[]; .name == $name)' >/dev/null
				;;
			esac
		done
	done <"$dir/lines"
}
