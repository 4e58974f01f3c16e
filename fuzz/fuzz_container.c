// SPDX-License-Identifier: MIT
/* Model files from nowhere: whatever is read must be consistent to its last byte.    */
#include "model/container.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    hg_ctx *ctx;
    hgi_container *c;
    if (hg_ctx_new(NULL, &ctx) != HG_OK) return 0;
    if (hgi_container_parse(ctx, "fuzz", bytes, size, &c) == HG_OK) {
        unsigned sum = 0;
        for (int64_t i = 0; i < hgi_container_count(c); i++) {
            const hgi_entry *e = hgi_container_at(c, i);
            static const size_t sizes[] = {4, 8, 8, 1};
            const unsigned char *p = e->data;
            if (hgi_container_get(c, e->name) != e) abort(); /* two of one name */
            for (size_t b = 0; b < (size_t)e->count * sizes[e->dtype]; b++) sum += p[b];
        }
        const char *text = hgi_container_text(c, "hourglass");
        if (text) sum += (unsigned)strlen(text);
        volatile unsigned sink = sum;
        (void)sink;
    } else if (!hg_message(ctx)[0] || strchr(hg_message(ctx), '\n')) {
        abort(); /* a failure without a message, or with two lines */
    }
    hgi_container_free(&c);
    hg_ctx_free(&ctx);
    return 0;
}
