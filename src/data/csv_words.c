// SPDX-License-Identifier: MIT
/* The words of a column while a table is read: each gets a number when it is first seen.
 * See csv.h.                                                                           */
#include "data/csv.h"

#include <string.h>

static uint64_t place_of(const hgi_csv_words *w, const char *word, size_t n)
{
    uint64_t mask = (uint64_t)w->slots - 1, at = hgi_fold_hash(word, n) & mask;
    for (; w->slot[at] != 0; at = (at + 1) & mask) {
        const char *known = w->text[w->slot[at] - 1];
        if (hgi_fold_equal(word, n, known, strlen(known))) break;
    }
    return at;
}

int64_t hgi_csv_word_find(const hgi_csv_words *w, const char *word, size_t n)
{
    return w->slots == 0 ? -1 : (int64_t)w->slot[place_of(w, word, n)] - 1;
}

/* Twice the room, at least half of the places empty. */
static hg_status grow(hg_ctx *ctx, hgi_csv_words *w)
{
    int64_t room = hgi_max(8, 2 * w->room), slots = 2 * room;
    size_t bytes = (size_t)room * sizeof(char *);
    char **text = hgi_realloc(&ctx->mem, w->text, bytes);
    if (text == NULL) return hgi_fail_mem(ctx, bytes, "words");
    w->text = text;
    int64_t *uses = hgi_realloc(&ctx->mem, w->uses, (size_t)room * sizeof *uses);
    if (uses == NULL) return hgi_fail_mem(ctx, bytes, "words");
    w->uses = uses;
    uint32_t *slot = hgi_calloc(&ctx->mem, (size_t)slots, sizeof *slot);
    if (slot == NULL) return hgi_fail_mem(ctx, (size_t)slots * sizeof *slot, "words");
    hgi_free(&ctx->mem, w->slot);
    w->slot = slot;
    w->slots = slots;
    w->room = room;
    for (int64_t i = 0; i < w->count; i++)
        w->slot[place_of(w, w->text[i], strlen(w->text[i]))] = (uint32_t)i + 1;
    return HG_OK;
}

hg_status hgi_csv_word(hg_ctx *ctx, hgi_csv_words *w, const char *word, size_t n,
                       int64_t *out)
{
    *out = hgi_csv_word_find(w, word, n);
    if (*out >= 0) return HG_OK;
    if (w->count == HGI_CSV_WORDS_MAX) {
        w->full = true;
        return HG_OK;
    }
    if (w->count == w->room) HGI_TRY(grow(ctx, w));
    char *copy = hgi_strndup(&ctx->mem, word, n);
    if (copy == NULL) return hgi_fail_mem(ctx, n, "a word");
    w->slot[place_of(w, word, n)] = (uint32_t)w->count + 1;
    w->text[w->count] = copy;
    w->uses[w->count] = 0;
    *out = w->count++;
    return HG_OK;
}

void hgi_csv_words_free(const hgi_mem *mem, hgi_csv_words *w)
{
    for (int64_t i = 0; i < w->count; i++) hgi_free(mem, w->text[i]);
    hgi_free(mem, w->text);
    hgi_free(mem, w->uses);
    hgi_free(mem, w->slot);
    *w = (hgi_csv_words){0};
}
