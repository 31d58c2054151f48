# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The uapi headers as the middle of pin(4): with PART=rules the rules of every command,
# with PART=commands the structs of the commands, with PART=records the other structs,
# with PART=enums the enums. Reads kernel-doc; the reasons are pin(7)'s.

function start_comment() {
	kind = name = summary = ""
	members = paragraphs = 0
	last = ""
	rule_item = 0
}

function add(line) {
	if (last == "member")
		member_text[members] = member_text[members] " " line
	else if (last == "paragraph")
		text[paragraphs] = text[paragraphs] " " line
	else
		summary = summary " " line
}

# One line of a kernel-doc comment, without its star.
function comment_line(line) {
	if (line ~ /^(struct|enum) [a-z_]+ - /) {
		split(line, word, " ")
		kind = word[1]
		name = word[2]
		summary = substr(line, index(line, " - ") + 3)
	} else if (line ~ /^DOC: /) {
		kind = "doc"
		last = ""
	} else if (line ~ /^@[A-Za-z0-9_]+:/) {
		members++
		at = index(line, ":")
		member[members] = substr(line, 2, at - 2)
		member_text[members] = substr(line, at + 2)
		last = "member"
	} else if (line == "") {
		last = "gap"
	} else {
		sub(/^[ \t]+/, "", line)
		if (last == "gap" || line ~ /^- /) {
			text[++paragraphs] = line
			last = "paragraph"
			return
		}
		add(line)
	}
}

function print_paragraphs(    i) {
	for (i = 1; i <= paragraphs; i++) {
		if (text[i] ~ /^- /) {
			print ".IP \\(bu 2"
			paragraph(substr(text[i], 3))
		} else {
			if (i > 1 || kind != "doc")
				print ".PP"
			paragraph(text[i])
		}
	}
}

function print_members(    i, label) {
	for (i = 1; i <= members; i++) {
		label = member[i] in value ? member[i] " (" value[member[i]] ")" : member[i]
		print ".TP"
		print ".B " verbatim(label)
		paragraph(member_text[i])
	}
}

function print_struct(    i, heading) {
	heading = name
	if (summary ~ /^PIN_IOC_/) {
		heading = substr(summary, 1, index(summary, ":") - 1)
		summary = substr(summary, index(summary, ":") + 2)
	} else {
		heading = "struct " name
	}
	print ".SS \"" heading "\""
	paragraph(toupper(substr(summary, 1, 1)) substr(summary, 2) ".")
	print ".PP"
	print ".EX"
	for (i = 1; i <= lines; i++)
		print verbatim(expanded(body[i]))
	print ".EE"
	print_members()
	print_paragraphs()
}

function print_enum() {
	print ".SS \"enum " name "\""
	paragraph(toupper(substr(summary, 1, 1)) substr(summary, 2) ".")
	print_members()
	print_paragraphs()
}

function wanted() {
	if (kind == "enum")
		return PART == "enums" && name != "pin_reason"
	return PART == (summary ~ /^PIN_IOC_/ ? "commands" : "records")
}

/^\/\*\* .*\*\/$/ { next }
/^\/\*\*/ { inside = 1; start_comment(); next }
inside && /^ \*\// {
	inside = 0
	if (kind == "doc" && PART == "rules")
		print_paragraphs()
	next
}
inside { sub(/^ \* ?/, ""); comment_line($0); next }
/^(struct|enum) [a-z_]+ \{/ { definition = $2 == name; lines = 0; split("", value) }
definition {
	body[++lines] = $0
	if (kind == "enum" && match($0, / = [^,]*/)) {
		split($1, word, " ")
		value[word[1]] = substr($0, RSTART + 3, RLENGTH - 3)
	}
}
/^};/ && definition {
	definition = 0
	if (!wanted())
		next
	if (kind == "enum")
		print_enum()
	else
		print_struct()
}
