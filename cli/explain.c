// SPDX-License-Identifier: MIT
/* score --explain: which rows, and where it is written.                                */
#include "explain.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const cli_option cli_explain_options[] = {
    {"explain", 'x', "N", NULL,
     "the columns behind the N highest scores, of the rows that a rule calls when one is "
     "given, named by --id; no rows are written without -o",
     "explain", NULL, false},
    {"explain-columns", 0, "N", "5", "at most so many columns of a row", "explain", NULL,
     false},
    {"explain-format", 0, "WORD", "text", "text, json or html", "explain", NULL, false},
    {"explain-output", 0, "FILE", "-", "file to write; its ending says the format, too",
     "explain", NULL, false},
    {0},
};

int cli_check_explain(const cli *c, bool scores_to_stdout)
{
    static const char *const formats[] = {"text", "json", "html"};
    const char *format = cli_get(c, "explain-format"), *verb = c->verb->name;
    if (!cli_has(c, "explain")) {
        for (const cli_option *o = cli_explain_options + 1; o->name != NULL; o++)
            if (cli_has(c, o->name))
                return cli_usage_error("%s: --%s is for --explain N", verb, o->name);
        return CLI_OK;
    }
    bool known = format == NULL;
    for (int i = 0; i < 3 && !known; i++) known = strcmp(format, formats[i]) == 0;
    if (!known)
        return cli_usage_error("%s: --explain-format '%s', expected text, json or html",
                               verb, format);
    const char *to = cli_get(c, "explain-output");
    if (cli_has(c, "json") && (to == NULL || strcmp(to, "-") == 0))
        return cli_usage_error("%s: --json and the explanation both go to standard "
                               "output: name a file with --explain-output, or leave out "
                               "--json for --explain-format json",
                               verb);
    if (!scores_to_stdout && strcmp(c->args[1], "-") == 0)
        return cli_usage_error("%s: --explain reads the rows a second time: give it a "
                               "file, or leave out -o",
                               verb);
    if (cli_has(c, "id") && strcmp(c->args[1], "-") == 0)
        return cli_usage_error("%s: --id with --explain reads the rows a second time: "
                               "give it a file",
                               verb);
    return CLI_OK;
}

typedef struct scored {
    double by, score; /* ranked by, then by its score */
    int64_t row;
} scored;

static int falling(const void *a, const void *b)
{
    const scored *x = a, *y = b;
    if (x->by < y->by || x->by > y->by) return x->by > y->by ? -1 : 1;
    if (x->score < y->score || x->score > y->score) return x->score > y->score ? -1 : 1;
    return (x->row > y->row) - (x->row < y->row);
}

/* Have two windows a row in common?  Rows of two groups may alternate. */
static bool overlap(const hg_window_place *a, const hg_window_place *b)
{
    const bool alike = a->group == NULL || strcmp(a->group, b->group) == 0;
    return alike && a->first <= b->last && b->first <= a->last;
}

/* The rows that rank highest and are ranked above `least`; *n: how many there are of those
 * asked for.  Of windows none that shares a row with a higher one: it tells the same. */
static int64_t *highest(const hg_dataset *data, const double *by, const double *score,
                        int64_t rows, double least, int64_t *n)
{
    scored *all = cli_alloc((size_t)rows, sizeof(*all));
    int64_t count = 0, found = 0;
    for (int64_t i = 0; i < rows; i++)
        if (by[i] > least) all[count++] = (scored){by[i], score[i], i};
    qsort(all, (size_t)count, sizeof(*all), falling);
    if (*n > count) *n = count;
    int64_t *row = cli_alloc((size_t)*n + 1, sizeof(*row));
    hg_window_place *place = cli_alloc((size_t)*n + 1, sizeof(*place));
    for (int64_t i = 0; i < count && found < *n; i++) {
        hg_window_place *p = &place[found];
        p->size = sizeof(*p);
        bool told = false;
        if (hg_dataset_window_place(data, all[i].row, p))
            for (int64_t k = 0; k < found && !told; k++) told = overlap(&place[k], p);
        if (!told) row[found++] = all[i].row;
    }
    *n = found;
    free(place);
    free(all);
    return row;
}

/* What windows are ranked by with --points: the highest score of a row in them. */
static int rank_by_points(cli *c, const hg_model *model, const hg_dataset *windows,
                          const double *score, double *by)
{
    hg_window_place p = {.size = sizeof(p)};
    int64_t rows = 0, n = hg_dataset_rows(windows);
    for (int64_t i = 0; hg_dataset_window_place(windows, i, &p); i++)
        rows = p.last >= rows ? p.last + 1 : rows;
    double *point = cli_alloc((size_t)rows, sizeof(*point));
    int code = CLI_OK;
    if (hg_score_points(c->ctx, model, windows, score, rows, point) != HG_OK)
        code = cli_failed(c);
    for (int64_t i = 0; code == CLI_OK && i < n; i++) {
        (void)hg_dataset_window_place(windows, i, &p);
        by[i] = p.group != NULL ? score[i] : -1e300; /* rows of groups may alternate */
        for (int64_t r = p.first; p.group == NULL && r <= p.last; r++)
            if (point[r] > by[i]) by[i] = point[r];
    }
    free(point);
    return code;
}

/* Scores of rows; decided about is by those of pictures, where the rows are tiles, and the
 * worst tile speaks for each: the scores of the others are -infinity behind this. */
static int score_and_decide(cli *c, const hg_model *model, const hg_rule *rule,
                            const hg_dataset *data, double *score, int64_t *units,
                            hg_decision *decision, hg_drift *drift)
{
    const int64_t rows = hg_dataset_rows(data);
    int64_t *first = cli_alloc((size_t)rows, sizeof(*first));
    double *unit = cli_alloc((size_t)rows, sizeof(*unit));
    hg_status status = hg_score_dataset(c->ctx, model, data, score);
    const int64_t n = *units = hg_picture_scores(model, data, score, unit, first);
    if (status == HG_OK) status = hg_decide(c->ctx, model, rule, unit, n, NULL, decision);
    if (status == HG_OK) status = hg_score_drift(c->ctx, model, unit, n, drift);
    for (int64_t i = 0; i < n && n < rows; i++) {
        int64_t worst = first[i], end = i + 1 < n ? first[i + 1] : rows;
        for (int64_t r = first[i]; r < end; r++)
            worst = score[r] > score[worst] ? r : worst;
        for (int64_t r = first[i]; r < end; r++)
            if (r != worst) score[r] = -HUGE_VAL;
    }
    free(unit);
    free(first);
    return status == HG_OK ? CLI_OK : cli_failed(c);
}

int cli_explain(cli *c, const hg_model *model, const hg_rule *rule, int64_t *rows,
                hg_decision *decision, hg_drift *drift)
{
    hg_dataset *data = NULL;
    hg_explanation *e = NULL;
    hg_explain_options o = {.size = sizeof(o)};
    int64_t n = 1, *row = NULL;
    double *score = NULL, *by = NULL;
    const char *path = cli_get(c, "explain-output");
    hg_data_options input;
    hg_series_info series = {.size = sizeof(series)};
    if (cli_has(c, "points") && !hg_model_series(model, &series))
        return cli_usage_error("%s: --points are those of a series, but the model is of "
                               "rows: train it with a window",
                               c->verb->name);
    int code = cli_get_int(c, "explain", 1, 1000000, &n);
    if (code == CLI_OK) code = cli_get_int(c, "explain-columns", 1, 1000, &o.columns);
    if (code == CLI_OK && path != NULL) code = cli_check_output(c, path);
    if (code == CLI_OK) code = cli_read_data_options(c, &input);
    o.input = &input;
    if (code == CLI_OK) code = cli_open_labelled(c, c->args[1], "labels", &data);
    if (code == CLI_OK) {
        const int64_t all = hg_dataset_rows(data);
        by = score = cli_alloc((size_t)all, sizeof(*score));
        decision->size = sizeof(*decision);
        drift->size = sizeof(*drift);
        code = score_and_decide(c, model, rule, data, score, rows, decision, drift);
    }
    if (code == CLI_OK && cli_has(c, "points")) {
        by = cli_alloc((size_t)*rows, sizeof(*by));
        code = rank_by_points(c, model, data, score, by);
    }
    if (code == CLI_OK) {
        row = highest(data, by, score, hg_dataset_rows(data),
                      rule != NULL ? decision->threshold : -1e300, &n);
        if (hg_explain(c->ctx, model, data, row, n, &o, &e) != HG_OK ||
            hg_explanation_save(c->ctx, e, path != NULL ? path : "-",
                                cli_get(c, "explain-format")) != HG_OK)
            code = cli_failed(c);
    }
    hg_explanation_free(&e);
    hg_dataset_free(&data);
    free(row);
    if (by != score) free(by);
    free(score);
    return code;
}
