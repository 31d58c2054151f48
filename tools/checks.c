// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Checks: see checks.h.  One function for each, in a table with its id.
 *
 * A check that cannot find out says "unknown", which fails nothing.  FAIL is what
 * keeps /dev/pin from working, a warning what is likely to refuse somebody's pin.
 * A fix is made of nothing but words that stand here and numbers: what a saved
 * machine says may come from anybody, and fixes are pasted into shells.
 */
#include <errno.h>
#include <inttypes.h>
#include <libpin.h>
#include <linux/capability.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cgroup.h"
#include "checks.h"
#include "pinctl.h"
#include "segment.h"
#include "size.h"
#include "text.h"
#include "tracer.h"

/* The kernels that the module is built and tested for. */
#define OLDEST_MAJOR 6
#define OLDEST_MINOR 1

static void find(struct finding *finding, enum status status, const char *format, ...)
	printf_like(3, 4);
static void fix(struct finding *finding, const char *format, ...) printf_like(2, 3);
static void fix_or(struct finding *finding, const char *format, ...) printf_like(2, 3);

static void find(struct finding *finding, enum status status, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	if (vasprintf(&finding->text, format, arguments) < 0)
		out_of_memory();
	va_end(arguments);
	finding->status = status;
}

static void add_fix(struct finding *finding, bool alternative, const char *format,
		    va_list arguments)
{
	struct fix *new = &finding->fixes[finding->fix_count];

	if (finding->fix_count == FIXES_MAX)
		return;
	if (vasprintf(&new->command, format, arguments) < 0)
		out_of_memory();
	new->alternative = alternative;
	finding->fix_count++;
}

static void fix(struct finding *finding, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	add_fix(finding, false, format, arguments);
	va_end(arguments);
}

static void fix_or(struct finding *finding, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	add_fix(finding, true, format, arguments);
	va_end(arguments);
}

/* The commands against @reason, which are in libpin: any one of them will do. */
static void fix_as(const struct machine *machine, struct finding *finding, uint32_t reason)
{
	const struct libpin_remedy *remedy;
	size_t i;

	for (i = 0; (remedy = libpin_reason_remedy(reason, i)); i++) {
		const char *command = libpin_remedy_command(remedy);
		const char *self = command ? strstr(command, "$$") : NULL;

		if (!command)
			continue;
		/* The process in question, where the remedy has the shell. */
		if (self && !machine->self)
			(finding->fix_count ? fix_or : fix)(finding, "%.*s%s%s",
				(int)(self - command), command,
				machine->process + strlen("/proc/"), self + 2);
		else
			(finding->fix_count ? fix_or : fix)(finding, "%s", command);
	}
}

static const char *pages_text(const struct machine *machine, uint64_t pages,
			      char text[SIZE_TEXT_MAX])
{
	uint64_t bytes;

	if (pages == PIN_ALL_PAGES || __builtin_mul_overflow(pages, machine->page_size, &bytes))
		return "unlimited";
	return size_to_text(bytes, text);
}

static const char *limit_text(uint64_t bytes, char text[SIZE_TEXT_MAX])
{
	return bytes == UINT64_MAX ? "unlimited" : size_to_text(bytes, text);
}

/* --- kernel and module ------------------------------------------------------ */

static void check_kernel_version(const struct machine *machine, struct finding *finding)
{
	char release[96] = "";
	unsigned int major, minor;

	if (!machine_kernel(machine, &major, &minor)) {
		find(finding, STATUS_UNKNOWN, "there is no telling");
		return;
	}
	system_line(machine->system, "/proc/sys/kernel/osrelease", release, sizeof(release));
	if (major > OLDEST_MAJOR || (major == OLDEST_MAJOR && minor >= OLDEST_MINOR))
		find(finding, STATUS_OK, "%s", release);
	else
		find(finding, STATUS_FAIL, "%s is older than %u.%u: the module does not build",
		     release, OLDEST_MAJOR, OLDEST_MINOR);
}

static void check_container(const struct machine *machine, struct finding *finding)
{
	const char *container = machine_container(machine);

	if (!container)
		find(finding, STATUS_OK, "none to be seen");
	else if (machine_initial_users(machine))
		find(finding, STATUS_OK, "%s: the module belongs on the host, " DEVICE " in here",
		     container);
	else
		find(finding, STATUS_WARN, "%s: root in here is not the host's, so CAP_IPC_LOCK "
		     "exempts from no limit and CAP_SYS_PTRACE is for this container's processes",
		     container);
}

static bool module_is_loaded(const struct machine *machine)
{
	return system_has(machine->system, "/sys/module/pin") || machine->answered;
}

static void check_module_available(const struct machine *machine, struct finding *finding)
{
	char release[96], *path;
	const char *lines;

	if (module_is_loaded(machine)) {
		find(finding, STATUS_OK, "loaded");
		return;
	}
	if (machine_container(machine)) {
		find(finding, STATUS_UNKNOWN, "that is for the host to know");
		return;
	}
	if (!system_line(machine->system, "/proc/sys/kernel/osrelease", release,
			 sizeof(release))) {
		find(finding, STATUS_UNKNOWN, "there is no telling for which kernel");
		return;
	}
	path = text_format("/lib/modules/%s/modules.dep", release);
	lines = system_grep(machine->system, path, "/pin.ko");
	free(path);
	if (lines && *lines) {
		find(finding, STATUS_OK, "installed for %s", release);
		return;
	}
	find(finding, STATUS_FAIL, "not installed for %s", release);
	fix(finding, "make && sudo make install   # in the source of pin");
}

static void fix_load(const struct machine *machine, struct finding *finding)
{
	if (machine_container(machine))
		fix(finding, "sudo modprobe pin   # on the host");
	else
		fix(finding, FIX_LOAD);
}

static void check_module_loaded(const struct machine *machine, struct finding *finding)
{
	char version[64] = "";

	if (system_has(machine->system, "/sys/module/pin")) {
		system_line(machine->system, "/sys/module/pin/version", version, sizeof(version));
		find(finding, STATUS_OK, "pin%s%s", *version ? " " : "", version);
	} else if (machine->answered) {
		find(finding, STATUS_OK, "answers through " DEVICE);
	} else {
		find(finding, STATUS_FAIL, "the module pin is not loaded");
		fix_load(machine, finding);
	}
}

static void check_module_version(const struct machine *machine, struct finding *finding)
{
	if (!machine->answered)
		find(finding, STATUS_UNKNOWN, "no module to ask");
	else if (machine->abi_version == PIN_ABI_VERSION)
		find(finding, STATUS_OK, "interface version %" PRIu64 ", as this pinctl",
		     machine->abi_version);
	else
		find(finding, STATUS_WARN, "interface version %" PRIu64 ", this pinctl has %u: "
		     "some answers may be missing", machine->abi_version, PIN_ABI_VERSION);
}

/* The variable has four bytes of attributes before its value. */
static int secure_boot(const struct machine *machine)
{
	size_t size;
	const char *data = system_read(machine->system, "/sys/firmware/efi/efivars/"
				       "SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c", &size);

	return data && size >= 5 ? data[4] : -1;
}

/* "none [integrity] confidentiality": what stands in the brackets. */
static bool lockdown_state(const struct machine *machine, char *state, size_t size)
{
	char line[128], *open, *close;

	if (!system_line(machine->system, "/sys/kernel/security/lockdown", line, sizeof(line)))
		return false;
	open = strchr(line, '[');
	close = open ? strchr(open, ']') : NULL;
	if (!close)
		return false;
	*close = '\0';
	snprintf(state, size, "%s", open + 1);
	return true;
}

static bool only_signed_modules(const struct machine *machine, const char **why)
{
	char line[32];

	if (lockdown_state(machine, line, sizeof(line)) && strcmp(line, "none")) {
		*why = "lockdown";
		return true;
	}
	*why = "module.sig_enforce";
	return system_line(machine->system, "/sys/module/module/parameters/sig_enforce", line,
			   sizeof(line)) && *line == 'Y';
}

static void check_module_signature(const struct machine *machine, struct finding *finding)
{
	char taint[32] = "";
	const char *why;
	bool only_signed = only_signed_modules(machine, &why);

	if (system_has(machine->system, "/sys/module/pin")) {
		system_line(machine->system, "/sys/module/pin/taint", taint, sizeof(taint));
		find(finding, STATUS_OK, "%s", strchr(taint, 'E') ?
		     "loaded without a signature that the kernel knows, which it allows" :
		     "loaded");
		return;
	}
	if (!only_signed) {
		find(finding, STATUS_OK, "this kernel loads modules without one");
		return;
	}
	find(finding, STATUS_WARN, "the kernel (%s) loads only modules whose signature it knows; "
	     "otherwise \"Key was rejected by service\" or \"Operation not permitted\"", why);
	fix(finding,
	    "sudo mokutil --import /var/lib/dkms/mok.pub   # then reboot, choose Enroll MOK");
}

static void check_modules_disabled(const struct machine *machine, struct finding *finding)
{
	uint64_t disabled;

	if (machine->known && !system_has(machine->system, "/proc/modules")) {
		find(finding, STATUS_FAIL, "this kernel is built without modules");
		fix(finding, "make demo   # in the source of pin: in a virtual machine");
		return;
	}
	if (!system_number(machine->system, "/proc/sys/kernel/modules_disabled", &disabled))
		find(finding, STATUS_UNKNOWN, "this kernel does not tell");
	else if (!disabled)
		find(finding, STATUS_OK, "modules can be loaded");
	else if (module_is_loaded(machine))
		find(finding, STATUS_OK, "no further module can be loaded, but this one is");
	else
		find(finding, STATUS_FAIL, "no module can be loaded until the next boot "
		     "(kernel.modules_disabled)");
}

static void check_lockdown(const struct machine *machine, struct finding *finding)
{
	char state[32];

	if (!lockdown_state(machine, state, sizeof(state)))
		find(finding, STATUS_UNKNOWN, "this kernel does not tell");
	else if (!strcmp(state, "none"))
		find(finding, STATUS_OK, "none");
	else
		find(finding, module_is_loaded(machine) ? STATUS_OK : STATUS_WARN,
		     "%s: only signed modules load (see module.signature)", state);
}

static void check_secure_boot(const struct machine *machine, struct finding *finding)
{
	int on = secure_boot(machine);

	if (on < 0 && !system_has(machine->system, "/sys/firmware/efi"))
		find(finding, STATUS_OK, "not booted by EFI: there is none");
	else if (on < 0)
		find(finding, STATUS_UNKNOWN, "the firmware does not tell");
	else if (!on)
		find(finding, STATUS_OK, "off");
	else
		find(finding, STATUS_OK, "on: most kernels then load only signed modules "
		     "(see module.signature)");
}

/* --- device ----------------------------------------------------------------- */

static bool no_device(int error)
{
	return error == ENOENT || error == ENXIO || error == ENODEV;
}

static void fix_pass_device(struct finding *finding)
{
	fix(finding, "docker run --device " DEVICE " $IMAGE");
}

static void check_device_exists(const struct machine *machine, struct finding *finding)
{
	bool loaded = system_has(machine->system, "/sys/module/pin");

	if (!machine->known) {
		find(finding, STATUS_UNKNOWN, "not among the files");
	} else if (machine->device_error && loaded && machine_container(machine)) {
		find(finding, STATUS_FAIL, "the module is loaded, but this container has no "
		     DEVICE);
		fix_pass_device(finding);
	} else if (machine->device_error) {
		find(finding, STATUS_FAIL, DEVICE ": %s", strerror(machine->device_error));
		fix_load(machine, finding);
	} else if (!machine->device_is_character) {
		find(finding, STATUS_FAIL, DEVICE " is not a character device");
		fix(finding, "sudo rm " DEVICE " && sudo rmmod pin; " FIX_LOAD);
	} else {
		find(finding, STATUS_OK, DEVICE " %04o, uid %u, gid %u", machine->device_mode,
		     machine->device_uid, machine->device_gid);
	}
}

static void fix_access(const struct machine *machine, struct finding *finding, int error)
{
	if (machine_container(machine) && error == EPERM) {
		fix_pass_device(finding);
		return;
	}
	/* As udev and sysusers do it, once they are installed. */
	if (!machine->device_gid || (machine->device_mode & 0660) != 0660)
		fix(finding, FIX_GROUP);
	fix(finding, FIX_MEMBER);
}

static void check_device_access(const struct machine *machine, struct finding *finding)
{
	if (!machine->known) {
		find(finding, STATUS_UNKNOWN, "not among the files");
	} else if (no_device(machine->ask_error)) {
		find(finding, STATUS_UNKNOWN, "there is no device to open");
	} else if (machine->ask_error) {
		find(finding, STATUS_FAIL, "uid %u may not even ask: %s", machine->uid,
		     strerror(machine->ask_error));
		fix_access(machine, finding, machine->ask_error);
	} else if (machine->pin_error) {
		find(finding, STATUS_WARN, "uid %u may ask, not pin: %s", machine->uid,
		     strerror(machine->pin_error));
		fix_access(machine, finding, machine->pin_error);
	} else {
		find(finding, STATUS_OK, "uid %u may ask and pin", machine->uid);
	}
}

/* --- limits ----------------------------------------------------------------- */

static void check_memlock_soft(const struct machine *machine, struct finding *finding)
{
	char soft_text[SIZE_TEXT_MAX], hard_text[SIZE_TEXT_MAX];
	uint64_t soft, hard;

	if (!machine_memlock(machine, &soft, &hard)) {
		find(finding, STATUS_UNKNOWN, "the limits of the process cannot be read");
	} else if (soft == UINT64_MAX) {
		find(finding, STATUS_OK, "unlimited");
	} else if (machine_exempt(machine)) {
		find(finding, STATUS_OK, "%s (hard limit %s), from which CAP_IPC_LOCK exempts",
		     size_to_text(soft, soft_text), limit_text(hard, hard_text));
	} else {
		find(finding, STATUS_WARN, "%s (hard limit %s): larger pins fail with ENOMEM",
		     size_to_text(soft, soft_text), limit_text(hard, hard_text));
		fix_as(machine, finding, PIN_REASON_MEMLOCK_LIMIT);
	}
}

static void check_memlock_user(const struct machine *machine, struct finding *finding)
{
	char limit[SIZE_TEXT_MAX], charged[SIZE_TEXT_MAX];
	bool full;

	if (!machine->answered) {
		find(finding, STATUS_UNKNOWN, "no module to ask; no file in /proc shows it");
		return;
	}
	full = machine->user_limit_pages != PIN_ALL_PAGES &&
	       machine->user_charged_pages >= machine->user_limit_pages;
	find(finding, full ? STATUS_WARN : STATUS_OK,
	     "uid %u has %s of %s charged (" DEVICE ", io_uring, AF_XDP, iommufd, ...)",
	     machine->uid, pages_text(machine, machine->user_charged_pages, charged),
	     pages_text(machine, machine->user_limit_pages, limit));
	if (full)
		fix_as(machine, finding, PIN_REASON_MEMLOCK_LIMIT);
}

static void check_memlock_process(const struct machine *machine, struct finding *finding)
{
	char locked[32], pinned[32];

	/* A kernel thread has neither. */
	if (machine_status(machine, "VmLck", locked, sizeof(locked)) &&
	    machine_status(machine, "VmPin", pinned, sizeof(pinned)))
		find(finding, STATUS_OK, "VmPin %s (RDMA, " DEVICE "), VmLck %s (VFIO, mlock)",
		     pinned, locked);
	else
		find(finding, STATUS_UNKNOWN, "the status of the process cannot be read");
}

static void check_memlock_cap(const struct machine *machine, struct finding *finding)
{
	char value[32];

	if (!machine_status(machine, "CapEff", value, sizeof(value)))
		find(finding, STATUS_UNKNOWN, "the status of the process cannot be read");
	else if (!machine_capable(machine, CAP_IPC_LOCK))
		find(finding, STATUS_OK, "no CAP_IPC_LOCK: the limit counts");
	else if (!machine_initial_users(machine) ||
		 (machine->self && machine->answered &&
		  machine->user_limit_pages != PIN_ALL_PAGES))
		find(finding, STATUS_WARN,
		     "CAP_IPC_LOCK, but not in the initial user namespace: the limit counts");
	else
		find(finding, STATUS_OK, "CAP_IPC_LOCK: the limit does not count");
}

static void check_system_cap(const struct machine *machine, struct finding *finding)
{
	char cap[SIZE_TEXT_MAX], pinned[SIZE_TEXT_MAX];
	bool full = machine->system_pinned_pages >= machine->system_cap_pages;

	if (!machine->answered) {
		find(finding, STATUS_UNKNOWN, "no module to ask");
		return;
	}
	find(finding, full ? STATUS_FAIL : STATUS_OK, "%s of %s pinned through " DEVICE,
	     pages_text(machine, machine->system_pinned_pages, pinned),
	     pages_text(machine, machine->system_cap_pages, cap));
	if (full)
		fix_as(machine, finding, PIN_REASON_SYSTEM_CAP);
}

static void check_cgroup_memory(const struct machine *machine, struct finding *finding)
{
	char group[1024], path[64], used_text[SIZE_TEXT_MAX], limit_size[SIZE_TEXT_MAX];
	uint64_t used = 0, limit = 0;

	if (!cgroup_path(machine->system, machine_path(machine, "cgroup", path), group,
			 sizeof(group))) {
		find(finding, STATUS_UNKNOWN, "the process is in no cgroup of version 2");
		return;
	}
	if (!cgroup_memory(machine->system, group, &used, &limit))
		find(finding, STATUS_OK, "no limit");
	else
		find(finding, used > limit / 10 * 9 ? STATUS_WARN : STATUS_OK,
		     "%s of %s used: what is pinned there cannot be swapped out",
		     size_to_text(used, used_text), size_to_text(limit, limit_size));
}

/* --- memory ----------------------------------------------------------------- */

static void check_hugetlb(const struct machine *machine, struct finding *finding)
{
	uint64_t total = 0, free_pages = 0, size = 0;
	char value[32], text[SIZE_TEXT_MAX];
	struct system *system = machine->system;

	if (!system_read(system, "/proc/meminfo", NULL)) {
		find(finding, STATUS_UNKNOWN, "/proc/meminfo cannot be read");
		return;
	}
	if (system_field(system, "/proc/meminfo", "HugePages_Total", value, sizeof(value)))
		total = strtoull(value, NULL, 10);
	if (system_field(system, "/proc/meminfo", "HugePages_Free", value, sizeof(value)))
		free_pages = strtoull(value, NULL, 10);
	if (system_field(system, "/proc/meminfo", "Hugepagesize", value, sizeof(value)))
		size = strtoull(value, NULL, 10) * 1024;
	if (!size) {
		find(finding, STATUS_OK, "this kernel has no hugetlb");
	} else if (total && !free_pages) {
		find(finding, STATUS_WARN, "none of %" PRIu64 " pages of %s is free", total,
		     size_to_text(size, text));
		fix(finding, "sudo sysctl vm.nr_hugepages=%" PRIu64, 2 * total);
	} else {
		find(finding, STATUS_OK, "%" PRIu64 " of %" PRIu64 " pages of %s free", free_pages,
		     total, size_to_text(size, text));
	}
}

static void check_thp(const struct machine *machine, struct finding *finding)
{
	char line[128], *open, *close;

	if (!system_line(machine->system, "/sys/kernel/mm/transparent_hugepage/enabled", line,
			 sizeof(line))) {
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
static bool zone_pages(const struct machine *machine, const char *zone, uint64_t *pages)
{
	const char *line = system_read(machine->system, "/proc/zoneinfo", NULL);
	char name[32] = "";
	uint64_t value;
	int node;

	*pages = 0;
	if (!line)
		return false;
	while (*line) {
		if (sscanf(line, "Node %d, zone %31s", &node, name) != 2 &&
		    !strcmp(name, zone) && sscanf(line, " managed %" SCNu64, &value) == 1)
			*pages += value;
		line += strcspn(line, "\n");
		line += *line == '\n';
	}
	return true;
}

static void check_zone_movable(const struct machine *machine, struct finding *finding)
{
	char text[SIZE_TEXT_MAX];
	uint64_t pages;

	if (!zone_pages(machine, "Movable", &pages))
		find(finding, STATUS_UNKNOWN, "/proc/zoneinfo cannot be read");
	else if (!pages)
		find(finding, STATUS_OK, "no memory in ZONE_MOVABLE");
	else
		find(finding, STATUS_WARN, "%s: pages there are moved out before a pin, which can "
		     "fail (explain migrate-failed)", pages_text(machine, pages, text));
}

static void check_cma(const struct machine *machine, struct finding *finding)
{
	char value[32], text[SIZE_TEXT_MAX];
	uint64_t total;

	if (!system_field(machine->system, "/proc/meminfo", "CmaTotal", value, sizeof(value))) {
		find(finding, STATUS_OK, "this kernel has none");
		return;
	}
	total = strtoull(value, NULL, 10) * 1024;
	find(finding, STATUS_OK, "%s%s", size_to_text(total, text),
	     total ? ": pages there are moved out before a pin" : "");
}

static void check_pins(const struct machine *machine, struct finding *finding)
{
	char acquired[32], released[32];
	uint64_t pinned, unpinned;

	if (!system_field(machine->system, "/proc/vmstat", "nr_foll_pin_acquired", acquired,
			  sizeof(acquired)) ||
	    !system_field(machine->system, "/proc/vmstat", "nr_foll_pin_released", released,
			  sizeof(released))) {
		find(finding, STATUS_UNKNOWN, "this kernel does not count pins");
		return;
	}
	pinned = strtoull(acquired, NULL, 10);
	unpinned = strtoull(released, NULL, 10);
	/* Each CPU adds its share to the sums late: more can have been released than pinned. */
	find(finding, STATUS_OK, "%" PRIu64 " pages are pinned by whatever subsystem",
	     pinned > unpinned ? pinned - unpinned : 0);
}

/* --- what else there is ------------------------------------------------------ */

/* dax, dax=always: every file; dax=inode: those marked; dax=never: none. */
static bool mounted_with_dax(const char *options, size_t length)
{
	const char *end = options + length;

	while (options < end) {
		size_t word = strcspn(options, ", \n");

		if ((word == 3 && !strncmp(options, "dax", 3)) ||
		    (word == 10 && !strncmp(options, "dax=always", 10)))
			return true;
		options += word + 1;
	}
	return false;
}

static void check_dax_mounts(const struct machine *machine, struct finding *finding)
{
	const char *line = system_read(machine->system, "/proc/self/mounts", NULL);
	char *first = NULL;
	size_t count = 0;

	if (!line) {
		find(finding, STATUS_UNKNOWN, "/proc/self/mounts cannot be read");
		return;
	}
	for (; *line; line += strcspn(line, "\n"), line += *line == '\n') {
		const char *where = strchr(line, ' ');
		const char *type = where ? strchr(where + 1, ' ') : NULL;
		const char *options = type ? strchr(type + 1, ' ') : NULL;

		if (!options || !mounted_with_dax(options + 1, strcspn(options + 1, " \n")))
			continue;
		if (!count++)
			first = text_format("%.*s", (int)(type - where - 1), where + 1);
	}
	if (!count)
		find(finding, STATUS_OK, "no filesystem is mounted with dax");
	else
		find(finding, STATUS_WARN,
		     "%s%s: long-term pins of files there fail (explain fsdax)",
		     first, count > 1 ? " and others" : "");
	free(first);
}

/* The names in a directory, by commas. */
static char *names_in(const struct machine *machine, const char *path)
{
	char *names = text_format("%s", ""), *name, *more;
	size_t i;

	for (i = 0; (name = system_entry(machine->system, path, i)); i++) {
		more = text_format("%s%s%s", names, *names ? ", " : "", name);
		free(names);
		free(name);
		names = more;
	}
	return names;
}

static void check_dax_devices(const struct machine *machine, struct finding *finding)
{
	char *names = names_in(machine, "/sys/bus/dax/devices");

	find(finding, STATUS_OK, "%s%s", *names ? names : "none",
	     *names ? ": mapped from /dev they can be pinned" : "");
	free(names);
}

static void check_rdma(const struct machine *machine, struct finding *finding)
{
	char *names = names_in(machine, "/sys/class/infiniband");

	find(finding, STATUS_OK, "%s", *names ? names : "none");
	free(names);
}

static void check_vfio(const struct machine *machine, struct finding *finding)
{
	uint64_t limit;

	if (system_number(machine->system,
			  "/sys/module/vfio_iommu_type1/parameters/dma_entry_limit", &limit))
		find(finding, STATUS_OK, "%" PRIu64 " mappings in each container", limit);
	else
		find(finding, STATUS_OK, "vfio_iommu_type1 is not loaded");
}

static void check_io_uring(const struct machine *machine, struct finding *finding)
{
	uint64_t disabled;

	if (!system_number(machine->system, "/proc/sys/kernel/io_uring_disabled", &disabled)) {
		find(finding, STATUS_UNKNOWN, "this kernel has no switch for it");
	} else if (!disabled) {
		find(finding, STATUS_OK, "allowed for everybody");
	} else {
		find(finding, STATUS_WARN, "%s",
		     disabled == 1 ? "only for a group and for CAP_SYS_ADMIN" : "off");
		fix(finding, "sudo sysctl kernel.io_uring_disabled=0");
	}
}

static void check_seccomp(const struct machine *machine, struct finding *finding)
{
	char value[32];

	if (!machine_status(machine, "Seccomp", value, sizeof(value)))
		find(finding, STATUS_UNKNOWN, "the status of the process does not tell");
	else if (*value == '0')
		find(finding, STATUS_OK, "no filter");
	else
		find(finding, STATUS_OK, "a filter: those of containers often forbid io_uring "
		     "(EPERM, ENOSYS)");
}

static void check_trace(const struct machine *machine, struct finding *finding)
{
	if (!tracer_is_built())
		find(finding, STATUS_UNKNOWN, "this pinctl was built without: clang, bpftool or "
		     "libbpf was missing");
	else if (!system_has(machine->system, "/sys/kernel/btf/vmlinux"))
		find(finding, STATUS_UNKNOWN, "this kernel has no BTF: it cannot be watched");
	else
		find(finding, STATUS_OK, "the kernel has BTF; it takes CAP_BPF and CAP_PERFMON, "
		     "or root");
}

const struct check checks[] = {
	{ "kernel.version", "whether the module supports this kernel", check_kernel_version },
	{ "kernel.modules-disabled", "whether modules can be loaded at all",
	  check_modules_disabled },
	{ "kernel.lockdown", "lockdown, under which modules must be signed", check_lockdown },
	{ "kernel.secure-boot", "Secure Boot, which most kernels answer with lockdown",
	  check_secure_boot },
	{ "container", "whether this is a container, and whose root its root is",
	  check_container },
	{ "module.available", "whether the module is installed for this kernel",
	  check_module_available },
	{ "module.signature", "whether the kernel would load it as it is signed",
	  check_module_signature },
	{ "module.loaded", "whether it is loaded", check_module_loaded },
	{ "module.version", "whether it speaks this pinctl's interface", check_module_version },
	{ "device.exists", "whether /dev/pin is there", check_device_exists },
	{ "device.access", "whether the user may ask and pin", check_device_access },
	{ "memlock.soft", "RLIMIT_MEMLOCK of the process", check_memlock_soft },
	{ "memlock.user", "what its user has charged to that limit", check_memlock_user },
	{ "memlock.process", "what the process itself has locked and pinned",
	  check_memlock_process },
	{ "memlock.cap", "whether CAP_IPC_LOCK exempts it", check_memlock_cap },
	{ "cgroup.memory", "the memory that its cgroup leaves it", check_cgroup_memory },
	{ "system.cap", "the module's cap on all pins", check_system_cap },
	{ "system.pins", "pages pinned by all subsystems together", check_pins },
	{ "hugetlb.free", "huge pages left in the pool", check_hugetlb },
	{ "thp", "transparent huge pages", check_thp },
	{ "zone.movable", "memory that pages are moved out of before a pin",
	  check_zone_movable },
	{ "zone.cma", "the same in CMA areas", check_cma },
	{ "dax.mounts", "filesystems whose files cannot be pinned", check_dax_mounts },
	{ "dax.devices", "device-dax, which can be", check_dax_devices },
	{ "rdma.devices", "RDMA devices", check_rdma },
	{ "vfio.entries", "how many mappings VFIO allows", check_vfio },
	{ "io_uring", "whether io_uring is allowed", check_io_uring },
	{ "trace", "whether pinctl trace can watch this kernel", check_trace },
	{ "seccomp", "whether a filter of system calls is in force", check_seccomp },
};

const size_t check_count = ARRAY_SIZE(checks);

const char *doctor_check_id(size_t index)
{
	return index < check_count ? checks[index].id : NULL;
}

void check_run(const struct check *check, const struct machine *machine,
	       struct finding *finding)
{
	*finding = (struct finding){ 0 };
	check->run(machine, finding);
}

void finding_release(struct finding *finding)
{
	size_t i;

	for (i = 0; i < finding->fix_count; i++)
		free(finding->fixes[i].command);
	free(finding->text);
	*finding = (struct finding){ 0 };
}
