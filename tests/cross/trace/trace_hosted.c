/* SPDX-License-Identifier: MIT */
/* The traces as a program of an operating system. */
#include <stdio.h>

#include "trace.h"

void trace_print(const char *line)
{
    puts(line);
}

int main(void)
{
    return trace_main();
}
