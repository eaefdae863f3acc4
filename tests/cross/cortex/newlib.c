/* SPDX-License-Identifier: MIT */
/* What newlib needs below it, for unit tests on a Cortex-M: output, a heap, an end. */
#include <stddef.h>

#include "cortex_start.h"

extern char cortex_heap[], cortex_heap_end[];

void *_sbrk(ptrdiff_t len);
int _write(int file, const char *data, int len);
int _read(int file, char *data, int len);
int _close(int file);
int _lseek(int file, int offset, int whence);
int _fstat(int file, void *status);
int _isatty(int file);
int _kill(int process, int signal);
int _getpid(void);
void _exit(int status);
void _init(void);
void _fini(void);

void *_sbrk(ptrdiff_t len)
{
    static char *top = cortex_heap;
    char *const old = top;
    if (len > cortex_heap_end - top)
        return (void *)-1;
    top += len;
    return old;
}

int _write(int file, const char *data, int len)
{
    char text[2] = {0, 0};
    (void)file;
    for (int i = 0; i < len; i++) {
        text[0] = data[i];
        cortex_print(text);
    }
    return len;
}

int _read(int file, char *data, int len)
{
    (void)file, (void)data, (void)len;
    return 0;
}

int _close(int file)
{
    (void)file;
    return -1;
}

int _lseek(int file, int offset, int whence)
{
    (void)file, (void)offset, (void)whence;
    return 0;
}

int _fstat(int file, void *status)
{
    (void)file, (void)status;
    return -1;
}

int _isatty(int file)
{
    (void)file;
    return 1;
}

int _kill(int process, int signal)
{
    (void)process, (void)signal;
    return -1;
}

int _getpid(void)
{
    return 1;
}

void _exit(int status)
{
    for (;;)
        cortex_exit(status);
}

/* Nothing runs before main or behind it. */
void _init(void)
{
}

void _fini(void)
{
}
