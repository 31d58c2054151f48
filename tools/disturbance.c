// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Disturbances: see disturbance.h.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "disturbance.h"
#include "pinctl.h"
#include "system.h"
#include "text.h"

/* A clock that is read in user space takes a tenth of that. */
#define CLOCK_NS_MAX	200
/* More than every tenth round. */
#define DISTURBED_PART	10

static void add(struct disturbances *disturbances, char *text)
{
	if (disturbances->count == DISTURBANCES_MAX)
		free(text);
	else
		disturbances->text[disturbances->count++] = text;
}

/* Whether @word is among those of @text, which blanks and newlines separate. */
static bool has_word(const char *text, const char *word)
{
	size_t length = strlen(word);
	const char *found;

	for (found = text; (found = strstr(found, word)); found++)
		if ((found == text || strchr(" \t\n", found[-1])) &&
		    (!found[length] || strchr(" \t\n", found[length])))
			return true;
	return false;
}

static void look_at_processor(struct disturbances *disturbances, struct system *system)
{
	const char *text = system_read(system, "/proc/cpuinfo", NULL);
	char governor[64];

	if (text && has_word(text, "TCG"))
		add(disturbances, text_format("QEMU emulates the processor (TCG): what costs much "
					      "on a real one can be cheap here"));
	else if (text && has_word(text, "hypervisor"))
		add(disturbances, text_format("this is a virtual machine: times depend on its "
					      "host, too"));
	if (system_line(system, "/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", governor,
			sizeof(governor)) && strcmp(governor, "performance"))
		add(disturbances, text_format("the processor changes its frequency (governor %s)",
					      governor));
}

/* One that is not there to switch something off. */
static bool is_on(const char *parameter, size_t length)
{
	return !(length > 4 && !strncmp(parameter + length - 4, "=off", 4)) &&
	       !(length > 2 && (!strncmp(parameter + length - 2, "=-", 2) ||
				!strncmp(parameter + length - 2, "=0", 2)));
}

/* What a kernel that looks for its own bugs shows to everybody; most of it needs root. */
static void look_at_kernel(struct disturbances *disturbances, struct system *system)
{
	static const char *const parameters[] = {
		"slub_debug", "slab_debug", "debug_pagealloc", "page_owner", "page_poison",
		"kmemleak", "kasan",
	};
	const char *line = system_read(system, "/proc/cmdline", NULL), *found;
	size_t i, length;

	if (system_has(system, "/proc/lockdep_stats") ||
	    system_has(system, "/proc/sys/kernel/prove_locking"))
		add(disturbances, text_format("the kernel checks its locks (lockdep), which takes "
					      "longer than what they protect"));
	for (i = 0; line && i < ARRAY_SIZE(parameters); i++) {
		found = strstr(line, parameters[i]);
		length = found ? strcspn(found, " \n") : 0;
		if (found && (found == line || found[-1] == ' ') && is_on(found, length))
			add(disturbances, text_format("the kernel was started with %.*s",
						      (int)length, found));
	}
}

static void look_at_clock(struct disturbances *disturbances, struct system *system,
			  uint64_t clock_ns)
{
	char name[64] = "unknown";

	system_line(system, "/sys/devices/system/clocksource/clocksource0/current_clocksource",
		    name, sizeof(name));
	if (clock_ns > CLOCK_NS_MAX)
		add(disturbances, text_format("reading the clock (%s) takes %" PRIu64 " ns, much "
					      "for a small call", name, clock_ns));
}

/* Time that all processors of this machine wanted and the host gave to others. */
static uint64_t steal_ticks(void)
{
	struct system *system;
	char value[256];
	uint64_t ticks = 0;

	system_open(&system, NULL);
	if (!system_field(system, "/proc/stat", "cpu", value, sizeof(value)) ||
	    sscanf(value, "%*u %*u %*u %*u %*u %*u %*u %" SCNu64, &ticks) != 1)
		ticks = 0;
	system_close(system);
	return ticks;
}

void disturbances_begin(struct disturbances *disturbances, uint64_t clock_ns)
{
	struct system *system;

	*disturbances = (struct disturbances){ .steal_ticks = steal_ticks() };
	system_open(&system, NULL);
	look_at_processor(disturbances, system);
	look_at_kernel(disturbances, system);
	look_at_clock(disturbances, system, clock_ns);
	system_close(system);
}

void disturbances_end(struct disturbances *disturbances, uint64_t disturbed, uint64_t rounds,
		      uint64_t wandered)
{
	uint64_t stolen = steal_ticks() - disturbances->steal_ticks;

	if (stolen)
		add(disturbances, text_format("meanwhile the host took away %" PRIu64 " ms",
					      stolen * 1000 / (uint64_t)sysconf(_SC_CLK_TCK)));
	if (disturbed > rounds / DISTURBED_PART)
		add(disturbances, text_format("other programs had the processor in %" PRIu64
					      " of %" PRIu64 " rounds", disturbed, rounds));
	if (wandered)
		add(disturbances, text_format("pinctl could not be kept on one processor"));
}

void disturbances_release(struct disturbances *disturbances)
{
	while (disturbances->count)
		free(disturbances->text[--disturbances->count]);
}
