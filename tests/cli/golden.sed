# SPDX-License-Identifier: GPL-2.0-or-later
#
# What differs from run to run in the output of pinctl, and nothing else: the golden
# tests compare what is left. Widths stay, so that columns are compared as well; only
# the tables of list and show, which begin with numbers of processes, lose theirs.

# Times.
s/"start_time_ns": [0-9]*/"start_time_ns": NS/
s/"since_ns": [0-9]*/"since_ns": NS/
s/20[0-9][0-9]-[01][0-9]-[0-3][0-9]T[0-9:]*[+-][0-9]*/TIME/
# Addresses that mmap() chooses: twelve digits on x86-64.
s/7[0-9a-f]\{11\}/7xxxxxxxxxxx/g
# Processes, descriptors and pins.
s/^\([a-z]*\) ([0-9]*)/\1 (PID)/
s/"pid": [0-9][0-9]*/"pid": PID/
s/"\(target\|argument\)": "[0-9][0-9]*\([":]\)/"\1": "PID\2/
s/"fd": [0-9][0-9]*/"fd": FD/
s/\(context  *\)[0-9][0-9]*\/[0-9][0-9]*/\1PID\/FD/
s/"context": "[0-9]*\/[0-9]*"/"context": "PID\/FD"/
s/^\( *\)"[0-9][0-9]*\/[0-9][0-9]*"/\1"PID\/FD"/
s/"id": [0-9][0-9]*/"id": ID/
s/--pid [0-9]* /--pid PID /
s/^pin [0-9][0-9]*/pin ID/
s/holding pin [0-9][0-9]*/holding pin ID/
# How memory happened to lie.
s/in [0-9]* runs/in N runs/
s/"runs": [0-9]*/"runs": N/
s/^node [0-9] /node N /
/"node_pages": \[/,/\]/s/[0-9][0-9]*/N/
/"nodes": \[/,/\]/s/[0-9][0-9]*/N/
# Tables of list and show.
/^ *PID  *FD/s/^ *//
/^ *ID  *CONTEXT/s/^ *//
/^PID  *FD/s/  */ /g
/^ID  *CONTEXT/s/  */ /g
s/^ *[0-9][0-9]*  *[0-9][0-9]* \([a-z].*\)/PID FD \1/
s/^ *[0-9][0-9]* [0-9][0-9]*\/[0-9][0-9]* \(.*\)/ID PID\/FD \1/
/^PID FD /s/  */ /g
/^ID PID\/FD /s/  */ /g
/^PID FD /s/[0-9][0-9]*\/[0-9][0-9]*/PID\/FD/g
s/^\(ID PID\/FD .* live\) [0-9]* /\1 N /
# Who runs the tests, and where.
s/user [a-z_][a-z0-9_-]*$/user USER/
s/"uid": [0-9]*/"uid": UID/
s/"user": "[^"]*"/"user": "USER"/
s/"inode": [0-9][0-9]*/"inode": INODE/
s/"dev": "[0-9]*:[0-9]*"/"dev": "MAJOR:MINOR"/
s/pinctl-test\.[A-Za-z0-9]*/DIR/g
# The kernel, but for the one that the tests make up; the versions.
/6\.12\.1-test/!s/^kernel [^,]*,/kernel RELEASE,/
/6\.12\.1-test/!s/"kernel": "[^"]*"/"kernel": "RELEASE"/
s/pin [0-9]\.[0-9]*\.[0-9]*/pin VERSION/
s/pinctl [0-9]\.[0-9]*\.[0-9]*/pinctl VERSION/
s/"pinctl": "[0-9.]*"/"pinctl": "VERSION"/
