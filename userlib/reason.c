// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Reason: what each rule of refusal is called, says, and what can be done.
 * Names and errnos come from PIN_REASON_TABLE; the words are here and nowhere
 * else.
 *
 * The words are held to this: the sentence says what is the case, in the words
 * of the user's program; why says what would break without the rule; a remedy
 * is something that ends the refusal, the first one the most likely to suit.
 * A command does what its text says when pasted into a shell, after the names
 * behind dollar signs have been set.  A remedy that names one subsystem's calls
 * is for that subsystem, and one that a subsystem has no way to follow is not
 * for it: io_uring and AF_XDP, for instance, pin for writing whatever one does.
 */
#include <errno.h>
#include <string.h>

#include "private.h"

#define REMEDIES_MAX 12

#define DESTROYS LIBPIN_REMEDY_DESTROYS_DATA
#define ROOT	 LIBPIN_REMEDY_NEEDS_ROOT
#define REBOOT	 LIBPIN_REMEDY_NEEDS_REBOOT
#define LEASE	 LIBPIN_REMEDY_NEEDS_LEASE

/* Whom a remedy helps: ANY stands for a program that uses /dev/pin itself. */
#define FOR(name)	(1u << LIBPIN_CONSUMER_##name)
#define ANY		.consumers = FOR(ANY)
#define ANY_AND(names)	.consumers = FOR(ANY) | (names)
#define ONLY(names)	.consumers = (names)
#define RDMA		FOR(RDMA)
#define IO_URING	FOR(IO_URING)
#define VFIO		FOR(VFIO)
#define IOMMUFD		FOR(IOMMUFD)
#define XDP		FOR(XDP)

/* @text NULL ends a list of remedies; @consumers 0: it helps everybody. */
struct libpin_remedy {
	const char *text;
	const char *command;
	uint32_t flags;
	uint32_t consumers;
};

struct wording {
	const char *sentence;
	const char *why;
	struct libpin_remedy remedies[REMEDIES_MAX + 1];
};

static const struct wording wordings[] = {
[PIN_REASON_HOLE] = {
	.sentence = "Nothing is mapped there.",
	.why = "A pin holds pages, and only a mapping has pages. Most often the length is larger "
	       "than what was mapped, or another thread has unmapped the memory already. A stack "
	       "is not grown for a pin either.",
	.remedies = {
		{ "Compare the range with what the process maps, and pass the address and length "
		  "that mmap() was given.",
		  "cat /proc/$PID/maps" },
		{ "For memory on a stack: touch it first, so that the stack reaches that far." },
	},
},
[PIN_REASON_IO_MAPPING] = {
	.sentence = "It maps device memory or other I/O memory (VM_IO), not ordinary RAM.",
	.why = "Registers, PCI BARs and buffers that a driver maps for I/O belong to that driver. "
	       "The kernel has no page it could hold there, and reading may have side effects.",
	.remedies = {
		{ "Share the memory as a dma-buf, if the driver that owns it can export one, and "
		  "import that instead of the address (for RDMA: ibv_reg_dmabuf_mr()).", ANY },
		{ "Share the memory as a dma-buf, if the driver that owns it can export one, and "
		  "register that with ibv_reg_dmabuf_mr(3).", ONLY(RDMA) },
		{ "Nothing, if VFIO_IOMMU_MAP_DMA itself succeeds: VFIO maps the BARs of devices "
		  "(VM_PFNMAP) into the IOMMU without pinning them.", ONLY(VFIO) },
		{ "Pin an ordinary buffer (anonymous or hugetlb memory) and copy to or from the "
		  "device memory." },
	},
},
[PIN_REASON_PFN_MAPPING] = {
	.sentence = "It maps bare page frames (VM_PFNMAP), which cannot be held.",
	.why = "The driver that made the mapping put page frame numbers into the page table and "
	       "keeps their lifetime to itself. The kernel must not take references to them, so a "
	       "pin could outlive the memory. Graphics buffers are such mappings, and udmabuf "
	       "is in Linux 6.12 and later.",
	.remedies = {
		{ "Share the memory as a dma-buf, if the driver that owns it can export one, and "
		  "import that instead of the address (for RDMA: ibv_reg_dmabuf_mr()).", ANY },
		{ "Share the memory as a dma-buf, if the driver that owns it can export one, and "
		  "register that with ibv_reg_dmabuf_mr(3).", ONLY(RDMA) },
		{ "Nothing, if VFIO_IOMMU_MAP_DMA itself succeeds: VFIO maps the BARs of devices "
		  "(VM_PFNMAP) into the IOMMU without pinning them.", ONLY(VFIO) },
		{ "For a udmabuf: pin the memfd that it was made from; map that and use its "
		  "address." },
		{ "Pin an ordinary buffer (anonymous or hugetlb memory) and copy." },
	},
},
[PIN_REASON_FSDAX] = {
	.sentence = "It maps a file of a filesystem that uses DAX: the pages are the file's "
		    "blocks themselves.",
	.why = "There is no page cache in between, so a device would access the blocks of the "
	       "file for as long as the pin lasts, and the filesystem could not truncate the file "
	       "or move its blocks in all that time. Private mappings of the file (MAP_PRIVATE) "
	       "are refused as well. Neither RLIMIT_MEMLOCK nor a privilege changes that.",
	.remedies = {
		{ "Pin an anonymous or hugetlb buffer and copy between it and the file." },
		{ "Let the device fault pages in on demand, so that nothing is pinned (RDMA: "
		  "IBV_ACCESS_ON_DEMAND), if the device can do that.",
		  "ibv_devinfo -v | grep -i odp", ANY_AND(RDMA) },
		{ "Use the buffer without registering it: IORING_OP_READ and IORING_OP_WRITE in "
		  "place of their _FIXED forms hold it only while the I/O runs.", ONLY(IO_URING) },
		{ "If it is the memory of a virtual machine: back it with memfd, hugetlb or "
		  "device-dax (QEMU: -object memory-backend-memfd).", ONLY(VFIO | IOMMUFD) },
		{ "Ask for a lease (PIN_F_LEASE, libpin_request_set_lease()) of a shared, writable "
		  "mapping. The filesystem can take it back at any moment, so the program has to "
		  "be able to stop its device then.",
		  "pinctl pin --lease file:\"$FILE\"", LEASE, ANY },
		{ "Last, because it erases every file on it: turn the persistent memory into "
		  "device-dax, without a filesystem, and map /dev/dax0.0. Save what has to be "
		  "kept elsewhere first.",
		  "sudo ndctl create-namespace -f -e namespace0.0 -m devdax", DESTROYS | ROOT },
	},
},
[PIN_REASON_SECRETMEM] = {
	.sentence = "It is memory of memfd_secret(2), which the kernel itself cannot reach.",
	.why = "Secret memory is taken out of the kernel's own address space so that no bug in the "
	       "kernel can leak it. Giving it to a device would undo that.",
	.remedies = {
		{ "Keep only the secret itself in memfd_secret(2); take the buffer that the "
		  "device uses from memfd_create(2) or anonymous memory." },
	},
},
[PIN_REASON_NO_DIRECT_MAP] = {
	.sentence = "The memory has been removed from the kernel's direct map.",
	.why = "Its owner asked that the kernel itself cannot reach the pages. The code that "
	       "pins may have to copy or clear them, which would then crash the kernel.",
	.remedies = {
		{ "Take the buffer from memory that stays in the direct map: anonymous memory, "
		  "memfd_create(2) or hugetlb." },
		{ "If this is the memory of a virtual machine, create it without the option that "
		  "removes it from the direct map." },
	},
},
[PIN_REASON_FILE_DIRTY_TRACKING] = {
	.sentence = "It is a shared, writable mapping of a file whose filesystem must hear of "
		    "every write.",
	.why = "After writing a page back the filesystem makes it read-only, to notice the next "
	       "write. A device writes without that fault: the data can be lost, and the "
	       "filesystem can be corrupted or crash. Linux refuses this since 6.5, and /dev/pin "
	       "on every kernel. It concerns ext4, XFS, Btrfs, NFS, FUSE and block devices, not "
	       "tmpfs, memfd and hugetlbfs.",
	.remedies = {
		{ "Use memory that only looks like a file: memfd_create(2), or a file on tmpfs or "
		  "hugetlbfs.",
		  "cp -- \"$FILE\" /dev/shm/" },
		{ "Pin an anonymous or hugetlb buffer, and write it to the file with write(2) when "
		  "the device is done." },
		{ "Map the file with MAP_PRIVATE, if what the device writes need not reach the "
		  "file." },
		{ "Pin for reading only, if the device only reads (RDMA: no IBV_ACCESS_LOCAL_WRITE "
		  "and no remote write).",
		  "pinctl check --read file:\"$FILE\"", ANY_AND(RDMA) },
		{ "Map for reading only, if the device only reads: VFIO_IOMMU_MAP_DMA without "
		  "VFIO_DMA_MAP_FLAG_WRITE.",
		  "pinctl check --read file:\"$FILE\"", ONLY(VFIO) },
		{ "Map for reading only, if the device only reads: IOMMU_IOAS_MAP without "
		  "IOMMU_IOAS_MAP_WRITEABLE.",
		  "pinctl check --read file:\"$FILE\"", ONLY(IOMMUFD) },
		{ "Use the buffer without registering it: IORING_OP_READ and IORING_OP_WRITE in "
		  "place of their _FIXED forms hold it only while the I/O runs.", ONLY(IO_URING) },
	},
},
[PIN_REASON_NOT_WRITABLE] = {
	.sentence = "The pin is for writing, but the mapping does not allow writing (no "
		    "PROT_WRITE).",
	.why = "A pin gives a device the access that the process itself has, and no more.",
	.remedies = {
		{ "Pin for reading only, if the device only reads.",
		  "pinctl check --read $PID", ANY },
		{ "Register for reading only, if the device only reads: no IBV_ACCESS_LOCAL_WRITE, "
		  "no remote write and no atomics.",
		  "pinctl check --read $PID", ONLY(RDMA) },
		{ "Map for reading only, if the device only reads: VFIO_IOMMU_MAP_DMA without "
		  "VFIO_DMA_MAP_FLAG_WRITE.",
		  "pinctl check --read $PID", ONLY(VFIO) },
		{ "Map for reading only, if the device only reads: IOMMU_IOAS_MAP without "
		  "IOMMU_IOAS_MAP_WRITEABLE.",
		  "pinctl check --read $PID", ONLY(IOMMUFD) },
		{ "Map the memory with PROT_READ | PROT_WRITE, or add it with mprotect(2). A "
		  "shared file mapping needs a descriptor that is open for writing." },
	},
},
[PIN_REASON_NOT_READABLE] = {
	.sentence = "The pin is for reading, but the mapping does not allow reading (no "
		    "PROT_READ).",
	.why = "A pin gives a device the access that the process itself has, and no more. "
	       "PROT_NONE mappings are usually address space that an allocator has reserved and "
	       "not handed out yet.",
	.remedies = {
		{ "Pass only the part that is in use: leave reserved and guard areas out of the "
		  "range.",
		  "cat /proc/$PID/maps" },
		{ "Add PROT_READ with mprotect(2) before pinning." },
	},
},
[PIN_REASON_SHADOW_STACK] = {
	.sentence = "It is a shadow stack, which only call and return instructions may write.",
	.why = "The shadow stack protects return addresses. A device that could write to it would "
	       "defeat that.",
	.remedies = {
		{ "Leave the shadow stack out of the range; no buffer of a program lies in it.",
		  "grep -B 25 'VmFlags.* ss' /proc/$PID/smaps" },
	},
},
[PIN_REASON_PKEY] = {
	.sentence = "The protection key of the mapping forbids this access to the thread that "
		    "asks.",
	.why = "Memory protection keys are rights of a thread. A pin gives a device the access "
	       "that the asking thread has, and no more. For reading, a private mapping of a "
	       "file may take the right to write, too: the process is given pages of its own "
	       "first.",
	.remedies = {
		{ "Allow the access with pkey_set(3) in the thread that pins, for as long as the "
		  "call takes." },
		{ "Give the mapping another key with pkey_mprotect(2).",
		  "grep ProtectionKey /proc/$PID/smaps" },
	},
},
[PIN_REASON_LEASE_PRIVATE] = {
	.sentence = "A lease was asked for a private mapping (MAP_PRIVATE) of a filesystem-DAX "
		    "file.",
	.why = "Writing to a private mapping gives the process a copy of its own, which the lease "
	       "of the file's blocks would not cover.",
	.remedies = {
		{ "Map the file with MAP_SHARED." },
		{ "If the file must not be written: pin an anonymous buffer and copy the file "
		  "into it." },
	},
},
[PIN_REASON_BEYOND_EOF] = {
	.sentence = "The mapping goes on there, but the file has ended.",
	.why = "A mapping may be longer than its file. Beyond the file's last page there is "
	       "nothing to pin; touching it would raise SIGBUS.",
	.remedies = {
		{ "Make the file at least as long as the range, before pinning. This form of "
		  "truncate(1) never shortens a file.",
		  "truncate -s \">$LENGTH\" -- \"$FILE\"" },
		{ "Pin no more than the file has (fstat(2), st_size).",
		  "stat -c %s -- \"$FILE\"" },
	},
},
[PIN_REASON_HWPOISON] = {
	.sentence = "The page has a hardware memory error.",
	.why = "The memory has lost its content, and the kernel has taken the page out of use so "
	       "that nothing reads it. What stood there is gone.",
	.remedies = {
		{ "Find out what happened and to which address.",
		  "sudo dmesg | grep -iE 'memory failure|hardware error'", ROOT },
		{ "Give the memory up and get other: munmap(2) and mmap(2) anew. For a file, "
		  "restore it from a copy." },
		{ "On persistent memory, list the bad places; overwriting them clears them.",
		  "sudo ndctl list --media-errors", ROOT },
	},
},
[PIN_REASON_RAW_PFN] = {
	.sentence = "A driver has mapped a bare page frame there, in a mapping that otherwise "
		    "has pages.",
	.why = "The page table entry has no page behind it that the kernel could hold. In such a "
	       "mixed mapping (VM_MIXEDMAP) this shows only entry by entry.",
	.remedies = {
		{ "Share the memory as a dma-buf, if the driver that owns it can export one, and "
		  "import that instead of the address." },
		{ "Pin an ordinary buffer (anonymous or hugetlb memory) and copy." },
	},
},
[PIN_REASON_P2PDMA] = {
	.sentence = "It is the memory of a PCI device (peer-to-peer memory).",
	.why = "Such memory can be used by another device for one transfer, not for an unbounded "
	       "time: it would keep the device that owns it from being removed.",
	.remedies = {
		{ "Use it for single transfers, as with O_DIRECT reads and writes." },
		{ "Share it as a dma-buf, if the driver that owns it can export one." },
		{ "Pin an ordinary buffer in RAM and copy." },
	},
},
[PIN_REASON_DEVICE_BUSY] = {
	.sentence = "The memory lies on a device and could not be moved to RAM, or its device or "
		    "file is being taken away.",
	.why = "Memory of a device that takes part in the process's address space (a GPU) has to "
	       "be moved to RAM before a long-term pin, which fails while the device uses it. For "
	       "persistent memory: a truncate or the removal of the device is under way.",
	.remedies = {
		{ "Wait until the device or the file operation is done, and try again." },
		{ "Have the device's runtime move the memory to the host before pinning, with its "
		  "prefetch-to-host call." },
	},
},
[PIN_REASON_MIGRATE_FAILED] = {
	.sentence = "The page lies in movable memory (ZONE_MOVABLE or CMA) and could not be moved "
		    "out.",
	.why = "Movable memory is kept free of long-term pins, so that it can be unplugged or "
	       "given out as large blocks. The kernel therefore moves a page elsewhere before it "
	       "pins it. That fails while something else holds the page (direct I/O under way, "
	       "another pin), or if no memory is free elsewhere.",
	.remedies = {
		{ "Let I/O on the memory finish, and try again." },
		{ "Pin before the memory is touched for the first time: pages that a pin brings "
		  "in are put in the right place at once." },
		{ "See how much memory outside ZONE_MOVABLE is free, and free some.",
		  "grep -A 5 -E 'zone +(DMA32|Normal|Movable)' /proc/zoneinfo" },
		{ "Do without movable memory: remove movablecore=, kernelcore= or movable_node "
		  "from the kernel's command line.",
		  "cat /proc/cmdline", ROOT | REBOOT },
	},
},
[PIN_REASON_USERFAULT] = {
	.sentence = "The page is missing, and only a userfaultfd handler can provide it.",
	.why = "A userfaultfd is registered on the range. Its handler runs in user space, or has "
	       "asked not to be called for accesses by the kernel. Linux 6.1 never waits for it in "
	       "a long-term pin; 6.12 and 7.2 do, unless the handler forbids it.",
	.remedies = {
		{ "Have the handler fill the range first (UFFDIO_COPY, UFFDIO_ZEROPAGE), or touch "
		  "every page of it before pinning." },
		{ "Unregister the range (UFFDIO_UNREGISTER) when its handler is done; for a "
		  "virtual machine that migrates: pin when the migration has ended." },
	},
},
[PIN_REASON_GUARD] = {
	.sentence = "It is a guard page (MADV_GUARD_INSTALL).",
	.why = "A guard page is there so that every access fails; a pin is an access. Allocators "
	       "and thread libraries put them next to buffers and stacks.",
	.remedies = {
		{ "Leave the guard pages out of the range: check where the buffer really begins "
		  "and ends." },
		{ "Remove them with madvise(2) MADV_GUARD_REMOVE, if they are the program's "
		  "own." },
	},
},
[PIN_REASON_HUGETLB_EMPTY] = {
	.sentence = "No huge page is left for the mapping, in the pool or in its cgroup.",
	.why = "Huge pages of this kind come from a pool of a fixed size and nowhere else. For a "
	       "long-term pin, huge pages in movable memory do not count.",
	.remedies = {
		{ "See how many there are and how many are free.",
		  "grep -E 'HugePages_|Hugepagesize' /proc/meminfo" },
		{ "Add pages of the default size to the pool; memory that is too fragmented gives "
		  "fewer than asked.",
		  "sudo sysctl vm.nr_hugepages=$COUNT", ROOT },
		{ "Add pages of another size, here 1 GiB.",
		  "echo $COUNT | sudo tee /sys/kernel/mm/hugepages/hugepages-1048576kB/nr_hugepages",
		  ROOT },
		{ "Reserve them at boot, when memory is not fragmented yet: add hugepagesz=1G "
		  "hugepages=N to the kernel's command line.", NULL, ROOT | REBOOT },
		{ "See whether the cgroup has a limit; if so, write a higher one there.",
		  "grep -H . /sys/fs/cgroup$(sed -n 's/^0:://p' /proc/$PID/cgroup)/hugetlb.*.max" },
	},
},
[PIN_REASON_FAULT_FAILED] = {
	.sentence = "The page could not be brought in: whoever provides the mapping reported an "
		    "error.",
	.why = "Touching that page would raise SIGBUS or SIGSEGV. Typical causes are a full "
	       "tmpfs, an I/O error on a disk or network filesystem, and a driver that refuses "
	       "the access. On Linux 6.1 also: a private huge page that is read-only and still "
	       "the file's, of which a pin would go stale.",
	.remedies = {
		{ "If it is a file on tmpfs: see whether the filesystem is full.",
		  "df -h -- \"$FILE\"" },
		{ "Look for an I/O error or a message of the driver.",
		  "sudo dmesg | tail -n 30", ROOT },
		{ "Populate the memory before pinning, with madvise(2) MADV_POPULATE_WRITE: it "
		  "fails at the same place, and tells a memory error from a bad access." },
	},
},
[PIN_REASON_REFCOUNT] = {
	.sentence = "The page has been pinned or referenced too many times already.",
	.why = "The counter of a page's users must not overflow, or the page would be freed while "
	       "it is in use. /dev/pin stops long before that.",
	.remedies = {
		{ "Pin the memory once and use that pin for everything, instead of pinning the "
		  "same page again and again." },
		{ "Release pins that are no longer needed; see how many pins are held in all "
		  "(acquired minus released).",
		  "grep nr_foll_pin /proc/vmstat" },
	},
},
[PIN_REASON_MEMLOCK_LIMIT] = {
	.sentence = "More memory would be locked than RLIMIT_MEMLOCK allows.",
	.why = "Pinned memory cannot be swapped or moved, so there is a limit. It is that of the "
	       "process that asks, not of your shell: services, containers, sudo and login "
	       "shells have limits of their own. RDMA and VFIO compare it with what the process "
	       "has pinned or locked; /dev/pin, io_uring, AF_XDP and iommufd with what all "
	       "processes of the user have charged together. Only CAP_IPC_LOCK in the initial "
	       "user namespace is exempt: root in a container is not.",
	.remedies = {
		{ "See what the process has pinned already; that, with the new range, has to stay "
		  "below its own limit.",
		  "grep VmPin /proc/$PID/status; grep 'locked memory' /proc/$PID/limits",
		  ONLY(RDMA) },
		{ "See what the process has locked already; that, with the new range, has to stay "
		  "below its own limit.",
		  "grep VmLck /proc/$PID/status; grep 'locked memory' /proc/$PID/limits",
		  ONLY(VFIO) },
		{ "See what the user has charged already; no file in /proc tells it.",
		  "pinctl doctor", ONLY(IO_URING | IOMMUFD | XDP) },
		{ "For a virtual machine of libvirt: set hard_limit in memtune, from which libvirt "
		  "takes the limit of the QEMU that it starts. The limits of your own shell do not "
		  "count there.",
		  "virsh edit $DOMAIN", ONLY(VFIO | IOMMUFD) },
		{ "Charge the process in place of the user: IOMMU_OPTION with "
		  "IOMMU_OPTION_RLIMIT_MODE set to 1, which takes CAP_SYS_RESOURCE.",
		  ONLY(IOMMUFD) },
		{ "Register fewer or smaller buffers, or use them without registering.",
		  ONLY(IO_URING) },
		{ "Make the UMEM smaller: fewer frames, or frames of 2048 bytes.", ONLY(XDP) },
		{ "Now, for this shell and what it starts; with a number in place of $$, for a "
		  "process that runs.",
		  "sudo prlimit --pid $$ --memlock=unlimited", ROOT },
		{ "For every login of a group's members, from their next login on.",
		  "echo '@pin - memlock unlimited' | sudo tee /etc/security/limits.d/90-pin.conf",
		  ROOT },
		{ "For a service of systemd, from its next start on.",
		  "sudo mkdir -p /etc/systemd/system/$UNIT.d && "
		  "printf '[Service]\\nLimitMEMLOCK=infinity\\n' | "
		  "sudo tee /etc/systemd/system/$UNIT.d/memlock.conf && "
		  "sudo systemctl daemon-reload", ROOT },
		{ "For a container.",
		  "docker run --ulimit memlock=-1:-1 $IMAGE" },
		{ "For one program, on the host: exempt it from the limit.",
		  "sudo setcap cap_ipc_lock+ep \"$PROGRAM\"", ROOT },
	},
},
[PIN_REASON_SYSTEM_CAP] = {
	.sentence = "All users of /dev/pin together would have more pages pinned than the module "
		    "allows.",
	.why = "Pinned memory is lost to everything else; without a cap, users who are not held "
	       "to RLIMIT_MEMLOCK could pin all of it.",
	.remedies = {
		{ "Release pins that are no longer needed; see what is pinned and what the cap "
		  "is.",
		  "pinctl doctor" },
		{ "Raise the cap, in pages, at once.",
		  "echo $PAGES | sudo tee /sys/module/pin/parameters/max_pages", ROOT },
		{ "Raise it for whenever modprobe loads the module.",
		  "echo \"options pin max_pages=$PAGES\" | sudo tee -a /etc/modprobe.d/pin.conf",
		  ROOT },
	},
},
[PIN_REASON_CONTEXT_CAP] = {
	.sentence = "This open of /dev/pin has as many pins as it may have.",
	.why = "Each pin takes kernel memory, so that their number is bounded, however small "
	       "they are.",
	.remedies = {
		{ "Pin few large ranges instead of many small ones, or release some." },
		{ "Open /dev/pin again: the cap is on each open by itself." },
		{ "Raise the cap at once.",
		  "echo $PINS | sudo tee /sys/module/pin/parameters/max_pins", ROOT },
		{ "Raise it for whenever modprobe loads the module.",
		  "echo \"options pin max_pins=$PINS\" | sudo tee -a /etc/modprobe.d/pin.conf",
		  ROOT },
	},
},
[PIN_REASON_NO_MEMORY] = {
	.sentence = "There is no memory for the page, or for the pin's own records.",
	.why = "A pin brings in every page of its range at once, and none can be swapped out "
	       "again. Memory can be short in the machine or in the process's cgroup.",
	.remedies = {
		{ "See what is free.",
		  "free -h" },
		{ "If there is a limit in the cgroup, see it and what is used.",
		  "cd /sys/fs/cgroup$(sed -n 's/^0:://p' /proc/$PID/cgroup) && "
		  "grep -H . memory.current memory.max" },
		{ "Pin less at a time, or release what is no longer needed." },
	},
},
[PIN_REASON_MAPPING_CHANGED] = {
	.sentence = "The mapping was changed while it was being pinned.",
	.why = "Another thread has unmapped, replaced or protected the range, or another process "
	       "has truncated the file, so that what was judged is not what would be pinned.",
	.remedies = {
		{ "Try again." },
		{ "If it happens again: find the thread that changes the range, and do not let it "
		  "run at the same time.",
		  "strace -f -e trace=memory -p $PID" },
	},
},
[PIN_REASON_INTERRUPTED] = {
	.sentence = "The process is being killed.",
	.why = "Only a signal that ends the process interrupts a pin. Nothing stays pinned.",
	.remedies = {
		{ "Run it again. If nobody killed it: see whether the kernel did, for want of "
		  "memory.",
		  "sudo dmesg | grep -iE 'out of memory|oom-kill'", ROOT },
	},
},
};

#define REASON_NAME(constant, name, error, scope) [constant] = name,
static const char *const names[] = { PIN_REASON_TABLE(REASON_NAME) };

#define REASON_ERROR(constant, name, error, scope) [constant] = error,
static const int errors[] = { PIN_REASON_TABLE(REASON_ERROR) };

#define REASON_SCOPE(constant, name, error, scope) [constant] = scope,
static const enum pin_reason_scope scopes[] = { PIN_REASON_TABLE(REASON_SCOPE) };

_Static_assert(ARRAY_SIZE(wordings) == ARRAY_SIZE(names), "a reason without words");

static const struct wording *wording_of(uint32_t reason)
{
	static const struct wording none;

	return reason < ARRAY_SIZE(wordings) ? &wordings[reason] : &none;
}

LIBPIN_API uint32_t libpin_reason_last(void)
{
	return ARRAY_SIZE(names) - 1;
}

LIBPIN_API const char *libpin_reason_name(uint32_t reason)
{
	return reason < ARRAY_SIZE(names) ? names[reason] : NULL;
}

LIBPIN_API uint32_t libpin_reason_from_name(const char *name)
{
	uint32_t reason;

	if (!name)
		return PIN_REASON_NONE;
	for (reason = 1; reason < ARRAY_SIZE(names); reason++)
		if (names[reason] && !strcmp(names[reason], name))
			return reason;
	return PIN_REASON_NONE;
}

LIBPIN_API int libpin_reason_error(uint32_t reason)
{
	return reason < ARRAY_SIZE(errors) ? errors[reason] : 0;
}

LIBPIN_API int libpin_reason_is_resource(uint32_t reason)
{
	return reason < ARRAY_SIZE(scopes) && scopes[reason] == PIN_SCOPE_RESOURCE;
}

LIBPIN_API const char *libpin_reason_sentence(uint32_t reason)
{
	return wording_of(reason)->sentence;
}

LIBPIN_API const char *libpin_reason_why(uint32_t reason)
{
	return wording_of(reason)->why;
}

static int helps(const struct libpin_remedy *remedy, uint32_t consumer)
{
	return !remedy->consumers || remedy->consumers >> consumer & 1;
}

LIBPIN_API const struct libpin_remedy *
libpin_reason_remedy_for(uint32_t reason, uint32_t consumer, size_t index)
{
	const struct libpin_remedy *remedy;

	if (consumer > libpin_consumer_last())
		return NULL;
	for (remedy = wording_of(reason)->remedies; remedy->text; remedy++)
		if (helps(remedy, consumer) && !index--)
			return remedy;
	return NULL;
}

LIBPIN_API size_t libpin_reason_remedy_count_for(uint32_t reason, uint32_t consumer)
{
	size_t count = 0;

	while (libpin_reason_remedy_for(reason, consumer, count))
		count++;
	return count;
}

LIBPIN_API size_t libpin_reason_remedy_count(uint32_t reason)
{
	return libpin_reason_remedy_count_for(reason, LIBPIN_CONSUMER_ANY);
}

LIBPIN_API const struct libpin_remedy *libpin_reason_remedy(uint32_t reason, size_t index)
{
	return libpin_reason_remedy_for(reason, LIBPIN_CONSUMER_ANY, index);
}

LIBPIN_API const char *libpin_remedy_text(const struct libpin_remedy *remedy)
{
	return remedy ? remedy->text : NULL;
}

LIBPIN_API const char *libpin_remedy_command(const struct libpin_remedy *remedy)
{
	return remedy ? remedy->command : NULL;
}

LIBPIN_API uint32_t libpin_remedy_flags(const struct libpin_remedy *remedy)
{
	return remedy ? remedy->flags : 0;
}
