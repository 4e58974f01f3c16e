// SPDX-License-Identifier: MIT
/* hourglass calibrate: other rows to judge scores by, or another rule, for a model that has
 * a detector; nothing is trained. */
#include "rule.h"

static const cli_option own[] = {
    {"output", 'o', "MODEL", NULL, "where the model goes; it may be the same file",
     "output", NULL, false},
    {0},
};
static const cli_option *const options[] = {own,
                                            cli_rule_options,
                                            cli_label_options,
                                            cli_data_options,
                                            cli_column_options,
                                            cli_common_options,
                                            NULL};

static void say(const cli *c, const hg_model *model, const char *output)
{
    char rows[CLI_NUMBER];
    hg_detector_info info = {.size = sizeof(info)};
    if (cli_has(c, "quiet") || hg_detector_get_info(c->ctx, model, &info) != HG_OK)
        return;
    fprintf(stderr, "%s: calibrated with %s row%s, scores %.4g to %.4g, rule %s %g\n",
            output, cli_grouped(rows, info.calibration_rows),
            cli_s(info.calibration_rows), info.lowest, info.highest, info.rule.kind,
            info.rule.value);
}

static int calibrate(cli *c, hg_model *model, const hg_rule *rule)
{
    hg_dataset *data = NULL;
    int code = CLI_OK;
    if (c->arg_count > 1) {
        code = cli_open_labelled(c, c->args[1], "labels", &data);
        if (code == CLI_OK && hg_detector_calibrate(c->ctx, model, data) != HG_OK)
            code = cli_failed(c);
    }
    if (code == CLI_OK && rule != NULL &&
        hg_detector_set_rule(c->ctx, model, rule) != HG_OK)
        code = cli_failed(c);
    hg_dataset_free(&data);
    return code;
}

static int run(cli *c)
{
    hg_model *model = NULL;
    hg_rule rule;
    bool has;
    const char *output = cli_get(c, "output");
    if (output == NULL) return cli_usage_error("calibrate: name the model to write, -o");
    int code = cli_read_rule(c, &rule, &has);
    if (code == CLI_OK && !has && c->arg_count == 1)
        code = cli_usage_error("calibrate: neither rows nor a rule are given");
    if (code == CLI_OK) code = cli_open_model(c, c->args[0], &model);
    if (code == CLI_OK) code = calibrate(c, model, has ? &rule : NULL);
    if (code == CLI_OK && hg_model_save(c->ctx, model, output) != HG_OK)
        code = cli_failed(c);
    if (code == CLI_OK) {
        say(c, model, output);
        cli_note_rule(c, model);
    }
    hg_model_free(&model);
    return code;
}

extern const cli_verb cli_calibrate;
const cli_verb cli_calibrate = {
    .name = "calibrate",
    .usage = "MODEL [DATA] -o MODEL [rule]",
    .brief = "other rows to judge scores by, or another rule",
    .about = "Score the rows of DATA, which no net of MODEL was trained on and which are "
             "normal, and keep their scores in place of those that training held apart: "
             "for another machine, another site, another year.  A rule becomes what "
             "predict goes by when none is named.  Nothing is trained.",
    .examples = "  hourglass calibrate model.safetensors june.csv -o june.safetensors\n"
                "  hourglass calibrate m.safetensors -o m.safetensors --false-alarms "
                "1/1000\n",
    .options = options,
    .min_args = 1,
    .max_args = 2,
    .run = run,
};
