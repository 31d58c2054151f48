# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The headers as the middle of libpin(3): with PART=conventions the rules at the head of
# libpin.h, with PART=functions every function under its section, with its comment.

function flush_text() {
	if (text != "")
		paragraph(text)
	text = ""
}

# One line of a comment; an empty one ends a paragraph, a dash begins an item.
function comment_line(line) {
	if (line == "") {
		flush_text()
		pending = "\n.PP"
		return
	}
	if (line ~ /^- /) {
		flush_text()
		print ".IP \\(bu 2"
		pending = ""
		line = substr(line, 3)
	} else if (pending != "" && pending_wanted) {
		print substr(pending, 2)
	}
	pending = ""
	pending_wanted = 1
	text = text " " line
}

function print_comment(    i) {
	text = pending = ""
	pending_wanted = 0
	for (i = 1; i <= comments; i++)
		comment_line(comment[i])
	flush_text()
}

BEGIN { fresh = 1 }

function gap() {
	if (!fresh)
		print ".PP"
	fresh = 0
}

function print_prototype(    i) {
	gap()
	print ".nf"
	for (i = 1; i <= lines; i++)
		print "\\fB" verbatim(expanded(prototype[i])) "\\fP"
	print ".fi"
	print ".RS 4"
	print_comment()
	print ".RE"
	comments = lines = 0
}

function print_definition(    i) {
	gap()
	print_comment()
	print ".PP"
	print ".EX"
	for (i = 1; i <= lines; i++)
		print verbatim(expanded(prototype[i]))
	print ".EE"
	comments = lines = 0
}

/^ \* Conventions of every function here:/ { conventions = 1; next }
conventions && /^ \*\// {
	if (PART == "conventions")
		print_comment()
	conventions = inside = comments = 0
	next
}
conventions { sub(/^ \* ?/, ""); comment[++comments] = $0; next }
PART == "conventions" { next }

/^\/\* --- / {
	sub(/^\/\* --- /, "")
	sub(/ -+ \*\/$/, "")
	print ".SS \"" toupper(substr($0, 1, 1)) escaped(substr($0, 2)) "\""
	fresh = 1
	comments = 0
	next
}
/^\/\*.*\*\/$/ {
	sub(/^\/\* /, "")
	sub(/ \*\/$/, "")
	comments = 1
	comment[1] = $0
	next
}
/^\/\*$/ { inside = 1; comments = 0; next }
/^ \*\/$/ { inside = 0; next }
inside { sub(/^ \* ?/, ""); comment[++comments] = $0; next }
/^(#|$|extern|}$)/ { next }
/^struct [a-z_]+;$/ { next }
/^enum/ { definition = 1 }
{ prototype[++lines] = $0 }
/^};/ { print_definition(); definition = 0; next }
/;$/ && !definition { print_prototype() }
