// SPDX-License-Identifier: MIT
/* Regions of images in an explanation's formats.  All of it is numbers: there is nothing to
 * escape. */
#include "apply/explain.h"

#include <string.h>

/* ---- text ---------------------------------------------------------------------------- */

enum { CELLS = 7 };
static const char *const heads[CELLS] = {"x",  "y",     "width",   "height",
                                         "at", "found", "expected"};

static void cell_text(const hgi_cause *c, int cell, char out[HGI_CAUSE_TEXT])
{
    static const int of_box[] = {1, 0, 3, 2}; /* x, y, width, height */
    if (cell < 4)
        snprintf(out, HGI_CAUSE_TEXT, "%lld", (long long)c->box[of_box[cell]]);
    else if (cell == 4)
        snprintf(out, HGI_CAUSE_TEXT, "%lld,%lld", (long long)c->at[1],
                 (long long)c->at[0]);
    else
        snprintf(out, HGI_CAUSE_TEXT, "%s", cell == 5 ? c->found_text : c->expected_text);
}

void hgi_region_text(const hg_explanation *e, int64_t i, hgi_text *t)
{
    const hgi_cause *cause = e->cause + i * e->most;
    char text[HGI_CAUSE_TEXT];
    int width[CELLS];
    for (int k = 0; k < CELLS; k++) {
        width[k] = (int)strlen(heads[k]);
        for (int64_t c = 0; c < e->row[i].causes; c++) {
            cell_text(&cause[c], k, text);
            width[k] = (int)hgi_max(width[k], (int64_t)strlen(text));
        }
        hgi_text_add(t, "  %-*s", width[k], heads[k]);
    }
    hgi_text_add(t, "  %5s  score then\n", "share");
    for (int64_t c = 0; c < e->row[i].causes; c++) {
        for (int k = 0; k < CELLS; k++) {
            cell_text(&cause[c], k, text);
            hgi_text_add(t, "  %-*s", width[k], text);
        }
        hgi_text_add(t, "  %3.0f %%  %.4g\n", 100 * cause[c].share, cause[c].left);
    }
}

/* ---- JSON ---------------------------------------------------------------------------- */

/* One number, or as many as there are channels. */
static void add_values(const char *name, const char *text, hgi_text *t)
{
    const bool many = strchr(text, ',') != NULL;
    /* JSON has no number that is none. */
    if (strstr(text, "nan") != NULL || strstr(text, "inf") != NULL)
        hgi_text_add(t, ", \"%s\": null", name);
    else
        hgi_text_add(t, ", \"%s\": %s%s%s", name, many ? "[" : "", text, many ? "]" : "");
}

void hgi_region_json(const hgi_cause *c, hgi_text *t)
{
    hgi_text_add(t,
                 "\"x\": %lld, \"y\": %lld, \"width\": %lld, \"height\": %lld, "
                 "\"at\": {\"x\": %lld, \"y\": %lld}",
                 (long long)c->box[1], (long long)c->box[0], (long long)c->box[3],
                 (long long)c->box[2], (long long)c->at[1], (long long)c->at[0]);
    add_values("found", c->found_text, t);
    add_values("expected", c->expected_text, t);
}

/* ---- HTML ---------------------------------------------------------------------------- */

/* Where in the picture they are; the page has no picture in it. */
static void add_frame(const hgi_explained *r, const hgi_cause *cause, hgi_text *t)
{
    hgi_text_add(t, "<svg class=\"frame\" viewBox=\"0 0 %lld %lld\" role=\"img\">",
                 (long long)r->area[1], (long long)r->area[0]);
    for (int64_t c = 0; c < r->causes; c++)
        hgi_text_add(t, "<rect x=\"%lld\" y=\"%lld\" width=\"%lld\" height=\"%lld\"/>",
                     (long long)cause[c].box[1], (long long)cause[c].box[0],
                     (long long)cause[c].box[3], (long long)cause[c].box[2]);
    hgi_text_add(t, "</svg>\n");
}

void hgi_region_html(const hg_explanation *e, int64_t i, hgi_text *t)
{
    const hgi_explained *r = &e->row[i];
    const hgi_cause *cause = e->cause + i * e->most;
    char text[HGI_CAUSE_TEXT];
    hgi_text_add(t, "<table>\n<tr>");
    for (int k = 0; k < CELLS; k++) hgi_text_add(t, "<th>%s", heads[k]);
    hgi_text_add(t,
                 "<th class=\"n\">share<th class=\"bar\"><th class=\"n\">score then\n");
    for (int64_t c = 0; c < r->causes; c++) {
        hgi_text_add(t, "<tr>");
        for (int k = 0; k < CELLS; k++) {
            cell_text(&cause[c], k, text);
            hgi_text_add(t, "<td>%s", text);
        }
        hgi_text_add(t,
                     "<td class=\"n\">%.0f&thinsp;%%<td class=\"bar\"><i "
                     "style=\"width:%.0f%%\"></i><td class=\"n\">%.4g\n",
                     100 * cause[c].share, 100 * cause[c].share, cause[c].left);
    }
    hgi_text_add(t, "</table>\n");
    add_frame(r, cause, t);
}
