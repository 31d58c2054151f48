#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# lint.sh: every check that reads the sources and runs none of them. Owns the list
# of what is ignored, each with its reason. Prints what it finds; fails if there is
# anything.
set -u

cd "$(dirname "$0")/.." || exit 1
tests/setup.sh build vm lint test || exit 1
make -s -C userlib > /dev/null || exit 1
# shellcheck source=tests/vm/apt.sh
. tests/vm/apt.sh
# Fetched here, because a check that says anything has failed.
for kernel in 6.1 6.12; do
	tests/vm/kernel.sh "$kernel" > /dev/null || exit 1
done
failed=0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mapfile -t c_files < <(git ls-files '*.c' '*.h')
# What pinctl is expected to print can look like a script.
mapfile -t scripts < <(git ls-files | grep -v '^tests/cli/golden/' | while read -r file; do
	head -c 64 "$file" | grep -aqE '^#!.*\b(ba)?sh\b' && echo "$file"
done)

check() { # WHAT COMMAND...: no output and status 0, or it failed
	local what=$1 output status
	shift
	output=$("$@" 2>&1)
	status=$?
	if [ "$status" = 0 ] && [ -z "$output" ]; then
		echo "ok      $what"
		return
	fi
	echo "FAILED  $what"
	printf '%s\n' "$output" | head -n 60 | sed 's/^/        /'
	failed=$((failed + 1))
}

# checkpatch is part of the kernel's source only.
checkpatch_dir() {
	local dir=$pin_cache/checkpatch new=$pin_cache/checkpatch.new file
	if [ ! -d "$dir" ]; then
		rm -rf "$new"
		mkdir -p "$new"
		for file in checkpatch.pl spelling.txt const_structs.checkpatch kernel-doc; do
			tar -xJf /usr/src/linux-source-6.12.tar.xz -O \
				"linux-source-6.12/scripts/$file" > "$new/$file" || return
		done
		chmod +x "$new/checkpatch.pl" "$new/kernel-doc"
		mv "$new" "$dir"
	fi
	echo "$dir"
}

# X-macro tables and designated initialisers are not expressions in parentheses.
tables=COMPLEX_MACRO,MACRO_ARG_REUSE,MACRO_ARG_UNUSED,BRACKET_SPACE,TRAILING_SEMICOLON
# User space has neither kernel types nor kernel macros, explains in sentences that
# are longer than a line, and libcheck's START_TEST()/END_TEST are not functions.
userspace=$tables,PREFER_KERNEL_TYPES,PREFER_DEFINED_ATTRIBUTE_MACRO,CAMELCASE
userspace=$userspace,SPLIT_STRING,LINE_SPACING,ARRAY_SIZE,AVOID_EXTERNS
userspace=$userspace,MACRO_ARG_PRECEDENCE,FUNCTION_ARGUMENTS,EMBEDDED_FUNCTION_NAME
userspace=$userspace,BIT_MACRO,QUOTED_WHITESPACE_BEFORE_NEWLINE,STRCPY,STRNCPY,SPACING,NAKED_SSCANF

checkpatch() { # IGNORED FILE...
	local ignored=$1 dir
	shift
	dir=$(checkpatch_dir) || return
	"$dir/checkpatch.pl" --no-tree --strict --terse --show-types --no-summary \
		--ignore "$ignored" --max-line-length=100 -f "$@"
}

kernel_doc() {
	perl "$(checkpatch_dir)/kernel-doc" -none -Wall uapi/pin/*.h driver/*.[ch]
}

spdx() {
	git ls-files | grep -vE '^(COPYING|LICENSES/|debian/(changelog|copyright|source/))' |
		while read -r file; do
			head -n 5 "$file" | grep -q SPDX-License-Identifier ||
				echo "$file has no SPDX-License-Identifier"
		done
}

licence_of() { # LICENCE PATTERN...: every file of a part has the part's licence
	local licence=$1
	shift
	git ls-files "$@" | while read -r file; do
		head -n 5 "$file" | grep -qF "SPDX-License-Identifier: $licence" ||
			echo "$file is not $licence"
	done
}

licences() {
	spdx
	licence_of 'GPL-2.0 WITH Linux-syscall-note' 'uapi/*.h'
	# The seeded bugs are the driver's lines.
	licence_of GPL-2.0-only 'driver/*' 'tests/mutants/*.patch'
	licence_of LGPL-2.1-or-later 'userlib/*'
	licence_of GPL-2.0-or-later 'tools/*' 'tests/*' ':!tests/mutants/*.patch'
}

# The version stands in userlib/Makefile.
same_version() {
	local version
	version=$(sed -n 's/^VERSION *:= *//p' userlib/Makefile)
	grep -qxF "PACKAGE_VERSION=\"$version\"" dkms.conf || echo "dkms.conf: not $version"
	grep -qxF "MODULE_VERSION(\"$version\");" driver/main.c || echo "driver/main.c: not $version"
	head -n 1 debian/changelog | grep -qF "($version)" || echo "debian/changelog: not $version"
	grep -q "^## $version\b" CHANGELOG.md || echo "CHANGELOG.md: no $version"
}

version_tests() {
	git grep -nE 'LINUX_VERSION_CODE|KERNEL_VERSION|PINDEV_HAVE_' -- driver ':!driver/compat'
	[ $? = 1 ]
}

sparse() { # KERNEL
	local module
	module=$(tests/vm/module.sh "$1") || return
	make -s -C "$(dirname "$module")" clean > /dev/null 2>&1
	make -s -C "$(dirname "$module")" KDIR="$(tests/vm/kernel.sh "$1" 2> /dev/null)/build/" \
		KARGS="C=2 CF=-D__CHECK_ENDIAN__" modules 2>&1 |
		grep -E "$(dirname "$module")|driver/.*(warning|error):" |
		grep -E 'warning:|error:'
	[ "${PIPESTATUS[0]}" = 0 ]
}

# The kernel's own semantic patches, but for the two that need a compiler of OCaml.
semantic_patches() {
	local archive=/usr/src/linux-source-6.12.tar.xz patch patches=0
	tar -xJf "$archive" -C "$work" --strip-components=2 \
		linux-source-6.12/scripts/coccinelle || return
	for patch in "$work"/coccinelle/{api,api/alloc,free,iterators,locks,misc,null,tests}/*.cocci; do
		grep -q '^virtual.*report' "$patch" || continue
		! grep -q '@.*ocaml' "$patch" || continue
		patches=$((patches + 1))
		spatch -D report --very-quiet --no-show-diff --no-includes \
			--cocci-file "$patch" driver/*.[ch] 2>&1 |
			grep -v '^warning: line .*: should .* be a metavariable'
	done
	[ "$patches" -gt 50 ] || echo "only $patches semantic patches"
}

builds() { # KERNEL: module.sh treats every warning as an error
	tests/vm/module.sh "$1" > /dev/null
}

long_files() {
	wc -l "${c_files[@]}" | awk '$2 != "total" && $1 > 900 { print $2 ": " $1 " lines" }'
}

# What delay.h adds, told by its parameters and its function.
delay_points() { # MODULE
	nm "$1" | grep -E ' (pindev_delay|delays?)$'
	modinfo -F parmtype "$1" | grep '^delay_'
}

# The module that people install has none; that the other has some shows that they
# would be seen.
no_delay_points() { # KERNEL
	local module delays
	module=$(tests/vm/module.sh "$1") && delays=$(tests/vm/module.sh "$1" delays) || return
	delay_points "$module"
	[ -n "$(delay_points "$delays")" ] || echo "no delay point in $delays"
}

# The analyzer of gcc 12 takes what is stored through a pointer for leaked: leaks are
# for the sanitized tests, which fail each allocation in turn.
analyzed() {
	make -s -B -C userlib OUT="$work/userlib" \
		CFLAGS="-O2 -fanalyzer -Wno-analyzer-malloc-leak" "$work/userlib/libpin.a" &&
		make -s -B -C tools OUT="$work/tools" LIBOUT="$work/userlib" \
			CFLAGS="-O2 -fanalyzer -Wno-analyzer-malloc-leak" "$work/tools/pinctl"
}

with_clang() {
	make -s -C userlib CC=clang OUT="$work/clang" &&
		make -s -C tools CC=clang OUT="$work/clang-tools" LIBOUT="$work/clang" \
			"$work/clang-tools/pinctl"
}

# What has a name has it in the headers, the tables, the man pages and the completions;
# a suite each, of which this needs the part that runs nothing else.
same_names() {
	make -s -C tools && tests/man/run && tests/func/lists &&
		tests/cli/run -f '^every (command|option|column)'
}

quietly() { # COMMAND...: what it says counts only if it fails
	local output
	output=$("$@" 2>&1) || { printf '%s\n' "$output"; return 1; }
}

mapfile -t kernel_files < <(git ls-files 'driver/*.c' 'driver/*.h' 'uapi/*.h' ':!driver/trace.h')
mapfile -t user_files < <(git ls-files 'userlib/*.[ch]' 'tools/*.[ch]' 'tests/*.[ch]' ':!tools/trace.bpf.c')

check "checkpatch, driver and uapi" checkpatch "$tables" "${kernel_files[@]}"
# Tracepoints are laid out as everywhere in the kernel, which is not how calls are.
check "checkpatch, tracepoints" checkpatch \
	"$tables,PARENTHESIS_ALIGNMENT,OPEN_ENDED_LINE" driver/trace.h
check "checkpatch, user space" checkpatch "$userspace" "${user_files[@]}"
# BPF has its own integers, and what libbpf sets before it loads is const volatile.
check "checkpatch, BPF" checkpatch \
	"$userspace,NEW_TYPEDEFS,GLOBAL_INITIALISERS,VOLATILE,CONST_STRUCT" tools/trace.bpf.c
check "kernel-doc" kernel_doc
check "one version" same_version
check "no version test outside driver/compat" version_tests
check "licences" licences
check "shellcheck" shellcheck -x "${scripts[@]}"
# Misspelt on purpose: what "did you mean" is tested with; roff's bullet, the nd bus.
check "spelling" codespell -q 3 -L chek,chekc,nwe,bu,nd "${c_files[@]}" "${scripts[@]}" \
	README.md CONTRIBUTING.md CHANGELOG.md userlib/man/*.in
check "length of files" long_files
check "gcc -fanalyzer" quietly analyzed
check "clang" quietly with_clang
check "headers and layout" quietly tests/abi/run
check "names in tables, man pages and completions" quietly same_names
check "binary interface of libpin" quietly tests/abi/snapshot compare abi
check "sparse, 6.12" sparse 6.12
check "coccinelle" semantic_patches
check "W=1, 6.1" builds 6.1
check "W=1, 6.12" builds 6.12
check "no delay points, 6.12" no_delay_points 6.12
if [ "$failed" != 0 ]; then
	echo "$failed checks failed"
	exit 1
fi
