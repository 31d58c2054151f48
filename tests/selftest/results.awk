# SPDX-License-Identifier: GPL-2.0-or-later
#
# Turns the log of a kernel selftest into one line for each case that goes through
# gup_test, "CASE<tab>RESULT MESSAGE", RESULT being ok, FAIL, SKIP or XFAIL. A log
# whose plan and number of results differ ends with a line that says so.

/^# \[RUN\] / {
	name = substr($0, length("# [RUN] ") + 1)
}

/^1\.\./ {
	plan = substr($1, 4)
}

/^(not )?ok [0-9]+/ {
	results++
	result = $1 == "not" ? "FAIL" : "ok"
	sub(/^(not )?ok [0-9]+ */, "")
	if (sub(/^# SKIP */, ""))
		result = "SKIP"
	else if (sub(/^# XFAIL */, ""))
		result = "XFAIL"
	# What io_uring and vmsplice do is not ours to answer for.
	if (name ~ /GUP/)
		print name "\t" result " " $0
}

END {
	if (plan == "" || plan != results)
		print "the program itself\tFAIL " (plan + 0) " results planned, " results + 0 " seen"
}
