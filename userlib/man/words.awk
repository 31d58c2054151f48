# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The output of words, with its text made roff.

/^P / { paragraph(substr($0, 3)); next }
/^C / { print verbatim(substr($0, 3)); next }
{ print }
