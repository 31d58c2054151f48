# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The module parameters as the driver describes them, for pin(4).

/^MODULE_PARM_DESC\(/ {
	name = $0
	sub(/^MODULE_PARM_DESC\(/, "", name)
	sub(/,.*/, "", name)
	description = $0
	sub(/^[^"]*"/, "", description)
	sub(/"\);$/, "", description)
	print ".TP"
	print ".B " name
	paragraph(description ".")
}
