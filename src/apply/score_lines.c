// SPDX-License-Identifier: MIT
/* Lines of scores, flushed by pieces. */
#include "apply/score_lines.h"

#include "data/csv.h"

#include <math.h>
#include <string.h>

#define PIECE (1 << 16)

hg_status hgi_score_lines_open(hgi_score_lines *l, const char *path, const char *place)
{
    hgi_text_init(&l->text, &l->ctx->mem);
    HGI_TRY(hgi_outfile_open(l->ctx, path, &l->f));
    l->open = true;
    hgi_text_add(&l->text, "%s%s%s%s\n", place, l->o->score ? ",score" : "",
                 l->o->p_value ? ",p_value" : "", l->o->anomaly ? ",anomaly" : "");
    return HG_OK;
}

static void add_float(hgi_text *t, double v)
{
    char text[HGI_NUMBER_MAX];
    int n = hgi_format_float(text, (float)v);
    hgi_text_add(t, ",%.*s", n, text);
}

static hg_status flush(hgi_score_lines *l)
{
    if (!hgi_text_ok(&l->text))
        return hgi_fail_mem(l->ctx, l->text.cap, "lines of scores");
    hgi_outfile_write(&l->f, l->text.s, l->text.len);
    l->text.len = 0;
    return l->f.status;
}

hg_status hgi_score_lines_end(hgi_score_lines *l, double score)
{
    const bool none = isnan(score);
    if (l->o->score) add_float(&l->text, score);
    if (l->o->p_value)
        add_float(&l->text, none ? (double)NAN : hg_p_value(l->model, score));
    if (l->o->anomaly)
        hgi_text_add(&l->text, none ? ",nan" : score > l->threshold ? ",1" : ",0");
    hgi_text_add(&l->text, "\n");
    return l->text.len > PIECE ? flush(l) : HG_OK;
}

void hgi_score_lines_word(hgi_score_lines *l, const char *word)
{
    hgi_csv_add_text(&l->text, &(hgi_csv_field){word, word + strlen(word), false});
}

hg_status hgi_score_lines_close(hgi_score_lines *l, hg_status status)
{
    if (l->open && status == HG_OK) status = flush(l);
    if (l->open && status == HG_OK)
        status = hgi_outfile_commit(&l->f);
    else if (l->open)
        hgi_outfile_abort(&l->f);
    if (l->text.s != NULL) hgi_text_free(&l->text);
    l->open = false;
    return status;
}
