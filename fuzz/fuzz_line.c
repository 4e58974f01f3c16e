// SPDX-License-Identifier: MIT
/* Any text as a line.  What is accepted must print to a line that reads back and prints
 * the same.                                                                            */
#include "model/line.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const words[] = {"linear", "relu", "sigmoid", NULL};
static const hgi_opt_decl decl[] = {
    {"units", HGI_OPT_UNITS, true, true, 0, 0, 0, NULL, ""},
    {"activation", HGI_OPT_WORD, true, false, 0, 0, 0, words, ""},
    {"groups", HGI_OPT_INT, true, false, 1, 64, 1, NULL, ""},
    {"rate", HGI_OPT_REAL, false, false, 0, 1, 0, NULL, ""},
    {"mode", HGI_OPT_WORD, false, false, 0, 0, 0, words, ""},
    {"padding", HGI_OPT_CHOICE, false, false, 0, 99, -1, words, ""},
    {"size", HGI_OPT_SIZE, false, false, 1, 99, 1, NULL, ""},
    {"tied", HGI_OPT_FLAG, false, false, 0, 0, 0, NULL, ""},
    {NULL, HGI_OPT_FLAG, false, false, 0, 0, 0, NULL, NULL},
};

static hg_status print(hg_ctx *ctx, const char *text, hgi_text *out)
{
    hgi_line l;
    hg_status status = hgi_line_parse(ctx, "line 1", text, decl, &l);
    return status == HG_OK ? hgi_line_print(&l, 0, out) : status;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    hg_ctx *ctx;
    char *text = malloc(size + 1);
    if (text == NULL || hg_ctx_new(NULL, &ctx) != HG_OK) abort();
    if (size > 0) memcpy(text, data, size);
    text[size] = '\0';
    hgi_text once, twice;
    hgi_text_init(&once, &ctx->mem);
    hgi_text_init(&twice, &ctx->mem);
    if (print(ctx, text, &once) == HG_OK) {
        if (print(ctx, once.s, &twice) != HG_OK) abort();
        if (strcmp(once.s, twice.s) != 0) abort();
    } else if (hg_message(ctx)[0] == '\0' || strchr(hg_message(ctx), '\n') != NULL) {
        abort();
    }
    hgi_text_free(&once);
    hgi_text_free(&twice);
    hg_ctx_free(&ctx);
    free(text);
    return 0;
}
