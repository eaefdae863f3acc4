/* SPDX-License-Identifier: MIT */
/* For MemorySanitizer: zlib is not built with it, so what zlib writes is told here. */
#if defined(__has_feature)
#if __has_feature(memory_sanitizer)

#include <sanitizer/msan_interface.h>
#include <zlib.h>

/* The linker puts these in front of zlib's: tests/meson.build. */
int __real_inflate(z_stream *z, int flush);
int __real_deflate(z_stream *z, int flush);
int __wrap_inflate(z_stream *z, int flush);
int __wrap_deflate(z_stream *z, int flush);

static void msan_written(z_stream *z, const Bytef *from)
{
    __msan_unpoison(z, sizeof *z);
    __msan_unpoison(from, (size_t)(z->next_out - from));
}

int __wrap_inflate(z_stream *z, int flush)
{
    const Bytef *const from = z->next_out;
    const int result = __real_inflate(z, flush);
    msan_written(z, from);
    return result;
}

int __wrap_deflate(z_stream *z, int flush)
{
    const Bytef *const from = z->next_out;
    const int result = __real_deflate(z, flush);
    msan_written(z, from);
    return result;
}

#endif
#endif

/* No file of C is empty. */
typedef int msan_nothing;
