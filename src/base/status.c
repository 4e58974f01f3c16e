// SPDX-License-Identifier: MIT
/* Failures: a status for the program, one line of text for the person.               */
#include "base/base.h"

#include <string.h>

const char *hg_strerror(hg_status status)
{
    switch (status) {
#define STATUS_ROW(name, value, text)                                                    \
    case HG_##name: return text;
        HG_STATUS_MAP(STATUS_ROW)
#undef STATUS_ROW
    }
    return "unknown status";
}

void hgi_one_line(char *s)
{
    for (; *s != '\0'; s++)
        if ((unsigned char)*s < 0x20 || *s == 0x7f) *s = '?';
}

hg_status hgi_fail(hg_ctx *ctx, hg_status status, const char *fmt, ...)
{
    assert(status != HG_OK);
    if (ctx == NULL) return status;
    /* Formatted aside, because an argument may be the message set before.             */
    char message[HG_MESSAGE_MAX];
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(message, sizeof message, fmt, args);
    va_end(args);
    if (n < 0) message[0] = '\0';
    if (n >= (int)sizeof message) strcpy(message + sizeof message - 4, "...");
    hgi_one_line(message);
    strcpy(ctx->message, message);
    return status;
}

hg_status hgi_fail_before(hg_ctx *ctx, hg_status status, const char *fmt, ...)
{
    char place[HG_MESSAGE_MAX];
    if (ctx == NULL) return status;
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(place, sizeof place, fmt, args);
    va_end(args);
    if (n < 0) place[0] = '\0';
    return hgi_fail(ctx, status, "%s%s", place, ctx->message);
}

hg_status hgi_fail_mem(hg_ctx *ctx, size_t bytes, const char *what)
{
    return hgi_fail(ctx, HG_ENOMEM, "out of memory: wanted %zu bytes for %s", bytes,
                    what);
}

hg_status hgi_fail_io(hg_ctx *ctx, const char *path, const char *action, int error)
{
    char reason[128];
    if (strerror_r(error, reason, sizeof reason) != 0)
        snprintf(reason, sizeof reason, "error %d", error);
    return hgi_fail(ctx, HG_EIO, "%s: cannot %s: %s", path, action, reason);
}
