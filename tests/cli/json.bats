#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# With -J stdout is one valid document, whatever happens.

load common

error() { # EXIT ARGUMENTS...
	local wanted=$1
	shift
	pinctl "$@"
	[ "$code" = "$wanted" ]
	[ -n "$err" ]
	is_json pinctl.error/1 ".error.exit == $wanted" '.error.message | length > 0' \
		'.error | has("detail") and has("fix")'
}

@test "errors are documents too" {
	error 2 -J chek
	error 2 chek -J
	error 2 check -J
	error 2 check self --json --wirte
	error 2 check --frob -J self
	error 2 check -aJ
	error 2 check -J self -o NOPE
	error 2 check -J nobody
	error 2 explain --json fsdxa
	error 2 explain -J
	error 2 pin -J 1
	error 3 check -J 2147483647
	error 3 check -J file:/no/such/file
	error 3 check -J $'file:/no/\xff\033'
}

@test "-J as an argument of -o is none" {
	pinctl check self -oJ
	[ "$code" = 2 ]
	[ -z "$out" ]
}

@test "an error after a good word leaves one document" {
	pinctl explain -J fsdax fsdxa
	[ "$code" = 2 ]
	is_json pinctl.error/1
}

@test "help and version" {
	pinctl -J
	[ "$code" = 0 ]
	is_json pinctl.help/1 '.text | contains("check")'
	pinctl check -J --help
	[ "$code" = 0 ]
	is_json pinctl.help/1 '.text | contains("Columns:")'
	pinctl check --help -J
	is_json pinctl.help/1 '.command == "check"' '.options | length > 5' \
		'.options | all(has("letter") and has("argument") and (.help | length > 0))'
	pinctl --version -J
	is_json pinctl.version/1 '.version | length > 0'
}

@test "no device, no pin: still a document" {
	need_no_module
	error 3 pin -J new:anon,1M --hold 0
	error 3 check -J --try new:anon,1M
}

@test "-q with -J still gives the document" {
	pinctl check -q -J self
	is_json pinctl.check/1
}

# The types of all members, the same whether there is none, one or many.
shape() { # COUNT ARRAY ARGUMENTS...
	local count=$1 array=$2
	shift 2
	pinctl "$@" -J
	[ "$(jq ".$array | length | if . > 1 then \"many\" else . end" "$dir/out")" = "$count" ]
	jq -S 'with_entries(.value |= (type | if . == "null" then "string" else . end))' \
		"$dir/out" >"$dir/shape"
	[ -e "$dir/first" ] || cp "$dir/shape" "$dir/first"
	diff "$dir/first" "$dir/shape"
}

@test "a document has one shape for none, one and many" {
	pinctl -J check new:anon,1M
	jq -S keys "$dir/out" >"$dir/none"
	[ "$(jq '.results | length' "$dir/out")" = 0 ]
	pinctl -J check self:0+4K
	[ "$(jq '.results | length' "$dir/out")" = 1 ]
	jq -S keys "$dir/out" | diff "$dir/none" -
	is_json pinctl.check/1 '.results | type == "array"'
	pinctl -J check -a self
	[ "$(jq '.results | length' "$dir/out")" -gt 1 ]
	jq -S keys "$dir/out" | diff "$dir/none" -
	rm -f "$dir/first"
	shape 0 explanations explain new:anon,1M
	shape 1 explanations explain fsdax
	shape '"many"' explanations explain ENOMEM
	rm -f "$dir/first"
	shape 0 checks doctor --only thp --skip thp
	shape 1 checks doctor --only thp
	shape '"many"' checks doctor
	rm -f "$dir/first"
	shape 0 contexts show $$
}

# In Turkish i and I are two letters.
@test "the names of columns and members are the same in every locale" {
	localedef -i tr_TR -f UTF-8 "$dir/tr_TR.UTF-8"
	export LOCPATH=$dir LC_ALL=tr_TR.UTF-8
	[ -z "$(locale charmap 2>&1 >/dev/null)" ]
	pinctl check -J self:0+4K
	is_json pinctl.check/1 '.results[0] | .size == 4096 and .kind == "hole" and
		has("mapping") and has("verdict") and has("inode")'
	pinctl check self:0+4K -rn -o size,kind
	[ "$out" = "4K hole" ]
}
