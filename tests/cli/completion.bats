#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Completion, in real interactive shells.

load common

# Keys (\t is the tab key), then what the shell passes on.
lines() {
	cat <<-'END'
	pinctl doct\t|doctor
	pinctl ch\t self|check self
	pinctl check --al\tself|check --all self
	pinctl check -o RANGE,SI\t self|check -o RANGE,SIZE self
	pinctl check --output=RAN\t|check --output=RANGE
	pinctl -J check -o +KI\t|-J check -o +KIND
	pinctl check sel\t|check self
	pinctl check file:DIR/lon\t|check file:DIR/longname
	pinctl check new:me\t1M|check new:memfd,1M
	pinctl explain fsd\tEFAU\t|explain fsdax EFAULT
	pinctl doctor --only thp,zone.m\t|doctor --only thp,zone.movable
	pinctl check --color=al\t|check --color=always
	pinctl check --color self|check --color self
	pinctl check --for vf\t self|check --for vfio self
	pinctl help doc\t|help doctor
	pinctl bench --memory small,memfd-\t|bench --memory small,memfd-hugetlb
	pinctl comp\tz\t|completion zsh
	pinctl who zon\tMov\t|who zone:Movable
	pinctl who file:DIR/lon\t|who file:DIR/longname
	pinctl show pi\t42|show pin:42
	END
}

complete_in() { # SHELL SCRIPT
	command -v "$1" >/dev/null || skip "no $1"
	: >"$dir/longname"
	"$PINCTL" completion "$1" >"$dir/$2"
	lines | sed "s|DIR|$dir|g" >"$dir/lines"
	cut -d '|' -f 1 "$dir/lines" |
		"$BATS_TEST_DIRNAME/keys.py" "$1" "$dir/$2" >"$dir/got"
	cut -d '|' -f 2 "$dir/lines" | diff - "$dir/got"
}

@test "bash completes" {
	complete_in bash pinctl
}

@test "zsh completes" {
	complete_in zsh _pinctl
}

@test "fish completes" {
	complete_in fish pinctl.fish
}

# What bash offers for a line.
offered() {
	bash --norc -c 'source "$1"; COMP_LINE=$2; COMP_POINT=${#2}; _pinctl
		printf "%s\n" "${COMPREPLY[@]}"' - "$dir/bash" "$1" 2>/dev/null | sort
}

@test "every command and every option is offered, and nothing else" {
	"$PINCTL" completion bash >"$dir/bash"
	commands=$(commands)
	[ "$(offered "pinctl ")" = "$(printf '%s\n' $commands help | sort)" ]
	for command in $commands; do
		"$PINCTL" help "$command" -J >"$dir/help"
		wanted=$(jq -r '.options[] | "--" + .name, (.letter | strings | "-" + .)' \
			"$dir/help" | sort)
		[ "$(offered "pinctl $command -")" = "$wanted" ]
		"$PINCTL" completion fish >"$dir/fish"
		"$PINCTL" completion zsh >"$dir/zsh"
		for name in $(jq -r '.options[].name' "$dir/help"); do
			grep -qF -- "'__pinctl_command $command'" "$dir/fish"
			sed -n "s/.*'__pinctl_command $command'.* -l \([^ ]*\) .*/\1/p" \
				"$dir/fish" | grep -qxF -- "$name"
			sed -n "/^\t$command)/,/^\t\t;;/p" "$dir/zsh" |
				grep -qE -- "--$name(=-?)?(}|')"
		done
	done
}

@test "every column, check, reason and errno is offered" {
	"$PINCTL" completion bash >"$dir/bash"
	for command in $(commands); do
		columns=$("$PINCTL" help "$command" -J | jq -r '.columns[].name' | sort)
		[ -z "$columns" ] || [ "$(offered "pinctl $command -o ")" = "$columns" ]
	done
	[ "$(offered "pinctl doctor --only ")" = "$("$PINCTL" doctor --list-checks -J |
		jq -r '.checks[].id' | sort)" ]
	offered "pinctl explain " >"$dir/words"
	for word in $("$PINCTL" explain --list -rn -o REASON) \
		$("$PINCTL" explain --list -rn -o ERRNO); do
		grep -qx "$word" "$dir/words"
	done
}

@test "blocks, nodes and processes of this machine are offered" {
	"$PINCTL" completion bash >"$dir/bash"
	[ "$(offered "pinctl who ")" = "$(printf '%s:\n' block file node pfn phys zone)" ]
	# What stands before the colon readline has already.
	for node in /sys/devices/system/node/node[0-9]*; do
		[ ! -e "$node" ] || offered "pinctl who node:" | grep -qx "${node##*/node}"
	done
	for block in /sys/devices/system/memory/memory[0-9]*; do
		[ ! -e "$block" ] || offered "pinctl who block:mem" | grep -qx "${block##*/}"
	done
	offered "pinctl show " | grep -qx "$$"
	offered "pinctl show " | grep -qx pin:
	[ "$(offered "pinctl show p")" = pin: ]
	! offered "pinctl check --for rdma 1" | grep -v '^1'
}

@test "the scripts are clean" {
	"$PINCTL" completion bash >"$dir/bash"
	bash -n "$dir/bash"
	! command -v shellcheck >/dev/null || shellcheck -s bash "$dir/bash"
}

@test "a shell that is unknown" {
	pinctl completion csh
	[ "$code" = 2 ]
	pinctl completion zhs
	[[ $err == *"did you mean 'zsh'"* ]]
	pinctl completion
	[ "$code" = 2 ]
	pinctl completion bash zsh
	[ "$code" = 2 ]
	[ -z "$out" ]
}
