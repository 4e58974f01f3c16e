// SPDX-License-Identifier: MIT
/* Rules and labels of the command line, and how well a detector's scores tell labels.  */
#include "detection.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A code of functions of this file alone: PCA cannot be set beside these rows. */
enum { NO_PCA = -1 };

const cli_option cli_judge_options[] = {
    {"normal-label", 0, "WORDS", "0", "labels of normal rows; all others are anomalies",
     "labels", NULL, false},
    {"anomaly-label", 0, "WORDS", "1", "labels of anomalies; all others are normal",
     "labels", NULL, false},
    {"bootstrap", 0, "N", "1000", "resamples for the 95 % intervals; 0: no intervals",
     "labels", NULL, false},
    {0},
};

bool cli_has_detector(cli *c, const hg_model *model)
{
    hg_detector_info info = {.size = sizeof(info)};
    return hg_detector_get_info(c->ctx, model, &info) == HG_OK;
}

void cli_beside_json(const hg_model *model, json_t *o)
{
    hg_beside b = {.size = sizeof(b)};
    if (!hg_detector_beside(model, &b)) return;
    json_t *p = json_object(), *span = json_array();
    json_object_set_new(p, "components", json_integer(b.components));
    json_object_set_new(p, "roc_auc", cli_json_real(b.roc_auc));
    json_object_set_new(p, "pca_roc_auc", cli_json_real(b.pca_roc_auc));
    json_array_append_new(span, cli_json_real(b.low));
    json_array_append_new(span, cli_json_real(b.high));
    json_object_set_new(p, "difference", span);
    json_object_set_new(p, "error", cli_json_real(b.error));
    json_object_set_new(p, "pca_error", cli_json_real(b.pca_error));
    json_object_set_new(p, "winner", cli_json_text(b.winner));
    json_object_set_new(o, "pca", p);
}

void cli_rule_text(cli *c, const hg_model *model, const hg_rule *rule, bool has,
                   char *out, size_t n)
{
    hg_detector_info info = {.size = sizeof(info)};
    hg_rule r = *rule;
    if (!has && hg_detector_get_info(c->ctx, model, &info) == HG_OK) r = info.rule;
    snprintf(out, n, "%s %g", r.kind != NULL ? r.kind : "no rule", r.value);
}

int cli_check_label_words(const cli *c)
{
    const char *labels = cli_get(c, "labels");
    if (labels == NULL && (cli_has(c, "normal-label") || cli_has(c, "anomaly-label")))
        return cli_usage_error("%s: labels of which rows? name them with --labels",
                               c->verb->name);
    if (cli_has(c, "normal-label") && cli_has(c, "anomaly-label"))
        return cli_usage_error("%s: --normal-label says which labels are no anomalies', "
                               "--anomaly-label which are: give one of them",
                               c->verb->name);
    return CLI_OK;
}

/* ---- scores beside labels ----------------------------------------------------------- */

/* Labels that stand in another order than the rows, where a column of both files tells. */
static int join_labels(cli *c, const char *path, int64_t n, unsigned char *label)
{
    char column[128];
    hg_data_options o;
    int code = cli_read_data_options(c, &o);
    if (code != CLI_OK) return code;
    int64_t *place = cli_alloc((size_t)n, sizeof(*place));
    unsigned char *were = cli_alloc((size_t)n, 1);
    if (hg_rows_join(c->ctx, c->args[1], &o, path, n, place, column, sizeof(column)) !=
        HG_OK)
        code = cli_failed(c);
    if (code == CLI_OK && column[0] != '\0') {
        memcpy(were, label, (size_t)n);
        for (int64_t i = 0; i < n; i++) label[i] = were[place[i]];
        if (!cli_has(c, "quiet"))
            cli_say("note: %s: labels joined to %s by column '%s', whose rows stand in "
                    "another order there",
                    path, c->args[1], column);
    }
    free(place);
    free(were);
    return code;
}

/* Labels may be words here, not numbers alone; of tiles there may be one for each of their
 * `units` pictures.  *out has room for as many as there are rows. */
static int read_labels(cli *c, const hg_dataset *data, int64_t units, unsigned char **out,
                       int64_t *n)
{
    const int64_t rows = hg_dataset_rows(data);
    const bool windows = hg_dataset_window_row(data, 0) >= 0;
    hg_dataset *labels = NULL;
    hg_data_options o = {.size = sizeof(o), .columns = cli_get(c, "label-column")};
    int code = cli_get_int(c, "limit", 1, INT64_MAX, &o.limit);
    if (code != CLI_OK) return code;
    const char *path = cli_get(c, "labels");
    if (cli_is_folder(path))
        code = cli_open_labels(c, path, &labels);
    else if (hg_dataset_open(c->ctx, path, &o, &labels) != HG_OK)
        code = cli_failed(c);
    if (code != CLI_OK) return code;
    *n = hg_dataset_rows(labels);
    if (!windows && *n != units && *n != rows) {
        cli_say("%s: %lld labels for %lld %s", path, (long long)*n, (long long)units,
                units < rows ? "pictures" : "rows");
        code = CLI_FAILED;
    } else {
        *out = cli_alloc((size_t)(*n > rows ? *n : rows), 1);
        if (hg_labels_read(c->ctx, labels, cli_get(c, "normal-label"),
                           cli_get(c, "anomaly-label"), *out) != HG_OK) {
            code = cli_failed(c);
            if (!cli_has(c, "normal-label") && !cli_has(c, "anomaly-label"))
                cli_say("--normal-label WORDS or --anomaly-label WORDS says which labels "
                        "are which");
        }
        if (code == CLI_OK && *n == rows && !windows && !cli_is_folder(path))
            code = join_labels(c, path, *n, *out);
    }
    hg_dataset_free(&labels);
    return code;
}

/* From the labels of pictures to those of their tiles. */
static void label_tiles(unsigned char *label, int64_t units, const int64_t *first,
                        int64_t rows)
{
    for (int64_t i = units, end = rows; i-- > 0; end = first[i])
        memset(label + first[i], label[i], (size_t)(end - first[i]));
}

/* Scores of the model, or of PCA without training rows, which has no threshold; NaN.  Of
 * tiles those of their pictures. */
static int find_scores(cli *c, const hg_model *model, const hg_dataset *data,
                       const hg_rule *rule, const unsigned char *label, bool pca,
                       double *score, hg_decision *decision)
{
    hg_status status;
    if (pca) {
        decision->threshold = (double)NAN;
        status = hg_detector_pca_scores(c->ctx, model, data, label, score);
        hg_picture_scores(model, data, score, score, NULL);
        if (status != HG_ERANGE) return status == HG_OK ? CLI_OK : cli_failed(c);
        cli_say("note: %s", hg_message(c->ctx));
        return NO_PCA;
    }
    status = hg_score_dataset(c->ctx, model, data, score);
    const int64_t n = hg_picture_scores(model, data, score, score, NULL);
    if (status == HG_OK)
        status = hg_decide(c->ctx, model, rule, score, n, NULL, decision);
    return status == HG_OK ? CLI_OK : cli_failed(c);
}

/* Of windows: labels are those of the series' rows, and what is judged are the scores of
 * rows, those that are in a window.  model NULL: they are PCA's, and of a row the mean. */
static int judge_points(cli *c, const hg_model *model, const hg_dataset *windows,
                        double **score, unsigned char *label, int64_t *n)
{
    if (hg_dataset_window_row(windows, 0) < 0) return CLI_OK;
    int64_t kept = 0;
    double *point = cli_alloc((size_t)*n, sizeof(*point));
    if (hg_score_points(c->ctx, model, windows, *score, *n, point) != HG_OK) {
        free(point);
        return cli_failed(c);
    }
    for (int64_t r = 0; r < *n; r++) {
        if (isnan(point[r])) continue;
        point[kept] = point[r];
        label[kept++] = label[r];
    }
    free(*score);
    *score = point;
    *n = kept;
    return CLI_OK;
}

/* A window is an anomaly if one of its rows is, and normal if none is of those that have a
 * label: for PCA, which is fitted to normal ones. */
static unsigned char *window_labels(const hg_dataset *windows, const unsigned char *label,
                                    int64_t n)
{
    hg_window_place p = {.size = sizeof(p)};
    unsigned char *out = cli_alloc((size_t)hg_dataset_rows(windows), 1);
    for (int64_t i = 0; hg_dataset_window_place(windows, i, &p); i++) {
        out[i] = HG_UNLABELLED;
        for (int64_t r = p.first; r <= p.last && r < n && out[i] != 1; r++)
            if (label[r] != HG_UNLABELLED) out[i] = label[r];
    }
    return out;
}

static int detect(cli *c, const hg_model *model, const hg_dataset *data, bool pca,
                  cli_detected *out)
{
    hg_rule rule = {.size = sizeof(rule)};
    bool has = false;
    unsigned char *label = NULL;
    const int64_t rows = hg_dataset_rows(data);
    int64_t resamples = 0, n = 0, *first = cli_alloc((size_t)rows, sizeof(*first));
    double *score = cli_alloc((size_t)rows, sizeof(*score));
    /* Of scores that are not there yet: how many there will be. */
    const int64_t units = hg_picture_scores(model, data, score, score, first);
    *out = (cli_detected){.decision = {.size = sizeof(out->decision)}};
    int code = cli_read_rule(c, &rule, &has);
    if (code == CLI_OK) code = cli_get_int(c, "bootstrap", 0, 1000000, &resamples);
    if (code == CLI_OK) code = read_labels(c, data, units, &label, &n);
    if (code == CLI_OK && n == units && n < rows) label_tiles(label, units, first, rows);
    const bool windows = hg_dataset_window_row(data, 0) >= 0;
    unsigned char *own =
        code == CLI_OK && windows && pca ? window_labels(data, label, n) : NULL;
    if (code == CLI_OK)
        code = find_scores(c, model, data, has ? &rule : NULL, own != NULL ? own : label,
                           pca, score, &out->decision);
    if (code == CLI_OK)
        code = judge_points(c, pca ? NULL : model, data, &score, label, &n);
    if (units < rows) n = units;
    for (int64_t i = 0; label != NULL && units < rows && i < units; i++)
        label[i] = label[first[i]];
    free(own);
    hg_detection_options o = {.size = sizeof(o)};
    o.threshold = out->decision.threshold;
    o.resamples = cli_has(c, "bootstrap") && resamples == 0 ? -1 : resamples;
    if (code == CLI_OK &&
        hg_detection_new(c->ctx, score, label, n, &o, &out->detection) != HG_OK)
        code = cli_failed(c);
    for (int64_t i = 0; code == CLI_OK && i < n; i++) {
        if (i == 0) out->decision.anomalies = 0;
        out->unlabelled += label[i] == HG_UNLABELLED;
        if (label[i] == HG_UNLABELLED) continue;
        out->rows++;
        out->anomalies += label[i];
        out->decision.anomalies += score[i] > out->decision.threshold;
    }
    cli_rule_text(c, model, &rule, has, out->rule, sizeof(out->rule));
    free(first);
    free(score);
    free(label);
    return code == NO_PCA ? CLI_OK : code;
}

int cli_detect(cli *c, const hg_model *model, const hg_dataset *data, cli_detected *out)
{
    return detect(c, model, data, false, out);
}

/* PCA's detector as the second one, fitted to training rows, or to the normal ones of the
 * other half of the rows; where it cannot be, that is said.                            */
static int detect_pca(cli *c, const hg_model *model, const hg_dataset *data,
                      const hg_dataset *train, cli_detections *out)
{
    hg_model *pca = NULL;
    int code = CLI_OK;
    out->beside = "PCA";
    if (train == NULL) {
        code = detect(c, model, data, true, &out->of[1]);
    } else {
        if (hg_detector_pca(c->ctx, model, train, &pca) != HG_OK) code = cli_failed(c);
        if (code == CLI_OK) code = cli_detect(c, pca, data, &out->of[1]);
        hg_model_free(&pca);
    }
    out->models += code == CLI_OK && out->of[1].detection != NULL;
    return code;
}
/* ---- the report --------------------------------------------------------------------- */

static json_t *interval(double low, double high)
{
    json_t *list = json_array();
    json_array_append_new(list, cli_json_real(low));
    json_array_append_new(list, cli_json_real(high));
    return list;
}

static json_t *to_json(const cli_detected *d)
{
    json_t *o = json_object(), *intervals = json_object();
    json_object_set_new(o, "rows", json_integer(d->rows));
    json_object_set_new(o, "anomalies", json_integer(d->anomalies));
    json_object_set_new(o, "unlabelled", json_integer(d->unlabelled));
    json_object_set_new(o, "called", json_integer(d->decision.anomalies));
    json_object_set_new(o, "threshold", cli_json_real(d->decision.threshold));
    json_object_set_new(o, "rule", json_string(d->rule));
    hg_detection_measure m = {.size = sizeof(m)};
    for (int i = 0; hg_detection_at(d->detection, i, &m); i++) {
        json_object_set_new(o, m.name, cli_json_real(m.value));
        if (isfinite(m.low))
            json_object_set_new(intervals, m.name, interval(m.low, m.high));
    }
    json_object_set_new(o, "intervals", intervals);
    return o;
}

/* "0.912 to 0.948" */
static void write_interval(char out[CLI_NUMBER], const hg_detection_measure *m)
{
    out[0] = '\0';
    if (isfinite(m->low)) snprintf(out, CLI_NUMBER, "%.4f to %.4f", m->low, m->high);
}

static void print_one(const cli *c, const cli_detected *d, const cli_detected *other,
                      const char *second)
{
    char n[3][CLI_NUMBER];
    printf(
        "\n%s anomalies among %s rows by their labels; %s called, scores above %.6g, by "
        "%s\n",
        cli_grouped(n[0], d->anomalies), cli_grouped(n[1], d->rows),
        cli_grouped(n[2], d->decision.anomalies), d->decision.threshold, d->rule);
    if (d->unlabelled > 0)
        printf("%s rows without a label are left out\n",
               cli_grouped(n[0], d->unlabelled));
    const bool help = cli_has(c, "verbose");
    cli_table *t = cli_table_new("lrrrrl");
    cli_table_row(t, other != NULL ? (const char *const[]){"", "model", "95 % interval",
                                                           second, "95 % interval", ""}
                                   : (const char *const[]){"", "model", "95 % interval",
                                                           "", "", ""});
    cli_table_rule(t);
    hg_detection_measure m = {.size = sizeof(m)}, o = m;
    for (int i = 0; hg_detection_at(d->detection, i, &m); i++) {
        char value[CLI_NUMBER], low[CLI_NUMBER], beside[CLI_NUMBER] = "",
                                                 span[CLI_NUMBER] = "";
        snprintf(value, sizeof(value), "%.4f", m.value);
        write_interval(low, &m);
        if (other != NULL && hg_detection_at(other->detection, i, &o)) {
            /* Without a threshold there is nothing to say of what it calls. */
            if (isfinite(o.value)) snprintf(beside, sizeof(beside), "%.4f", o.value);
            write_interval(span, &o);
        }
        cli_table_row(t, (const char *const[]){m.name, value, low, beside, span,
                                               help ? m.help : ""});
    }
    cli_table_print(t, stdout);
    cli_table_free(t);
}

/* The winner of two by a measure, if it is more than chance.                           */
static int compare(cli *c, const cli_detections *d, json_t *into)
{
    static const char *const by[] = {"roc_auc", "average_precision"};
    const cli_detected *a = &d->of[0], *b = &d->of[1];
    json_t *winner = json_object();
    int code = CLI_OK;
    for (int i = 0; code == CLI_OK && i < 2; i++) {
        hg_detection_measure m = {.size = sizeof(m)};
        if (hg_detection_compare(c->ctx, a->detection, b->detection, by[i], &m) !=
            HG_OK) {
            code = cli_failed(c);
            break;
        }
        const char *name = m.low > 0 ? "model" : m.high < 0 ? d->beside : NULL;
        json_object_set_new(winner, by[i], cli_json_text(name));
        if (into != NULL) continue;
        printf("%s%s: %+.4f (%.4f to %.4f): ", i == 0 ? "\n" : "", by[i], m.value, m.low,
               m.high);
        if (name == NULL)
            puts("neither is better by more than chance");
        else
            printf("%s is better\n", m.low > 0 ? "the model" : d->beside);
    }
    if (into != NULL && code == CLI_OK)
        json_object_set(json_object_get(into, "detection"), "winner", winner);
    json_decref(winner);
    return code;
}

int cli_detection_measure(cli *c, const hg_dataset *data, const hg_dataset *train,
                          cli_detections *out)
{
    const char *path[2] = {c->args[0], cli_get(c, "against")};
    int code = CLI_OK;
    out->beside = "against";
    for (int i = 0; code == CLI_OK && i < 2 && path[i] != NULL; i++) {
        hg_model *model = NULL;
        code = cli_open_model(c, path[i], &model);
        const bool has = code == CLI_OK && cli_has_detector(c, model);
        hg_dataset *own = NULL;
        if (has && i > 0) code = cli_open_for(c, model, c->args[1], NULL, &own);
        if (has && code == CLI_OK)
            code = cli_detect(c, model, own != NULL ? own : data, &out->of[i]);
        hg_dataset_free(&own);
        out->models += has;
        if (code == CLI_OK && has && path[1] == NULL &&
            (train != NULL || !cli_has(c, "no-pca")))
            code = detect_pca(c, model, data, train, out);
        hg_model_free(&model);
        if (!has) break;
    }
    return code;
}

int cli_detection_json(cli *c, const cli_detections *d, json_t *into)
{
    if (d->models == 0) return CLI_OK;
    json_t *o = to_json(&d->of[0]);
    json_object_set_new(into, "detection", o);
    if (d->models == 1) return CLI_OK;
    json_object_set_new(o, strcmp(d->beside, "PCA") == 0 ? "pca" : "against",
                        to_json(&d->of[1]));
    return compare(c, d, into);
}

int cli_detection_print(cli *c, const cli_detections *d)
{
    if (d->models == 0) return CLI_OK;
    print_one(c, &d->of[0], d->models > 1 ? &d->of[1] : NULL, d->beside);
    return d->models > 1 ? compare(c, d, NULL) : CLI_OK;
}

void cli_detections_free(cli_detections *d)
{
    for (int i = 0; i < 2; i++) hg_detection_free(&d->of[i].detection);
}
