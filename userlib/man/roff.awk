# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Text of comments and tables as roff: shared by the generators of man pages.

# A line of text: what roff or its fonts would take for something else.
function escaped(text) {
	gsub(/\\/, "\\e", text)
	gsub(/->/, "\\->", text)
	gsub(/^-/, "\\-", text)
	text = minus(text)
	gsub(/~/, "\\(ti", text)
	gsub(/\^/, "\\(ha", text)
	gsub(/`/, "\\(ga", text)
	return text ~ /^[.']/ ? "\\&" text : text
}

# A dash between blanks, and one that begins a word as that of -ENOENT.
function minus(text,    out) {
	gsub(/ - /, " \\- ", text)
	while (match(text, /[ ("]-[A-Z0-9]/)) {
		out = out substr(text, 1, RSTART) "\\" substr(text, RSTART + 1, RLENGTH - 1)
		text = substr(text, RSTART + RLENGTH)
	}
	return out text
}

# A line that is shown as it stands.
function verbatim(text) {
	gsub(/\\/, "\\e", text)
	gsub(/-/, "\\-", text)
	gsub(/'/, "\\(aq", text)
	gsub(/~/, "\\(ti", text)
	gsub(/\^/, "\\(ha", text)
	gsub(/`/, "\\(ga", text)
	return text ~ /^[.]/ ? "\\&" text : text
}

# Tabs to blanks.
function expanded(text,    out, i, c) {
	for (i = 1; i <= length(text); i++) {
		c = substr(text, i, 1)
		if (c != "\t") {
			out = out c
			continue
		}
		do
			out = out " "
		while (length(out) % 8)
	}
	return out
}

# @name, as comments have it, in italics; &struct name without the ampersand.
function marked(text,    out) {
	gsub(/&struct /, "struct ", text)
	while (match(text, /@[A-Za-z0-9_]+(\.[a-z_]+)?/)) {
		out = out substr(text, 1, RSTART - 1) "\\fI" \
			substr(text, RSTART + 1, RLENGTH - 1) "\\fP"
		text = substr(text, RSTART + RLENGTH)
	}
	return out text
}

# A paragraph, one sentence a line.
function paragraph(text,    sentences, n, i) {
	gsub(/[ \t]+/, " ", text)
	sub(/^ /, "", text)
	gsub(/\.\.\. /, "..\001 ", text)
	n = split(text, sentences, /\. /)
	for (i = 1; i <= n; i++) {
		gsub(/\001/, ".", sentences[i])
		print marked(escaped(sentences[i])) (i < n ? "." : "")
	}
}
