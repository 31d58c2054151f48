#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=dash
#
# The blocks of the documents that need a kernel with the module, in the guest: beside
# this lie pin.ko, pinctl and blocks/. Lays out what the documents speak of, runs every
# block, and leaves what it said and its status in /out, for tests/docs/blocks to judge.
#
# sudo is whoever runs it; make has been done outside.
set -u

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=/dev/null
. /lib/pin/guest.sh

die() {
	echo "guest.sh: $*" >&2
	exit 1
}

host_rdma() {
	hostrun /usr/bin/rdma "$@"
}

prepare() {
	mount_dax ext4 /dev/pmem0 /mnt/pmem0 || die "no filesystem with DAX"
	mount_dax ext4 /dev/pmem1 /mnt/pmem1 || die "no second filesystem with DAX"
	for file in /mnt/pmem0/data /mnt/pmem1/data; do
		dd if=/dev/zero of=$file bs=1M count=4 2>/dev/null
	done
	modprobe -q loop
	mkdir -p /mnt/disk
	truncate -s 64M /tmp/image
	mkfs.ext4 -q -F /tmp/image || die "no mkfs.ext4"
	mount -o loop /tmp/image /mnt/disk || die "no ext4"
	dd if=/dev/zero of=/mnt/disk/data bs=1M count=1 2>/dev/null
	cp /mnt/disk/data /tmp/data && cp "$here/pinctl" /tmp/pinctl
	mkdir -p driver build/tools /etc/modprobe.d /etc/security/limits.d
	cp "$here/pin.ko" driver/ && cp "$here/pinctl" build/tools/
	[ ! -e /proc/sys/kernel/io_uring_disabled ] || echo 0 > /proc/sys/kernel/io_uring_disabled
	make_rxe host_rdma > /dev/null || die "no device for RDMA"
	chmod 666 /mnt/pmem0/data
	echo "+memory +hugetlb" > /sys/fs/cgroup/cgroup.subtree_control
	mkdir /sys/fs/cgroup/service
	echo pin:x:900: >> /etc/group
	echo dev:x:1234:900::/tmp:/bin/sh >> /etc/passwd
	cp "$here/pinctl" /bin/pinctl
	# Somebody who pins, by another name.
	cp /bin/pinctl /bin/database
	chmod 755 "$here" "$here/blocks" 2>/dev/null
}

load() {
	[ -e /dev/pin ] || insmod "$here/pin.ko" || die "the module does not load"
	chgrp pin /dev/pin
}

hold() { # TARGET [PROGRAM]: a pin that is there when this returns
	: > /tmp/held
	"${2:-pinctl}" pin "$1" > /tmp/held 2>&1 &
	holders="$holders $!"
	wait_until grep -q '^pin [0-9]*:' /tmp/held
}

# Somebody else, who truncates files as soon as something is pinned.
take_back() {
	until pinctl list -J | jq -e '.charged > 0' > /dev/null; do
		usleep 100000
	done
	truncate -s 1M /mnt/pmem0/data /mnt/pmem1/data
}

held_pin() { # its number
	sed -n 's/^pin \([0-9]*\):.*/\1/p' /tmp/held
}

# What happens while somebody listens.
happen() { # SAID
	wait_until grep -q '^pinctl: listening' "$1"
	database pin file:/mnt/disk/data
	hold new:anon,64M database
	pinctl release "$(held_pin)"
	kill "${holders##* }"
} > /dev/null 2>&1

# Programs of a user with a small limit, each when what was before has been told.
register() { # SAID
	as_user="hostrun /usr/bin/setpriv --reuid=1234 --clear-groups /usr/bin/prlimit --memlock=65536"
	wait_until grep -q '^pinctl: ready' "$1"
	$as_user /usr/bin/ibv_rc_pingpong -s 1048576
	wait_until grep -q '^ibv_rc_pingpong' "$1"
	# The host's programs see no /mnt/pmem0.
	$as_user /usr/bin/fio --name=read --directory=/tmp --size=1M --rw=read --bs=64k \
		--ioengine=io_uring --fixedbufs=1 --mem=mmapshared:/proc/self/fd/9 \
		9<> /mnt/pmem0/data
	wait_until grep -q '^fio' "$1"
	kill -INT "$(pidof pinctl)"
	truncate -s 4M /mnt/pmem0/data
} > /tmp/registered 2>&1

# What the documents take for granted at this block.
scene() { # SCRIPT SAID
	case $(cat "$1") in
	*"pinctl trace"*)
		register "$2" &
		holders=$!
		;;
	*"pinctl monitor"*)
		happen "$2" &
		holders=$!
		;;
	*"pinctl release"*)
		# Of more pages pinctl might have to say that they are scattered.
		dd if=/dev/zero of=/dev/shm/data bs=1M count=1 2> /dev/null
		hold new:anon,64M database
		hold file:/dev/shm/data database
		sed -i "s/^\(sudo pinctl release\) [0-9]*/\1 $(held_pin)/" "$1"
		;;
	*insmod*) ! [ -e /dev/pin ] || rmmod pin ;;
	*"pin --lease"*)
		take_back &
		holders=$!
		;;
	*create-namespace*) umount /mnt/pmem0 ;;
	*"pinctl list"*)
		hold new:anon,64M
		hold new:anon,4M
		first=${holders# }
		sed -i "s/^\(pinctl show\) [0-9]*/\1 ${first%% *}/" "$1"
		;;
	esac
}

run() { # NAME USER
	holders=
	: > "/out/$1.said"
	scene "$here/blocks/$1.sh" "/out/$1.said"
	sleep 20 &
	target=$!
	echo "$target" > /sys/fs/cgroup/service/cgroup.procs
	{
		echo 'sudo() { "$@"; }; make() { :; }'
		echo "PID=$target COUNT=1 LENGTH=8192 PAGES=100000 PINS=100 PROGRAM=/tmp/pinctl"
		case $2,$(cat "$here/blocks/$1.sh") in
		host,*) echo FILE=/tmp/data ;;
		*"pin --lease"*) echo FILE=/mnt/pmem1/data ;;
		*) echo FILE=/mnt/disk/data ;;
		esac
		cat "$here/blocks/$1.sh"
	} > "/tmp/$1.sh"
	case $2 in
	root) sh "/tmp/$1.sh" ;;
	dev) su dev -c "cd /tmp && sh /tmp/$1.sh" ;;
	host) hostrun /bin/bash "/tmp/$1.sh" ;;
	*) die "who is $2?" ;;
	esac > "/out/$1.said" 2>&1 < /dev/null
	echo $? > "/out/$1.status"
	echo 0 > /proc/sys/vm/nr_hugepages
	echo 0 > /sys/kernel/mm/hugepages/hugepages-1048576kB/nr_hugepages
	# shellcheck disable=SC2086 # words are wanted
	kill $target $holders 2>/dev/null
	wait
	load
}

cd /root || exit 1
mkdir -p /out
prepare
load
ulimit -l 8192
for block in "$here"/blocks/*.is; do
	read -r user _ < "$block"
	name=${block##*/}
	run "${name%.is}" "$user"
done
rmmod pin || die "something is still pinned"
