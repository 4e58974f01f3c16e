// SPDX-License-Identifier: MIT
/* Lines for the caller's log hook: the library itself has nowhere to print.           */
#include "base/base.h"

void hgi_log(hg_ctx *ctx, hg_log_level level, const char *fmt, ...)
{
    if (ctx == NULL || ctx->log == NULL) return;
    char line[HG_MESSAGE_MAX];
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(line, sizeof line, fmt, args);
    va_end(args);
    if (n < 0) return;
    hgi_one_line(line);
    ctx->log(ctx->log_user, level, line);
}
