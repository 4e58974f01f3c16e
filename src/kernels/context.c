// SPDX-License-Identifier: MIT
/* hg_ctx: made here and not in base, because a context holds its kernel table. */
#include "base/team.h"
#include "kernels/kernels.h"

#include <stdlib.h>
#include <string.h>

static void *plain_alloc(void *user, size_t bytes)
{
    (void)user;
    return malloc(bytes);
}

static void plain_free(void *user, void *p)
{
    (void)user;
    free(p);
}

hg_status hg_ctx_new(const hg_ctx_options *options, hg_ctx **out)
{
    if (out == NULL) return HG_EINVAL;
    *out = NULL;
    hg_ctx_options o = {.size = sizeof o};
    if (options != NULL) {
        if (options->size != sizeof o || options->threads < 0) return HG_EINVAL;
        o = *options;
    }
    if ((o.allocator.alloc == NULL) != (o.allocator.free == NULL)) return HG_EINVAL;
    hgi_mem mem = {o.allocator};
    if (mem.hook.alloc == NULL) mem.hook = (hg_allocator){plain_alloc, plain_free, NULL};
    const hgi_kernels *kernels = NULL;
    HGI_TRY(hgi_kernels_pick(o.cpu, &kernels));
    hg_ctx *ctx = hgi_calloc(&mem, 1, sizeof *ctx);
    if (ctx == NULL) return HG_ENOMEM;
    ctx->mem = mem;
    ctx->log = o.log;
    ctx->log_user = o.log_user;
    ctx->threads = o.threads > 0 ? o.threads : hgi_cores();
    ctx->kernels = kernels;
    if (hgi_kernels_pick_bf16(o.cpu, &ctx->bf16) != HG_OK) ctx->bf16 = NULL;
    *out = ctx;
    return HG_OK;
}

void hg_ctx_free(hg_ctx **ctx)
{
    if (ctx == NULL || *ctx == NULL) return;
    hgi_mem mem = (*ctx)->mem;
    hgi_team_free(&mem, &(*ctx)->team);
    hgi_free(&mem, *ctx);
    *ctx = NULL;
}

const char *hg_message(const hg_ctx *ctx) { return ctx != NULL ? ctx->message : ""; }
