// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the ledger says is what is: each pin against what QUERY and the kernel's own
 * counters say, the sums, every filter.
 */
#include "leased.h"
#include "ledger_client.h"
#include "phys.h"

#include <fcntl.h>
#include <netlink/genl/genl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define HUGE	(2UL << 20)
#define COOKIE	0x600DC00C1EULL

#define OF(pin, name)	((pin)->u64[PIN_NL_A_PIN_##name])
#define TOTAL(totals, name)	((totals)->u64[PIN_NL_A_TOTALS_##name])

static uint64_t inode_of(const char *path)
{
	struct stat status;

	ck_assert_msg(!stat(path, &status), "%s: %s", path, strerror(errno));
	return status.st_ino;
}

/* What QUERY and the ledger both tell. */
static void expect_as_queried(const struct ledger_pin *told, uint64_t id)
{
	struct pin_query queried;

	ck_assert_int_eq(query(id, &queried), 0);
	ck_assert_uint_eq(OF(told, ID), id);
	ck_assert_uint_eq(OF(told, ADDR), queried.addr);
	ck_assert_uint_eq(OF(told, LENGTH), queried.length);
	ck_assert_uint_eq(OF(told, FLAGS), queried.pin_flags);
	ck_assert_uint_eq(OF(told, MODE), queried.mode);
	ck_assert_uint_eq(OF(told, STATE), queried.state);
	ck_assert_uint_eq(OF(told, COOKIE), queried.cookie);
	ck_assert_uint_eq(OF(told, PAGES), queried.pages);
	ck_assert_uint_eq(OF(told, RUNS), queried.runs);
	ck_assert_uint_eq(OF(told, CHARGED_PAGES), queried.charged_pages);
	ck_assert_uint_eq(OF(told, UID), queried.uid);
	ck_assert_uint_eq(OF(told, PID), queried.pid);
	ck_assert_uint_eq(OF(told, START_TIME), queried.start_time_ns);
	ck_assert_str_eq(told->comm, queried.comm);
	ck_assert_uint_eq(told->nodes_pages, queried.pages);
}

START_TEST(test_record)
{
	char *memory = map_anon(4 * page);
	struct ledger_pins pins;
	struct ledger_pin told;
	uint64_t id;
	int attr;

	ledger_connect();
	id = expect_pinned(memory + 5, 3 * page - 7, PIN_F_WRITE);
	ck_assert_int_eq(ledger_get(id, &told), 0);
	for (attr = PIN_NL_A_PIN_ID; attr <= PIN_NL_A_PIN_START_TIME; attr++)
		ck_assert_msg(told.has[attr], "attribute %d is not told", attr);
	expect_as_queried(&told, id);
	ck_assert_uint_eq(OF(&told, COOKIE), COOKIE);
	ck_assert_uint_eq(OF(&told, REFERENCES), 3);
	/* Root has CAP_IPC_LOCK. */
	ck_assert_uint_eq(OF(&told, CHARGED_PAGES), 3);
	ck_assert_uint_eq(OF(&told, USER_CHARGED_PAGES), 0);
	ck_assert_uint_eq(OF(&told, NS_PID), getpid());
	ck_assert_uint_eq(OF(&told, PID_NS), inode_of("/proc/self/ns/pid"));

	ck_assert_int_eq(ledger_dump(NULL, &pins), 0);
	ck_assert_uint_eq(pins.count, 1);
	expect_as_queried(ledger_among(&pins, id), id);

	ck_assert_int_eq(unpin(id), 0);
	ck_assert_int_eq(ledger_get(id, &told), -ENOENT);
	ck_assert_int_eq(ledger_dump(NULL, &pins), 0);
	ck_assert_uint_eq(pins.count, 0);
}
END_TEST

/* A user without the capability is charged, and the ledger says how much. */
static int pin_as_user(void *arg)
{
	uint64_t *id = arg;

	if (setgid(65534) || setuid(65534))
		return 1;
	*id = expect_pinned(map_anon(2 * page), 2 * page, PIN_F_WRITE);
	return 0;
}

/* A pin was revoked, and all that it held has been given back, when this returns. */
static void await_revoked(void)
{
	struct ledger_event event;

	ck_assert_int_eq(ledger_hear(&event), 0);
	ck_assert_uint_eq(event.cmd, PIN_NL_CMD_REVOKED);
	ledger_stop_listening();
}

static void take_away(uint64_t id)
{
	ledger_listen(0);
	ck_assert_int_eq(ledger_force(id), 0);
	await_revoked();
}

START_TEST(test_user_charge)
{
	uint64_t *id = mmap(NULL, page, PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct ledger_pin told;

	ledger_connect();
	ck_assert_int_eq(in_child(pin_as_user, id), 0);
	/* The process is gone, what is known of it is not. */
	ck_assert_int_eq(ledger_get(*id, &told), 0);
	ck_assert_uint_eq(OF(&told, UID), 65534);
	ck_assert_uint_eq(OF(&told, USER_CHARGED_PAGES), 2);
	ck_assert_uint_ne(OF(&told, PID), 0);
	ck_assert_uint_ne(OF(&told, PID), getpid());
	take_away(*id);
	ck_assert_int_eq(ledger_get(*id, &told), 0);
	ck_assert_uint_eq(OF(&told, CHARGED_PAGES), 0);
	ck_assert_uint_eq(OF(&told, USER_CHARGED_PAGES), 0);
	ck_assert_int_eq(unpin(*id), 0);
}
END_TEST

static int pin_in_cgroup(void *arg)
{
	FILE *file = fopen("/tmp/cgroup2/pinned/cgroup.procs", "we");

	if (!file || fprintf(file, "%d\n", getpid()) < 0 || fclose(file))
		return 1;
	*(uint64_t *)arg = expect_pinned(map_anon(page), page, PIN_F_WRITE);
	return 0;
}

START_TEST(test_cgroup)
{
	uint64_t *id = mmap(NULL, page, PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct ledger_pin told;
	uint64_t inode;

	ledger_connect();
	mkdir("/tmp/cgroup2", 0755);
	ck_assert_msg(!mount("cgroup2", "/tmp/cgroup2", "cgroup2", 0, NULL),
		      "cgroup2: %s", strerror(errno));
	ck_assert_int_eq(mkdir("/tmp/cgroup2/pinned", 0755), 0);
	inode = inode_of("/tmp/cgroup2/pinned");
	ck_assert_int_eq(in_child(pin_in_cgroup, id), 0);
	ck_assert_int_eq(rmdir("/tmp/cgroup2/pinned"), 0);
	ck_assert_int_eq(umount("/tmp/cgroup2"), 0);
	ck_assert_int_eq(ledger_get(*id, &told), 0);
	ck_assert_uint_eq(OF(&told, CGROUP), inode);
	ck_assert_int_eq(unpin(*id), 0);
}
END_TEST

/* Of a huge page in part: all of it is charged, the range is pinned, one reference. */
START_TEST(test_references)
{
	struct counters counted, counted_before;
	struct ledger_totals before, after;
	char *small = map_anon(5 * page);
	char *huge = map_hugetlb(HUGE, MAP_PRIVATE);
	struct ledger_pin told;
	uint64_t id;

	ledger_connect();
	counted_before = counters_read();
	ck_assert_int_eq(ledger_totals(&before), 0);
	id = expect_pinned(huge + page, 3 * page, PIN_F_WRITE);
	expect_pinned(small, 5 * page, 0);
	ck_assert_int_eq(ledger_get(id, &told), 0);
	ck_assert_uint_eq(OF(&told, PAGES), 3);
	ck_assert_uint_eq(OF(&told, REFERENCES), 1);
	ck_assert_uint_eq(OF(&told, CHARGED_PAGES), HUGE / page);

	counted = counters_read();
	ck_assert_int_eq(ledger_totals(&after), 0);
	ck_assert_uint_eq(TOTAL(&after, REFERENCES) - TOTAL(&before, REFERENCES), 6);
	ck_assert_uint_eq(counted.pinned - counted_before.pinned, 6);
	ck_assert_uint_eq(TOTAL(&after, CHARGED_PAGES), counted.system);
	ck_assert_uint_eq(TOTAL(&after, LONGTERM_PINS) -
			  TOTAL(&before, LONGTERM_PINS), 2);
	ck_assert_uint_eq(TOTAL(&after, LONGTERM_PAGES) -
			  TOTAL(&before, LONGTERM_PAGES), 8);
	ck_assert_uint_eq(TOTAL(&after, CAP_PAGES), info().system_cap_pages);
	ck_assert_uint_eq(TOTAL(&after, CAP_PINS), info().context_cap_pins);
}
END_TEST

START_TEST(test_refusals_counted)
{
	struct ledger_totals before, after;
	char *memory = map_anon(2 * page);
	uint32_t reason;

	ledger_connect();
	ck_assert_int_eq(munmap(memory + page, page), 0);
	ck_assert_int_eq(ledger_totals(&before), 0);
	expect_refused(memory, 2 * page, 0, PIN_REASON_HOLE, memory + page, BY_MAPPING);
	ck_assert_int_eq(ledger_totals(&after), 0);
	before.refusals[PIN_REASON_HOLE]++;
	for (reason = 1; reason < REASONS; reason++)
		ck_assert_uint_eq(before.refusals[reason], after.refusals[reason]);
	ck_assert_uint_eq(TOTAL(&before, REFERENCES), TOTAL(&after, REFERENCES));
}
END_TEST

START_TEST(test_revoked)
{
	struct ledger_totals before, live, after;
	struct leased leased;
	struct ledger_pin told;

	ledger_connect();
	ck_assert_int_eq(ledger_totals(&before), 0);
	leased_open(&leased, dax_dirs[_i], 4 * page);
	leased_pin(&leased);
	ck_assert_int_eq(ledger_totals(&live), 0);
	ck_assert_uint_eq(TOTAL(&live, LEASE_PINS), TOTAL(&before, LEASE_PINS) + 1);
	ck_assert_uint_eq(TOTAL(&live, LEASE_PAGES), TOTAL(&before, LEASE_PAGES) + 4);
	ck_assert_uint_eq(TOTAL(&live, REFERENCES), TOTAL(&before, REFERENCES) + 4);
	ck_assert_int_eq(ledger_get(leased.id, &told), 0);
	expect_as_queried(&told, leased.id);
	ck_assert_uint_eq(OF(&told, MODE), PIN_MODE_LEASE);
	ck_assert_uint_eq(OF(&told, REFERENCES), 4);

	ledger_listen(0);
	ck_assert_int_eq(ftruncate(leased.fd, 0), 0);
	ck_assert_int_eq(ledger_totals(&after), 0);
	ck_assert_uint_eq(TOTAL(&after, LEASE_PINS), TOTAL(&live, LEASE_PINS));
	ck_assert_uint_eq(TOTAL(&after, LEASE_PAGES), TOTAL(&before, LEASE_PAGES));
	ck_assert_uint_eq(TOTAL(&after, REFERENCES), TOTAL(&before, REFERENCES));
	ck_assert_uint_eq(after.revocations[PIN_CAUSE_FILE],
			  before.revocations[PIN_CAUSE_FILE] + 1);
	expect_event(leased.id);
	/* The charge is given back by a worker. */
	await_revoked();
	ck_assert_int_eq(ledger_get(leased.id, &told), 0);
	expect_as_queried(&told, leased.id);
	ck_assert_uint_eq(OF(&told, STATE), PIN_STATE_REVOKED);
	ck_assert_uint_eq(OF(&told, CHARGED_PAGES), 0);
	ck_assert_uint_eq(OF(&told, REFERENCES), 0);
	ck_assert_int_eq(unpin(leased.id), 0);
	/* What was given back is not taken from the sums once more. */
	ck_assert_int_eq(ledger_totals(&after), 0);
	ck_assert_uint_eq(TOTAL(&after, LEASE_PINS), TOTAL(&before, LEASE_PINS));
	ck_assert_uint_eq(TOTAL(&after, LEASE_PAGES), TOTAL(&before, LEASE_PAGES));
	ck_assert_uint_eq(TOTAL(&after, REFERENCES), TOTAL(&before, REFERENCES));
	leased_close(&leased);
}
END_TEST

static struct nl_msg *filter_u32(int attr, uint32_t value)
{
	struct nl_msg *request = ledger_request(PIN_NL_CMD_PIN_GET, NLM_F_DUMP);

	ck_assert_int_eq(nla_put_u32(request, attr, value), 0);
	return request;
}

static struct nl_msg *filter_range(int first_attr, uint64_t first, int count_attr,
				   uint64_t count)
{
	struct nl_msg *request = ledger_request(PIN_NL_CMD_PIN_GET, NLM_F_DUMP);

	ck_assert_int_eq(nla_put_u64(request, first_attr, first), 0);
	ck_assert_int_eq(nla_put_u64(request, count_attr, count), 0);
	return request;
}

/* Exactly these two, of which 0 is none. */
static void expect_dump(struct nl_msg *request, uint64_t one, uint64_t other,
			const char *filter)
{
	struct ledger_pins pins;

	ck_assert_msg(!ledger_dump(request, &pins), "%s: %s", filter,
		      ledger_said.message);
	ck_assert_msg(pins.count == (size_t)(one != 0) + (other != 0),
		      "%s: %zu pins", filter, pins.count);
	ck_assert_msg(!one || ledger_among(&pins, one), "%s: misses one", filter);
	ck_assert_msg(!other || ledger_among(&pins, other), "%s: misses other", filter);
}

static void expect_range_filter(char *memory, uint64_t one, uint64_t other)
{
	uint64_t addr = (uintptr_t)memory;
	const struct {
		uint64_t addr, length, one, other;
	} rows[] = {
		{ addr - 1, 1, 0, 0 },
		{ addr, 1, one, 0 },
		{ addr - 1, 2, one, 0 },
		{ addr + 2 * page - 1, 1, one, 0 },
		{ addr + 2 * page - 1, page + 1, one, 0 },
		{ addr + 2 * page - 1, page + 2, one, other },
		{ addr + 2 * page, page, 0, 0 },
		{ 0, UINT64_MAX, one, other },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		expect_dump(filter_range(PIN_NL_A_PIN_ADDR, rows[i].addr,
					 PIN_NL_A_PIN_LENGTH, rows[i].length),
			    rows[i].one, rows[i].other, "address");
}

START_TEST(test_filters)
{
	char *memory = map_anon(4 * page);
	struct nl_msg *request;
	struct ledger_pin told;
	uint64_t one, other;

	ledger_connect();
	one = expect_pinned(memory, 2 * page, PIN_F_WRITE);
	other = expect_pinned(memory + 3 * page, page, 0);
	ck_assert_int_eq(ledger_get(one, &told), 0);
	expect_dump(NULL, one, other, "none");
	expect_range_filter(memory, one, other);
	expect_dump(filter_u32(PIN_NL_A_PIN_MODE, PIN_MODE_LONGTERM), one, other, "mode");
	expect_dump(filter_u32(PIN_NL_A_PIN_MODE, PIN_MODE_LEASE), 0, 0, "mode");
	expect_dump(filter_u32(PIN_NL_A_PIN_STATE, PIN_STATE_LIVE), one, other, "state");
	expect_dump(filter_u32(PIN_NL_A_PIN_STATE, PIN_STATE_REVOKED), 0, 0, "state");
	expect_dump(filter_u32(PIN_NL_A_PIN_UID, 0), one, other, "uid");
	expect_dump(filter_u32(PIN_NL_A_PIN_UID, 1), 0, 0, "uid");
	expect_dump(filter_u32(PIN_NL_A_PIN_PID, getpid()), one, other, "pid");
	expect_dump(filter_u32(PIN_NL_A_PIN_PID, 1), 0, 0, "pid");
	/* The virtual machine has two NUMA nodes at most. */
	expect_dump(filter_u32(PIN_NL_A_PIN_NODE_ID, 4000), 0, 0, "node");
	request = ledger_request(PIN_NL_CMD_PIN_GET, NLM_F_DUMP);
	nla_put_u64(request, PIN_NL_A_PIN_CONTEXT, OF(&told, CONTEXT));
	expect_dump(request, one, other, "context");
	request = ledger_request(PIN_NL_CMD_PIN_GET, NLM_F_DUMP);
	nla_put_u64(request, PIN_NL_A_PIN_CONTEXT, OF(&told, CONTEXT) + 1);
	expect_dump(request, 0, 0, "context");
	/* All that are given count. */
	request = filter_u32(PIN_NL_A_PIN_UID, 0);
	nla_put_u32(request, PIN_NL_A_PIN_MODE, PIN_MODE_LEASE);
	expect_dump(request, 0, 0, "uid and mode");
}
END_TEST

/* How many pins are found on all nodes that there could be. */
static unsigned int count_on_nodes(void)
{
	struct ledger_pins pins;
	unsigned int found = 0;
	uint32_t node;

	for (node = 0; node < 64; node++) {
		ck_assert_int_eq(ledger_dump(filter_u32(PIN_NL_A_PIN_NODE_ID, node), &pins), 0);
		found += pins.count;
	}
	return found;
}

static void *pin_in_thread(void *id)
{
	ck_assert_int_ne(gettid(), getpid());
	ck_assert_int_eq(prctl(PR_SET_NAME, "pin-thread"), 0);
	*(uint64_t *)id = expect_pinned(map_anon(page), page, PIN_F_WRITE);
	return NULL;
}

/* A pin is a process's, whichever of its threads makes it. */
START_TEST(test_thread)
{
	struct ledger_pins pins;
	struct ledger_pin told;
	pthread_t thread;
	uint64_t id;

	ledger_connect();
	ck_assert_int_eq(pthread_create(&thread, NULL, pin_in_thread, &id), 0);
	ck_assert_int_eq(pthread_join(thread, NULL), 0);
	ck_assert_int_eq(ledger_get(id, &told), 0);
	expect_as_queried(&told, id);
	ck_assert_uint_eq(OF(&told, PID), getpid());
	ck_assert_uint_eq(OF(&told, NS_PID), getpid());
	ck_assert_str_ne(told.comm, "pin-thread");
	ck_assert_int_eq(ledger_dump(filter_u32(PIN_NL_A_PIN_PID, getpid()), &pins), 0);
	ck_assert_ptr_nonnull(ledger_among(&pins, id));
	ck_assert_int_eq(unpin(id), 0);
}
END_TEST

/* A pin that was revoked is in the ledger, and nowhere in memory. */
START_TEST(test_filter_revoked)
{
	char *memory = map_anon(2 * page);
	uint64_t one, other;

	ledger_connect();
	one = expect_pinned(memory, page, PIN_F_WRITE);
	other = expect_pinned(memory + page, page, PIN_F_WRITE);
	ck_assert_uint_eq(count_on_nodes(), 2);
	take_away(one);
	ck_assert_uint_eq(count_on_nodes(), 1);
	expect_dump(NULL, one, other, "none");
	expect_dump(filter_u32(PIN_NL_A_PIN_STATE, PIN_STATE_REVOKED), one, 0, "revoked");
	expect_dump(filter_u32(PIN_NL_A_PIN_STATE, PIN_STATE_LIVE), other, 0, "live");
	expect_dump(filter_range(PIN_NL_A_PIN_PFN, 0, PIN_NL_A_PIN_PFN_COUNT, UINT64_MAX), other,
		    0, "all page frames");
	expect_dump(filter_range(PIN_NL_A_PIN_ADDR, 0, PIN_NL_A_PIN_LENGTH, UINT64_MAX), one,
		    other, "all addresses");
}
END_TEST

START_TEST(test_filter_pfn)
{
	char *memory = map_anon(2 * page);
	uint64_t one, other, phys[2], pfn;

	ledger_connect();
	one = expect_pinned(memory, page, PIN_F_WRITE);
	other = expect_pinned(memory + page, page, PIN_F_WRITE);
	phys_of_range(memory, phys, 2);
	pfn = phys[0] / page;
	expect_dump(filter_range(PIN_NL_A_PIN_PFN, pfn, PIN_NL_A_PIN_PFN_COUNT, 1), one, 0,
		    "its page frame");
	expect_dump(filter_range(PIN_NL_A_PIN_PFN, pfn + 1, PIN_NL_A_PIN_PFN_COUNT, 1),
		    phys[1] / page == pfn + 1 ? other : 0, 0, "the page frame after it");
	expect_dump(filter_range(PIN_NL_A_PIN_PFN, pfn - 1, PIN_NL_A_PIN_PFN_COUNT, 1),
		    phys[1] / page == pfn - 1 ? other : 0, 0, "the page frame before it");
	expect_dump(filter_range(PIN_NL_A_PIN_PFN, phys[1] / page, PIN_NL_A_PIN_PFN_COUNT, 1),
		    0, other, "the other's");
	expect_dump(filter_range(PIN_NL_A_PIN_PFN, 0, PIN_NL_A_PIN_PFN_COUNT, UINT64_MAX), one,
		    other, "all");
	expect_dump(filter_range(PIN_NL_A_PIN_PFN, 0, PIN_NL_A_PIN_PFN_COUNT, 1), 0, 0,
		    "page frame 0");
	ck_assert_int_eq(unpin(one), 0);
	expect_dump(filter_range(PIN_NL_A_PIN_PFN, pfn, PIN_NL_A_PIN_PFN_COUNT, 1), 0, 0,
		    "its page frame, released");
}
END_TEST

struct context_seen {
	uint64_t u64[PIN_NL_A_CONTEXT_START_TIME + 1];
	char comm[PIN_COMM_LEN];
	uint64_t wanted;
	unsigned int found;
	unsigned int all;
};

static void see_context(struct nlmsghdr *message, void *data)
{
	struct nlattr *attrs[PIN_NL_A_CONTEXT_START_TIME + 1];
	struct context_seen *seen = data;
	int i;

	ck_assert_int_eq(nlmsg_parse(message, 4, attrs, PIN_NL_A_CONTEXT_START_TIME,
				     NULL), 0);
	for (i = PIN_NL_A_CONTEXT_ID; i <= PIN_NL_A_CONTEXT_START_TIME; i++)
		ck_assert_msg(attrs[i], "attribute %d is not told", i);
	seen->all++;
	if (nla_get_u64(attrs[PIN_NL_A_CONTEXT_ID]) != seen->wanted)
		return;
	seen->found++;
	for (i = PIN_NL_A_CONTEXT_ID; i <= PIN_NL_A_CONTEXT_START_TIME; i++) {
		if (i == PIN_NL_A_CONTEXT_COMM)
			nla_strlcpy(seen->comm, attrs[i], sizeof(seen->comm));
		else
			seen->u64[i] = nla_len(attrs[i]) == 8 ? nla_get_u64(attrs[i]) :
				       nla_get_u32(attrs[i]);
	}
}

START_TEST(test_contexts)
{
	struct context_seen seen = { .wanted = 0 };
	char *memory = map_anon(3 * page);
	char *huge = map_hugetlb(HUGE, MAP_PRIVATE);
	struct ledger_totals totals;
	struct ledger_pin told;
	uint64_t id;

	ledger_connect();
	id = expect_pinned(memory, 3 * page, PIN_F_WRITE);
	expect_pinned(huge, page, PIN_F_WRITE);
	ck_assert_int_eq(ledger_get(id, &told), 0);
	seen.wanted = OF(&told, CONTEXT);
	ck_assert_int_eq(ledger_ask(ledger_request(PIN_NL_CMD_CONTEXT_GET, NLM_F_DUMP),
				    see_context, &seen), 0);
	ck_assert_uint_eq(seen.found, 1);
	ck_assert_uint_eq(seen.u64[PIN_NL_A_CONTEXT_PINS], 2);
	ck_assert_uint_eq(seen.u64[PIN_NL_A_CONTEXT_PAGES], 3 + 1);
	ck_assert_uint_eq(seen.u64[PIN_NL_A_CONTEXT_CHARGED_PAGES], 3 + HUGE / page);
	ck_assert_uint_eq(seen.u64[PIN_NL_A_CONTEXT_UID], 0);
	ck_assert_uint_eq(seen.u64[PIN_NL_A_CONTEXT_PID], getpid());
	ck_assert_str_eq(seen.comm, told.comm);
	ck_assert_int_eq(ledger_totals(&totals), 0);
	ck_assert_uint_eq(TOTAL(&totals, CONTEXTS), seen.all);

	close(pin_fd);
	seen.found = 0;
	ck_assert_int_eq(ledger_ask(ledger_request(PIN_NL_CMD_CONTEXT_GET, NLM_F_DUMP),
				    see_context, &seen), 0);
	ck_assert_uint_eq(seen.found, 0);
	pin_fd = open("/dev/pin", O_RDWR | O_CLOEXEC);
	ck_assert_int_ge(pin_fd, 0);
}
END_TEST

/* --- records of many lengths */

#define MANY_PINS	1000
#define MANY_CONTEXTS	500

/* How long a record is depends on it. */
static void become(unsigned int i)
{
	char name[16] = "123456789012345";

	name[(i * 2654435761U >> 16) % sizeof(name)] = '\0';
	ck_assert_int_eq(prctl(PR_SET_NAME, name), 0);
}

/* By an asker who takes in little at a time, so that the parts of a dump are short. */
static void connect_with_little_room(void)
{
	struct nl_sock *sock = nl_socket_alloc();

	/* Which asks for the family, with all the room that there is. */
	ledger_connect();
	nl_socket_free(ledger_socket());
	ck_assert_ptr_nonnull(sock);
	ck_assert_int_eq(genl_connect(sock), 0);
	ck_assert_int_eq(nl_socket_set_msg_buf_size(sock, 4096), 0);
	ledger_use(sock);
}

/* The parts of the dump end anywhere in a record, which begins the next one whole. */
START_TEST(test_records_of_many_lengths)
{
	static uint64_t ids[MANY_PINS];
	struct ledger_pins pins = { .array = NULL };
	char *memory = map_anon(page);
	unsigned int i;

	connect_with_little_room();
	for (i = 0; i < MANY_PINS; i++) {
		become(i);
		ids[i] = expect_pinned(memory, page, 0);
	}
	ck_assert_int_eq(ledger_dump(NULL, &pins), 0);
	ck_assert(!pins.interrupted);
	ck_assert_uint_eq(pins.count, MANY_PINS);
	for (i = 0; i < MANY_PINS; i++)
		expect_as_queried(&pins.array[i], ids[i]);
}
END_TEST

START_TEST(test_contexts_of_many_lengths)
{
	struct context_seen seen = { .wanted = 0 };
	static int contexts[MANY_CONTEXTS];
	unsigned int i;

	connect_with_little_room();
	for (i = 0; i < MANY_CONTEXTS; i++) {
		become(i);
		contexts[i] = open("/dev/pin", O_RDWR | O_CLOEXEC);
		ck_assert_int_ge(contexts[i], 0);
	}
	ck_assert_int_eq(ledger_ask(ledger_request(PIN_NL_CMD_CONTEXT_GET, NLM_F_DUMP),
				    see_context, &seen), 0);
	ck_assert_uint_eq(seen.all, MANY_CONTEXTS + 1);
	for (i = 0; i < MANY_CONTEXTS; i++)
		close(contexts[i]);
}
END_TEST

Suite *ledger_suite(void)
{
	Suite *suite = suite_create("ledger");
	TCase *tcase = tcase_with_context("ledger");

	tcase_add_test(tcase, test_record);
	tcase_add_test(tcase, test_user_charge);
	tcase_add_test(tcase, test_cgroup);
	tcase_add_test(tcase, test_references);
	tcase_add_test(tcase, test_refusals_counted);
	tcase_add_loop_test(tcase, test_revoked, 0, DAX_DIRS);
	tcase_add_test(tcase, test_filters);
	tcase_add_test(tcase, test_thread);
	tcase_add_test(tcase, test_filter_revoked);
	tcase_add_test(tcase, test_filter_pfn);
	tcase_add_test(tcase, test_contexts);
	tcase_add_test(tcase, test_records_of_many_lengths);
	tcase_add_test(tcase, test_contexts_of_many_lengths);
	suite_add_tcase(suite, tcase);
	return suite;
}
