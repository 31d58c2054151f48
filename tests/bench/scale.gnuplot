# SPDX-License-Identifier: GPL-2.0-or-later
#
# The pictures of what scale.sh measured: from the variable table to docs/scale-*.svg.
# Both axes are logarithmic, so that what grows with the first power is a line with the
# slope of the dotted one, and what does not grow is level.

set terminal svg size 640,420 dynamic background rgb 'white'
set datafile separator "\t"
set logscale xy
set format x "10^{%L}"
set format y "10^{%L}"
set ylabel "instructions"
set key top left
set grid

rows(name) = sprintf("< grep '^%s\t' %s", name, table)
tsv(name, column) = sprintf("%s | cut -f %s", rows(name), column)

set output "docs/scale-pages.svg"
set title "Pages of a pin"
set xlabel "pages"
plot tsv("pages", "2,3") with linespoints title "PIN", \
	tsv("pages", "2,4") with linespoints title "UNPIN", \
	10 * x dashtype 3 linecolor "gray" title "linear"

set output "docs/scale-mappings.svg"
set title "Mappings of a range, one page each"
set xlabel "mappings"
plot tsv("mappings", "2,3") with linespoints title "PIN", \
	tsv("mappings", "2,4") with linespoints title "UNPIN", \
	tsv("mappings", "2,5") with linespoints title "CHECK", \
	10 * x dashtype 3 linecolor "gray" title "linear"

set output "docs/scale-held.svg"
set title "One more page, while so many pins are held in the context"
set xlabel "pins held"
set yrange [100:10000]
held(column) = sprintf("< awk '$2 == 1 && $1 == \"held\" { print $3 \"\\t\" $%d }' %s", column, table)
plot held(4) with linespoints title "PIN", \
	held(5) with linespoints title "UNPIN", \
	held(6) with linespoints title "QUERY"
