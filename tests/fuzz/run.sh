#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# run.sh KERNEL [OPTION...]: runs the fuzzer in the virtual machine, with the options of
# pin-fuzz, and keeps what it finds in build/fuzz: KERNEL.txt, the cases that reached
# something new, and if the machine was lost KERNEL-last.txt, the cases that ran last.
#
# PIN_FUZZ_CASES names a file of cases that are run, and no others; PIN_FUZZ_MERGE one of
# which those are kept that reach something new. PIN_FUZZ_LIMIT is the machine's time limit in seconds.
#
# Where the kernel has KCOV the module is the one that records where it was.
set -euo pipefail

cd "$(dirname "$0")/../.."
kernel=${1:-6.12}
shift || :
dir=build/fuzz
limit=${PIN_FUZZ_LIMIT:-0}
corpus=tests/fuzz/corpus.txt how=--corpus
if [ -n "${PIN_FUZZ_MERGE:-}" ]; then
	corpus=$PIN_FUZZ_MERGE how=--merge
elif [ -n "${PIN_FUZZ_CASES:-}" ]; then
	corpus=$PIN_FUZZ_CASES how=--replay
fi
recorder=$PWD/$dir/$kernel-recorder
name=${PIN_FUZZ_NAME:-fuzz-long}

make -s -C tests/fuzz
slub=()
case $kernel in
7.2) module=$(tests/vm/module.sh "$kernel" coverage) ;;
*)
	module=$(tests/vm/module.sh "$kernel")
	# Who allocated what takes a fifth of the time; a recorded case tells as much.
	slub=(-a slub_debug=FZP)
	;;
esac
mkdir -p "$dir"
rm -f "$recorder"
truncate -s 1M "$recorder"

status=0
tests/vm/run.sh -k "$kernel" -n "$name" -t "$limit" -a secretmem.enable=1 "${slub[@]}" \
	-q "-object memory-backend-file,id=recorder,share=on,size=1M,mem-path=$recorder" \
	-q "-device ivshmem-plain,memdev=recorder" \
	-f "$module" -f "${module%/*}/pin_testmem.ko" -f build/tests/fuzz/pin-fuzz \
	-f "$corpus":/root/corpus.txt -f tests/func/guest.sh -f tests/func/skips.txt \
	-f tests/func/matrix.txt -f tests/func/reasons.txt \
	-e PIN_FUZZ="$how /root/corpus.txt --progress /dev/ttyS1 $*" \
	-- /root/guest.sh "$kernel" fuzz | tee "$dir/$kernel.log" | grep --line-buffered -av '^keep: ' || status=$?
sed -n 's/^keep: //p' "$dir/$kernel.log" | tr -d '\r' > "$dir/$kernel.txt"
if [ "$status" != 0 ]; then
	build/tests/fuzz/pin-fuzz --recorded "$recorder" > "$dir/$kernel-last.txt" || :
	echo "the cases that ran last: $dir/$kernel-last.txt"
fi
exit "$status"
