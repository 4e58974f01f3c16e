// SPDX-License-Identifier: MIT
/* Any bytes as a configuration file.  It is taken whole or not at all, and a refusal has a
 * one-line message that names the file.                                                */
#include "model/config.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    hg_ctx *ctx;
    hg_config *cfg;
    if (hg_ctx_new(NULL, &ctx) != HG_OK || hg_config_new(ctx, &cfg) != HG_OK) abort();
    hgi_text before, after;
    hgi_text_init(&before, &ctx->mem);
    hgi_text_init(&after, &ctx->mem);
    if (hgi_config_print(cfg, &before) != HG_OK) abort();
    hg_status status = hgi_config_load_text(cfg, "f.yaml", (const char *)data, size);
    if (hgi_config_print(cfg, &after) != HG_OK) abort();
    if (status != HG_OK) {
        const char *message = hg_message(ctx);
        if (strcmp(before.s, after.s) != 0) abort();
        if (strstr(message, "f.yaml") == NULL || strchr(message, '\n') != NULL) abort();
    }
    hgi_text_free(&before);
    hgi_text_free(&after);
    hg_config_free(&cfg);
    hg_ctx_free(&ctx);
    return 0;
}
