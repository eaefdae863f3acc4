/* SPDX-License-Identifier: MIT */
/* Memory between pages that must not be touched. */
#ifndef _DEFAULT_SOURCE
#define _DEFAULT_SOURCE
#endif

#include "guard.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

guarded guard(void)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    uint8_t *pages =
        mmap(NULL, 3 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_true(pages != MAP_FAILED);
    assert_int_equal(mprotect(pages, page, PROT_NONE), 0);
    assert_int_equal(mprotect(pages + 2 * page, page, PROT_NONE), 0);
    guarded room = {pages + page, pages + 2 * page};
    return room;
}

void unguard(guarded room)
{
    size_t page = (size_t)(room.end - room.start);
    munmap(room.start - page, 3 * page);
}

uint8_t *guard_copy(guarded room, const void *data, size_t len)
{
    assert_true(len <= (size_t)(room.end - room.start));
    if (len > 0)
        memcpy(room.end - len, data, len);
    return room.end - len;
}
