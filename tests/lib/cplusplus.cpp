// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * libpin from C++: every kind of object in a unique_ptr with its own *_free().
 *
 * cplusplus words		what needs no module
 * cplusplus pin		pins, copies, checks and is refused, with the module
 */
#include <libpin.h>

#include <cerrno>
#include <cstring>
#include <iostream>
#include <memory>
#include <string>

#include <sys/mman.h>

template <typename T, void (*Free)(T *)>
struct Deleter {
	void operator()(T *object) const { Free(object); }
};

template <typename T, void (*Free)(T *)>
using Owned = std::unique_ptr<T, Deleter<T, Free>>;

using Context = Owned<libpin_context, libpin_context_close>;
using Request = Owned<libpin_request, libpin_request_free>;
using Pin = Owned<libpin_pin, libpin_pin_free>;
using Refusal = Owned<libpin_refusal, libpin_refusal_free>;
using Verdict = Owned<libpin_verdict, libpin_verdict_free>;
using CheckRequest = Owned<libpin_check_request, libpin_check_request_free>;

static int failures;

static void expect(bool good, const std::string &what)
{
	if (good)
		return;
	std::cerr << "not so: " << what << "\n";
	failures++;
}

static void words()
{
	const std::uint32_t reason = libpin_reason_from_name("fsdax");

	expect(reason == PIN_REASON_FSDAX, "fsdax has its number");
	expect(libpin_reason_error(reason) == EOPNOTSUPP, "fsdax has its errno");
	expect(std::string(libpin_reason_sentence(reason)).back() == '.', "a sentence");
	expect(libpin_remedy_text(libpin_reason_remedy_for(reason, LIBPIN_CONSUMER_RDMA, 0)),
	       "a remedy");
	expect(libpin_context_open(nullptr, nullptr, 0) == -EINVAL, "NULL is refused");

	libpin_context *raw = reinterpret_cast<libpin_context *>(1);

	expect(libpin_context_open(&raw, "/dev/null", 0) == -ENOTTY, "/dev/null is no /dev/pin");
	expect(!raw, "a failure leaves NULL");
}

static Context open_device()
{
	libpin_context *ctx = nullptr;
	const int ret = libpin_context_open(&ctx, nullptr, 1);

	expect(!ret, std::string("open /dev/pin: ") + std::strerror(-ret));
	return Context(ctx);
}

static Request request_for(void *memory, std::size_t length)
{
	libpin_request *request = nullptr;

	expect(!libpin_request_new(&request), "a request");
	libpin_request_set_address(request, reinterpret_cast<std::uintptr_t>(memory));
	libpin_request_set_length(request, length);
	libpin_request_set_write(request, 1);
	return Request(request);
}

static void pin_and_copy(const Context &ctx, char *memory, std::size_t length)
{
	libpin_pin *raw = nullptr;
	char byte = 'x';

	expect(!libpin_pin_create(ctx.get(), request_for(memory, length).get(), &raw, nullptr), "a pin");

	const Pin pin(raw);
	const std::uint64_t id = libpin_pin_id(pin.get());

	expect(libpin_pin_pages(pin.get()) * 4096 == length, "all its pages");
	expect(libpin_pin_write(ctx.get(), id, 5000, &byte, 1) == 1, "a byte written");
	expect(memory[5000] == 'x', "the byte is in the memory");
	expect(!libpin_unpin(ctx.get(), id), "released");
	expect(libpin_unpin(ctx.get(), id) == -ENOENT, "released once only");
}

static void be_refused(const Context &ctx, char *memory, std::size_t length)
{
	libpin_refusal *raw_refusal = nullptr;
	libpin_pin *raw_pin = reinterpret_cast<libpin_pin *>(1);

	munmap(memory + length / 2, 4096);

	const int ret = libpin_pin_create(ctx.get(), request_for(memory, length).get(), &raw_pin,
				   &raw_refusal);
	const Refusal refusal(raw_refusal);

	expect(ret == -EFAULT && !raw_pin, "a range with a hole is refused");
	expect(libpin_refusal_reason(refusal.get()) == PIN_REASON_HOLE, "because of the hole");
	expect(libpin_refusal_address(refusal.get()) ==
	       reinterpret_cast<std::uintptr_t>(memory) + length / 2, "at its address");
}

static void check_hole(const Context &ctx, char *memory, std::size_t length)
{
	libpin_check_request *raw_request = nullptr;
	libpin_verdict *raw = nullptr;

	expect(!libpin_check_request_new(&raw_request), "a check request");

	const CheckRequest request(raw_request);

	libpin_check_request_set_address(request.get(), reinterpret_cast<std::uintptr_t>(memory));
	libpin_check_request_set_length(request.get(), length);
	expect(!libpin_check(ctx.get(), request.get(), &raw), "a check");

	const Verdict verdict(raw);

	expect(libpin_verdict_reason(verdict.get()) == PIN_REASON_HOLE, "the verdict is the hole");
	expect(libpin_verdict_report_count(verdict.get()) == 3, "memory, hole, memory");
}

int main(int argc, char **argv)
{
	const std::string mode = argc == 2 ? argv[1] : "";
	const std::size_t length = 1 << 20;

	if (mode == "words") {
		words();
	} else if (mode == "pin") {
		const Context ctx = open_device();
		void *memory = mmap(nullptr, length, PROT_READ | PROT_WRITE,
				    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		expect(memory != MAP_FAILED, "memory");
		pin_and_copy(ctx, static_cast<char *>(memory), length);
		be_refused(ctx, static_cast<char *>(memory), length);
		check_hole(ctx, static_cast<char *>(memory), length);
	} else {
		std::cerr << "usage: cplusplus words|pin\n";
		return 2;
	}
	return failures != 0;
}
