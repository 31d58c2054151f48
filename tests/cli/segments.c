// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Segments: a process with a range of many mappings and a hole, at an address that is
 * always the same, for pinctl to look at.
 *
 * segments FILE: FILE is one of what is mapped. Prints a line when all is there, then
 * waits to be killed.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define AT	0x100000000000ul
#define PAGE	4096ul

static void map(unsigned long at, unsigned long length, int prot, int flags, int fd)
{
	if (mmap((void *)at, length, prot, flags | MAP_FIXED_NOREPLACE, fd, 0) == MAP_FAILED) {
		perror("segments: mmap");
		exit(1);
	}
}

int main(int argc, char **argv)
{
	int anon = MAP_PRIVATE | MAP_ANONYMOUS, rw = PROT_READ | PROT_WRITE;
	int memfd = memfd_create("odd \n\\ \033[31m\xff", MFD_CLOEXEC);
	int file = argc == 2 ? open(argv[1], O_RDWR | O_CLOEXEC) : -1;

	if (memfd < 0 || file < 0 || ftruncate(memfd, 2 * PAGE)) {
		perror("segments");
		return 1;
	}
	map(AT, PAGE, rw, anon, -1);
	map(AT + PAGE, 2 * PAGE, PROT_READ, anon, -1);
	/* A hole of one page. */
	map(AT + 4 * PAGE, 2 * PAGE, rw, MAP_SHARED, memfd);
	map(AT + 6 * PAGE, PAGE, PROT_NONE, anon, -1);
	map(AT + 7 * PAGE, PAGE, PROT_WRITE, anon, -1);
	map(AT + 8 * PAGE, 4 * PAGE, rw, MAP_PRIVATE, file);
	map(AT + 12 * PAGE, 4 * PAGE, rw, MAP_SHARED, file);
	puts("mapped");
	fflush(stdout);
	pause();
	return 0;
}
