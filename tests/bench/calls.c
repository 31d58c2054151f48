// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the other calls of /dev/pin cost: those that do nothing, CHECK by the mapping,
 * a refusal of address space that nobody has touched, READ and WRITE by the page.
 *
 * Time is instructions, the least of some rounds; see clock.h.
 *
 * usage: bench-calls
 * The module is loaded. Exits 1 if a refusal takes longer because there are more pages.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <pin/ioctl.h>

#include "clock.h"
#include "figure.h"

#define ROUNDS		20
#define PAGE		4096UL
#define MAPPINGS	1000
#define PAGES		512
#define GIB		(1UL << 30)
#define TIB		(1UL << 40)
#define SLOWER		1.01

static int device;

/* What is called, and with what. */
struct call {
	unsigned long command;
	void *arg;
	int err;	/* that it ends with, or 0 */
};

static uint64_t measure_once(const struct call *call)
{
	uint64_t start, took;
	int status;

	run_before_all_others(true);
	start = clock_ticks();
	status = ioctl(device, call->command, call->arg);
	took = clock_ticks() - start - clock_ticks_cost;
	run_before_all_others(false);
	if ((status ? errno : 0) != call->err)
		die("command %lx", call->command);
	return took;
}

static uint64_t measure(const struct call *call)
{
	uint64_t least = UINT64_MAX, took;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		took = measure_once(call);
		if (took < least)
			least = took;
	}
	return least;
}

static char *map(char *addr, size_t bytes, int prot, int flags)
{
	char *at = mmap(addr, bytes, prot,
			MAP_PRIVATE | MAP_ANONYMOUS | flags | (addr ? MAP_FIXED : 0), -1, 0);

	if (at == MAP_FAILED)
		die("mmap of %zu bytes", bytes);
	return at;
}

static void bench_empty(void)
{
	struct pin_info info = { .size = sizeof(info) };

	figure_tell(measure(&(struct call) { _IO(PIN_IOC_MAGIC, 0xff), NULL, ENOTTY }),
		    "pin/call/unknown");
	figure_tell(measure(&(struct call) { PIN_IOC_INFO, &info, 0 }), "pin/call/info");
}

/* Neighbours that are not alike stay mappings of their own. */
static void bench_check(void)
{
	char *addr = map(NULL, MAPPINGS * PAGE, PROT_READ | PROT_WRITE, 0);
	static struct pin_report reports[MAPPINGS];
	struct pin_check check = {
		.size = sizeof(check),
		.flags = PIN_CHECK_WRITE,
		.report_size = sizeof(*reports),
		.addr = (uintptr_t)addr,
		.length = MAPPINGS * PAGE,
		.reports = (uintptr_t)reports,
		.reports_capacity = MAPPINGS,
	};
	uint64_t took;
	int i;

	for (i = 0; i < MAPPINGS; i += 2)
		if (mprotect(addr + i * PAGE, PAGE, PROT_READ))
			die("mprotect");
	took = measure(&(struct call) { PIN_IOC_CHECK, &check, 0 });
	if (check.reports_count != MAPPINGS)
		die("%u mappings judged, not %u", check.reports_count, MAPPINGS);
	figure_tell(took / MAPPINGS, "pin/check/mapping");
	munmap(addr, MAPPINGS * PAGE);
}

static uint64_t measure_refusal(size_t bytes)
{
	char *addr = map(NULL, bytes, PROT_READ | PROT_WRITE, MAP_NORESERVE);
	struct pin_pin pin = {
		.size = sizeof(pin),
		.flags = PIN_F_WRITE,
		.addr = (uintptr_t)addr,
		.length = bytes,
	};
	uint64_t took;

	map(addr + bytes - PAGE, PAGE, PROT_READ, MAP_NORESERVE);
	took = measure(&(struct call) { PIN_IOC_PIN, &pin, EFAULT });
	if (pin.refusal.reason != PIN_REASON_NOT_WRITABLE ||
	    pin.refusal.addr != (uintptr_t)(addr + bytes - PAGE))
		die("reason %u in place of not-writable", pin.refusal.reason);
	munmap(addr, bytes);
	return took;
}

static int bench_refusal(void)
{
	uint64_t small = measure_refusal(GIB), large = measure_refusal(TIB);

	figure_tell(small, "pin/refusal/1-GiB");
	figure_tell(large, "pin/refusal/1-TiB");
	if ((double)large <= SLOWER * (double)small)
		return 0;
	printf("FAILED: a refusal goes by pages, not by mappings\n");
	return 1;
}

static void bench_access(void)
{
	char *addr = map(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_POPULATE);
	char *buffer = map(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_POPULATE);
	struct pin_access access = {
		.size = sizeof(access),
		.buffer = (uintptr_t)buffer,
		.length = PAGES * PAGE,
	};
	struct pin_pin pin = {
		.size = sizeof(pin),
		.flags = PIN_F_WRITE,
		.addr = (uintptr_t)addr,
		.length = PAGES * PAGE,
	};

	if (ioctl(device, PIN_IOC_PIN, &pin))
		die("PIN, reason %u", pin.refusal.reason);
	access.id = pin.id;
	figure_tell(measure(&(struct call) { PIN_IOC_READ, &access, 0 }) / PAGES, "pin/read/page");
	figure_tell(measure(&(struct call) { PIN_IOC_WRITE, &access, 0 }) / PAGES,
		    "pin/write/page");
	if (access.done != access.length)
		die("%llu bytes written", (unsigned long long)access.done);
}

int main(void)
{
	int status;

	setvbuf(stdout, NULL, _IOLBF, 0);
	clock_check();
	device = open("/dev/pin", O_RDWR | O_CLOEXEC);
	if (device < 0)
		die("/dev/pin");
	bench_empty();
	bench_check();
	status = bench_refusal();
	bench_access();
	return status;
}
