#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# setup.sh GROUP...: installs the Debian packages that the project's commands need.
# Owns the list of those packages. Silent when nothing is missing.
#
# Groups: build trace vm lint test bench debug-kernel package
# NO_APT=1 installs nothing: it prints what is missing and fails.

set -u

usage() {
	echo "usage: ${0##*/} build|trace|vm|lint|test|bench|debug-kernel|package..." >&2
	exit 2
}

[ $# -gt 0 ] || usage

packages=
for group; do
	case $group in
	# check's pkg-config file links subunit; pahole is in dwarves, and the
	# headers of 6.12 call it for every module.
	build) set -- build-essential pkg-config dwarves rsync check libsubunit-dev \
		libsmartcols-dev libjson-c-dev libnl-3-dev libnl-genl-3-dev ;;
	# What building pinctl trace takes; without it pinctl has none.
	trace) set -- clang libbpf-dev bpftool ;;
	vm) set -- qemu-system-x86 busybox-static cpio kmod xz-utils \
		e2fsprogs xfsprogs btrfs-progs ndctl daxctl jq debian-archive-keyring ;;
	# checkpatch is in the kernel's source only, and so are its own tests.
	lint) set -- clang sparse coccinelle shellcheck codespell perl python3-minimal \
		abigail-tools gcc-multilib xz-utils linux-source-6.12 ;;
	test) set -- valgrind bats jq gcc-multilib strace liburing-dev iproute2 fio \
		libibverbs-dev ibverbs-providers ibverbs-utils python3 python3-yaml \
		python3-jsonschema zsh fish mandoc man-db groff-base bsdextrautils \
		libcap2-bin locales procps util-linux xz-utils linux-source-6.12 \
		clang libclang-rt-14-dev xxd ;;
	bench) set -- liburing-dev libibverbs-dev ibverbs-providers iproute2 jq gnuplot-nox \
		python3-minimal ;;
	debug-kernel) set -- build-essential flex bison bc libssl-dev \
		libelf-dev dwarves rsync cpio kmod xz-utils lz4 python3-minimal ;;
	package) set -- debhelper dpkg-dev dh-dkms fakeroot lintian mmdebstrap \
		libjson-c-dev libsmartcols-dev libnl-3-dev libnl-genl-3-dev pkgconf check \
		libsubunit-dev clang libbpf-dev bpftool ;;
	*) usage ;;
	esac
	packages="$packages $*"
done

if ! command -v dpkg-query >/dev/null; then
	# Whoever installs by hand knows; what is missing will show.
	[ "${NO_APT:-0}" != 1 ] || exit 0
	echo "setup: only Debian and its derivatives are known here; install the likes of:$packages" >&2
	exit 1
fi

# shellcheck disable=SC2086
missing=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' $packages 2>/dev/null |
	awk -v want="$packages" '
		$1 == "installed" { have[$2] = 1 }
		END {
			n = split(want, name, " ")
			for (i = 1; i <= n; i++)
				if (!(name[i] in have) && !seen[name[i]]++)
					printf " %s", name[i]
		}')
[ -n "$missing" ] || exit 0

if [ "${NO_APT:-0}" = 1 ]; then
	echo "setup: missing packages:$missing" >&2
	exit 1
fi
echo "setup: installing$missing" >&2

here=$(cd "$(dirname "$0")" && pwd) || exit 1
# shellcheck source=tests/vm/apt.sh
. "$here/vm/apt.sh"

as_root apt-get -q update >&2 || exit 1
# A fresh system may follow the release without its security archive, which is
# where newer kernels are.
for package in $missing; do
	if [ -z "$(apt_candidate "$package")" ]; then
		APT_CONFIG=$(apt_private security bookworm bookworm-security) || exit 1
		export APT_CONFIG
		break
	fi
done
# shellcheck disable=SC2086
as_root env DEBIAN_FRONTEND=noninteractive ${APT_CONFIG:+APT_CONFIG="$APT_CONFIG"} \
	apt-get -q install -y --no-install-recommends $missing >&2 || {
	echo "setup: apt-get could not install$missing" >&2
	exit 1
}
