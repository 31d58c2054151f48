// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * pinctl trace: why programs are refused, as it happens.
 *
 * A registration and what failed to be pinned in it come as events of their own, the
 * registration last; what is held until then is in held.  So is a pin that fell short of
 * nobody's known registration: its caller usually tries again, and then gets the errno.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libpin.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "explanation.h"
#include "incident.h"
#include "output.h"
#include "segment.h"
#include "size.h"
#include "text.h"
#include "tracer.h"

/* How long what falls short is held at least, for the next try of who asked for it. */
#define QUIET_MS 200

/* As env(1) and the shell have them. */
#define EXIT_NOT_FOUND		127
#define EXIT_NOT_EXECUTABLE	126
#define EXIT_SIGNAL		128

/* Of the initial pid namespace, by whose numbers the kernel's programs know processes. */
#define INITIAL_PID_NAMESPACE	0xeffffffcUL

/* errno of the kernel's own: not supported. */
#define KERNEL_ENOTSUPP		524

struct trace_options {
	pid_t pid;
	char **command;
	bool all;
	bool stack;
	uint64_t count;
	uint64_t timeout;
};

struct held {
	struct held *next;
	struct trace_event event;
};

struct trace {
	struct pinctl *pinctl;
	struct trace_options options;
	struct tracer *tracer;
	struct symbols *symbols;
	struct held *held;
	uint64_t told;
	uint64_t lost;
	int64_t clock_ns;
	int signals;
	pid_t child;
	int status;
};

/* --- one line ------------------------------------------------------------ */

static struct json_object *time_json(const struct trace *trace, const struct trace_event *event)
{
	int64_t at = (int64_t)event->time_ns + trace->clock_ns;
	time_t seconds = (time_t)(at / 1000000000);
	char text[64];
	struct tm tm;

	gmtime_r(&seconds, &tm);
	snprintf(text, sizeof(text), "%04d-%02d-%02dT%02d:%02d:%02d.%06dZ", tm.tm_year + 1900,
		 tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec,
		 (int)(at % 1000000000 / 1000));
	return json_string(text);
}

/* The file that an address of a program is in, and where; while it still runs. */
static char *user_frame(const struct libpin_maps *maps, uint64_t address)
{
	size_t i;

	for (i = 0; maps && i < libpin_maps_count(maps); i++) {
		const struct libpin_mapping *mapping = libpin_maps_get(maps, i);

		if (address >= libpin_mapping_start(mapping) &&
		    address < libpin_mapping_end(mapping) && libpin_mapping_path(mapping))
			return text_format("%s+0x%" PRIx64, libpin_mapping_path(mapping),
					   address - libpin_mapping_start(mapping) +
					   libpin_mapping_file_offset(mapping));
	}
	return text_format("0x%" PRIx64, address);
}

static char *kernel_frame(const struct symbols *symbols, uint64_t address)
{
	const struct symbol *symbol = symbols_find(symbols, address);

	if (!symbol)
		return text_format("0x%" PRIx64, address);
	return text_format("%s+0x%" PRIx64 "%s%s%s", symbol->name, address - symbol->address,
			   *symbol->module ? " [" : "", symbol->module,
			   *symbol->module ? "]" : "");
}

static bool is_bpf(const struct symbols *symbols, uint64_t address)
{
	const struct symbol *symbol = symbols_find(symbols, address);

	return symbol && !strcmp(symbol->module, "bpf");
}

/* Each frame in turn; the kernel's first, without those of the tracer itself. */
static void each_frame(const struct trace *trace, const struct trace_event *event,
		       void (*tell)(void *data, const char *frame), void *data)
{
	struct libpin_maps *maps = NULL;
	int i, count = event->kernel_stack_bytes / (int)sizeof(event->kernel_stack[0]);
	bool begun = false;
	char *frame;

	for (i = 0; i < count; i++) {
		begun = begun || incident_frame(trace->symbols, event->kernel_stack[i]);
		if (!begun || is_bpf(trace->symbols, event->kernel_stack[i]))
			continue;
		frame = kernel_frame(trace->symbols, event->kernel_stack[i]);
		tell(data, frame);
		free(frame);
	}
	check_memory(-libpin_maps_read((pid_t)event->pid, &maps));
	count = event->user_stack_bytes / (int)sizeof(event->user_stack[0]);
	for (i = 0; i < count; i++) {
		frame = user_frame(maps, event->user_stack[i]);
		tell(data, frame);
		free(frame);
	}
	libpin_maps_free(maps);
}

static void print_frame(void *data, const char *frame)
{
	char *text = text_for_terminal(frame);

	(void)data;
	printf("    %s\n", text);
	free(text);
}

static void add_frame(void *data, const char *frame)
{
	json_append(data, json_string(frame));
}

static void print_mapping(const struct incident *incident)
{
	const struct segment *segment = &incident->segment;
	char perm[PERM_TEXT_MAX], size[SIZE_TEXT_MAX];
	char *text;

	if (!incident->mapped) {
		if (incident->function || incident->rule)
			printf("  at    %" PRIx64 "%s\n", incident->failed,
			       incident->reason == PIN_REASON_HOLE ? ": nothing is mapped" : "");
		return;
	}
	text = text_for_terminal(mapping_text(segment));
	printf("  at    %" PRIx64, incident->failed);
	if (segment->end)
		printf(" in %" PRIx64 "-%" PRIx64 " %s %s", segment->start, segment->end,
		       size_to_text(segment->end - segment->start, size),
		       perm_text(segment, perm));
	printf(" %s\n", text);
	free(text);
}

static void print_ledger(const struct incident *incident)
{
	char used[SIZE_TEXT_MAX], asked[SIZE_TEXT_MAX], limit[SIZE_TEXT_MAX];

	printf("  limit %s: %s charged, %s asked, RLIMIT_MEMLOCK %s%s\n", incident->ledger,
	       size_to_text(incident->used, used), size_to_text(incident->asked, asked),
	       incident->limit == UINT64_MAX ? "unlimited" : size_to_text(incident->limit, limit),
	       incident->exempt ? "; CAP_IPC_LOCK exempts" : "");
}

static bool is_about_limits(const struct incident *incident)
{
	size_t i;

	for (i = 0; i < incident->candidate_count; i++)
		if (incident->candidates[i] == PIN_REASON_MEMLOCK_LIMIT)
			return true;
	return incident->reason == PIN_REASON_MEMLOCK_LIMIT;
}

static void print_why(const struct incident *incident)
{
	const struct libpin_remedy *remedy = incident_remedy(incident);
	size_t i;

	print_mapping(incident);
	if (incident->ledger && is_about_limits(incident))
		print_ledger(incident);
	if (incident->rule)
		printf("  rule  %s.\n", incident->rule);
	for (i = 0; i < incident->candidate_count; i++)
		printf("%s%s%s", i ? " or " : "  it is ", reason_text(incident->candidates[i]),
		       i + 1 == incident->candidate_count ? "\n" : "");
	if (remedy)
		printf("  do    %s\n", libpin_remedy_text(remedy));
	if (remedy && libpin_remedy_command(remedy))
		printf("          %s\n", libpin_remedy_command(remedy));
}

static void print_text(const struct trace *trace, const struct incident *incident)
{
	const struct trace_event *event = incident->event;
	char *name = text_for_terminal(event->name);
	char size[SIZE_TEXT_MAX];

	printf("%s[%u] %s %" PRIx64 "+%s", name, event->pid, incident->subsystem, incident->start,
	       size_to_text(incident->length, size));
	free(name);
	if (!incident->error) {
		printf(": %" PRIu64 " pages pinned in %" PRIu64 " us, %" PRIu64 " faults\n",
		       incident->pages, (uint64_t)event->took_ns / 1000, (uint64_t)event->faults);
	} else {
		printf(": %s ", errno_text(incident->error));
		output_colored(trace->pinctl, "red", incident->reason ?
			       reason_text(incident->reason) : incident->rule ? "own-rule" :
			       "unknown");
		putchar('\n');
		print_why(incident);
	}
	if (trace->options.stack)
		each_frame(trace, event, print_frame, NULL);
}

static struct json_object *mapping_json(const struct incident *incident)
{
	const struct segment *segment = &incident->segment;
	char perm[PERM_TEXT_MAX];
	struct json_object *object;

	if (!incident->mapped)
		return NULL;
	object = json_members();
	json_add_address(object, "start", segment->start);
	json_add_address(object, "end", segment->end);
	json_add_string(object, "perm", perm_text(segment, perm));
	json_add_string(object, "kind", kind_text(segment->kind));
	json_add_integer(object, "inode", segment->inode);
	json_add_string(object, "path", segment->path);
	return object;
}

static struct json_object *ledger_json(const struct incident *incident)
{
	struct json_object *object;

	if (!incident->ledger)
		return NULL;
	object = json_members();
	json_add_string(object, "ledger", incident->ledger);
	json_add_integer(object, "charged", incident->used);
	json_add_integer(object, "asked", incident->asked);
	json_add(object, "limit",
		 incident->limit == UINT64_MAX ? NULL : json_integer(incident->limit));
	json_add_bool(object, "exempt", incident->exempt);
	return object;
}

static void add_reason(struct json_object *line, const struct incident *incident)
{
	struct json_object *candidates = json_array();
	size_t i;

	for (i = 0; i < incident->candidate_count; i++)
		json_append(candidates, json_string(reason_text(incident->candidates[i])));
	json_add_string(line, "errno", incident->error ? errno_text(incident->error) : NULL);
	json_add(line, "errno_value",
		 incident->error ? json_integer((uint64_t)incident->error) : NULL);
	json_add_string(line, "reason", incident->reason ? reason_text(incident->reason) : NULL);
	json_add(line, "candidates", candidates);
	json_add_string(line, "rule", incident->rule);
}

static void print_line(struct json_object *line)
{
	const char *text = json_object_to_json_string_ext(line, JSON_C_TO_STRING_PLAIN |
							  JSON_C_TO_STRING_NOSLASHESCAPE);

	if (!text)
		out_of_memory();
	puts(text);
	json_object_put(line);
}

static struct json_object *line_of(const char *event)
{
	struct json_object *line = json_document("pinctl.trace/1");

	json_add_string(line, "event", event);
	return line;
}

static void print_json(const struct trace *trace, const struct incident *incident)
{
	const struct trace_event *event = incident->event;
	const struct libpin_remedy *remedy = incident_remedy(incident);
	struct json_object *line = line_of(incident->error ? "refused" : "pinned");
	struct json_object *stack = json_array();

	json_add(line, "time", time_json(trace, event));
	json_add_integer(line, "pid", event->pid);
	json_add_integer(line, "tid", event->tid);
	json_add_integer(line, "uid", event->uid);
	json_add_string(line, "command", event->name);
	json_add_string(line, "subsystem", incident->subsystem);
	json_add_string(line, "for", incident->consumer ?
			libpin_consumer_name(incident->consumer) : NULL);
	json_add_string(line, "function", incident->function);
	json_add_address(line, "start", incident->start);
	json_add_integer(line, "length", incident->length);
	json_add_address(line, "failed", incident->failed);
	json_add_integer(line, "pinned_pages", incident->pages);
	json_add_integer(line, "faults", event->faults);
	json_add_integer(line, "took_ns", event->took_ns);
	add_reason(line, incident);
	json_add(line, "mapping", mapping_json(incident));
	json_add(line, "charge", ledger_json(incident));
	json_add(line, "remedy", remedy ? explanation_remedy_json(remedy) : NULL);
	if (trace->options.stack)
		each_frame(trace, event, add_frame, stack);
	json_add(line, "stack", stack);
	print_line(line);
}

static void tell(struct trace *trace, const struct trace_event *call,
		 const struct trace_event *pin)
{
	struct incident incident;

	if (trace->options.count && trace->told == trace->options.count)
		return;
	incident_judge(&incident, call, pin, tracer_has_dirty_tracking(trace->tracer),
		       trace->symbols);
	if (incident.error || trace->options.all) {
		if (trace->pinctl->json)
			print_json(trace, &incident);
		else
			print_text(trace, &incident);
		fflush(stdout);
		trace->told++;
	}
	incident_release(&incident);
}

static int64_t now_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* --- what goes together -------------------------------------------------- */

static struct held **held_find(struct trace *trace, uint32_t tid)
{
	struct held **at;

	for (at = &trace->held; *at && (*at)->event.tid != tid; at = &(*at)->next)
		;
	return at;
}

static void held_remove(struct held **at)
{
	struct held *held = *at;

	*at = held->next;
	free(held);
}

/* The kernel returns from every registration, and that is told of unless it is lost. */
static bool is_awaited(const struct trace *trace, const struct trace_event *event)
{
	return event->call && tracer_sees(trace->tracer, event->call);
}

/* What nothing has come to go with in a while; @all: and nothing will. */
static void held_tell(struct trace *trace, bool all)
{
	uint64_t now = (uint64_t)now_ns(CLOCK_MONOTONIC);
	struct held **at = &trace->held;

	while (*at) {
		const struct trace_event *event = &(*at)->event;

		if (!all && (is_awaited(trace, event) ||
			     now < event->time_ns + QUIET_MS * 1000000)) {
			at = &(*at)->next;
			continue;
		}
		tell(trace, NULL, event);
		held_remove(at);
	}
}

static void hold(struct trace *trace, const struct trace_event *event)
{
	struct held *held = malloc(sizeof(*held));

	if (!held)
		out_of_memory();
	held->event = *event;
	held->next = trace->held;
	trace->held = held;
}

/* Whether @event is the second half of what is held, which then is as good as told. */
static bool goes_with(const struct trace_event *held, const struct trace_event *event)
{
	if (event->type == TRACE_CALL)
		return held->call == event->call;
	return held->call == event->call &&
	       (event->call || held->failed == event->failed);
}

static void on_event(void *data, const struct trace_event *event)
{
	struct trace *trace = data;
	struct held **held = held_find(trace, event->tid);
	bool together = *held && goes_with(&(*held)->event, event);

	if (event->type == TRACE_CALL) {
		tell(trace, event, together ? &(*held)->event : NULL);
		if (together)
			held_remove(held);
		return;
	}
	if (*held) {
		if (!together)
			tell(trace, NULL, &(*held)->event);
		held_remove(held);
	}
	if (is_awaited(trace, event) ||
	    (event->result >= 0 && event->length / (uint64_t)sysconf(_SC_PAGESIZE) !=
	     (uint64_t)event->result))
		hold(trace, event);
	else
		tell(trace, NULL, event);
}

/* --- from beginning to end ----------------------------------------------- */

/* How the signals were before pinctl took them, which is how the command gets them. */
struct inherited {
	sigset_t mask;
	sigset_t ignored;
};

/* They come through a descriptor. */
static int take_signals(const struct pinctl *pinctl, struct inherited *inherited)
{
	const int signals[] = { SIGINT, SIGTERM, SIGCHLD };
	struct sigaction action = { .sa_handler = SIG_DFL }, old;
	sigset_t set;
	size_t i;

	sigemptyset(&set);
	sigemptyset(&inherited->ignored);
	if (pinctl->ignores_pipe)
		sigaddset(&inherited->ignored, SIGPIPE);
	for (i = 0; i < ARRAY_SIZE(signals); i++) {
		/* What is ignored, as a shell may have it, does not come. */
		sigaction(signals[i], &action, &old);
		if (old.sa_handler == SIG_IGN)
			sigaddset(&inherited->ignored, signals[i]);
		sigaddset(&set, signals[i]);
	}
	sigprocmask(SIG_BLOCK, &set, &inherited->mask);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static void give_signals_back(const struct inherited *inherited)
{
	int number;

	for (number = 1; number < NSIG; number++)
		if (sigismember(&inherited->ignored, number) == 1)
			signal(number, SIG_IGN);
	sigprocmask(SIG_SETMASK, &inherited->mask, NULL);
}

/* A child that becomes the command once a byte comes over *@go, and never without. */
static pid_t prepare_command(char **command, const struct inherited *inherited, int *go)
{
	int ends[2], error;
	char byte;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends))
		return -1;
	pid = fork();
	if (!pid) {
		close(ends[1]);
		if (read(ends[0], &byte, 1) != 1)
			_exit(EXIT_UNKNOWN);
		give_signals_back(inherited);
		execvp(command[0], command);
		error = errno;
		fprintf(stderr, "pinctl: cannot run %s: %s\n", command[0], strerror(error));
		_exit(error == ENOENT ? EXIT_NOT_FOUND : EXIT_NOT_EXECUTABLE);
	}
	close(ends[0]);
	*go = ends[1];
	return pid;
}

static bool has_ended(struct trace *trace)
{
	int status;

	if (!trace->child || waitpid(trace->child, &status, WNOHANG) != trace->child)
		return false;
	trace->status = WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_SIGNAL + WTERMSIG(status);
	trace->child = 0;
	return true;
}

static void tell_lost(struct trace *trace)
{
	uint64_t lost = tracer_lost(trace->tracer);
	struct json_object *line;

	if (lost == trace->lost)
		return;
	/* What they wait for may be among it. */
	held_tell(trace, true);
	if (trace->pinctl->json) {
		line = line_of("lost");
		json_add_integer(line, "events", lost - trace->lost);
		print_line(line);
		fflush(stdout);
	}
	fprintf(stderr, "pinctl: %" PRIu64 " events were lost\n", lost - trace->lost);
	trace->lost = lost;
}

/*
 * Until there are events, a signal or a while has gone by.  Of what ends pinctl: true.  A
 * command decides itself what a signal from the terminal, which it gets too, is to it.
 */
static bool wait_for_something(struct trace *trace, int timeout_ms)
{
	struct pollfd fds[] = {
		{ .fd = trace->signals, .events = POLLIN },
		{ .fd = trace->tracer ? tracer_fd(trace->tracer) : -1, .events = POLLIN },
	};
	struct signalfd_siginfo signal;
	bool end = false;

	poll(fds, ARRAY_SIZE(fds), timeout_ms);
	while (read(trace->signals, &signal, sizeof(signal)) == sizeof(signal)) {
		if (signal.ssi_signo == SIGCHLD)
			continue;
		if (!trace->child)
			end = true;
		else if (signal.ssi_signo == SIGTERM)
			kill(trace->child, SIGTERM);
	}
	return end;
}

static bool is_done(const struct trace *trace, int64_t deadline)
{
	return (trace->options.count && trace->told == trace->options.count) ||
	       (deadline && now_ns(CLOCK_MONOTONIC) >= deadline);
}

static void follow(struct trace *trace)
{
	int64_t deadline = 0;
	bool end = false;
	int ret = 0;

	if (trace->options.timeout)
		deadline = now_ns(CLOCK_MONOTONIC) + (int64_t)trace->options.timeout * 1000000000;
	while (!end && ret >= 0 && !is_done(trace, deadline)) {
		end = wait_for_something(trace, QUIET_MS);
		/* What it has done comes before its end. */
		end = has_ended(trace) || end;
		ret = tracer_take(trace->tracer);
		held_tell(trace, false);
		tell_lost(trace);
	}
	held_tell(trace, true);
	tell_lost(trace);
}

static const char *registration_name(enum trace_call call)
{
	return libpin_consumer_name(incident_consumer(call));
}

static void tell_ready(const struct trace *trace)
{
	struct json_object *line, *list;
	int i;

	if (trace->pinctl->json) {
		line = line_of("ready");
		list = json_array();
		json_add_integer(line, "programs", tracer_attached(trace->tracer));
		for (i = TRACE_CALL_NONE + 1; i < TRACE_CALL_COUNT; i++)
			if (tracer_sees(trace->tracer, i))
				json_append(list, json_string(registration_name(i)));
		json_add(line, "registrations", list);
		print_line(line);
		fflush(stdout);
	}
	fprintf(stderr, "pinctl: ready; registrations that are seen:");
	for (i = TRACE_CALL_NONE + 1; i < TRACE_CALL_COUNT; i++)
		if (tracer_sees(trace->tracer, i))
			fprintf(stderr, " %s", registration_name(i));
	fputs("\n", stderr);
}

/* Without one the kernel's answer is any errno, ENOMEM among them. */
static bool has_jit(void)
{
	return !access("/proc/sys/net/core/bpf_jit_enable", F_OK);
}

static int cannot(struct pinctl *pinctl, int error, const char *what)
{
	if (!tracer_is_built())
		return complain(pinctl, EXIT_UNKNOWN,
				"it was built where clang, bpftool or libbpf was missing",
				"build it where they are installed", "this pinctl has no trace");
	if (access("/sys/kernel/btf/vmlinux", F_OK))
		return complain(pinctl, EXIT_UNKNOWN,
				"there is no /sys/kernel/btf/vmlinux (CONFIG_DEBUG_INFO_BTF)", NULL,
				"this kernel does not describe its types");
	if (error == EPERM || error == EACCES)
		return complain(pinctl, EXIT_UNKNOWN, "it takes CAP_BPF and CAP_PERFMON, or root",
				"sudo pinctl trace", "no permission to trace");
	if (error == KERNEL_ENOTSUPP || !has_jit())
		return complain(pinctl, EXIT_UNKNOWN, "it takes CONFIG_BPF_JIT and "
				"CONFIG_DYNAMIC_FTRACE_WITH_DIRECT_CALLS", NULL,
				"this kernel cannot run programs at its functions");
	return complain(pinctl, EXIT_UNKNOWN, what, NULL, "cannot trace: %s", strerror(error));
}

static int run(struct trace *trace)
{
	struct tracer_options options = {
		.pid = trace->options.pid ? trace->options.pid : trace->child,
		.all = trace->options.all,
		.user_stack = trace->options.stack,
		.told = on_event,
		.data = trace,
	};
	const char *what = NULL;
	int ret = tracer_open(&trace->tracer, &options, &what);

	if (ret && has_jit())
		check_memory(-ret);
	return ret ? cannot(trace->pinctl, -ret, what) : 0;
}

static int trace(struct pinctl *pinctl, const struct trace_options *options)
{
	struct trace trace = {
		.pinctl = pinctl,
		.options = *options,
		.clock_ns = now_ns(CLOCK_REALTIME) - now_ns(CLOCK_MONOTONIC),
	};
	struct inherited inherited;
	int ret, go = -1;

	trace.signals = take_signals(pinctl, &inherited);
	if (options->command) {
		trace.child = prepare_command(options->command, &inherited, &go);
		if (trace.child < 0)
			return complain(pinctl, EXIT_UNKNOWN, NULL, NULL, "cannot fork: %s",
					strerror(errno));
	}
	ret = run(&trace);
	if (ret) {
		/* It never becomes the command. */
		if (trace.child) {
			kill(trace.child, SIGKILL);
			waitpid(trace.child, NULL, 0);
		}
		return ret;
	}
	trace.symbols = symbols_read();
	tell_ready(&trace);
	if (go >= 0) {
		/* It may have been killed. */
		send(go, "", 1, MSG_NOSIGNAL);
		close(go);
	}
	follow(&trace);
	tracer_close(trace.tracer);
	trace.tracer = NULL;
	symbols_free(trace.symbols);
	while (trace.child && !has_ended(&trace))
		wait_for_something(&trace, -1);
	close(trace.signals);
	return trace.status;
}

static const struct option_def trace_options[] = {
	{ 'p', "pid", "PID", "only this process, and what it starts from now on", VALUES_PID },
	{ 'a', "all", NULL, "what is pinned, too: pages, time, page faults" },
	{ OPTION_STACK, "stack", NULL, "who called: the kernel's stack, and the program's" },
	{ 'n', "count", "COUNT", "end after COUNT lines" },
	{ OPTION_TIMEOUT, "timeout", "SECONDS", "end after this time" },
	{ 0 }
};

static bool numbers_are_the_kernels(void)
{
	struct stat namespace;

	return stat("/proc/self/ns/pid", &namespace) || namespace.st_ino == INITIAL_PID_NAMESPACE;
}

static int parse_number(struct pinctl *pinctl, const char *what, const char *text,
			uint64_t maximum, uint64_t *number)
{
	char *end;

	errno = 0;
	*number = strtoull(text, &end, 10);
	if (errno || *end || text[0] < '0' || text[0] > '9' || !*number || *number > maximum)
		return complain_usage(pinctl, NULL, "%s takes a number above 0, not '%s'", what,
				      text);
	return 0;
}

static int trace_run(struct pinctl *pinctl, struct arguments *arguments)
{
	struct trace_options options = { 0 };
	const char *value;
	uint64_t number;
	int id;

	while ((id = option_next(pinctl, arguments, &value)) != OPTION_END) {
		switch (id) {
		case 'p':
			if (parse_number(pinctl, "--pid", value, INT32_MAX, &number))
				return EXIT_USAGE;
			options.pid = (pid_t)number;
			break;
		case 'a':
			options.all = true;
			break;
		case OPTION_STACK:
			options.stack = true;
			break;
		case 'n':
			if (parse_number(pinctl, "--count", value, UINT64_MAX, &options.count))
				return EXIT_USAGE;
			break;
		case OPTION_TIMEOUT:
			if (parse_number(pinctl, "--timeout", value, INT32_MAX, &options.timeout))
				return EXIT_USAGE;
			break;
		case OPTION_ARGUMENT:
			if (!arguments->only_arguments)
				return complain_usage(pinctl, NULL, "a command to run follows "
						      "'--', not '%s'", value);
			options.command = arguments->next - 1;
			while (*arguments->next)
				arguments->next++;
			break;
		default:
			return EXIT_USAGE;
		}
	}
	if (options.pid && options.command)
		return complain_usage(pinctl, NULL, "--pid and a command exclude each other");
	if (options.pid && kill(options.pid, 0) && errno == ESRCH)
		return complain(pinctl, EXIT_UNKNOWN, NULL, NULL, "there is no process %d",
				options.pid);
	if ((options.pid || options.command) && !numbers_are_the_kernels())
		return complain(pinctl, EXIT_UNKNOWN, "this is a pid namespace of its own",
				"trace all processes, or on the host",
				"the kernel knows processes by other numbers than are used here");
	return trace(pinctl, &options);
}

const struct command cmd_trace = {
	.name = "trace",
	.lines = true,
	.synopsis = "trace [-p PID] [--all] [--stack] [-n COUNT] [--timeout SECONDS] [-J] "
		    "[-- COMMAND...]",
	.summary = "why programs are refused, as it happens",
	.description =
		"Watches the kernel's pin functions and the registrations of io_uring, RDMA, VFIO,\n"
		"iommufd and AF_XDP, without changing the programs. Of each that fails: who asked\n"
		"for what, the reason, the mapping that it is in, and what to do. With COMMAND that\n"
		"is run, watched, and its exit code given. With -J each line is a document of its\n"
		"own. It takes no module, but CAP_BPF and CAP_PERFMON, and a kernel with BTF.",
	.options = trace_options,
	.examples =
		" pinctl trace                      of all processes, until Ctrl-C\n"
		" pinctl trace -- ibv_rc_pingpong   of one command\n"
		" pinctl trace -p 4242 --stack -n 1 the first failure, and who called\n",
	.run = trace_run,
};
