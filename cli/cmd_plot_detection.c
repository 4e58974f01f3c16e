// SPDX-License-Identifier: MIT
/* hourglass plot roc, pr, scores: a detector's scores beside labels.                   */
#include "detection.h"
#include "plot.h"

#include <string.h>

static const cli_option labels[] = {
    {"labels", 0, "FILE", NULL, "one label a row of DATA: 0 normal, 1 an anomaly",
     "labels", NULL, false},
    {"label-column", 0, "NAME", NULL, "CSV: the column of the labels' file to take",
     "labels", NULL, false},
    {0},
};

static int run(cli *c)
{
    hg_plot_options o;
    const char *path, *kind = c->verb->name + strlen("plot ");
    hg_model *model = NULL;
    hg_dataset *data = NULL;
    cli_detected d = {.rows = 0};
    if (!cli_has(c, "labels"))
        return cli_usage_error("%s: which rows are anomalies? name them with --labels",
                               c->verb->name);
    int code = cli_check_label_words(c);
    if (code == CLI_OK) code = cli_plot_read(c, &o, &path);
    if (code == CLI_OK) code = cli_open_model(c, c->args[0], &model);
    hg_model_info info = {.size = sizeof(info)};
    if (code == CLI_OK && hg_model_get_info(c->ctx, model, &info) == HG_OK &&
        info.classes > 0) {
        cli_say("%s: the model is conditional: labels would be its rows' classes, and "
                "are not taken for anomalies",
                c->verb->name);
        code = CLI_FAILED;
    }
    if (code == CLI_OK) code = cli_open_data(c, c->args[1], &data);
    if (code == CLI_OK) code = cli_detect(c, model, data, &d);
    if (code == CLI_OK && hg_plot_detection(c->ctx, d.detection, kind, path, &o) != HG_OK)
        code = cli_failed(c);
    hg_detection_free(&d.detection);
    hg_dataset_free(&data);
    hg_model_free(&model);
    return code;
}

static const cli_option *const options[] = {cli_picture_options, labels,
                                            cli_judge_options,   cli_rule_options,
                                            cli_data_options,    cli_column_options,
                                            cli_common_options,  NULL};

extern const cli_verb cli_plot_roc, cli_plot_pr, cli_plot_scores;
const cli_verb cli_plot_roc = {
    .name = "plot roc",
    .usage = "MODEL DATA --labels FILE -o FILE [options]",
    .brief = "what a detector finds for its false alarms",
    .about =
        "Draw the share of the anomalies that score above a threshold over the share "
        "of normal rows that do, for all thresholds; the one in force is marked.",
    .examples = "  hourglass plot roc model.safetensors rows.csv --labels rows.csv "
                "--label-column broken -o roc.png\n",
    .options = options,
    .min_args = 2,
    .max_args = 2,
    .run = run,
};
const cli_verb cli_plot_pr = {
    .name = "plot pr",
    .usage = "MODEL DATA --labels FILE -o FILE [options]",
    .brief = "precision of a detector over recall",
    .about =
        "Draw the share of anomalies among the rows above a threshold over the share "
        "of the anomalies that are, for all thresholds; the one in force is marked.",
    .examples = "  hourglass plot pr model.safetensors rows.csv --labels labels.npy -o "
                "pr.png\n",
    .options = options,
    .min_args = 2,
    .max_args = 2,
    .run = run,
};
const cli_verb cli_plot_scores = {
    .name = "plot scores",
    .usage = "MODEL DATA --labels FILE -o FILE [options]",
    .brief = "scores of normal rows and of anomalies",
    .about = "Draw how the scores of normal rows and of anomalies are distributed, and "
             "the threshold in force; scores of many sizes on a logarithmic axis.",
    .examples = "  hourglass plot scores model.safetensors rows.csv --labels labels.npy "
                "-o scores.png --false-alarms 1/1000\n",
    .options = options,
    .min_args = 2,
    .max_args = 2,
    .run = run,
};
