// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A dma-buf of a memfd, by udmabuf; see peer.h. Takes the file's pages, wherever they are
 * mapped, so a file that is mapped several times is listed as often.
 */
#include <fcntl.h>
#include <linux/udmabuf.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"
#include "peer.h"

#define MOST_MIB	"16384"

static int device, buffer;

/* What the kernel allows at first is 64 MiB. */
static void raise_limit(void)
{
	const char *path = "/sys/module/udmabuf/parameters/size_limit_mb";
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, MOST_MIB, sizeof(MOST_MIB) - 1) < 0)
		die("%s", path);
	close(fd);
}

static const char *open_device(void)
{
	device = open("/dev/udmabuf", O_RDWR | O_CLOEXEC);
	if (device < 0)
		return "no /dev/udmabuf";
	raise_limit();
	return NULL;
}

static void close_device(void)
{
	close(device);
}

static bool takes(const struct memory *memory)
{
	return memory->fd >= 0;
}

static void create(const struct memory *memory)
{
	struct udmabuf_create_list *list;
	struct stat file;
	size_t count, i;

	if (fstat(memory->fd, &file))
		die("fstat");
	count = memory->bytes / file.st_size;
	list = calloc(1, sizeof(*list) + count * sizeof(*list->list));
	if (!list)
		die("a list of %zu", count);
	list->flags = UDMABUF_FLAGS_CLOEXEC;
	list->count = count;
	for (i = 0; i < count; i++)
		list->list[i] = (struct udmabuf_create_item) {
			.memfd = memory->fd,
			.size = file.st_size,
		};
	buffer = ioctl(device, UDMABUF_CREATE_LIST, list);
	if (buffer < 0)
		die("UDMABUF_CREATE_LIST of %zu bytes", memory->bytes);
	free(list);
}

static void drop(const struct memory *memory)
{
	(void)memory;
	close(buffer);
}

const struct peer peer_udmabuf = {
	.name = "udmabuf",
	.open = open_device,
	.close = close_device,
	.takes = takes,
	.pin = create,
	.unpin = drop,
};
