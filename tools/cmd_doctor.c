// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * pinctl doctor: can this machine, and this user on it, pin memory?
 *
 * One function for each check, in a table with its stable id.  A check that
 * cannot find out says "unknown", which fails nothing.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libpin.h>
#include <mntent.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "capability.h"
#include "output.h"
#include "size.h"
#include "text.h"

#define DEVICE "/dev/pin"
#define FIXES_MAX 4

enum status { STATUS_OK, STATUS_WARN, STATUS_FAIL, STATUS_UNKNOWN };

static const struct {
	const char *text;
	const char *member;
	const char *color;
} statuses[] = {
	[STATUS_OK] = { "ok", "ok", "green" },
	[STATUS_WARN] = { "warn", "warn", "yellow" },
	[STATUS_FAIL] = { "FAIL", "fail", "red" },
	[STATUS_UNKNOWN] = { "unknown", "unknown", "yellow" },
};

struct finding {
	enum status status;
	char *text;
	const char *fixes[FIXES_MAX];
	size_t fix_count;
};

/* What several checks look at; @info is NULL if @open_error is not 0. */
struct machine {
	struct libpin_info *info;
	int open_error;
	uint64_t page_size;
};

static void find(struct finding *finding, enum status status, const char *format, ...)
	printf_like(3, 4);

static void find(struct finding *finding, enum status status, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	if (vasprintf(&finding->text, format, arguments) < 0)
		out_of_memory();
	va_end(arguments);
	finding->status = status;
}

static void fix(struct finding *finding, const char *command)
{
	if (finding->fix_count < FIXES_MAX)
		finding->fixes[finding->fix_count++] = command;
}

/* The commands against @reason, which are in libpin. */
static void fix_as(struct finding *finding, uint32_t reason)
{
	const struct libpin_remedy *remedy;
	size_t i;

	for (i = 0; (remedy = libpin_reason_remedy(reason, i)); i++)
		if (libpin_remedy_command(remedy))
			fix(finding, libpin_remedy_command(remedy));
}

/* The first line of a small file; false if there is none. */
static bool read_line(const char *path, char *line, int size)
{
	FILE *file = fopen(path, "re");
	bool read;

	if (!file)
		return false;
	read = fgets(line, size, file);
	fclose(file);
	if (read)
		line[strcspn(line, "\n")] = '\0';
	return read;
}

static bool read_number(const char *path, uint64_t *number)
{
	char line[64], *end;

	if (!read_line(path, line, sizeof(line)))
		return false;
	errno = 0;
	*number = strtoull(line, &end, 10);
	return !errno && end != line;
}

static const char *pages_text(const struct machine *machine, uint64_t pages,
			      char text[SIZE_TEXT_MAX])
{
	uint64_t bytes;

	if (pages == PIN_ALL_PAGES || __builtin_mul_overflow(pages, machine->page_size, &bytes))
		return "unlimited";
	return size_to_text(bytes, text);
}

static void check_module_loaded(const struct machine *machine, struct finding *finding)
{
	char version[64] = "";

	if (!access("/sys/module/pin", F_OK)) {
		read_line("/sys/module/pin/version", version, sizeof(version));
		find(finding, STATUS_OK, "pin%s%s", *version ? " " : "", version);
	} else if (machine->info) {
		find(finding, STATUS_OK, "answers through " DEVICE);
	} else {
		find(finding, STATUS_FAIL, "the module pin is not loaded");
		fix(finding, FIX_LOAD);
	}
}

static void check_device_exists(const struct machine *machine, struct finding *finding)
{
	struct stat st;

	(void)machine;
	if (stat(DEVICE, &st)) {
		find(finding, STATUS_FAIL, DEVICE ": %s", strerror(errno));
		fix(finding, FIX_LOAD);
	} else if (!S_ISCHR(st.st_mode)) {
		find(finding, STATUS_FAIL, DEVICE " is not a character device");
		fix(finding, "sudo rm " DEVICE " && sudo rmmod pin; " FIX_LOAD);
	} else {
		find(finding, STATUS_OK, DEVICE " %04o, uid %u, gid %u", st.st_mode & 07777,
		     st.st_uid, st.st_gid);
	}
}

static void check_device_access(const struct machine *machine, struct finding *finding)
{
	if (machine->open_error == ENOENT || machine->open_error == ENXIO ||
	    machine->open_error == ENODEV) {
		find(finding, STATUS_UNKNOWN, "there is no device to open");
	} else if (machine->open_error) {
		find(finding, STATUS_FAIL, "uid %u may not even ask: %s", getuid(),
		     strerror(machine->open_error));
		fix(finding, FIX_GROUP);
		fix(finding, FIX_MEMBER);
	} else if (access(DEVICE, R_OK | W_OK)) {
		find(finding, STATUS_WARN, "uid %u may ask, not pin: %s", getuid(),
		     strerror(errno));
		fix(finding, FIX_GROUP);
		fix(finding, FIX_MEMBER);
	} else {
		find(finding, STATUS_OK, "uid %u may ask and pin", getuid());
	}
}

static void check_module_version(const struct machine *machine, struct finding *finding)
{
	uint32_t version = libpin_info_abi_version(machine->info);

	if (!machine->info)
		find(finding, STATUS_UNKNOWN, "no module to ask");
	else if (version == PIN_ABI_VERSION)
		find(finding, STATUS_OK, "interface version %u, as this pinctl", version);
	else
		find(finding, STATUS_WARN, "interface version %u, this pinctl has %u: %s", version,
		     PIN_ABI_VERSION, "some answers may be missing");
}

static void check_lockdown(const struct machine *machine, struct finding *finding)
{
	char line[128];

	(void)machine;
	if (!read_line("/sys/kernel/security/lockdown", line, sizeof(line))) {
		find(finding, STATUS_UNKNOWN, "this kernel does not tell");
	} else if (strstr(line, "[none]")) {
		find(finding, STATUS_OK, "none");
	} else {
		find(finding, STATUS_WARN, "%s: only signed modules load", line);
		fix(finding, "sudo mokutil --import /var/lib/dkms/mok.pub   # then reboot, enroll");
	}
}

static void check_memlock_soft(const struct machine *machine, struct finding *finding)
{
	char soft[SIZE_TEXT_MAX], hard[SIZE_TEXT_MAX];
	struct rlimit limit;
	const char *hard_text = "unlimited";

	(void)machine;
	if (getrlimit(RLIMIT_MEMLOCK, &limit)) {
		find(finding, STATUS_UNKNOWN, "%s", strerror(errno));
		return;
	}
	if (limit.rlim_max != RLIM_INFINITY)
		hard_text = size_to_text(limit.rlim_max, hard);
	if (limit.rlim_cur == RLIM_INFINITY) {
		find(finding, STATUS_OK, "unlimited");
		return;
	}
	if (capability_ipc_lock(getpid())) {
		find(finding, STATUS_OK, "%s (hard limit %s), from which CAP_IPC_LOCK exempts",
		     size_to_text(limit.rlim_cur, soft), hard_text);
		return;
	}
	find(finding, STATUS_WARN, "%s (hard limit %s): larger pins fail with ENOMEM",
	     size_to_text(limit.rlim_cur, soft), hard_text);
	fix_as(finding, PIN_REASON_MEMLOCK_LIMIT);
}

static void check_memlock_user(const struct machine *machine, struct finding *finding)
{
	uint64_t limit = libpin_info_user_limit_pages(machine->info);
	uint64_t charged = libpin_info_user_charged_pages(machine->info);
	char limit_size[SIZE_TEXT_MAX], charged_size[SIZE_TEXT_MAX];
	bool full;

	if (!machine->info) {
		find(finding, STATUS_UNKNOWN, "no module to ask; no file in /proc shows it");
		return;
	}
	full = limit != PIN_ALL_PAGES && charged >= limit;
	find(finding, full ? STATUS_WARN : STATUS_OK,
	     "uid %u has %s of %s charged (" DEVICE ", io_uring, AF_XDP, iommufd, ...)", getuid(),
	     pages_text(machine, charged, charged_size), pages_text(machine, limit, limit_size));
	if (full)
		fix_as(finding, PIN_REASON_MEMLOCK_LIMIT);
}

static void check_memlock_cap(const struct machine *machine, struct finding *finding)
{
	(void)machine;
	if (!capability_ipc_lock(getpid())) {
		find(finding, STATUS_OK, "no CAP_IPC_LOCK: the limit counts");
	} else if (machine->info &&
		   libpin_info_user_limit_pages(machine->info) != PIN_ALL_PAGES) {
		find(finding, STATUS_WARN,
		     "CAP_IPC_LOCK, but not in the initial user namespace: the limit counts");
	} else {
		find(finding, STATUS_OK, "CAP_IPC_LOCK: the limit does not count%s",
		     machine->info ? "" : ", unless this is a container's");
	}
}

static void check_system_cap(const struct machine *machine, struct finding *finding)
{
	uint64_t cap = libpin_info_system_cap_pages(machine->info);
	uint64_t pinned = libpin_info_system_pinned_pages(machine->info);
	char cap_size[SIZE_TEXT_MAX], pinned_size[SIZE_TEXT_MAX];
	bool full = pinned >= cap;

	if (!machine->info) {
		find(finding, STATUS_UNKNOWN, "no module to ask");
		return;
	}
	find(finding, full ? STATUS_FAIL : STATUS_OK, "%s of %s pinned through " DEVICE,
	     pages_text(machine, pinned, pinned_size), pages_text(machine, cap, cap_size));
	if (full)
		fix_as(finding, PIN_REASON_SYSTEM_CAP);
}

static void check_hugetlb(const struct machine *machine, struct finding *finding)
{
	uint64_t total = 0, free_pages = 0, size = 0;
	char line[128], text[SIZE_TEXT_MAX];
	FILE *file = fopen("/proc/meminfo", "re");

	(void)machine;
	if (!file) {
		find(finding, STATUS_UNKNOWN, "/proc/meminfo: %s", strerror(errno));
		return;
	}
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, "HugePages_Total: %" SCNu64, &total) == 1 ||
		    sscanf(line, "HugePages_Free: %" SCNu64, &free_pages) == 1 ||
		    sscanf(line, "Hugepagesize: %" SCNu64 " kB", &size) == 1)
			continue;
	}
	fclose(file);
	if (!size)
		find(finding, STATUS_OK, "this kernel has no hugetlb");
	else if (total && !free_pages)
		find(finding, STATUS_WARN, "none of %" PRIu64 " pages of %s is free", total,
		     size_to_text(size * 1024, text));
	else
		find(finding, STATUS_OK, "%" PRIu64 " of %" PRIu64 " pages of %s free", free_pages,
		     total, size_to_text(size * 1024, text));
	if (finding->status == STATUS_WARN)
		fix(finding, "sudo sysctl vm.nr_hugepages=$COUNT");
}

static void check_thp(const struct machine *machine, struct finding *finding)
{
	char line[128], *open, *close;

	(void)machine;
	if (!read_line("/sys/kernel/mm/transparent_hugepage/enabled", line, sizeof(line))) {
		find(finding, STATUS_OK, "this kernel has none");
		return;
	}
	open = strchr(line, '[');
	close = open ? strchr(open, ']') : NULL;
	if (close)
		*close = '\0';
	find(finding, STATUS_OK, "%s", open ? open + 1 : line);
}

/* Pages that the zones of this name manage on all nodes. */
static bool zone_pages(const char *zone, uint64_t *pages)
{
	FILE *file = fopen("/proc/zoneinfo", "re");
	char line[256], name[32] = "";
	uint64_t value;
	int node;

	*pages = 0;
	if (!file)
		return false;
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, "Node %d, zone %31s", &node, name) == 2)
			continue;
		if (!strcmp(name, zone) && sscanf(line, " managed %" SCNu64, &value) == 1)
			*pages += value;
	}
	fclose(file);
	return true;
}

static void check_zone_movable(const struct machine *machine, struct finding *finding)
{
	char text[SIZE_TEXT_MAX];
	uint64_t pages;

	if (!zone_pages("Movable", &pages))
		find(finding, STATUS_UNKNOWN, "/proc/zoneinfo: %s", strerror(errno));
	else if (!pages)
		find(finding, STATUS_OK, "no memory in ZONE_MOVABLE");
	else
		find(finding, STATUS_WARN, "%s: pages there are moved out before a pin, which can "
		     "fail (explain migrate-failed)", pages_text(machine, pages, text));
}

static bool mounted_with_dax(const struct mntent *mount)
{
	char *option = hasmntopt(mount, "dax");

	/* dax, dax=always: every file; dax=inode: those marked; dax=never: none. */
	return option && (option[3] == '\0' || option[3] == ',' ||
			  !strncmp(option, "dax=always", 10));
}

static void check_dax_mounts(const struct machine *machine, struct finding *finding)
{
	FILE *file = setmntent("/proc/self/mounts", "re");
	char *first = NULL;
	struct mntent *mount;
	size_t count = 0;

	(void)machine;
	if (!file) {
		find(finding, STATUS_UNKNOWN, "/proc/self/mounts: %s", strerror(errno));
		return;
	}
	while ((mount = getmntent(file))) {
		if (!mounted_with_dax(mount))
			continue;
		if (!count++)
			first = text_for_terminal(mount->mnt_dir);
	}
	endmntent(file);
	if (!count)
		find(finding, STATUS_OK, "no filesystem is mounted with dax");
	else
		find(finding, STATUS_WARN, "%s%s: long-term pins of its files fail (explain fsdax)",
		     first, count > 1 ? " and others" : "");
	free(first);
}

static void check_io_uring(const struct machine *machine, struct finding *finding)
{
	uint64_t disabled;

	(void)machine;
	if (!read_number("/proc/sys/kernel/io_uring_disabled", &disabled)) {
		find(finding, STATUS_UNKNOWN, "this kernel has no switch for it");
		return;
	}
	if (!disabled) {
		find(finding, STATUS_OK, "allowed for everybody");
		return;
	}
	find(finding, STATUS_WARN, "%s",
	     disabled == 1 ? "only for a group and for CAP_SYS_ADMIN" : "off");
	fix(finding, "sudo sysctl kernel.io_uring_disabled=0");
}

static const struct check {
	const char *id;
	void (*run)(const struct machine *machine, struct finding *finding);
} checks[] = {
	{ "module.loaded", check_module_loaded },
	{ "device.exists", check_device_exists },
	{ "device.access", check_device_access },
	{ "module.version", check_module_version },
	{ "kernel.lockdown", check_lockdown },
	{ "memlock.soft", check_memlock_soft },
	{ "memlock.user", check_memlock_user },
	{ "memlock.cap", check_memlock_cap },
	{ "system.cap", check_system_cap },
	{ "hugetlb.free", check_hugetlb },
	{ "thp", check_thp },
	{ "zone.movable", check_zone_movable },
	{ "dax.mounts", check_dax_mounts },
	{ "io_uring", check_io_uring },
};

static void machine_look(struct machine *machine)
{
	struct libpin_context *ctx;
	int ret;

	*machine = (struct machine){ .page_size = (uint64_t)sysconf(_SC_PAGESIZE) };
	ret = libpin_context_open(&ctx, NULL, false);
	if (!ret) {
		ret = libpin_info_get(ctx, &machine->info);
		libpin_context_close(ctx);
	}
	machine->open_error = -ret;
}

static void print_finding(const struct pinctl *pinctl, const char *id,
			  const struct finding *finding)
{
	static const char indent[] = "                           ";
	char status[16];
	size_t i;

	printf(" %-17s ", id);
	snprintf(status, sizeof(status), "%-7s", statuses[finding->status].text);
	output_colored(pinctl, statuses[finding->status].color, status);
	putchar(' ');
	text_print_wrapped(finding->text, strlen(indent), indent, output_width());
	for (i = 0; i < finding->fix_count; i++)
		printf("%sfix: %s\n", indent, finding->fixes[i]);
}

static struct json_object *finding_json(const char *id, const struct finding *finding)
{
	struct json_object *object = json_members(), *fixes = json_array();
	size_t i;

	for (i = 0; i < finding->fix_count; i++)
		json_object_array_add(fixes, json_string(finding->fixes[i]));
	json_add_string(object, "id", id);
	json_add_string(object, "status", statuses[finding->status].member);
	json_add_string(object, "text", finding->text);
	json_add(object, "fixes", fixes);
	return object;
}

static struct json_object *features_json(const struct machine *machine)
{
	struct json_object *features = json_array();
	size_t i;

	for (i = 0; i < libpin_feature_count(); i++)
		if (libpin_info_features(machine->info) & libpin_feature_bit(i))
			json_object_array_add(features, json_string(libpin_feature_name(i)));
	return features;
}

static void print_features(const struct machine *machine)
{
	size_t i;

	if (!machine->info)
		return;
	fputs("\nfeatures:", stdout);
	for (i = 0; i < libpin_feature_count(); i++)
		if (libpin_info_features(machine->info) & libpin_feature_bit(i))
			printf(" %s", libpin_feature_name(i));
	putchar('\n');
}

static void print_json(struct pinctl *pinctl, const struct machine *machine,
		       const struct utsname *name, struct json_object *results,
		       const size_t *counts)
{
	struct json_object *document = json_document("pinctl.doctor/1");
	size_t i;

	json_add_string(document, "kernel", name->release);
	json_add_string(document, "pinctl", PINCTL_VERSION);
	json_add(document, "features", features_json(machine));
	for (i = 0; i < ARRAY_SIZE(statuses); i++)
		json_add_integer(document, statuses[i].member, counts[i]);
	json_add(document, "checks", results);
	json_print(pinctl, document);
}

static int examine(struct pinctl *pinctl, const char *only)
{
	size_t counts[ARRAY_SIZE(statuses)] = { 0 }, i;
	struct json_object *results = json_array();
	struct machine machine;
	struct utsname name;

	uname(&name);
	machine_look(&machine);
	if (!pinctl->json)
		printf("kernel %s, pinctl " PINCTL_VERSION "\n\n", name.release);
	for (i = 0; i < ARRAY_SIZE(checks); i++) {
		struct finding finding = { 0 };

		if (only && strcmp(only, checks[i].id))
			continue;
		checks[i].run(&machine, &finding);
		counts[finding.status]++;
		if (pinctl->json)
			json_object_array_add(results, finding_json(checks[i].id, &finding));
		else
			print_finding(pinctl, checks[i].id, &finding);
		free(finding.text);
	}
	if (pinctl->json) {
		print_json(pinctl, &machine, &name, results, counts);
	} else {
		print_features(&machine);
		printf("\n%zu ok, %zu warn, %zu FAIL, %zu unknown\n", counts[STATUS_OK],
		       counts[STATUS_WARN], counts[STATUS_FAIL], counts[STATUS_UNKNOWN]);
		json_object_put(results);
	}
	libpin_info_free(machine.info);
	return counts[STATUS_FAIL] ? EXIT_NO : EXIT_YES;
}

static int list_checks(struct pinctl *pinctl)
{
	struct json_object *document, *ids = json_array();
	size_t i;

	for (i = 0; i < ARRAY_SIZE(checks); i++) {
		if (pinctl->json)
			json_object_array_add(ids, json_string(checks[i].id));
		else
			puts(checks[i].id);
	}
	if (!pinctl->json) {
		json_object_put(ids);
		return EXIT_YES;
	}
	document = json_document("pinctl.checks/1");
	json_add(document, "checks", ids);
	json_print(pinctl, document);
	return EXIT_YES;
}

const char *doctor_check_id(size_t index)
{
	return index < ARRAY_SIZE(checks) ? checks[index].id : NULL;
}

static const struct option_def doctor_options[] = {
	{ OPTION_ONLY, "only", "ID", "one check alone", VALUES_CHECK },
	{ OPTION_LIST, "list-checks", NULL, "the ids of the checks" },
	{ 0 }
};

static int doctor_run(struct pinctl *pinctl, struct arguments *arguments)
{
	const char *value, *only = NULL;
	bool list = false;
	int id;

	while ((id = option_next(pinctl, arguments, &value)) != OPTION_END) {
		switch (id) {
		case OPTION_ONLY:
			only = value;
			break;
		case OPTION_LIST:
			list = true;
			break;
		case OPTION_ARGUMENT:
			return complain_usage(pinctl, NULL, "doctor takes no target: %s", value);
		default:
			return EXIT_USAGE;
		}
	}
	if (list)
		return list_checks(pinctl);
	if (only && values_find(pinctl, VALUES_CHECK, "--only", only) < 0)
		return EXIT_USAGE;
	return examine(pinctl, only);
}

const struct command cmd_doctor = {
	.name = "doctor",
	.synopsis = "doctor [--only ID] [OPTIONS]",
	.summary = "check this machine: module, device, limits, zones",
	.description =
		"Checks whether this machine, and this user on it, can pin memory, and gives the\n"
		"command that mends what is not right. Exit code 1 if a check says FAIL; warnings\n"
		"and what cannot be found out fail nothing.",
	.options = doctor_options,
	.examples =
		" pinctl doctor\n"
		" pinctl doctor --only memlock.soft\n"
		" pinctl doctor -J | jq -r '.checks[] | select(.status == \"fail\") | .fixes[]'\n",
	.run = doctor_run,
};
