// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * many COUNT: pins a page and releases it, COUNT times. With "leak" behind it: pins COUNT
 * pages and is killed with them.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <pin/ioctl.h>

int main(int argc, char **argv)
{
	unsigned long count = argc > 1 ? strtoul(argv[1], NULL, 10) : 0, i;
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int fd = open("/dev/pin", O_RDWR);

	for (i = 0; i < count; i++) {
		struct pin_pin pin = {
			.size = sizeof(pin),
			.flags = PIN_F_WRITE,
			.addr = (uintptr_t)page,
			.length = 4096,
			.cookie = i,
		};
		struct pin_unpin unpin = { .size = sizeof(unpin) };

		if (ioctl(fd, PIN_IOC_PIN, &pin)) {
			perror("pin");
			return 1;
		}
		unpin.id = pin.id;
		if (argc == 2 && ioctl(fd, PIN_IOC_UNPIN, &unpin)) {
			perror("unpin");
			return 1;
		}
	}
	if (argc > 2)
		raise(SIGKILL);
	return 0;
}
