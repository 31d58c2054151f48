# SPDX-License-Identifier: GPL-2.0-or-later
#
# What differs from run to run in the output of pinctl, and nothing else: the golden
# tests compare what is left. Widths stay, so that columns are compared as well; only
# the tables of list and show, which begin with numbers of processes, lose theirs.

# Times.
s/"start_time_ns": [0-9]*/"start_time_ns": NS/
s/"since_ns": [0-9]*/"since_ns": NS/g
s/"time_ns": [0-9]*/"time_ns": NS/
s/^20[0-9][0-9]-[01][0-9]-[0-3][0-9]T[0-9:.]* /TIME /
s/20[0-9][0-9]-[01][0-9]-[0-3][0-9]T[0-9:]*[+-][0-9]*/TIME/
# Addresses that mmap() chooses: twelve digits on x86-64.
s/7[0-9a-f]\{11\}/7xxxxxxxxxxx/g
# Processes, descriptors and pins.
s/^\([a-z]*\) ([0-9]*)/\1 (PID)/
s/"\(ns_\)\{0,1\}pid": [0-9][0-9]*/"\1pid": PID/g
s/"\(target\|argument\)": "[0-9][0-9]*\([":]\)/"\1": "PID\2/
s/"fd": [0-9][0-9]*/"fd": FD/
s/\(context  *\)[0-9][0-9]*\/[0-9][0-9]*/\1PID\/FD/
s/"context": "[0-9]*\/[0-9]*"/"context": "PID\/FD"/
s/^\( *\)"[0-9][0-9]*\/[0-9][0-9]*"/\1"PID\/FD"/
s/"id": [0-9][0-9]*/"id": ID/
s/"context": [0-9][0-9]*/"context": ID/
s/"context": "[0-9][0-9]*"/"context": "ID"/
s/"target": "pin:[0-9]*"/"target": "pin:ID"/
s/"sequence": [0-9]*/"sequence": N/
/^TIME /s/([0-9][0-9]*)/(PID)/g
/^TIME /s/\(pin\|context\) [0-9][0-9]*/\1 ID/
s/^consumer\[[0-9]*\]/consumer[PID]/
s/in [0-9]* us, [0-9]* faults/in N us, N faults/
s/"\([pt]id\|uid\|took_ns\|faults\|programs\|charged\|inode\)":[0-9][0-9]*/"\1":N/g
s/"time":"[^"]*"/"time":"TIME"/
s/"function":"[^"]*"/"function":"FUNCTION"/
s/^\(pin [0-9]* released: .*\) ([0-9]*)$/\1 (PID)/
s/--pid [0-9]* /--pid PID /
s/^pin [0-9][0-9]*/pin ID/
s/holding pin [0-9][0-9]*/holding pin ID/
# How memory happened to lie.
s/in [0-9]* runs/in N runs/
s/"runs": [0-9]*/"runs": N/
s/^node [0-9] /node N /
/"node_pages": \[/,/\]/s/[0-9][0-9]*/N/
/"nodes": \[/,/\]/{
	/^ *"\{0,1\}[0-9][0-9:]*"\{0,1\},\{0,1\}$/d
}
s/^\(ID\|CONTEXT\|PID\|RUNS\|NODES\)  *[0-9][0-9,]*$/\1 N/
# How much there was before; of the reasons one stands for all.
s/^\(pin_[a-z_]*_total\({[^}]*}\)\{0,1\}\) [0-9]*$/\1 N/
s/^pin_cap_bytes [0-9]*$/pin_cap_bytes N/
/^pin_refusals_total{/{
	/"fsdax"/!d
}
# Tables of list and show.
/^ *PID  *FD/s/^ *//
/^ *ID  *CONTEXT/s/^ *//
s/^ *PID  *USER/PID USER/
s/^ *ID  *PID /ID PID /
s/^ *[0-9][0-9]* \([a-z]* pinctl  *[0-9]\)/PID \1/
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
s/"uid": [0-9][0-9]*/"uid": UID/g
s/"user": "[^"]*"/"user": "USER"/g
s/"inode": [0-9][0-9]*/"inode": INODE/
s/"dev": "[0-9]*:[0-9]*"/"dev": "MAJOR:MINOR"/
s/pinctl-test\.[A-Za-z0-9]*/DIR/g
# The kernel, but for the one that the tests make up; the versions.
/6\.12\.1-test/!s/^kernel [^,]*,/kernel RELEASE,/
/6\.12\.1-test/!s/"kernel": "[^"]*"/"kernel": "RELEASE"/
s/pin [0-9]\.[0-9]*\.[0-9]*/pin VERSION/
s/pinctl [0-9]\.[0-9]*\.[0-9]*/pinctl VERSION/
s/"pinctl": "[0-9.]*"/"pinctl": "VERSION"/
