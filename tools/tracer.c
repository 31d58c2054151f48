// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Tracer: see tracer.h.
 *
 * Without BPF_TRACE (no clang, bpftool or libbpf where pinctl was built) there is none.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "capability.h"
#include "pinctl.h"
#include "tracer.h"

static const char *const functions[TRACE_FUNCTION_COUNT] = {
	[TRACE_PIN_USER_PAGES] = "pin_user_pages",
	[TRACE_PIN_USER_PAGES_FAST] = "pin_user_pages_fast",
	[TRACE_PIN_USER_PAGES_REMOTE] = "pin_user_pages_remote",
	[TRACE_PIN_USER_PAGES_UNLOCKED] = "pin_user_pages_unlocked",
	[TRACE_MEMFD_PIN_FOLIOS] = "memfd_pin_folios",
	[TRACE_GET_USER_PAGES] = "get_user_pages",
	[TRACE_GET_USER_PAGES_FAST] = "get_user_pages_fast",
	[TRACE_GET_USER_PAGES_REMOTE] = "get_user_pages_remote",
	[TRACE_GET_USER_PAGES_UNLOCKED] = "get_user_pages_unlocked",
};

const char *tracer_function(unsigned int function)
{
	return function < ARRAY_SIZE(functions) ? functions[function] : "";
}

#ifdef BPF_TRACE

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include "trace.skel.h"

struct tracer {
	struct trace_bpf *bpf;
	struct btf *kernel;
	struct ring_buffer *ring;
	struct tracer_options options;
	unsigned int attached;
	bool dirty_tracking;
	bool sees[TRACE_CALL_COUNT];
};

/* Registrations, by the function whose return is watched. */
static const struct {
	enum trace_call call;
	const char *function;
} call_functions[] = {
	{ TRACE_CALL_IO_URING, "io_sqe_buffer_register" },
	{ TRACE_CALL_RDMA, "ib_umem_get" },
	{ TRACE_CALL_RDMA, "__ib_umem_get_va" },
	{ TRACE_CALL_RDMA, "ib_umem_get_desc" },
	{ TRACE_CALL_VFIO, "vfio_iommu_type1_ioctl" },
	{ TRACE_CALL_XDP, "xdp_umem_create" },
	{ TRACE_CALL_IOMMUFD, "iommufd_ioas_map" },
};

/*
 * Modules that may have one of them: only what is loaded can be watched, and libbpf finds
 * modules with CAP_SYS_ADMIN alone.
 */
static const char *const modules[] = {
	"ib_uverbs", "ib_core", "vfio_iommu_type1", "iommufd",
};

bool tracer_is_built(void)
{
	return true;
}

static int stay_silent(enum libbpf_print_level level, const char *format, va_list arguments)
{
	(void)level;
	(void)format;
	(void)arguments;
	return 0;
}

/* Of an enum without a name, in which Linux 6.3 and later has the flags; else @older. */
static uint32_t enumerator(const struct btf *btf, const char *name, uint32_t older)
{
	unsigned int id, i, count = btf__type_cnt(btf);

	for (id = 1; id < count; id++) {
		const struct btf_type *type = btf__type_by_id(btf, id);
		const struct btf_enum *value = btf_enum(type);

		for (i = 0; btf_is_enum(type) && i < btf_vlen(type); i++)
			if (!strcmp(btf__name_by_offset(btf, value[i].name_off), name))
				return (uint32_t)value[i].val;
	}
	return older;
}

/* The function that a program is for, or NULL: it watches processes. */
static const char *watched(const struct bpf_program *program)
{
	const char *section = bpf_program__section_name(program);
	const char *name = strchr(section, '/');

	return name && strncmp(section, "tp_btf", strlen("tp_btf")) ? name + 1 : NULL;
}

/* In place of fentry and fexit, which functions of so many arguments cannot have. */
#define ARGUMENTS_MAX 6

static bool is_probe(const struct bpf_program *program)
{
	return strstr(bpf_program__section_name(program), "probe/");
}

static bool is_fentry(const struct bpf_program *program)
{
	return !strncmp(bpf_program__section_name(program), "fentry", strlen("fentry"));
}

static bool is_pin_function(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(functions); i++)
		if (!strcmp(functions[i], name))
			return true;
	return false;
}

static bool is_wanted(const struct tracer *tracer, const struct bpf_program *program)
{
	const char *name = watched(program);

	if (!name)
		return tracer->options.pid;
	/* When a pin began is asked only where successes are told of. */
	return tracer->options.all || !is_fentry(program) || !is_pin_function(name);
}

/* Of the programs that are wanted, those for function @name with so many @arguments. */
static void choose(struct tracer *tracer, const char *name, unsigned int arguments)
{
	bool by_probe = arguments > ARGUMENTS_MAX;
	struct bpf_program *program;

	if (!strcmp(name, "vma_needs_dirty_tracking"))
		tracer->dirty_tracking = true;
	bpf_object__for_each_program(program, tracer->bpf->obj) {
		const char *function = watched(program);

		if (function && !strcmp(function, name) && is_wanted(tracer, program) &&
		    is_probe(program) == by_probe)
			bpf_program__set_autoload(program, true);
	}
}

/* The functions that @btf describes from type @first on: one walk, there are many. */
static void choose_from(struct tracer *tracer, const struct btf *btf, unsigned int first)
{
	unsigned int id, count = btf__type_cnt(btf);

	for (id = first; id < count; id++) {
		const struct btf_type *type = btf__type_by_id(btf, id);

		if (btf_is_func(type))
			choose(tracer, btf__name_by_offset(btf, type->name_off),
			       btf_vlen(btf__type_by_id(btf, type->type)));
	}
}

/* Programs for functions are not loaded unless this says so ("?" in their sections). */
static void choose_programs(struct tracer *tracer)
{
	struct bpf_program *program;
	struct btf *btf;
	size_t i;

	bpf_object__for_each_program(program, tracer->bpf->obj)
		bpf_program__set_autoload(program,
					  !watched(program) && is_wanted(tracer, program));
	choose_from(tracer, tracer->kernel, 1);
	for (i = 0; i < ARRAY_SIZE(modules) && capability_own_admin(); i++) {
		btf = btf__load_module_btf(modules[i], tracer->kernel);
		if (btf)
			choose_from(tracer, btf, btf__type_cnt(tracer->kernel));
		btf__free(btf);
	}
}

static void set_variables(struct tracer *tracer)
{
	struct trace_bpf__rodata *set = tracer->bpf->rodata;

	set->foll_longterm = enumerator(tracer->kernel, "FOLL_LONGTERM", 0x10000);
	set->foll_force = enumerator(tracer->kernel, "FOLL_FORCE", 0x10);
	set->follow_some = tracer->options.pid;
	set->tell_all = tracer->options.all;
	set->want_user_stack = tracer->options.user_stack;
}

static int follow(struct tracer *tracer)
{
	uint32_t pid = (uint32_t)tracer->options.pid;

	if (!pid)
		return 0;
	return bpf_map_update_elem(bpf_map__fd(tracer->bpf->maps.followed), &pid, &pid, BPF_ANY);
}

static bool sees(const struct bpf_program *program, const char *name)
{
	const char *function = watched(program);

	return function && bpf_program__autoload(program) && !strcmp(function, name);
}

static int attach(struct tracer *tracer)
{
	struct bpf_program *program;
	size_t i;
	int ret = trace_bpf__attach(tracer->bpf);

	if (ret)
		return ret;
	bpf_object__for_each_program(program, tracer->bpf->obj) {
		tracer->attached += bpf_program__autoload(program);
		for (i = 0; i < ARRAY_SIZE(call_functions); i++)
			if (sees(program, call_functions[i].function))
				tracer->sees[call_functions[i].call] = true;
	}
	return 0;
}

static int told(void *data, void *event, size_t size)
{
	const struct tracer *tracer = data;

	if (size >= sizeof(struct trace_event))
		tracer->options.told(tracer->options.data, event);
	return 0;
}

static int start(struct tracer *tracer, const char **what)
{
	int ret;

	*what = "the kernel's BTF, /sys/kernel/btf/vmlinux";
	tracer->kernel = btf__load_vmlinux_btf();
	if (!tracer->kernel)
		return -errno;
	*what = "the programs";
	tracer->bpf = trace_bpf__open();
	if (!tracer->bpf)
		return -errno;
	set_variables(tracer);
	choose_programs(tracer);
	*what = "loading the programs into the kernel";
	ret = trace_bpf__load(tracer->bpf);
	if (!ret)
		ret = follow(tracer);
	if (ret)
		return ret;
	*what = "the buffer for events";
	tracer->ring = ring_buffer__new(bpf_map__fd(tracer->bpf->maps.events), told, tracer, NULL);
	if (!tracer->ring)
		return -errno;
	*what = "attaching the programs to the kernel's functions";
	return attach(tracer);
}

int tracer_open(struct tracer **tracer, const struct tracer_options *options,
		const char **what)
{
	int ret;

	*tracer = calloc(1, sizeof(**tracer));
	if (!*tracer)
		out_of_memory();
	(*tracer)->options = *options;
	/* For whoever changes trace.bpf.c: what libbpf and the verifier have to say. */
	if (!getenv("PINCTL_LIBBPF_LOG"))
		libbpf_set_print(stay_silent);
	ret = start(*tracer, what);
	if (ret) {
		tracer_close(*tracer);
		*tracer = NULL;
	}
	return ret;
}

void tracer_close(struct tracer *tracer)
{
	if (!tracer)
		return;
	ring_buffer__free(tracer->ring);
	trace_bpf__destroy(tracer->bpf);
	btf__free(tracer->kernel);
	free(tracer);
}

bool tracer_has_dirty_tracking(const struct tracer *tracer)
{
	return tracer->dirty_tracking;
}

bool tracer_sees(const struct tracer *tracer, enum trace_call call)
{
	return tracer->sees[call];
}

unsigned int tracer_attached(const struct tracer *tracer)
{
	return tracer->attached;
}

int tracer_fd(const struct tracer *tracer)
{
	return ring_buffer__epoll_fd(tracer->ring);
}

int tracer_take(struct tracer *tracer)
{
	return ring_buffer__consume(tracer->ring);
}

uint64_t tracer_lost(const struct tracer *tracer)
{
	uint64_t lost = tracer->bpf->bss->lost;
	struct bpf_program *program;

	bpf_object__for_each_program(program, tracer->bpf->obj) {
		struct bpf_prog_info info = { 0 };
		uint32_t size = sizeof(info);

		if (bpf_program__fd(program) >= 0 &&
		    !bpf_obj_get_info_by_fd(bpf_program__fd(program), &info, &size))
			lost += info.recursion_misses;
	}
	return lost;
}

#else

bool tracer_is_built(void)
{
	return false;
}

int tracer_open(struct tracer **tracer, const struct tracer_options *options,
		const char **what)
{
	(void)options;
	*tracer = NULL;
	*what = "libbpf";
	return -EOPNOTSUPP;
}

void tracer_close(struct tracer *tracer)
{
	(void)tracer;
}

bool tracer_has_dirty_tracking(const struct tracer *tracer)
{
	(void)tracer;
	return false;
}

bool tracer_sees(const struct tracer *tracer, enum trace_call call)
{
	(void)tracer;
	(void)call;
	return false;
}

unsigned int tracer_attached(const struct tracer *tracer)
{
	(void)tracer;
	return 0;
}

int tracer_fd(const struct tracer *tracer)
{
	(void)tracer;
	return -1;
}

int tracer_take(struct tracer *tracer)
{
	(void)tracer;
	return -EOPNOTSUPP;
}

uint64_t tracer_lost(const struct tracer *tracer)
{
	(void)tracer;
	return 0;
}

#endif
