// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Runs the suites of the driver, or the ones named, and counts.
 *
 * The last line is "N passed, N failed, N skipped"; a test that cannot run
 * writes a line to the file that PIN_SKIPS names and counts as skipped, not as
 * passed.
 */
#include "harness.h"
#include "limits_owners.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct named_suite {
	const char *name;
	Suite *(*make)(void);
};

static const struct named_suite suites[] = {
	{ "contract", contract_suite },
	{ "hostile", hostile_suite },
	{ "boundaries", boundaries_suite },
	{ "flips", flips_suite },
	{ "descriptor", descriptor_suite },
	{ "kinds", kinds_suite },
	{ "refusals", refusals_suite },
	{ "reports", reports_suite },
	{ "account", account_suite },
	{ "limits", limits_suite },
	{ "limits-owners", limits_owners_suite },
	{ "lifetime", lifetime_suite },
	{ "races", races_suite },
	{ "access", access_suite },
	{ "runs", runs_suite },
	{ "oracle", oracle_suite },
	{ "privacy", privacy_suite },
	{ "lease", lease_suite },
	{ "revoke", revoke_suite },
	{ "lasting", lasting_suite },
	{ "matrix", matrix_suite },
	{ "trace", trace_suite },
#ifndef PIN_TEST_WITHOUT_NETLINK
	{ "ledger", ledger_suite },
	{ "ledger-events", ledger_events_suite },
	{ "ledger-release", ledger_release_suite },
	{ "ledger-churn", ledger_churn_suite },
	{ "ledger-hostile", ledger_hostile_suite },
	{ "ledger-privacy", ledger_privacy_suite },
#endif
	{ "windows", windows_suite },
	{ "windows-runs", windows_runs_suite },
	{ "windows-lease", windows_lease_suite },
#ifndef PIN_TEST_WITHOUT_NETLINK
	{ "windows-ledger", windows_ledger_suite },
#endif
};

#define SUITES	(sizeof(suites) / sizeof(*suites))

/* Run by name alone: each needs a machine of its own, or takes long. */
static const struct named_suite elsewhere[] = {
	{ "movable", movable_suite },
	{ "cma", cma_suite },
	{ "area", area_suite },
	{ "zone", zone_suite },
	{ "pressure", pressure_suite },
	{ "removal", removal_suite },
	{ "reconfigure", reconfigure_suite },
	{ "sharing", sharing_suite },
	{ "blocks", blocks_suite },
	{ "powercut", powercut_suite },
	{ "kill", kill_suite },
	{ "oom", oom_suite },
	{ "failnth", failnth_suite },
	{ "traced", traced_suite },
#ifndef PIN_TEST_WITHOUT_NETLINK
	{ "pairs", pairs_suite },
	{ "lifecycle", lifecycle_suite },
	{ "soak", soak_suite },
	{ "ledger-failnth", ledger_failnth_suite },
#endif
};

#define ELSEWHERE	(sizeof(elsewhere) / sizeof(*elsewhere))

static int count_lines(const char *path)
{
	FILE *file = fopen(path, "re");
	int lines = 0, byte;

	if (!file)
		return 0;
	while ((byte = getc(file)) != EOF)
		lines += byte == '\n';
	fclose(file);
	return lines;
}

/* Suites whose name begins so need a module with delay points. */
static bool needs_delays(const char *name)
{
	return !strncmp(name, "windows", strlen("windows"));
}

static void list(bool delays)
{
	size_t i;

	for (i = 0; i < SUITES; i++)
		if (needs_delays(suites[i].name) == delays)
			puts(suites[i].name);
}

int main(int argc, char **argv)
{
	const char *skips = getenv("PIN_SKIPS");
	SRunner *runner = NULL;
	int ran, failed, skipped;
	size_t i;

	if (argc == 2 && !strncmp(argv[1], "--list", 6)) {
		list(!strcmp(argv[1], "--list-delays"));
		return 0;
	}
	if (argc == 5 && !strcmp(argv[1], OWNERS_AFTER_EXEC))
		return owners_after_exec(argv);
	for (i = 0; i < SUITES; i++) {
		if (argc == 2 && strcmp(argv[1], suites[i].name))
			continue;
		if (runner)
			srunner_add_suite(runner, suites[i].make());
		else
			runner = srunner_create(suites[i].make());
	}
	for (i = 0; i < ELSEWHERE; i++)
		if (argc == 2 && !strcmp(argv[1], elsewhere[i].name))
			runner = srunner_create(elsewhere[i].make());
	if (!runner || argc > 2) {
		fprintf(stderr, "usage: %s [SUITE|--list|--list-delays]\n", argv[0]);
		return 2;
	}

	srunner_run_all(runner, CK_ENV);
	ran = srunner_ntests_run(runner);
	failed = srunner_ntests_failed(runner);
	skipped = skips ? count_lines(skips) : 0;
	srunner_free(runner);
	printf("%d passed, %d failed, %d skipped\n", ran - failed - skipped,
	       failed, skipped);
	/* For what the kernel cannot stand to see exit; see removal.c. */
	fflush(stdout);
	if (getenv("PIN_TEST_STAY"))
		pause();
	return failed ? 1 : 0;
}
