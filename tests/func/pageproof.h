/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the kernel itself says about a page of this process: /proc/self/pagemap,
 * /proc/kpageflags, /proc/zoneinfo and the areas of CMA. Memory of a kind proves
 * with these that it is of that kind; nothing here asks the driver.
 */
#ifndef PIN_TEST_PAGEPROOF_H
#define PIN_TEST_PAGEPROOF_H

#include <stdbool.h>
#include <stdint.h>

/* Bits of an entry of pagemap, Documentation/admin-guide/mm/pagemap.rst. */
#define PAGEMAP_UFFD_WP	(1ULL << 57)
#define PAGEMAP_GUARD	(1ULL << 58)
#define PAGEMAP_SWAPPED	(1ULL << 62)
#define PAGEMAP_PRESENT	(1ULL << 63)

/* Bits of /proc/kpageflags, uapi/linux/kernel-page-flags.h. */
#define PAGEFLAG_ANON		(1ULL << 12)
#define PAGEFLAG_HUGETLB	(1ULL << 17)
#define PAGEFLAG_HWPOISON	(1ULL << 19)
#define PAGEFLAG_KSM		(1ULL << 21)
#define PAGEFLAG_THP		(1ULL << 22)
#define PAGEFLAG_ZERO_PAGE	(1ULL << 24)

/* The entry of pagemap for an address. */
uint64_t pagemap_at(const void *addr);

/* The page frame that an address maps; aborts the test if there is none. */
uint64_t pfn_at(const void *addr);

/* Flags of a page, and of the page that an address maps. */
uint64_t page_flags(uint64_t pfn);
uint64_t page_flags_at(const void *addr);

/* How many page tables map the page that an address maps. */
uint64_t page_mappings_at(const void *addr);

bool is_present(const void *addr);

/* Does the page that an address maps lie in ZONE_MOVABLE? In an area of CMA? */
bool is_in_zone_movable(const void *addr);
bool is_in_cma(const void *addr);

#endif /* PIN_TEST_PAGEPROOF_H */
