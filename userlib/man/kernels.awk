# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The README's table of what still differs between kernels, for pin(7): the name that the
# tests have for it, what it is, a column for each kernel, and why.

/^## / { inside = /^## Where kernels differ/ }
!inside || !/^\| / { next }
{
	gsub(/`/, "")
	sub(/^\| */, "")
	sub(/ *\|$/, "")
	n = split($0, cell, / *\| */)
}
!heading[1] { for (i = 1; i <= n; i++) heading[i] = cell[i]; next }
{
	print ".TP"
	print marked(escaped(toupper(substr(cell[2], 1, 1)) substr(cell[2], 2)))
	for (i = 3; i < n; i++)
		print escaped("On " heading[i] ": " cell[i]) "."
	print escaped("Why: " cell[n]) "."
}
