// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * pinctl bench: what pinning costs on this machine, in time, and what it costs io_uring.
 *
 * One measurement for each kind of memory and each size.  Nothing ends it half-way: what
 * cannot be had or pinned is an omission.  That one of two pinned faster is only said where
 * it is not the noise of the machine, see versus().
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "disturbance.h"
#include "duration.h"
#include "measurement.h"
#include "omission.h"
#include "output.h"
#include "room.h"
#include "segment.h"
#include "size.h"
#include "text.h"

#define KINDS_MAX	16
#define SIZES_MAX	16
#define SIZES_DEFAULT	"4K,2M,128M"
/*
 * That the interquartile ranges of one thing that is measured twice do not overlap happens
 * by chance in 2 of 100 comparisons of 13 rounds, and in 2 of 1000 of 21.
 */
#define ROUNDS_MIN	13
#define ROUNDS_DEFAULT	21
#define ROUNDS_MAX	10000

struct bench_options {
	bool chosen[KINDS_MAX];
	uint64_t sizes[SIZES_MAX];
	size_t size_count;
	uint64_t rounds;
};

/* @measurements: as many as were made, with room for all.  @rows: what the table shows. */
struct bench {
	const struct bench_options *options;
	struct pinners pinners;
	struct measurement *measurements;
	size_t count;
	struct row {
		const struct measurement *measurement;
		enum pinner by;
	} *rows;
	size_t row_count;
	struct omissions omissions;
	struct disturbances disturbances;
	uint64_t clock_ns;
};

/* --- the table --------------------------------------------------------------- */

enum bench_column {
	COL_MEMORY, COL_SIZE, COL_BY, COL_RUNS, COL_CALLS, COL_PIN, COL_PIN_LOW, COL_PIN_HIGH,
	COL_PIN_IQR, COL_PIN_PAGE, COL_PIN_VS, COL_PIN_ROUNDS, COL_UNPIN, COL_UNPIN_LOW,
	COL_UNPIN_HIGH, COL_UNPIN_IQR, COL_UNPIN_PAGE, COL_UNPIN_VS, COL_UNPIN_ROUNDS
};

#define COLUMNS_DEFAULT \
	"MEMORY,SIZE,RUNS,BY,PIN,PIN-IQR,PIN-PAGE,PIN-VS,UNPIN,UNPIN-IQR,UNPIN-PAGE,UNPIN-VS"

static const struct column columns[] = {
	[COL_MEMORY] = { "MEMORY", "string", "kind of memory, as --memory has it", false },
	[COL_SIZE] = { "SIZE", "integer", "bytes in one call", true },
	[COL_BY] = { "BY", "string", "/dev/pin or io_uring", false },
	[COL_RUNS] = { "RUNS", "integer", "physically consecutive runs that it lies in", true },
	[COL_CALLS] = { "CALLS", "integer", "calls in a round, whose mean counts", true },
	[COL_PIN] = { "PIN", "integer", "ns that a pin takes: median of the rounds", true },
	[COL_PIN_LOW] = { "PIN-LOW", "integer", "first quartile of the rounds", true },
	[COL_PIN_HIGH] = { "PIN-HIGH", "integer", "third quartile of the rounds", true },
	[COL_PIN_IQR] = { "PIN-IQR", "integer", "interquartile range: HIGH less LOW", true },
	[COL_PIN_PAGE] = { "PIN-PAGE", "integer", "PIN by base pages, in picoseconds", true },
	[COL_PIN_VS] = { "PIN-VS", "string", "against PIN of io_uring, or noise", true },
	[COL_PIN_ROUNDS] = { "PIN-ROUNDS", "list", "ns of each round, one after the other",
			     false },
	[COL_UNPIN] = { "UNPIN", "integer", "ns that giving it back takes: as PIN", true },
	[COL_UNPIN_LOW] = { "UNPIN-LOW", "integer", "as PIN-LOW", true },
	[COL_UNPIN_HIGH] = { "UNPIN-HIGH", "integer", "as PIN-HIGH", true },
	[COL_UNPIN_IQR] = { "UNPIN-IQR", "integer", "as PIN-IQR", true },
	[COL_UNPIN_PAGE] = { "UNPIN-PAGE", "integer", "as PIN-PAGE", true },
	[COL_UNPIN_VS] = { "UNPIN-VS", "string", "as PIN-VS", true },
	[COL_UNPIN_ROUNDS] = { "UNPIN-ROUNDS", "list", "as PIN-ROUNDS", false },
	{ 0 }
};

/* @value of units that are @picoseconds long; as a plain number if sizes are to be. */
static struct cell cell_duration(uint64_t value, uint64_t picoseconds, bool plain)
{
	struct cell cell = cell_integer(value, false);
	char text[DURATION_TEXT_MAX];

	if (!plain) {
		free(cell.text);
		cell.text = text_format("%s", duration_to_text(value * picoseconds, text));
	}
	return cell;
}

static struct cell cell_rounds(const struct series *series)
{
	struct cell cell = { .text = text_format("%s", ""), .json = json_array() };
	size_t i;

	for (i = 0; i < series->count; i++) {
		char *text = cell.text;

		cell.text = text_format("%s%s%" PRIu64, text, i ? "," : "", series->ns[i]);
		json_append(cell.json, json_integer(series->ns[i]));
		free(text);
	}
	return cell;
}

/*
 * Where the interquartile ranges overlap, the two differ by no more than the machine does
 * from round to round, and which median is the lower one says nothing.
 */
static struct cell versus(const struct series *one, const struct series *other)
{
	struct quartiles ours = series_quartiles(one), theirs = series_quartiles(other);

	if (!other->count || one == other)
		return cell_string("");
	if (quartiles_overlap(&ours, &theirs) || !theirs.median)
		return cell_string("noise");
	return cell_formatted(text_format("%+.1f%%", 100 * ((double)ours.median /
							    (double)theirs.median - 1)));
}

static struct cell series_cell(const struct series *series, const struct series *other,
			       uint64_t length, int column, bool plain)
{
	struct quartiles quartiles = series_quartiles(series);
	uint64_t pages = length / (uint64_t)sysconf(_SC_PAGESIZE);

	switch (column) {
	case COL_PIN:
		return cell_duration(quartiles.median, 1000, plain);
	case COL_PIN_LOW:
		return cell_duration(quartiles.first, 1000, plain);
	case COL_PIN_HIGH:
		return cell_duration(quartiles.third, 1000, plain);
	case COL_PIN_IQR:
		return cell_duration(quartiles.third - quartiles.first, 1000, plain);
	case COL_PIN_PAGE:
		return cell_duration((quartiles.median * 1000 + pages / 2) / pages, 1, plain);
	case COL_PIN_VS:
		return versus(series, other);
	default:
		return cell_rounds(series);
	}
}

static struct cell bench_cell(const void *data, size_t row, int column, bool bytes)
{
	const struct measurement *measurement = ((const struct row *)data)[row].measurement;
	enum pinner by = ((const struct row *)data)[row].by;
	const struct timing *timing = &measurement->by[by];
	const struct timing *uring = &measurement->by[PINNER_URING];

	switch (column) {
	case COL_MEMORY:
		return cell_string(measurement->kind->name);
	case COL_SIZE:
		return cell_size(measurement->length, bytes);
	case COL_BY:
		return cell_string(pinner_name(by));
	case COL_RUNS:
		return cell_integer(measurement->runs, !measurement->runs);
	case COL_CALLS:
		return cell_integer(measurement->calls, false);
	default:
		if (column < COL_UNPIN)
			return series_cell(&timing->pin, &uring->pin, measurement->length, column,
					   bytes);
		return series_cell(&timing->unpin, &uring->unpin, measurement->length,
				   column - COL_UNPIN + COL_PIN, bytes);
	}
}

/* --- output ------------------------------------------------------------------ */

static struct json_object *uring_json(const struct pinners *pinners)
{
	struct json_object *object = json_members();

	json_add_bool(object, "available", !pinners->error);
	json_add_string(object, "errno", pinners->error ? errno_text(-pinners->error) : NULL);
	json_add_string(object, "why", pinners->why);
	json_add_string(object, "fix", pinners->fix);
	return object;
}

static struct json_object *disturbances_json(const struct disturbances *disturbances)
{
	struct json_object *array = json_array();
	size_t i;

	for (i = 0; i < disturbances->count; i++)
		json_append(array, json_string(disturbances->text[i]));
	return array;
}

static void print_json(struct pinctl *pinctl, const struct bench *bench,
		       const struct table *table)
{
	struct json_object *document = json_document("pinctl.bench/1");

	json_add_integer(document, "rounds", bench->options->rounds);
	json_add_integer(document, "clock_ns", bench->clock_ns);
	json_add_integer(document, "page_size", (uint64_t)sysconf(_SC_PAGESIZE));
	json_add(document, "io_uring", uring_json(&bench->pinners));
	json_add(document, "disturbances", disturbances_json(&bench->disturbances));
	json_add(document, "left_out", omissions_json(&bench->omissions));
	json_add(document, "results", table_json(pinctl, table));
	json_print(pinctl, document);
}

static void print_header(const struct bench *bench)
{
	char text[DURATION_TEXT_MAX];

	printf("median of %" PRIu64 " rounds and interquartile range (IQR), less %s that reading "
	       "the clock takes\n", bench->options->rounds,
	       duration_to_text(bench->clock_ns * 1000, text));
	if (!bench->pinners.error)
		puts("VS: /dev/pin against io_uring; noise where the interquartile ranges overlap");
}

/* What the table does not show, on stderr: it is no row. */
static void print_remarks(const struct bench *bench)
{
	const struct pinners *pinners = &bench->pinners;
	size_t i;

	if (pinners->error)
		fprintf(stderr, "pinctl: not measured: io_uring (%s)\n  %s\n",
			errno_text(-pinners->error), pinners->why);
	if (pinners->fix)
		fprintf(stderr, "  fix: %s\n", pinners->fix);
	omissions_print(&bench->omissions);
	for (i = 0; i < bench->disturbances.count; i++)
		fprintf(stderr, "pinctl: doubtful: %s\n", bench->disturbances.text[i]);
}

static void choose_rows(struct bench *bench)
{
	size_t i;
	int by;

	bench->rows = calloc(bench->count * PINNERS + 1, sizeof(*bench->rows));
	if (!bench->rows)
		out_of_memory();
	for (i = 0; i < bench->count; i++)
		for (by = 0; by < PINNERS; by++)
			if (!bench->measurements[i].by[by].error)
				bench->rows[bench->row_count++] =
					(struct row){ &bench->measurements[i], by };
}

static int print_bench(struct pinctl *pinctl, struct bench *bench, struct table *table)
{
	const struct omission *first = bench->omissions.array;

	choose_rows(bench);
	if (!bench->row_count)
		return complain(pinctl, EXIT_UNKNOWN, first ? first->why : NULL,
				first ? first->fix : NULL, "nothing can be measured");
	table->data = bench->rows;
	table->rows = bench->row_count;
	if (pinctl->json) {
		print_json(pinctl, bench, table);
		return EXIT_YES;
	}
	if (!pinctl->raw)
		print_header(bench);
	table_print(pinctl, table);
	fflush(stdout);
	print_remarks(bench);
	return EXIT_YES;
}

/* --- measuring --------------------------------------------------------------- */

/* @error: who has not pinned what, though there was room for it. */
static void omit_refused(struct bench *bench, const struct measurement *measurement,
			 enum pinner by)
{
	const struct timing *timing = &measurement->by[by];
	const char *name = timing->reason ? libpin_reason_name(timing->reason) : NULL;

	omissions_add(&bench->omissions, (struct omission){
		.memory = measurement->kind->name,
		.length = measurement->length,
		.by = pinner_name(by),
		.why = text_format("%s%s%s", errno_text(-timing->error), name ? ", " : "",
				   name ? name : ""),
		.fix = name ? text_format("pinctl explain %s", name) : NULL,
	});
}

static void omit_unmade(struct bench *bench, const struct measurement *measurement, int error)
{
	bool small_pages = error == -ENODATA;

	omissions_add(&bench->omissions, (struct omission){
		.memory = measurement->kind->name,
		.length = measurement->length,
		.why = small_pages ? text_format("the kernel found no huge pages for all of it") :
				     text_format("the memory cannot be had: %s", strerror(-error)),
		.fix = small_pages ? text_format("echo 1 | sudo tee /proc/sys/vm/compact_memory") :
				     NULL,
	});
}

static bool is_measured(const struct bench *bench, const struct buffer_kind *kind,
			uint64_t length)
{
	size_t i;

	for (i = 0; i < bench->count; i++)
		if (bench->measurements[i].kind == kind && bench->measurements[i].length == length)
			return true;
	return false;
}

static void measure(struct bench *bench, const struct buffer_kind *kind, uint64_t length)
{
	struct measurement *measurement = &bench->measurements[bench->count];
	int ret, by;

	*measurement = (struct measurement){
		.kind = kind,
		.length = length,
		.rounds = bench->options->rounds,
		.clock_ns = bench->clock_ns,
	};
	ret = measurement_make(measurement, &bench->pinners);
	if (ret) {
		omit_unmade(bench, measurement, ret);
		return;
	}
	bench->count++;
	for (by = 0; by < PINNERS; by++)
		if (measurement->by[by].error && pinner_is_there(&bench->pinners, by))
			omit_refused(bench, measurement, by);
}

/* As much of @wanted bytes as there is room for.  0 or -errno of asking the module. */
static int measure_size(struct bench *bench, const struct buffer_kind *kind, uint64_t wanted)
{
	struct libpin_info *info;
	struct room room;
	uint64_t length;
	int ret;

	ret = libpin_info_get(bench->pinners.ctx, &info);
	if (ret)
		return ret;
	room_find(&room, info, kind, wanted);
	libpin_info_free(info);
	length = room.bytes;
	if (length < wanted) {
		omissions_add(&bench->omissions, (struct omission){
			.memory = kind->name,
			.length = wanted,
			.taken = length,
			.why = room.why,
			.fix = room.fix,
		});
		room.why = NULL;
		room.fix = NULL;
	}
	room_release(&room);
	if (length && !is_measured(bench, kind, length))
		measure(bench, kind, length);
	return 0;
}

static int measure_kind(struct bench *bench, const struct buffer_kind *kind)
{
	const struct bench_options *options = bench->options;
	bool fits = false;
	int ret = 0;
	size_t i;

	for (i = 0; i < options->size_count && !ret; i++) {
		if (options->sizes[i] % buffer_step(kind))
			continue;
		fits = true;
		ret = measure_size(bench, kind, options->sizes[i]);
	}
	if (!fits)
		omissions_add(&bench->omissions, (struct omission){
			.memory = kind->name,
			.why = text_format("no size is a multiple of 2M"),
		});
	return ret;
}

static int measure_all(struct bench *bench)
{
	uint64_t disturbed = 0, wandered = 0;
	const struct buffer_kind *kind;
	int ret = 0;
	size_t i;

	bench->clock_ns = measurement_clock_cost();
	disturbances_begin(&bench->disturbances, bench->clock_ns);
	for (i = 0; (kind = buffer_kind_at(i)) && !ret; i++)
		if (bench->options->chosen[i])
			ret = measure_kind(bench, kind);
	for (i = 0; i < bench->count; i++) {
		disturbed += bench->measurements[i].disturbed;
		wandered += bench->measurements[i].wandered;
	}
	disturbances_end(&bench->disturbances, disturbed, bench->count * bench->options->rounds,
			 wandered);
	return ret;
}

static void release(struct bench *bench)
{
	size_t i;

	for (i = 0; i < bench->count; i++)
		measurement_release(&bench->measurements[i]);
	free(bench->measurements);
	free(bench->rows);
	omissions_release(&bench->omissions);
	disturbances_release(&bench->disturbances);
	pinners_close(&bench->pinners);
}

static int bench(struct pinctl *pinctl, const struct bench_options *options)
{
	struct table table = { .columns = columns, .cell = bench_cell };
	struct bench bench = { .options = options };
	int ret;

	ret = table_choose(pinctl, &table, COLUMNS_DEFAULT);
	if (ret)
		return ret;
	ret = pinners_open(&bench.pinners);
	if (ret)
		return complain_open(pinctl, -ret);
	bench.measurements = calloc(KINDS_MAX * SIZES_MAX, sizeof(*bench.measurements));
	if (!bench.measurements)
		out_of_memory();
	if (isatty(STDERR_FILENO))
		fputs("pinctl: measuring\n", stderr);
	ret = measure_all(&bench);
	check_memory(-ret);
	if (ret)
		ret = complain(pinctl, EXIT_UNKNOWN, NULL, "pinctl doctor",
			       "/dev/pin does not tell its limits: %s", strerror(-ret));
	else
		ret = print_bench(pinctl, &bench, &table);
	release(&bench);
	return ret;
}

/* --- options ----------------------------------------------------------------- */

static const struct option_def bench_options[] = {
	{ OPTION_MEMORY, "memory", "KINDS", "only these: A,B; all if left out", VALUES_MEMORY },
	{ OPTION_SIZE, "size", "SIZES", "bytes in one call: A,B; " SIZES_DEFAULT " if left out" },
	{ OPTION_ROUNDS, "rounds", "COUNT", "how often, 13 to 10000; 21 if left out" },
	{ 0 }
};

static int parse_memory(struct pinctl *pinctl, struct bench_options *options, const char *text)
{
	char *list = text_format("%s", text), *save, *word;
	int kind = 0;

	memset(options->chosen, 0, sizeof(options->chosen));
	word = strtok_r(list, ",", &save);
	/* A list of none complains of that. */
	do {
		kind = values_find(pinctl, VALUES_MEMORY, "--memory", word ? word : "");
		if (kind >= 0)
			options->chosen[kind] = true;
		word = strtok_r(NULL, ",", &save);
	} while (word && kind >= 0);
	free(list);
	return kind < 0 ? EXIT_USAGE : 0;
}

static int add_size(struct pinctl *pinctl, struct bench_options *options, const char *word)
{
	uint64_t size;

	if (size_parse(word, &size) || !size)
		return complain_usage(pinctl, NULL, "--size needs sizes as 4K,2M, not '%s'", word);
	if (size % (uint64_t)sysconf(_SC_PAGESIZE))
		return complain_usage(pinctl, NULL, "--size needs whole pages, not '%s'", word);
	if (options->size_count == SIZES_MAX)
		return complain_usage(pinctl, NULL, "more than %d sizes", SIZES_MAX);
	options->sizes[options->size_count++] = size;
	return 0;
}

static int compare_sizes(const void *one, const void *other)
{
	uint64_t a = *(const uint64_t *)one, b = *(const uint64_t *)other;

	return (a > b) - (a < b);
}

static int parse_sizes(struct pinctl *pinctl, struct bench_options *options, const char *text)
{
	char *list = text_format("%s", text), *save, *word;
	int ret = 0;

	options->size_count = 0;
	for (word = strtok_r(list, ",", &save); word && !ret; word = strtok_r(NULL, ",", &save))
		ret = add_size(pinctl, options, word);
	if (!ret && !options->size_count)
		ret = complain_usage(pinctl, NULL, "--size needs sizes as 4K,2M, not '%s'", text);
	qsort(options->sizes, options->size_count, sizeof(*options->sizes), compare_sizes);
	free(list);
	return ret;
}

static int parse_rounds(struct pinctl *pinctl, const char *text, uint64_t *rounds)
{
	char *end;

	errno = 0;
	*rounds = strtoull(text, &end, 10);
	if (errno || *end || *text < '0' || *text > '9' || *rounds < ROUNDS_MIN ||
	    *rounds > ROUNDS_MAX)
		return complain_usage(pinctl, NULL, "--rounds needs a number from %d to %d, not "
				      "'%s'", ROUNDS_MIN, ROUNDS_MAX, text);
	return 0;
}

static int bench_run(struct pinctl *pinctl, struct arguments *arguments)
{
	struct bench_options options = { .rounds = ROUNDS_DEFAULT };
	const char *value;
	int id, ret;

	memset(options.chosen, true, sizeof(options.chosen));
	ret = parse_sizes(pinctl, &options, SIZES_DEFAULT);
	while (!ret && (id = option_next(pinctl, arguments, &value)) != OPTION_END) {
		switch (id) {
		case OPTION_MEMORY:
			ret = parse_memory(pinctl, &options, value);
			break;
		case OPTION_SIZE:
			ret = parse_sizes(pinctl, &options, value);
			break;
		case OPTION_ROUNDS:
			ret = parse_rounds(pinctl, value, &options.rounds);
			break;
		case OPTION_ARGUMENT:
			return complain_usage(pinctl, NULL, "bench takes no target: %s", value);
		default:
			return EXIT_USAGE;
		}
	}
	return ret ? ret : bench(pinctl, &options);
}

const struct command cmd_bench = {
	.name = "bench",
	.synopsis = "bench [--memory KINDS] [--size SIZES] [--rounds COUNT] [OPTIONS]",
	.summary = "what pinning costs on this machine",
	.description =
		"Pins memory of its own and gives it back, again and again, through /dev/pin and as\n"
		"registered buffers of io_uring, in turns, and tells the median time of a call and\n"
		"how far the rounds lie apart. Both do it by the bare system call. Who is faster is\n"
		"said only where the two differ by more than each does by itself: where their\n"
		"interquartile ranges overlap, it is noise. No more is taken than RLIMIT_MEMLOCK and\n"
		"half of what is free allow; what was left out is told on stderr, and so is what makes\n"
		"the times doubtful. Nothing stays pinned.",
	.options = bench_options,
	.columns = columns,
	.examples =
		" pinctl bench\n"
		" pinctl bench --memory small,thp --size 4K,64K,1M --rounds 101\n"
		" pinctl bench -J | jq '.results[] | [.memory, .size, .by, .pin, .unpin]'\n",
	.run = bench_run,
};
