/* SPDX-License-Identifier: MIT */
/* Runs a target on files, or on all files of folders: for any compiler, without a fuzzer. */
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

static const char *replay_name = "none";

static void replay_file(const char *path)
{
    fuzz_bytes input = {NULL, 0, 0};
    uint8_t piece[4096];
    FILE *const file = fopen(path, "rb");
    if (!file)
        fuzz_die("cannot read %s", path);
    for (size_t got; (got = fread(piece, 1, sizeof piece, file)) > 0;)
        fuzz_add(&input, piece, got);
    fclose(file);
    uint8_t *const exact = fuzz_copy(input.data, input.len);
    replay_name = path;
    (void)LLVMFuzzerTestOneInput(exact, input.len);
    free(exact);
    fuzz_drop(&input);
}

static size_t replay_folder(const char *path, DIR *folder)
{
    size_t count = 0;
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        char name[4096];
        if (entry->d_name[0] == '.')
            continue;
        if (snprintf(name, sizeof name, "%s/%s", path, entry->d_name) < (int)sizeof name)
            replay_file(name);
        count++;
    }
    closedir(folder);
    return count;
}

static void replay_say(int signal)
{
    (void)signal;
    fprintf(stderr, "the input was %s\n", replay_name);
}

int main(int argc, char **argv)
{
    size_t count = 0;
    if (argc < 2)
        fuzz_die("which files or folders?");
    signal(SIGABRT, replay_say);
    for (int i = 1; i < argc; i++) {
        DIR *const folder = opendir(argv[i]);
        if (folder)
            count += replay_folder(argv[i], folder);
        else
            replay_file(argv[i]), count++;
    }
    printf("%zu inputs\n", count);
    fuzz_stats();
    return count == 0;
}
