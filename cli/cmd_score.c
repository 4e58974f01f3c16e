// SPDX-License-Identifier: MIT
/* hourglass score and hourglass predict: how abnormal rows are, and which are anomalies. */
#include "detection.h"
#include "explain.h"
#include "follow.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const cli_option score_options[] = {
    {"p-value", 'p', NULL, NULL, "also a column p_value: how rare such a score is",
     "output", NULL, false},
    {"anomaly", 'a', NULL, NULL, "also a column anomaly, 0 or 1, as any rule gives it",
     "output", NULL, false},
    {"heatmap", 0, "FOLDER", NULL,
     "pictures: write where the error is, and the pictures' scores, there", "output",
     NULL, false},
    {"plain", 0, NULL, NULL,
     "heat maps of the pictures' own size, without the scale of colours", "output", NULL,
     false},
    {"tiles", 0, NULL, NULL, "of pictures cut into tiles: a score for each tile",
     "output", NULL, false},
    {"points", 0, NULL, NULL,
     "of a series: a score for each row, by its windows and its own error", "output",
     NULL, false},
    {0},
};
static const cli_option output_options[] = {
    {"id", 0, "NAME", NULL,
     "CSV: put this column, as it is, before the scores, to join them by", "output", NULL,
     false},
    {"output", 'o', "OUT", "-", "file to write; - writes CSV to standard output",
     "output", NULL, false},
    {"to", 0, "FORMAT", "by ending", "format to write (hourglass list writers)", "output",
     NULL, false},
    {0},
};
static const cli_option *const options[] = {score_options,
                                            cli_explain_options,
                                            cli_rule_options,
                                            output_options,
                                            cli_follow_options,
                                            cli_json_options,
                                            cli_label_options,
                                            cli_data_options,
                                            cli_column_options,
                                            cli_common_options,
                                            NULL};
static const cli_option *const predict_options[] = {
    cli_rule_options,   output_options,     cli_follow_options,
    cli_json_options,   cli_label_options,  cli_data_options,
    cli_column_options, cli_common_options, NULL};

/* One run. */
typedef struct job {
    cli *c;
    hg_model *model;
    hg_rule rule;
    bool has_rule;
    const char *output;
    int64_t rows;
    int64_t skipped; /* rows that cannot be read, with --skip-bad */
    hg_decision decision;
    hg_drift drift;
} job;

/* Standard output may be the scores: this goes to standard error. */
static void say(const job *j)
{
    char rows[CLI_NUMBER], found[CLI_NUMBER], rule[80];
    hg_detector_info info = {.size = sizeof(info)};
    const hg_decision *d = &j->decision;
    if (cli_has(j->c, "quiet") ||
        hg_detector_get_info(j->c->ctx, j->model, &info) != HG_OK)
        return;
    cli_rule_text(j->c, j->model, &j->rule, j->has_rule, rule, sizeof(rule));
    const char *what = cli_has(j->c, "tiles")                ? "tile"
                       : hg_model_pictures(j->model) != NULL ? "picture"
                                                             : "row";
    fprintf(stderr, "%s %s%s, ", cli_grouped(rows, j->rows), what, cli_s(j->rows));
    if (j->skipped > 0)
        fprintf(stderr, "%s without a score, ", cli_grouped(rows, j->skipped));
    fprintf(stderr, "%s anomal%s: scores above %.6g, by %s",
            cli_grouped(found, d->anomalies), d->anomalies == 1 ? "y" : "ies",
            d->threshold, rule);
    if (d->extrapolated)
        fprintf(stderr, ", extrapolated from the tail of %s calibration rows",
                cli_grouped(rows, info.calibration_rows));
    fputc('\n', stderr);
}

/* Thresholds hold for rows like the calibration rows. */
static void say_drift(const job *j)
{
    const hg_drift *d = &j->drift;
    if (!d->alarm || cli_has(j->c, "quiet")) return;
    cli_say("warning: drift: these rows score %s than the calibration rows: %.1f %% of "
            "them above their median (distance %.2f, p %.1g); what a threshold promises "
            "may not hold",
            d->above > 0.5   ? "higher"
            : d->above < 0.5 ? "lower"
                             : "otherwise",
            100 * d->above, d->distance, d->p_value);
}

static json_t *drift_json(const hg_drift *d)
{
    json_t *o = json_object();
    json_object_set_new(o, "alarm", json_boolean(d->alarm));
    json_object_set_new(o, "distance", cli_json_real(d->distance));
    json_object_set_new(o, "p_value", cli_json_real(d->p_value));
    json_object_set_new(o, "above_median", cli_json_real(d->above));
    return o;
}

static int print_json(const job *j)
{
    char rule[80];
    hg_detector_info info = {.size = sizeof(info)};
    json_t *o = json_object();
    if (hg_detector_get_info(j->c->ctx, j->model, &info) != HG_OK)
        return cli_failed(j->c);
    cli_rule_text(j->c, j->model, &j->rule, j->has_rule, rule, sizeof(rule));
    json_object_set_new(o, "rows", json_integer(j->rows));
    if (cli_has(j->c, "skip-bad"))
        json_object_set_new(o, "skipped", json_integer(j->skipped));
    json_object_set_new(o, "anomalies", json_integer(j->decision.anomalies));
    json_object_set_new(o, "threshold", cli_json_real(j->decision.threshold));
    json_object_set_new(o, "rate", cli_json_real(j->decision.rate));
    json_object_set_new(o, "extrapolated", json_boolean(j->decision.extrapolated));
    json_object_set_new(o, "rule", json_string(rule));
    json_object_set_new(o, "score", json_string(info.score));
    json_object_set_new(o, "nets", json_integer(info.nets));
    json_object_set_new(o, "calibration_rows", json_integer(info.calibration_rows));
    json_object_set_new(o, "drift", drift_json(&j->drift));
    cli_beside_json(j->model, o);
    return cli_json_print(o);
}

/* A name that says nothing of a format, or a device as /dev/null is: the scores are text,
 * as they are on standard output. */
static bool no_ending(const char *path)
{
    static const char idx[] = "ubyte"; /* an ending without a dot */
    const char *slash = strrchr(path, '/'), *name = slash != NULL ? slash + 1 : path;
    const size_t n = strlen(name), k = sizeof(idx) - 1;
    if (strncmp(path, "/dev/", 5) == 0 || strcmp(path, "-") == 0) return true;
    return n > 0 && strchr(name, '.') == NULL &&
           !(n >= k && strcmp(name + n - k, idx) == 0);
}

static int score_file(job *j, bool predict)
{
    cli *c = j->c;
    hg_data_options input;
    hg_score_file_options o = {.size = sizeof(o)};
    o.rule = j->has_rule ? &j->rule : NULL;
    o.score = !predict;
    o.p_value = !predict && cli_has(c, "p-value");
    o.anomaly = predict || j->has_rule || cli_has(c, "anomaly");
    o.points = cli_has(c, "points");
    o.tiles = cli_has(c, "tiles");
    o.format = cli_get(c, "to");
    if (o.format == NULL && no_ending(j->output)) o.format = "csv";
    hg_dataset *labels = NULL;
    int code = cli_read_data_options(c, &input);
    if (code == CLI_OK && cli_get(c, "labels") != NULL)
        code = cli_open_labels(c, cli_get(c, "labels"), &labels);
    if (code != CLI_OK) return code;
    input.labels = labels;
    j->decision.size = sizeof(j->decision);
    j->drift.size = sizeof(j->drift);
    o.drift = &j->drift;
    o.skipped = &j->skipped;
    hg_status status = hg_score_file(c->ctx, j->model, c->args[1], &input, j->output, &o,
                                     &j->rows, &j->decision);
    hg_dataset_free(&labels);
    if (status == HG_OK) return CLI_OK;
    cli_failed(c);
    return status == HG_EUNKNOWN ? CLI_USAGE : CLI_FAILED;
}

static int score_rows(job *j, bool predict)
{
    cli *c = j->c;
    const bool explain = cli_has(c, "explain");
    int code = CLI_OK;
    /* An explanation takes the place of the scores on standard output. */
    if (!explain || strcmp(j->output, "-") != 0) code = score_file(j, predict);
    if (code == CLI_OK && explain)
        code = cli_explain(c, j->model, j->has_rule ? &j->rule : NULL, &j->rows,
                           &j->decision, &j->drift);
    if (code != CLI_OK) return code;
    say_drift(j);
    if (cli_has(c, "json")) return print_json(j);
    say(j);
    return CLI_OK;
}

/* Lines as they come.  What an end would be needed for is refused. */
static int follow(job *j, bool predict)
{
    cli *c = j->c;
    cli_follow_job f = {.model = j->model,
                        .rule = j->has_rule ? &j->rule : NULL,
                        .score = !predict,
                        .p_value = !predict && cli_has(c, "p-value"),
                        .anomaly = predict || j->has_rule || cli_has(c, "anomaly"),
                        .input = c->args[1],
                        .output = j->output};
    if (cli_has(c, "to"))
        return cli_usage_error("%s: --follow writes CSV, or JSON lines with --json",
                               c->verb->name);
    if (cli_has(c, "stride"))
        return cli_usage_error("%s: with --follow a window ends with each line: leave "
                               "out --stride",
                               c->verb->name);
    if (cli_has(c, "labels"))
        return cli_usage_error("%s: with --follow all rows are of one class: name it "
                               "with --class",
                               c->verb->name);
    return cli_follow(c, &f);
}

static int run(cli *c)
{
    job j = {.c = c, .output = cli_get(c, "output")};
    bool predict = strcmp(c->verb->name, "predict") == 0;
    if (j.output == NULL) j.output = "-";
    bool stream = cli_has(c, "follow");
    if (cli_has(c, "plain") && !cli_has(c, "heatmap"))
        return cli_usage_error("%s: --plain is for --heatmap FOLDER", c->verb->name);
    if (cli_has(c, "max-bad") && !stream)
        return cli_usage_error("%s: --max-bad is for --follow", c->verb->name);
    if (cli_has(c, "class") && !stream)
        return cli_usage_error("%s: --class is for --follow: each row's own class is "
                               "in --labels FILE",
                               c->verb->name);
    if (cli_has(c, "json") && strcmp(j.output, "-") == 0 && !stream &&
        !cli_has(c, "explain"))
        return cli_usage_error("%s: --json and the rows both go to standard output: name "
                               "a file for the rows with -o",
                               c->verb->name);
    if (!predict && cli_has(c, "skip-bad") && cli_has(c, "explain"))
        return cli_usage_error("score: --explain and --skip-bad exclude each other: rows "
                               "that are left out would shift its numbers");
    if (!predict && stream && cli_has(c, "explain"))
        return cli_usage_error("score: --explain wants all rows, --follow has no end");
    int code = cli_check_format(cli_get(c, "to"));
    if (code == CLI_OK && !predict)
        code = cli_check_explain(c, strcmp(j.output, "-") == 0);
    if (code == CLI_OK) code = cli_check_output(c, j.output);
    if (code == CLI_OK) code = cli_read_rule(c, &j.rule, &j.has_rule);
    if (code == CLI_OK) code = cli_open_model(c, c->args[0], &j.model);
    /* Maps first: what they refuse is refused before scores are written. */
    if (code == CLI_OK && cli_has(c, "heatmap"))
        code = cli_heatmaps(c, j.model, j.has_rule ? &j.rule : NULL);
    if (code == CLI_OK) code = stream ? follow(&j, predict) : score_rows(&j, predict);
    hg_model_free(&j.model);
    return code;
}

extern const cli_verb cli_score;
const cli_verb cli_score = {
    .name = "score",
    .usage = "MODEL DATA [-o OUT] [rule]",
    .brief = "how abnormal each row is: higher is more abnormal",
    .about =
        "Write a score for each row of DATA, by the detector that train keeps in a model "
        "(--preset anomaly, or --score WORD).  A higher score is more abnormal.  -p adds "
        "a "
        "column p_value: the share of normal rows that score as high, counted among the "
        "rows that training held apart.  A rule, or -a, adds a column anomaly, 0 or "
        "1.\n\n"
        "Any rule can be asked for at any time.  A share R that is rarer than one in the "
        "calibration rows is taken from a tail fitted to their scores, which is said, or "
        "refused.",
    .examples =
        "  hourglass score model.safetensors rows.csv -o scores.csv\n"
        "  hourglass score model.safetensors rows.csv -p --false-alarms 1/1000\n"
        "  hourglass score model.safetensors rows.csv --fdr 0.05 -o s.csv --json\n",
    .options = options,
    .min_args = 2,
    .max_args = 2,
    .run = run,
};

extern const cli_verb cli_predict;
const cli_verb cli_predict = {
    .name = "predict",
    .usage = "MODEL DATA [-o OUT] [rule]",
    .brief = "which rows are anomalies: 0 or 1",
    .about = "Write a column anomaly for the rows of DATA: 1 where the rule says so, 0 "
             "elsewhere.  Without a rule it is the model's own: false-alarms 1/100, if "
             "training did not set another.  'hourglass score' gives the scores, too.",
    .examples = "  hourglass predict model.safetensors rows.csv\n"
                "  hourglass predict model.safetensors rows.csv --false-alarms 0.1% -o "
                "out.csv\n",
    .options = predict_options,
    .min_args = 2,
    .max_args = 2,
    .run = run,
};
