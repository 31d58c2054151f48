#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# shellcheck disable=SC2054 # the commas are QEMU's and the kernel's
#
# run.sh: runs one command in a fresh virtual machine and tells how it ended. Owns
# the machine's shape, its time limit and the verdict.

set -euo pipefail

usage() {
	cat <<'END'
usage: run.sh [OPTION]... [--] COMMAND [ARG...]
       run.sh [OPTION]... -s

Runs COMMAND as root in a fresh virtual machine, from /root, with stdin empty.
Shell syntax needs a shell: -- sh -c 'one; two'.

  -k KERNEL    6.1, 6.12 (Debian's own) or 7.2, also called debug; default 6.12
  -f HOST[:GUEST]
               put a file or directory into the guest; without GUEST it is
               /root/NAME; programs bring their shared libraries
  -o DIR       what the command leaves in /out comes into DIR
  -e KEY=VAL   an environment variable for the command
  -t SECONDS   time limit, boot included (300; with -s none; 0 is none)
  -m MEM       memory, such as 2560M (the default) or 4G; below 2560M there is
               one NUMA node, no persistent memory and no huge page
  -a ARGS      kernel arguments; one replaces all defaults of the same name
  -q ARGS      QEMU arguments; with -smp or -numa among them the machine has one
               NUMA node
  -r           the host's root directory, read-only, at /host (see hostrun)
  -s           an interactive shell in place of COMMAND; "exit" ends the machine
  -n NAME      where the logs go: build/vm/NAME-KERNEL (default: the command)
  -h           this help

In the guest: logscan, kmemleak-scan, hostrun, and /lib/pin/guest.sh to source.

Exit status: COMMAND's own, or
  122  the guest crashed or ended without a verdict
  123  the kernel's log is not clean
  124  time limit
  125  the machine could not be started
PIN_COVERAGE=DIR is where what instrumented modules and programs have counted goes, as
DIR/NAME-KERNEL/kernel and /programs. PIN_ACCEL=tcg|kvm chooses the accelerator; otherwise
KVM is tried once and the answer remembered. PIN_CACHE says where kernels and images are
kept.
END
}

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/vm/apt.sh
. "$here/apt.sh"

say() { echo "vm: $*" >&2; }
die() { say "$*"; exit 125; }
quote() { printf "'%s'" "${1//\'/\'\\\'\'}"; }

kernel=6.12 out='' limit='' memory=2560M extra_args='' extra_qemu='' share=0 shell=0 name=''
files=() env=()
while getopts k:f:o:e:t:m:a:q:n:rsh option; do
	case $option in
	k) kernel=$OPTARG ;;
	f) files+=("$OPTARG") ;;
	o) out=$OPTARG ;;
	e) env+=("$OPTARG") ;;
	t) limit=$OPTARG ;;
	m) memory=$OPTARG ;;
	a) extra_args="$extra_args $OPTARG" ;;
	q) extra_qemu="$extra_qemu $OPTARG" ;;
	n) name=$OPTARG ;;
	r) share=1 ;;
	s) shell=1 ;;
	h) usage; exit ;;
	*) usage >&2; exit 125 ;;
	esac
done
shift $((OPTIND - 1))
if [ $# -eq 0 ] && [ $shell = 0 ]; then
	usage >&2
	exit 125
fi
[ "$kernel" != debug ] || kernel=7.2
if [ -z "$limit" ]; then
	limit=300
	[ $shell = 0 ] || limit=0
fi
case $limit in *[!0-9]*) die "-t takes seconds, not '$limit'" ;; esac
case $memory in
*[Gg]) megabytes=$((${memory%?} * 1024)) ;;
*[Mm]) megabytes=${memory%?} ;;
*) megabytes=$memory ;;
esac
case $megabytes in '' | *[!0-9]*) die "-m takes something like 2560M, not '$memory'" ;; esac
for variable in "${env[@]}"; do
	[[ $variable =~ ^[A-Za-z_][A-Za-z_0-9]*= ]] || die "-e takes KEY=VAL, not '$variable'"
done
if [ -z "$name" ]; then
	name=${1:-shell}
	name=${name##*/}
fi
name=${name//[!A-Za-z0-9._-]/_}

"$here/../setup.sh" vm || die "packages are missing"
dir=$("$here/kernel.sh" "$kernel") || die "no kernel $kernel"
image=$("$here/image.sh" "$dir") || die "no initramfs for $kernel"
release=$(cat "$dir/release")
logs=$here/../../build/vm/$name-$kernel
counters=${PIN_COVERAGE:+$PIN_COVERAGE/$name-$kernel}
[ -z "$counters" ] || env+=(GCOV_PREFIX=/out/.coverage/programs)

work=$(mktemp -d "${TMPDIR:-/tmp}/pin-vm.XXXXXX")
machine=''
# shellcheck disable=SC2317 # the trap calls it
cleanup() {
	# timeout(1) passes the signal on to the QEMU it started, and to nothing else.
	[ -z "$machine" ] || kill "$machine" 2>/dev/null || :
	if mkdir -p "$logs" 2>/dev/null; then
		(cd "$work" && cp -f console.log output.log verdict "$logs/" 2>/dev/null) || :
	fi
	rm -rf "$work"
}
trap cleanup EXIT
# What fails here is not the command's failure.
set -E
trap 'say "line $LINENO failed"; exit 125' ERR
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# --- acceleration

# Says yes only if a machine under KVM booted to userspace: where the device
# opens but the processor underneath misbehaves, QEMU hangs or crawls.
probe_kvm() {
	local probe=$work/probe status=0
	if [ ! -e /dev/kvm ]; then
		echo "tcg no /dev/kvm"
		return
	fi
	# A subshell, because a failed redirection ends a shell of its own kind.
	if ! (: <>/dev/kvm) 2>/dev/null; then
		echo "tcg /dev/kvm cannot be opened"
		return
	fi
	mkdir -p "$probe/root/bin" "$probe/root/dev"
	cp /bin/busybox "$probe/root/bin/"
	cat >"$probe/root/init" <<-'END'
		#!/bin/busybox sh
		/bin/busybox mount -t devtmpfs dev /dev
		echo kvm-works >/dev/ttyS1
		/bin/busybox poweroff -f
	END
	chmod 755 "$probe/root/init"
	(cd "$probe/root" && find . | cpio --quiet -o -H newc -R +0:+0) >"$probe/initrd"
	timeout --foreground -s KILL 10 qemu-system-x86_64 -machine q35 -accel kvm -cpu max \
		-smp 2 -m 512M -nodefaults -no-user-config -display none -no-reboot \
		-kernel "$dir/vmlinuz" -initrd "$probe/initrd" \
		-append "console=ttyS0 panic=-1 quiet" \
		-serial "file:$probe/console" -serial "file:$probe/word" \
		</dev/null >"$probe/log" 2>&1 || status=$?
	if grep -qs kvm-works "$probe/word" && [ $status = 0 ]; then
		echo "kvm KVM: probe booted"
	elif [ $status = 137 ] || [ $status = 124 ]; then
		echo "tcg KVM: probe hung"
	else
		echo "tcg KVM: probe failed: $(grep -v '^$' "$probe/log" | tail -n 1 | cut -c1-100)"
	fi
}

accel() {
	local memo
	case ${PIN_ACCEL:-} in
	tcg | kvm)
		echo "$PIN_ACCEL PIN_ACCEL"
		return
		;;
	'') ;;
	*) die "PIN_ACCEL is tcg or kvm, not '$PIN_ACCEL'" ;;
	esac
	memo=$pin_cache/accel-$({ uname -r
		grep -m 1 'model name' /proc/cpuinfo || :; } | sha256sum | cut -c1-12)
	if [ ! -s "$memo" ]; then
		probe_kvm >"$work/accel"
		# No device is an answer that may change under the same kernel.
		case $(cat "$work/accel") in
		*/dev/kvm*) memo=$work/accel ;;
		*) mv "$work/accel" "$memo" ;;
		esac
	fi
	cat "$memo"
}

read -r accelerator reason < <(accel) || exit 125
case $accelerator in
# Multi-threaded TCG runs half-patched kernel text. With erms or fsrm the kernel fills and
# copies with one instruction, which is emulated byte by byte.
tcg) accel_argument=tcg,thread=single cpu=max,la57=off,erms=off,fsrm=off ;;
*) accel_argument=kvm cpu=max,la57=off ;;
esac
say "$release under ${accelerator^^} ($reason)"

# --- the second archive: settings, the command, its files

nonce=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
root=$work/root
umask 022
mkdir -p "$root/job" "$root/root"
cat >"$root/job/settings" <<END
NONCE=$nonce
OUT=$([ -n "$out$counters" ] && echo 1 || echo 0)
COVERAGE=$([ -n "$counters" ] && echo 1 || echo 0)
SHARE=$share
SHELL_ON_TTY=$shell
END
for variable in "${env[@]}"; do
	echo "export ${variable%%=*}=$(quote "${variable#*=}")"
done >"$root/job/env"
{
	printf '#!/bin/sh\nexec'
	for argument; do
		printf ' %s' "$(quote "$argument")"
	done
	echo
} >"$root/job/run"
chmod 755 "$root/job/run"

for file in "${files[@]}"; do
	from=${file%%:*} to=/root/$(basename "${file%%:*}")
	[ "$from" = "$file" ] || to=${file#*:}
	[ -e "$from" ] || die "-f $from: no such file"
	[[ $to = /* ]] || to=/root/$to
	mkdir -p "$root$(dirname "$to")"
	cp -RLT "$from" "$root$to"
	while IFS= read -r -d '' program; do
		[ "$(head -c 4 "$program" | tr -d '\0')" = $'\x7fELF' ] || continue
		printf '%s\0' "$program"
	done < <(find -L "$from" -type f \( -perm /111 -o -name '*.so*' \) -print0)
done >"$work/programs"
if [ -s "$work/programs" ]; then
	# The linker's cache leads to libraries outside its built-in directories.
	mkdir -p "$root/etc"
	cp /etc/ld.so.cache "$root/etc/" 2>/dev/null || :
	{ xargs -0 ldd <"$work/programs" 2>/dev/null || :; } |
		sed -n -e 's,.*[[:space:]]\(/[^ ]*\) (0.*,\1,p' \
			-e 's,.*[[:space:]]\([^/ ]*\) => not found.*,\1,p' |
		LC_ALL=C sort -u >"$work/libraries"
	while read -r library; do
		case $library in
		/lib* | /usr/lib*) into=$root$library ;;
		# Where LD_LIBRARY_PATH or a run path led on the host leads nowhere
		# in the guest.
		/*) into=$root/usr/lib/x86_64-linux-gnu/${library##*/} ;;
		*) say "shared library $library not found"; continue ;;
		esac
		mkdir -p "${into%/*}"
		cp -L "$library" "$into"
	done <"$work/libraries"
fi
find "$root" -exec touch -h -d @0 {} +
{
	cat "$image"
	(cd "$root" && find . -print0 | LC_ALL=C sort -z |
		cpio --quiet --null -o -H newc -R +0:+0 --reproducible)
} >"$work/initrd"
rm -rf "$root"

# --- the machine

kernel_args=(
	console=ttyS0 panic=-1 panic_on_warn=1 oops=panic
	# Warnings reach the console, chatter does not: the emulated line is slow.
	loglevel=5 log_buf_len=4M
	# Two emulated processors on a busy host stand still for longer than real ones.
	rcupdate.rcu_cpu_stall_timeout=60 watchdog_thresh=30
	# Nor does their timer tick as often as the check of it at boot expects.
	no_timer_check
)
# Not who has allocated it: a quarter of all instructions that suites take are then spent
# on unwinding stacks.
[ "$kernel" = 7.2 ] || kernel_args+=(slub_debug=FZP)
qemu=(
	# la57: 7.2 forgets its features for a moment while it finds out about the
	# processor, and an interrupt then makes KASAN mistake the paging depth.
	qemu-system-x86_64 -machine q35 -accel "$accel_argument" -cpu "$cpu" -m "${megabytes}M"
	-nodefaults -no-user-config -display none -no-reboot
	-kernel "$dir/vmlinuz" -initrd "$work/initrd"
	-chardev "file,id=console,path=$work/console.log" -serial chardev:console
	-chardev stdio,id=output,signal=off -serial chardev:output
	-chardev "file,id=verdict,path=$work/verdict"
	# A line of its own: the console and this one would share an interrupt.
	-device isa-serial,chardev=verdict,index=2,irq=10
	-device edu
)
case " $extra_qemu " in
*' -smp '* | *' -numa '*) nodes=1 ;;
*)
	nodes=2
	# NUMA nodes within one socket make the scheduler warn.
	qemu+=(-smp 2,sockets=2)
	;;
esac
if [ "$megabytes" -ge 2560 ]; then
	kernel_args+=(hugepages=64)
	# From 2816M on, q35 moves what is above 2G to 4G, and the firmware keeps
	# the end of the lower part.
	if [ "$megabytes" -lt 2816 ]; then
		kernel_args+=(memmap=512M!1G,512M!1536M,256M!2G)
	else
		kernel_args+=(memmap=512M!512M,512M!1G,256M!4G)
	fi
	if [ $nodes = 2 ]; then
		qemu+=(
			-object memory-backend-ram,id=ram0,size=1536M
			-object "memory-backend-ram,id=ram1,size=$((megabytes - 1536))M"
			-numa node,nodeid=0,cpus=0,memdev=ram0
			-numa node,nodeid=1,cpus=1,memdev=ram1
		)
	fi
fi
if [ -n "$out$counters" ]; then
	truncate -s 4G "$work/disk"
	qemu+=(-drive "file=$work/disk,format=raw,if=virtio,cache=unsafe,discard=unmap")
fi
if [ $share = 1 ]; then
	qemu+=(-fsdev local,id=host,path=/,security_model=none,readonly=on,multidevs=remap
		-device virtio-9p-pci,fsdev=host,mount_tag=host)
fi
read -ra more_args <<<"$extra_args"
read -ra more_qemu <<<"$extra_qemu"
append=''
for argument in "${kernel_args[@]}"; do
	# The kernel would take the first of some and the last of others.
	for other in "${more_args[@]}"; do
		[ "${other%%=*}" != "${argument%%=*}" ] || continue 2
	done
	append="$append $argument"
done
qemu+=(-append "${append# } ${more_args[*]}" "${more_qemu[@]}")

touch "$work/console.log" "$work/output.log" "$work/verdict"
status=0
started=$SECONDS
if [ $shell = 1 ]; then
	timeout --foreground -k 5 "$limit" "${qemu[@]}" 2>"$work/qemu.log" || status=$?
else
	mkfifo "$work/output"
	tee "$work/output.log" <"$work/output" &
	tee=$!
	timeout --foreground -k 5 "$limit" "${qemu[@]}" </dev/null >"$work/output" 2>"$work/qemu.log" &
	machine=$!
	wait "$machine" || status=$?
	machine=''
	wait "$tee" || :
fi
elapsed=$((SECONDS - started))

# --- the verdict

show_console() {
	say "last lines of the console:"
	tail -n "${1:-40}" "$work/console.log" | tr -d '\r' >&2
}

unpack() {
	if [ -n "$counters" ]; then
		rm -rf "$counters" && mkdir -p "$counters" &&
			tar -xf "$work/disk" -C "$counters" --no-same-owner \
				--strip-components=2 ./.coverage || return
	fi
	if [ -n "$out" ]; then
		mkdir -p "$out" &&
			tar -xf "$work/disk" -C "$out" --no-same-owner --exclude=./.coverage
	fi
}

tr -d '\r' <"$work/console.log" >"$work/console.clean" && mv "$work/console.clean" "$work/console.log"
exit_code=$(tr -d '\r' <"$work/verdict" | sed -n "s/^verdict $nonce \([0-9]*\)\$/\1/p" | tail -n 1)

if [ $status = 124 ] || [ $status = 137 ]; then
	show_console
	say "FAILED: not done after $limit s, the machine was stopped"
	exit 124
fi
if [ $status != 0 ]; then
	cat "$work/qemu.log" >&2
	die "QEMU failed with status $status"
fi
if grep -aq 'Kernel panic' "$work/console.log"; then
	show_console 60
	say "FAILED: the guest's kernel panicked after $elapsed s"
	exit 122
fi
if [ -z "$exit_code" ]; then
	show_console
	say "FAILED: the guest ended after $elapsed s without a verdict"
	exit 122
fi
if [ -n "$out$counters" ]; then
	if grep -aq "^lost-out $nonce" "$work/verdict" || ! unpack; then
		die "what the guest left in /out did not arrive"
	fi
fi
dirty=$(IGNORE_FILE=$here/log-ignore.txt "$here/guest-bin/logscan" "$work/console.log") || {
	show_console
	say "FAILED: the kernel's log is not clean (the command's exit status was $exit_code):"
	printf '%s\n' "$dirty" | head -n 20 >&2
	exit 123
}
exit "$exit_code"
