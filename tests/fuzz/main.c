// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * pin-fuzz: makes up cases, strings of bytes that say which calls are made, and runs them
 * against /dev/pin and the ledger.
 *
 * This process keeps the run: it starts the worker in which cases run, a few hundred
 * each, sees whether it gets on, counts, and tells how it ended. The last line is
 * "N passed, N failed, N skipped": the cases that were replayed, and the run.
 */
#include "corpus.h"
#include "cover.h"
#include "ground.h"
#include "operation.h"
#include "players.h"
#include "process.h"
#include "recorder.h"
#include "run.h"
#include "talk.h"

#include "../func/harness.h"

#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Cases that one worker runs. */
#define BATCH		200
/* Without a call for so long the worker is stuck, on whatever machine. */
#define STUCK_SECONDS	120
#define TELL_SECONDS	10
#define SAMPLES_MAX	4096

static struct options {
	uint64_t from;
	uint64_t calls;
	uint64_t seconds;
	const char *corpus;
	const char *print;
	bool replay;
	bool merge;
} options;

/* How many edges there were after how many calls. */
static struct sample {
	uint64_t calls;
	uint32_t edges;
} samples[SAMPLES_MAX];
static unsigned int sample_count;

/* A phase: the corpus as it is, or cases that are made up. */
struct phase {
	bool replay;
	uint64_t first;
	uint64_t last;
	uint64_t calls;		/* how many there are when it ends */
	uint64_t ends;		/* when, by the clock */
};

static uint64_t seconds_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec;
}

static void make_input(const struct phase *phase, uint64_t number, struct input *input)
{
	struct chance chance = { .state = run->seed ^ number * 0xD1342543DE82EF95 };

	if (phase->replay)
		*input = *corpus_at(number);
	else
		corpus_make(&chance, input);
}

/* What has found something new is kept, and told at once: the machine may not live long. */
static void run_case(const struct phase *phase, uint64_t number)
{
	unsigned int found;

	make_input(phase, number, &run->running);
	recorder_note(number, &run->running);
	run->number = number;
	players_run(&run->running);
	run->cases++;
	found = players_gather();
	if (!found)
		return;
	if (!phase->replay)
		corpus_add(&run->running);
	if (!phase->replay || options.merge)
		run_say("keep: %s", corpus_text(&run->running));
}

static _Noreturn void work(const struct phase *phase, uint64_t number)
{
	uint64_t end = number + BATCH < phase->last ? number + BATCH : phase->last;

	players_open();
	for (; number < end && !run->ended && !run->failed; number++)
		run_case(phase, number);
	players_expect_rest();
	_exit(run->failed ? 3 : 0);
}

static void show_file(const char *path)
{
	char text[2048];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	long got = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);

	if (got > 0)
		run_say("%s:\n%.*s", path, (int)got, text);
	if (fd >= 0)
		close(fd);
}

/* Who waits for what, in the kernel's log: it can be a task that is none of the worker's. */
static void log_waiting(void)
{
	int fd = open("/proc/sysrq-trigger", O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, "w", 1) != 1)
		run_say("/proc/sysrq-trigger: %s", strerror(errno));
	if (fd >= 0)
		close(fd);
}

static void show_stuck(pid_t worker)
{
	char path[64];
	int i;

	log_waiting();
	/* Threads are made right after their process. */
	for (i = 0; i < PLAYERS; i++) {
		snprintf(path, sizeof(path), "/proc/%d/task/%d/stack", worker, worker + i);
		show_file(path);
	}
}

static void sample(void)
{
	if (sample_count < SAMPLES_MAX)
		samples[sample_count++] = (struct sample) { run->calls, cover_edges() };
}

static void tell(uint64_t started)
{
	uint64_t elapsed = seconds_now() - started;

	sample();
	run_say("case %llu: %llu calls, %llu a second, %u edges, %u kept",
		(unsigned long long)run->number, (unsigned long long)run->calls,
		(unsigned long long)(run->calls / (elapsed ? elapsed : 1)), cover_edges(),
		corpus_count());
}

static void end_worker(int status)
{
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return;
	if (!atomic_exchange(&run->failed, true))
		snprintf(run->why, sizeof(run->why), "the worker ended with status %#x", status);
}

/* Tells whether there is any hope: what was killed and did not end never will. */
static bool end_stuck(pid_t worker, bool killed)
{
	show_stuck(worker);
	if (!killed && !atomic_exchange(&run->failed, true))
		snprintf(run->why, sizeof(run->why), "no call for %d seconds", STUCK_SECONDS);
	kill(worker, SIGKILL);
	return !killed;
}

/* Waits for the worker and looks after it. */
static void watch(const struct phase *phase, pid_t worker, uint64_t started)
{
	static uint64_t told;
	uint64_t calls = run->calls, moved = seconds_now(), now;
	bool killed = false;
	int status;

	while (!waitpid(worker, &status, WNOHANG)) {
		usleep(20000);
		now = seconds_now();
		if (run->calls != calls) {
			calls = run->calls;
			moved = now;
		}
		if (now >= phase->ends || calls >= phase->calls)
			run->ended = true;
		if (now - told >= TELL_SECONDS) {
			tell(started);
			told = now;
		}
		if (now - moved >= STUCK_SECONDS) {
			if (!end_stuck(worker, killed))
				return;
			killed = true;
			moved = now;
		}
	}
	end_worker(status);
}

static void go_through(const struct phase *phase, uint64_t started)
{
	uint64_t number;
	pid_t worker;

	for (number = phase->first; number < phase->last && !run->ended && !run->failed;
	     number += BATCH) {
		worker = fork();
		if (!worker)
			work(phase, number);
		if (worker < 0)
			run_fail("fork: %s", strerror(errno));
		watch(phase, worker, started);
	}
}

static void tell_counts(void)
{
	const struct operation *operation;
	unsigned int number, outcome;

	for (number = 0; (operation = operation_at(number)); number++) {
		printf("note: %-16s", operation->name);
		for (outcome = 0; outcome < OUTCOMES; outcome++)
			if (run->counts[number][outcome])
				printf(" %s %llu", outcome ? strerrorname_np(outcome) : "done",
				       (unsigned long long)run->counts[number][outcome]);
		putchar('\n');
	}
}

static uint32_t edges_at(uint64_t calls)
{
	unsigned int i;

	for (i = 0; i + 1 < sample_count && samples[i].calls < calls; i++)
		;
	return sample_count ? samples[i].edges : 0;
}

static void tell_end(uint64_t started)
{
	uint64_t elapsed = seconds_now() - started;
	uint32_t before = edges_at(run->calls / 5 * 4);

	tell_counts();
	printf("note: seed %llu, cases up to %llu: %llu cases, %llu calls in %llu s\n",
	       (unsigned long long)run->seed, (unsigned long long)run->number,
	       (unsigned long long)run->cases, (unsigned long long)run->calls,
	       (unsigned long long)elapsed);
	if (cover_edges())
		printf("note: %u edges, %u of them in the last fifth of the calls; %u cases kept\n",
		       cover_edges(), cover_edges() - before, corpus_count());
	if (!run->failed)
		return;
	printf("FAILED: case %llu: %s\n%s\n", (unsigned long long)run->number, run->why,
	       corpus_text(&run->running));
}

static _Noreturn void usage(void)
{
	fputs("usage: pin-fuzz [OPTION]...\n"
	      "  --seed S --from N          the cases of this seed, from this one on\n"
	      "  --calls N --seconds N      so many calls to the driver are made up, or for so long\n"
	      "  --corpus FILE              runs the cases in it first, and makes others of them\n"
	      "  -r, --replay FILE          runs the cases in it, and no others\n"
	      "  --merge FILE               the same, and prints those that reach something new\n"
	      "  --recorded FILE            on the host: prints the cases that ran last\n"
	      "  --progress FILE            where it tells how it gets on\n"
	      "  --trace                    tells each call\n", stderr);
	exit(2);
}

static void parse_options(int argc, char **argv)
{
	static const struct option known[] = {
		{ "seed", required_argument, NULL, 's' },
		{ "from", required_argument, NULL, 'f' },
		{ "calls", required_argument, NULL, 'n' },
		{ "seconds", required_argument, NULL, 't' },
		{ "corpus", required_argument, NULL, 'c' },
		{ "replay", required_argument, NULL, 'r' },
		{ "merge", required_argument, NULL, 'm' },
		{ "recorded", required_argument, NULL, 'x' },
		{ "progress", required_argument, NULL, 'p' },
		{ "trace", no_argument, NULL, 'v' },
		{ }
	};
	int option;

	while ((option = getopt_long(argc, argv, "r:", known, NULL)) != -1) {
		switch (option) {
		case 's':
			run->seed = strtoull(optarg, NULL, 0);
			break;
		case 'f':
			options.from = strtoull(optarg, NULL, 0);
			break;
		case 'n':
			options.calls = strtoull(optarg, NULL, 0);
			break;
		case 't':
			options.seconds = strtoull(optarg, NULL, 0);
			break;
		case 'm':
		case 'r':
		case 'c':
			options.corpus = optarg;
			options.replay = option != 'c';
			options.merge = option == 'm';
			break;
		case 'x':
			options.print = optarg;
			break;
		case 'p':
			progress_fd = open(optarg, O_WRONLY | O_CLOEXEC);
			break;
		case 'v':
			tracing = true;
			break;
		default:
			usage();
		}
	}
}

static void prepare(void)
{
	page = sysconf(_SC_PAGESIZE);
	corpus_open(options.corpus);
	if (options.merge)
		corpus_sort();
	cover_open();
	players_prepare();
	pin_fd = open("/dev/pin", O_RDWR | O_CLOEXEC);
	if (pin_fd < 0)
		run_fail("/dev/pin: %s", strerror(errno));
	process_open();
	talk_open();
	recorder_open();
	ground_open();
}

int main(int argc, char **argv)
{
	struct phase replay = { .replay = true, .calls = UINT64_MAX, .ends = UINT64_MAX };
	struct phase fuzz = { .last = UINT64_MAX, .calls = UINT64_MAX, .ends = UINT64_MAX };
	uint64_t started, replayed;

	if (argc == 2 && !strcmp(argv[1], PROCESS_AFTER_EXEC))
		return process_after_exec();
	run_open();
	parse_options(argc, argv);
	if (options.print)
		return !recorder_print(options.print);
	prepare();
	run_say("seed %llu, from case %llu, %u cases to replay", (unsigned long long)run->seed,
		(unsigned long long)options.from, corpus_count());
	started = seconds_now();
	replay.last = corpus_count();
	go_through(&replay, started);
	replayed = run->cases;
	sample();
	fuzz.first = options.from;
	if (options.calls)
		fuzz.calls = run->calls + options.calls;
	if (options.seconds)
		fuzz.ends = seconds_now() + options.seconds;
	if (!options.replay)
		go_through(&fuzz, started);
	sample();
	tell_end(started);
	printf("%llu passed, %d failed, 0 skipped\n",
	       (unsigned long long)replayed + (!options.replay && !run->failed), run->failed);
	return run->failed;
}
