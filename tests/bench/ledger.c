// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the ledger costs: an event, heard by nobody, by one listener and by one whose
 * buffer is full; a pin in a dump, told or only looked at; and how much memory of the
 * kernel a context and a pin take.
 *
 * Time is instructions, the least of some rounds; see clock.h. A round is PIN and UNPIN of
 * one page, with two events.
 *
 * usage: bench-ledger
 * The module is loaded, for 200,000 pins in a context. Exits 1 if a listener that does not
 * read costs notably more than one that does.
 */
#include "clock.h"
#include "figure.h"
#include "meminfo.h"

#include <fcntl.h>
#include <linux/genetlink.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/netlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <pin/ioctl.h>
#include <pin/netlink.h>

#define ROUNDS		200
#define CONTEXTS	10000	/* enough that a slab of somebody else's is not seen */
#define PINNERS		1000
#define PINS		100000
#define DUMPED		10000
#define DUMPS		5
#define PAGES		512	/* each pin counts 1024 in its page's reference count */
#define BUFFER		32768
#define NO_NODE		4000
#define SLOWER		1.25	/* freeing what is lost is dear on a kernel that checks */

static char *memory;
static size_t page;
static struct nl_sock *asker;
static int family;

static uint64_t pin(int fd, size_t index)
{
	struct pin_pin arg = {
		.size = sizeof(arg),
		.addr = (uintptr_t)(memory + index % PAGES * page),
		.length = page,
	};

	if (ioctl(fd, PIN_IOC_PIN, &arg))
		die("PIN, reason %u", arg.refusal.reason);
	return arg.id;
}

static void unpin(int fd, uint64_t id)
{
	struct pin_unpin arg = { .size = sizeof(arg), .id = id };

	if (ioctl(fd, PIN_IOC_UNPIN, &arg))
		die("UNPIN");
}

static int open_context(void)
{
	int fd = open("/dev/pin", O_RDWR | O_CLOEXEC);

	if (fd < 0)
		die("/dev/pin");
	return fd;
}

/* --- events */

static int listen_with(int buffer)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
	int group = genl_ctrl_resolve_grp(asker, PIN_NL_FAMILY, PIN_NL_GROUP_EVENTS);
	struct sockaddr_nl any = { .nl_family = AF_NETLINK };

	if (bind(fd, (struct sockaddr *)&any, sizeof(any)) ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof(buffer)) ||
	    setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)))
		die("a listener");
	return fd;
}

static void hear_all(int listener)
{
	char bytes[BUFFER];

	while (recv(listener, bytes, sizeof(bytes), MSG_DONTWAIT) >= 0)
		;
}

/* The listener, if there is one, reads between the rounds if it reads at all. */
static uint64_t measure_round(int fd, int listener)
{
	uint64_t least = UINT64_MAX, start, took;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		run_before_all_others(true);
		start = clock_now();
		unpin(fd, pin(fd, 0));
		took = clock_now() - start - clock_cost;
		run_before_all_others(false);
		if (took < least)
			least = took;
		if (listener >= 0)
			hear_all(listener);
	}
	return least;
}

static int bench_events(void)
{
	uint64_t alone, heard, full;
	int fd = open_context(), listener, i;

	alone = measure_round(fd, -1);
	listener = listen_with(1 << 20);
	heard = measure_round(fd, listener);
	close(listener);
	listener = listen_with(4096);
	for (i = 0; i < ROUNDS; i++)
		unpin(fd, pin(fd, 0));
	full = measure_round(fd, -1);
	close(listener);
	close(fd);
	printf("PIN and UNPIN of a page: %llu, with a listener %llu, with a full one %llu\n",
	       (unsigned long long)alone, (unsigned long long)heard, (unsigned long long)full);
	printf("an event: %llu heard, %lld lost\n", (unsigned long long)(heard - alone) / 2,
	       ((long long)full - (long long)alone) / 2);
	figure_tell(alone, "pin/ledger/pin-unpin");
	figure_tell(heard, "pin/ledger/pin-unpin-heard");
	figure_tell(full, "pin/ledger/pin-unpin-lost");
	return full > heard * SLOWER;
}

/* --- dumps */

static struct nl_msg *dump_request(int attr, uint32_t value)
{
	struct nl_msg *request = nlmsg_alloc();

	if (!request || !genlmsg_put(request, NL_AUTO_PORT, NL_AUTO_SEQ, family, 0,
				     NLM_F_REQUEST | NLM_F_DUMP, PIN_NL_CMD_PIN_GET,
				     PIN_NL_VERSION))
		die("a request");
	if (attr)
		nla_put_u32(request, attr, value);
	return request;
}

/* How many pins there are in this part; the end of all ends the dump. */
static unsigned int receive(bool *end)
{
	static char bytes[BUFFER];
	struct nlmsghdr *message = (void *)bytes;
	int left = recv(nl_socket_get_fd(asker), bytes, sizeof(bytes), 0);
	unsigned int pins = 0;

	if (left < 0)
		die("recv");
	for (; nlmsg_ok(message, left); message = nlmsg_next(message, &left)) {
		if (message->nlmsg_type == NLMSG_ERROR)
			die("a dump is refused");
		*end |= message->nlmsg_type == NLMSG_DONE;
		pins += message->nlmsg_type == family;
	}
	return pins;
}

static uint64_t measure_dump(int attr, uint32_t value, unsigned int wanted)
{
	uint64_t least = UINT64_MAX, start, took;
	int i;

	for (i = 0; i < DUMPS; i++) {
		struct nl_msg *request = dump_request(attr, value);
		unsigned int pins = 0;
		bool end = false;

		run_before_all_others(true);
		start = clock_now();
		if (nl_send_auto(asker, request) < 0)
			die("send");
		while (!end)
			pins += receive(&end);
		took = clock_now() - start;
		run_before_all_others(false);
		nlmsg_free(request);
		if (pins != wanted)
			die("%u pins dumped, not %u", pins, wanted);
		if (took < least)
			least = took;
	}
	return least;
}

static void bench_dump(void)
{
	uint64_t told, other_mode, other_node;
	int fd = open_context(), i;

	for (i = 0; i < DUMPED; i++)
		pin(fd, i);
	told = measure_dump(0, 0, DUMPED) / DUMPED;
	other_mode = measure_dump(PIN_NL_A_PIN_MODE, PIN_MODE_LEASE, 0) / DUMPED;
	other_node = measure_dump(PIN_NL_A_PIN_NODE_ID, NO_NODE, 0) / DUMPED;
	printf("a pin in a dump of %d: %llu told, %llu not of the mode asked for, "
	       "%llu not on the node asked for\n", DUMPED, (unsigned long long)told,
	       (unsigned long long)other_mode, (unsigned long long)other_node);
	figure_tell(told, "pin/ledger/dump/pin");
	figure_tell(other_mode, "pin/ledger/dump/pin-of-other-mode");
	figure_tell(other_node, "pin/ledger/dump/pin-on-other-node");
	close(fd);
}

/* --- memory */

static void bench_memory(void)
{
	struct rlimit files = { .rlim_cur = CONTEXTS + 64, .rlim_max = CONTEXTS + 64 };
	unsigned long long before, opened, pinned;
	static int contexts[CONTEXTS];
	int i;

	/* The table of open files has its size before, too. */
	if (setrlimit(RLIMIT_NOFILE, &files) || dup2(0, CONTEXTS + 63) < 0)
		die("room for %d files", CONTEXTS);
	before = meminfo_bytes("Slab");
	for (i = 0; i < CONTEXTS; i++)
		contexts[i] = open_context();
	opened = meminfo_bytes("Slab");
	for (i = 0; i < PINS; i++)
		pin(contexts[i % PINNERS], i);
	pinned = meminfo_bytes("Slab");
	for (i = 0; i < CONTEXTS; i++)
		close(contexts[i]);
	close(CONTEXTS + 63);
	printf("bytes of kernel memory: %llu a context, its open file included; %llu a pin\n",
	       (opened - before) / CONTEXTS, (pinned - opened) / PINS);
	figure_tell((opened - before) / CONTEXTS, "pin/footprint/context");
	figure_tell((pinned - opened) / PINS, "pin/footprint/pin");
}

int main(void)
{
	int worse;

	setvbuf(stdout, NULL, _IOLBF, 0);
	clock_check();
	page = sysconf(_SC_PAGESIZE);
	memory = mmap(NULL, PAGES * page, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	asker = nl_socket_alloc();
	if (memory == MAP_FAILED || !asker || genl_connect(asker))
		die("bench-ledger");
	family = genl_ctrl_resolve(asker, PIN_NL_FAMILY);
	if (family < 0)
		die("no ledger");
	puts("\nthe ledger, in instructions");
	/* First, while the allocator has nothing left over from others. */
	bench_memory();
	worse = bench_events();
	bench_dump();
	return worse;
}
