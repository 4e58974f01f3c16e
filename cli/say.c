// SPDX-License-Identifier: MIT
/* Messages on stderr, and memory that is there or ends the program.                    */
#include "cli.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* A file's name or a column's may hold anything; a terminal must not obey it. */
static void say(const char *fmt, va_list args) __attribute__((format(printf, 1, 0)));
static void say(const char *fmt, va_list args)
{
    char line[HG_MESSAGE_MAX + 256];
    vsnprintf(line, sizeof(line), fmt, args);
    for (char *p = line; *p != '\0'; p++)
        if ((unsigned char)*p < 32 || *p == 127) *p = '?';
    fflush(stdout);
    fprintf(stderr, "hourglass: %s\n", line);
}

void cli_say(const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    say(fmt, args);
    va_end(args);
}

int cli_usage_error(const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    say(fmt, args);
    va_end(args);
    return CLI_USAGE;
}

int cli_failed(const cli *c)
{
    cli_say("%s", hg_message(c->ctx));
    return CLI_FAILED;
}

static void *or_end(void *p)
{
    if (p != NULL) return p;
    cli_say("out of memory");
    exit(CLI_FAILED);
}

void *cli_alloc(size_t n, size_t size) { return or_end(calloc(n > 0 ? n : 1, size)); }

void *cli_grow(void *p, size_t n, size_t size)
{
    if (size != 0 && n > SIZE_MAX / size) return or_end(NULL);
    return or_end(realloc(p, n * size));
}

char *cli_strdup(const char *s) { return or_end(strdup(s)); }
