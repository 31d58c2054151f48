# shellcheck shell=sh disable=SC2016 # the formats hold apt's own variables
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Sourced by setup.sh and kernel.sh. Owns every question put to apt: the mirror
# this machine uses, a private apt configuration for suites that the machine does
# not follow, and how to become root. Nothing here changes the machine's sources.

pin_cache=${PIN_CACHE:-${XDG_CACHE_HOME:-${HOME:?}/.cache}/pin}

as_root() {
	if [ "$(id -u)" -eq 0 ]; then
		"$@"
	elif command -v sudo >/dev/null; then
		sudo "$@"
	else
		echo "this needs root: run as root, or install sudo: $*" >&2
		return 1
	fi
}

# The repository that serves the Debian release itself.
apt_mirror() {
	apt-get indextargets --format '$(REPO_URI) $(CODENAME) $(CREATED_BY)' |
		awk '$3 == "Packages" && $2 == "bookworm" { print $1; exit }' |
		sed 's,/*$,,'
}

# The security archive: what the machine has configured, else the sibling of its
# mirror, which is where every full mirror keeps it.
apt_security_mirror() {
	_uri=$(apt-get indextargets --format '$(REPO_URI) $(CODENAME) $(CREATED_BY)' |
		awk '$3 == "Packages" && $2 == "bookworm-security" { print $1; exit }' |
		sed 's,/*$,,')
	[ -n "$_uri" ] || _uri=$(apt_mirror)-security
	[ "$_uri" != -security ] && echo "$_uri"
}

# apt_private NAME SUITE...: makes an apt configuration that knows only these
# suites, fetches its lists and prints the file to put into APT_CONFIG. It is for
# the machine's architecture unless APT_ARCHITECTURE names another one.
apt_private() {
	_dir=$pin_cache/apt/$1
	shift
	mkdir -p "$_dir/lists/partial" "$_dir/archives/partial" || return
	_mirror=$(apt_mirror)
	if [ -z "$_mirror" ]; then
		echo "apt has no source for bookworm, so there is no mirror to derive from" >&2
		return 1
	fi
	_keys=/usr/share/keyrings/debian-archive-keyring.gpg
	for _suite; do
		case $_suite in
		*-security) _from=$(apt_security_mirror) ;;
		*) _from=$_mirror ;;
		esac
		echo "deb [signed-by=$_keys] $_from $_suite main"
	done >"$_dir/sources.list"
	# As root, apt would hand the download to a user that cannot enter a
	# private home directory.
	cat >"$_dir/apt.conf" <<-CONF
		Dir::Etc::sourcelist "$_dir/sources.list";
		Dir::Etc::sourceparts "/dev/null";
		Dir::Etc::preferences "/dev/null";
		Dir::Etc::preferencesparts "/dev/null";
		Dir::State::lists "$_dir/lists";
		Dir::Cache "$_dir";
		APT::Sandbox::User "$(id -un)";
		APT::Architecture "${APT_ARCHITECTURE:-$(dpkg --print-architecture)}";
		APT::Architectures { "${APT_ARCHITECTURE:-$(dpkg --print-architecture)}"; };
		Acquire::Languages "none";
	CONF
	APT_CONFIG=$_dir/apt.conf apt-get -q update >&2 || return
	echo "$_dir/apt.conf"
}

# The version that would be installed; empty when apt does not know the package.
# Needs no root, reads whatever APT_CONFIG names.
apt_candidate() {
	LC_ALL=C apt-cache policy "$1" |
		awk '$1 == "Candidate:" && $2 != "(none)" { print $2 }'
}
