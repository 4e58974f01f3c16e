// SPDX-License-Identifier: MIT
/* score --explain: which rows, and where it is written.                                */
#include "explain.h"

#include <stdlib.h>
#include <string.h>

const cli_option cli_explain_options[] = {
    {"explain", 'x', "N", NULL,
     "the columns behind the N highest scores, of the rows that a rule calls when one is "
     "given; no rows are written without -o",
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
    return CLI_OK;
}

typedef struct scored {
    double score;
    int64_t row;
} scored;

static int falling(const void *a, const void *b)
{
    const scored *x = a, *y = b;
    if (x->score < y->score || x->score > y->score) return x->score > y->score ? -1 : 1;
    return (x->row > y->row) - (x->row < y->row);
}

/* The rows with the highest scores; *n: how many there are of those asked for.         */
static int64_t *highest(const double *score, int64_t rows, double least, int64_t *n)
{
    scored *all = cli_alloc((size_t)rows, sizeof(*all));
    int64_t count = 0;
    for (int64_t i = 0; i < rows; i++)
        if (score[i] > least) all[count++] = (scored){score[i], i};
    qsort(all, (size_t)count, sizeof(*all), falling);
    if (*n > count) *n = count;
    int64_t *row = cli_alloc((size_t)*n + 1, sizeof(*row));
    for (int64_t i = 0; i < *n; i++) row[i] = all[i].row;
    free(all);
    return row;
}

int cli_explain(cli *c, const hg_model *model, const hg_rule *rule, int64_t *rows,
                hg_decision *decision, hg_drift *drift)
{
    hg_dataset *data = NULL;
    hg_explanation *e = NULL;
    hg_explain_options o = {.size = sizeof(o)};
    int64_t n = 1, *row = NULL;
    double *score = NULL;
    const char *path = cli_get(c, "explain-output");
    int code = cli_get_int(c, "explain", 1, 1000000, &n);
    if (code == CLI_OK) code = cli_get_int(c, "explain-columns", 1, 1000, &o.columns);
    if (code == CLI_OK && path != NULL) code = cli_check_output(c, path);
    if (code == CLI_OK) code = cli_open_labelled(c, c->args[1], "labels", &data);
    if (code == CLI_OK) {
        *rows = hg_dataset_rows(data);
        score = cli_alloc((size_t)*rows, sizeof(*score));
        decision->size = sizeof(*decision);
        drift->size = sizeof(*drift);
        if (hg_score_dataset(c->ctx, model, data, score) != HG_OK ||
            hg_decide(c->ctx, model, rule, score, *rows, NULL, decision) != HG_OK ||
            hg_score_drift(c->ctx, model, score, *rows, drift) != HG_OK)
            code = cli_failed(c);
    }
    if (code == CLI_OK) {
        row = highest(score, *rows, rule != NULL ? decision->threshold : -1e300, &n);
        if (hg_explain(c->ctx, model, data, row, n, &o, &e) != HG_OK ||
            hg_explanation_save(c->ctx, e, path != NULL ? path : "-",
                                cli_get(c, "explain-format")) != HG_OK)
            code = cli_failed(c);
    }
    hg_explanation_free(&e);
    hg_dataset_free(&data);
    free(row);
    free(score);
    return code;
}
