# SPDX-License-Identifier: GPL-2.0-or-later
#
# The verbs. Nothing is built here: each folder has a Makefile of its own, and what
# is more than a line is a script.

ifneq ($(words $(CURDIR)),1)
$(error make cannot work in a path with blanks: $(CURDIR))
endif

# "make demo SHELL=1" also tells make which shell to use; take that back.
ifeq ($(SHELL),1)
override SHELL := /bin/sh
MAKEOVERRIDES :=
STAY := shell
endif

KERNEL ?= 6.12
KREL ?= $(shell uname -r)
KDIR ?= /lib/modules/$(KREL)/build

all: userspace ## build the library, pinctl and, where kernel headers are, the module
	@if [ -e "$(KDIR)/Makefile" ]; then \
		$(MAKE) --no-print-directory module; \
	else \
		echo "module: not built, no headers of $(KREL) in $(KDIR); make demo needs none"; \
	fi

userspace: ## build libpin and pinctl
	@NO_APT=1 tests/setup.sh build || { echo "install them with: make setup"; exit 1; }
	@$(MAKE) --no-print-directory -C userlib
	@$(MAKE) --no-print-directory -C tools

module: ## build pin.ko for this kernel, or for the headers in KDIR=
	@$(MAKE) --no-print-directory -C driver KDIR=$(KDIR)

setup: ## install the packages that building needs
	@tests/setup.sh build trace

install: all ## install all that was built; DESTDIR=, PREFIX=, INSTALL_MOD_PATH=
	@$(MAKE) --no-print-directory -C userlib install
	@$(MAKE) --no-print-directory -C tools install
	@$(MAKE) --no-print-directory -C driver install-system
	@if [ -e "$(KDIR)/Makefile" ]; then \
		$(MAKE) --no-print-directory -C driver KDIR=$(KDIR) install; \
	fi
	@[ -n "$(DESTDIR)" ] || echo "now: ldconfig; systemd-sysusers; udevadm control --reload; modprobe pin"

uninstall: ## remove what "make install" with the same variables installed
	@$(MAKE) --no-print-directory -C userlib uninstall
	@$(MAKE) --no-print-directory -C tools uninstall
	@$(MAKE) --no-print-directory -C driver uninstall-system
	@if [ -e "$(KDIR)/Makefile" ]; then \
		$(MAKE) --no-print-directory -C driver KDIR=$(KDIR) uninstall; \
	fi

deb: ## build the Debian packages, in build/package
	@tests/setup.sh package
	@tests/package/build build/package

demo: ## see it work in a virtual machine; KERNEL=6.1|6.12|7.2, SHELL=1 to stay inside
	@tests/demo/run.sh $(KERNEL) $(STAY)

test: ## all suites, on this machine and on stock Linux 6.1 and 6.12
	@tests/run.sh host 6.1 6.12

test-debug: ## the same suites on the debug kernel, 7.2
	@tests/run.sh 7.2

test-stress: ## the race matrix, each pair for MS=5000 milliseconds; KERNEL=6.1|6.12|7.2
	@PIN_TEST_ONLY=pairs PIN_TEST_PAIR_MS=$(or $(MS),5000) tests/run.sh $(or $(KERNEL),6.12)

test-kcsan: ## the race matrix on a 7.2 that tells of data races; MS=1000
	@tests/setup.sh build test vm
	@PIN_TEST_PAIR_MS=$(or $(MS),1000) tests/func/kcsan

test-lifecycle: ## 1200 times the module loaded, 10000 processes killed, 200 out of memory; KERNEL=6.1|6.12|7.2
	@PIN_TEST_ONLY="lifecycle kill" PIN_TEST_LOADS=1200 PIN_TEST_KILLS=10000 \
		PIN_TEST_OOMS=200 tests/run.sh $(or $(KERNEL),6.12)

test-soak: ## everything at once for MINUTES=20, and whether anything grows; KERNEL=6.1|6.12|7.2
	@PIN_TEST_ONLY=soak PIN_TEST_SOAK_SECONDS=$$(($(or $(MINUTES),20) * 60)) \
		tests/run.sh $(or $(KERNEL),6.12)

test-packages: ## the Debian packages and make install, in a bare Debian 12
	@tests/package/run
	@tests/docs/root

test-vm: ## the tests of the virtual machine's own runner; KERNEL=
	@tests/setup.sh vm
	@tests/vm/selftest.sh $(KERNEL)

bench: ## what pinning costs, and leases, ledger and trace, in executed instructions, in the virtual machine; KERNEL=6.12|7.2-perf|7.2
	@tests/setup.sh build trace vm bench
	@tests/bench/run.sh --twice $(if $(filter file,$(origin KERNEL)),,$(KERNEL))

bench-compare: ## what changed since the figures in BASE=, a file that "make bench" made
	@tests/bench/compare $(BASE)

bench-baseline: ## take the figures of the last run for those that the next are held against
	@tests/setup.sh bench
	@mkdir -p tests/bench/baseline
	@cp build/bench/6.12.json build/bench/7.2-perf.json tests/bench/baseline/
	@tests/bench/plot
	@tests/bench/report

bench-scale: ## does the cost of pins grow as it has to and no faster, on 7.2-perf; draws docs/scale-*.svg
	@tests/setup.sh build vm bench
	@tests/bench/scale.sh

bench-latency: ## does a pin of 64 GiB keep others waiting: tracers, rescheduling, locks; on 7.2-latency, 6.12, 7.2
	@tests/setup.sh build vm bench
	@tests/bench/latency.sh

coverage: ## which lines of driver, libpin and pinctl no suite reaches, and whether that is known; on 7.2
	@tests/setup.sh build trace test vm
	@tests/coverage/run

fuzz: ## make up calls to /dev/pin, of which each answer is judged; KERNEL=6.1|6.12|7.2, CALLS=, SEED=, FROM=
	@tests/setup.sh build test vm
	@tests/fuzz/run.sh $(KERNEL) --calls $(or $(CALLS),100000) --from $(or $(FROM),0) \
		--seed $(or $(SEED),$(shell od -An -N4 -tu4 /dev/urandom))

fuzz-corpus: ## take what "make fuzz KERNEL=7.2" found into the cases that every kernel runs
	@tests/fuzz/merge

fuzz-parsers: ## inputs of chance for what reads sizes, targets and the ledger's answers; SECONDS=
	@tests/setup.sh build test
	@$(MAKE) -s -C tests/fuzz/parsers check SECONDS=$(or $(SECONDS),60)

mutants: ## does a bug that is put into the driver on purpose make the suites fail; KERNEL=
	@tests/mutants/run $(KERNEL)

lint: ## checkpatch, sparse, coccinelle, W=1, shellcheck, spelling, licences
	@tests/lint.sh

abi-snapshot: userspace ## take the ABI as it is now for the one that lint compares
	@tests/abi/snapshot update

clean: ## remove what was built; the cache of kernels stays
	rm -rf build
	find driver \( -name '*.o' -o -name '*.ko' -o -name '*.mod' -o -name '*.mod.c' \
		-o -name '.*.cmd' -o -name Module.symvers -o -name modules.order \
		-o -name features.h \) -delete

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' Makefile

.PHONY: all userspace module setup install uninstall deb demo test test-debug test-stress test-kcsan test-packages test-vm bench bench-compare bench-baseline bench-scale bench-latency coverage fuzz fuzz-corpus fuzz-parsers test-lifecycle test-soak mutants lint abi-snapshot clean help
