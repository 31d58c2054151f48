// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Machine: see machine.h.
 */
#include <errno.h>
#include <inttypes.h>
#include <libpin.h>
#include <limits.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "machine.h"
#include "pinctl.h"
#include "segment.h"

/* --- writing the facts down ------------------------------------------------ */

static const char *error_name(int error)
{
	return error ? errno_text(error) : "ok";
}

static void write_device(FILE *out)
{
	struct stat st;
	int error = stat(DEVICE, &st) ? errno : 0;

	fprintf(out, "device: %s\n", error_name(error));
	if (error)
		return;
	fprintf(out, "device-type: %s\n", S_ISCHR(st.st_mode) ? "character" : "other");
	fprintf(out, "device-mode: %04o\n", st.st_mode & 07777);
	fprintf(out, "device-uid: %u\n", st.st_uid);
	fprintf(out, "device-gid: %u\n", st.st_gid);
}

static void write_info(FILE *out, const struct libpin_info *info)
{
	fprintf(out, "abi-version: %" PRIu32 "\n", libpin_info_abi_version(info));
	fprintf(out, "features: %" PRIu64 "\n", libpin_info_features(info));
	fprintf(out, "system-cap-pages: %" PRIu64 "\n", libpin_info_system_cap_pages(info));
	fprintf(out, "system-pinned-pages: %" PRIu64 "\n", libpin_info_system_pinned_pages(info));
	fprintf(out, "user-limit-pages: %" PRIu64 "\n", libpin_info_user_limit_pages(info));
	fprintf(out, "user-charged-pages: %" PRIu64 "\n", libpin_info_user_charged_pages(info));
}

/* Opening the device does nothing yet, but only opening it tells all that forbids it. */
static void write_answers(FILE *out)
{
	struct libpin_info *info = NULL;
	struct libpin_context *ctx;
	int ret = libpin_context_open(&ctx, NULL, true);

	check_memory(-ret);
	fprintf(out, "open-to-pin: %s\n", error_name(-ret));
	if (!ret)
		libpin_context_close(ctx);
	ret = libpin_context_open(&ctx, NULL, false);
	if (!ret) {
		ret = libpin_info_get(ctx, &info);
		libpin_context_close(ctx);
	}
	check_memory(-ret);
	fprintf(out, "open-to-ask: %s\n", error_name(-ret));
	if (info)
		write_info(out, info);
	libpin_info_free(info);
}

static void write_facts(struct system *system, pid_t pid)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		out_of_memory();
	fputs("pinctl: " PINCTL_VERSION "\n", out);
	if (pid)
		fprintf(out, "process: %d\n", pid);
	else
		fputs("process: self\n", out);
	fprintf(out, "uid: %u\n", getuid());
	fprintf(out, "page-size: %ld\n", sysconf(_SC_PAGESIZE));
	write_device(out);
	write_answers(out);
	if (ferror(out) | fclose(out) || !text)
		out_of_memory();
	system_state(system, FACTS, text);
	free(text);
}

/* --- reading them ----------------------------------------------------------- */

static uint64_t fact(struct machine *machine, const char *name, int base)
{
	char value[32];

	if (!system_field(machine->system, FACTS, name, value, sizeof(value)))
		return 0;
	return strtoull(value, NULL, base);
}

/* A fact that an older pinctl did not write down is as if it could not be had. */
static int fact_error(struct machine *machine, const char *name)
{
	char value[32] = "ENODATA";
	int error;

	system_field(machine->system, FACTS, name, value, sizeof(value));
	if (!strcmp(value, "ok"))
		return 0;
	error = errno_value(value);
	return error ? error : EIO;
}

static void read_facts(struct machine *machine)
{
	char type[16] = "";

	machine->known = system_read(machine->system, FACTS, NULL);
	if (!machine->known)
		return;
	machine->uid = (unsigned int)fact(machine, "uid", 10);
	machine->page_size = fact(machine, "page-size", 10);
	machine->device_error = fact_error(machine, "device");
	system_field(machine->system, FACTS, "device-type", type, sizeof(type));
	machine->device_is_character = !strcmp(type, "character");
	machine->device_mode = (unsigned int)fact(machine, "device-mode", 8);
	machine->device_uid = (unsigned int)fact(machine, "device-uid", 10);
	machine->device_gid = (unsigned int)fact(machine, "device-gid", 10);
	machine->pin_error = fact_error(machine, "open-to-pin");
	machine->ask_error = fact_error(machine, "open-to-ask");
	machine->answered = !machine->ask_error;
	machine->abi_version = fact(machine, "abi-version", 10);
	machine->features = fact(machine, "features", 10);
	machine->system_cap_pages = fact(machine, "system-cap-pages", 10);
	machine->system_pinned_pages = fact(machine, "system-pinned-pages", 10);
	machine->user_limit_pages = fact(machine, "user-limit-pages", 10);
	machine->user_charged_pages = fact(machine, "user-charged-pages", 10);
}

/* Only a number: what stands in the facts may come from anybody. */
static pid_t process_of_facts(struct machine *machine)
{
	char *end, process[16];
	long pid;

	if (!system_field(machine->system, FACTS, "process", process, sizeof(process)))
		return 0;
	pid = strtol(process, &end, 10);
	return *end || pid < 0 || pid > INT_MAX ? 0 : (pid_t)pid;
}

void machine_look(struct machine *machine, struct system *system, pid_t pid)
{
	*machine = (struct machine){ .system = system };
	if (system_is_live(system))
		write_facts(system, pid);
	read_facts(machine);
	if (!machine->page_size)
		machine->page_size = (uint64_t)sysconf(_SC_PAGESIZE);
	if (!pid)
		pid = process_of_facts(machine);
	machine->self = !pid;
	if (pid)
		snprintf(machine->process, sizeof(machine->process), "/proc/%d", pid);
	else
		snprintf(machine->process, sizeof(machine->process), "/proc/self");
}

/* --- what the files say ----------------------------------------------------- */

const char *machine_path(const struct machine *machine, const char *name, char path[64])
{
	snprintf(path, 64, "%s/%s", machine->process, name);
	return path;
}

bool machine_status(const struct machine *machine, const char *name, char *value, size_t size)
{
	char path[64];

	return system_field(machine->system, machine_path(machine, "status", path), name, value,
			    size);
}

static uint64_t limit_value(const char *text)
{
	return *text == 'u' ? UINT64_MAX : strtoull(text, NULL, 10);
}

bool machine_memlock(const struct machine *machine, uint64_t *soft, uint64_t *hard)
{
	char value[96], first[32], second[32], path[64];

	if (!system_field(machine->system, machine_path(machine, "limits", path),
			  "Max locked memory", value, sizeof(value)) ||
	    sscanf(value, "%31s %31s", first, second) != 2)
		return false;
	*soft = limit_value(first);
	*hard = limit_value(second);
	return true;
}

bool machine_capable(const struct machine *machine, int capability)
{
	char value[32];

	return machine_status(machine, "CapEff", value, sizeof(value)) &&
	       strtoull(value, NULL, 16) & (UINT64_C(1) << capability);
}

bool machine_initial_users(const struct machine *machine)
{
	unsigned long long inside, outside, count;
	char line[96], path[64];

	/* Without the file, this is a kernel without user namespaces. */
	if (!system_line(machine->system, machine_path(machine, "uid_map", path), line,
			 sizeof(line)))
		return true;
	return sscanf(line, "%llu %llu %llu", &inside, &outside, &count) == 3 && !inside &&
	       !outside && count == UINT32_MAX;
}

bool machine_exempt(const struct machine *machine)
{
	return machine_capable(machine, CAP_IPC_LOCK) && machine_initial_users(machine);
}

const char *machine_container(const struct machine *machine)
{
	static const struct {
		const char *path;
		const char *name;
	} traces[] = {
		{ "/.dockerenv", "docker" },
		{ "/run/.containerenv", "podman" },
		{ "/run/systemd/container", "systemd-nspawn or the like" },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(traces); i++)
		if (system_has(machine->system, traces[i].path))
			return traces[i].name;
	return machine_initial_users(machine) ? NULL : "a user namespace";
}

bool machine_kernel(const struct machine *machine, unsigned int *major, unsigned int *minor)
{
	char release[96];

	return system_line(machine->system, "/proc/sys/kernel/osrelease", release,
			   sizeof(release)) &&
	       sscanf(release, "%u.%u", major, minor) == 2;
}
