# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The README's table of what still differs between kernels, for pin(7).

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
	print marked(escaped(toupper(substr(cell[1], 1, 1)) substr(cell[1], 2)))
	for (i = 2; i < n; i++)
		print escaped("On " heading[i] ": " cell[i]) "."
	print escaped("Why: " cell[n]) "."
}
