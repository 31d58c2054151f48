# SPDX-License-Identifier: LGPL-2.1-or-later
#
# A page from its template: a line "@include NAME" becomes the file DIR/NAME.

/^@include / {
	file = DIR "/" $2
	empty = 1
	while ((getline line < file) > 0) {
		print line
		empty = 0
	}
	if (empty) {
		print "include.awk: " file " is empty or missing" > "/dev/stderr"
		exit 1
	}
	next
}
{ gsub(/@VERSION@/, VERSION); print }
