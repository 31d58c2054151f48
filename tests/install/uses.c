// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What somebody else compiles against the installed headers: the library's, which brings
 * the uapi's along.
 */
#include <libpin.h>
#include <string.h>

int main(void)
{
	struct pin_info info = { .size = sizeof(info) };

	return !(info.size && libpin_reason_from_name("fsdax") == PIN_REASON_FSDAX &&
		 !strncmp(libpin_version(), "0.", 2));
}
