// SPDX-License-Identifier: MIT
/* hourglass plot series: the scores of a series over time.                             */
#include "plot.h"
#include "rule.h"

static int run(cli *c)
{
    hg_plot_options o;
    const char *path;
    hg_model *model = NULL;
    hg_data_options input;
    hg_rule rule = {.size = sizeof(rule)};
    bool asked = false;
    int code = cli_plot_read(c, &o, &path);
    if (code == CLI_OK) code = cli_read_rule(c, &rule, &asked);
    if (code == CLI_OK) code = cli_open_model(c, c->args[0], &model);
    if (code == CLI_OK) code = cli_read_data_options(c, &input);
    if (code == CLI_OK && hg_plot_series(c->ctx, model, c->args[1], &input,
                                         asked ? &rule : NULL, path, &o) != HG_OK)
        code = cli_failed(c);
    hg_model_free(&model);
    return code;
}

static const cli_option *const options[] = {cli_picture_options, cli_rule_options,
                                            cli_data_options,    cli_column_options,
                                            cli_common_options,  NULL};

extern const cli_verb cli_plot_series;
const cli_verb cli_plot_series = {
    .name = "plot series",
    .usage = "MODEL DATA -o FILE [rule]",
    .brief = "scores of a series over time",
    .about =
        "Draw the score of each row of a series, as score --points has it, over time; "
        "the threshold of the rule; and the spans above it, shaded.",
    .examples = "  hourglass plot series model.safetensors week.csv --false-alarms 1/100 "
                "-o week.png\n",
    .options = options,
    .min_args = 2,
    .max_args = 2,
    .run = run,
};
