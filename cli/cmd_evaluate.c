// SPDX-License-Identifier: MIT
/* hourglass evaluate: every number about a model on data.                                */
#include "json.h"

#include <math.h>
#include <string.h>

static const cli_option *const options[] = {cli_json_options, cli_data_options,
                                            cli_column_options, cli_common_options, NULL};

/* Counts are whole numbers to a reader of JSON. */
static json_t *value_of(const hg_metric *m)
{
    bool count = strcmp(m->unit, "rows") == 0 || strcmp(m->name, "rows") == 0;
    if (count && isfinite(m->value)) return json_integer((json_int_t)m->value);
    return cli_json_real(m->value);
}

static int print_json(const hg_metrics *metrics)
{
    /* What a script may count on; null where the data have none. */
    static const char *const always[] = {"rows", "loss", "mse", "bce", "sse_per_row"};
    json_t *object = json_object();
    hg_metric m;
    for (size_t i = 0; i < sizeof(always) / sizeof(always[0]); i++)
        json_object_set_new(object, always[i], json_null());
    for (int i = 0; hg_metrics_at(metrics, i, &m); i++)
        json_object_set_new(object, m.name, value_of(&m));
    return cli_json_print(object);
}

static int print_table(const cli *c, const hg_metrics *metrics)
{
    cli_table *t = cli_table_new(cli_has(c, "verbose") ? "lrll" : "lrl");
    char number[CLI_NUMBER];
    hg_metric m;
    for (int i = 0; hg_metrics_at(metrics, i, &m); i++) {
        bool whole = strcmp(m.unit, "rows") == 0 || strcmp(m.name, "rows") == 0;
        if (whole && isfinite(m.value))
            cli_grouped(number, (int64_t)m.value);
        else
            cli_real(number, m.value);
        const char *unit = strcmp(m.unit, m.name) == 0 ? "" : m.unit;
        cli_table_row(t, (const char *const[]){m.name, number, unit, m.help});
    }
    cli_table_print(t, stdout);
    cli_table_free(t);
    return CLI_OK;
}

static int run(cli *c)
{
    hg_model *model = NULL;
    hg_dataset *data = NULL;
    hg_metrics *metrics = NULL;
    int code = cli_open_model(c, c->args[0], &model);
    if (code == CLI_OK) code = cli_open_data(c, c->args[1], &data);
    if (code == CLI_OK && hg_evaluate(c->ctx, model, data, &metrics) != HG_OK)
        code = cli_failed(c);
    if (code == CLI_OK)
        code = cli_has(c, "json") ? print_json(metrics) : print_table(c, metrics);
    hg_metrics_free(&metrics);
    hg_dataset_free(&data);
    hg_model_free(&model);
    return code;
}

extern const cli_verb cli_evaluate;
const cli_verb cli_evaluate = {
    .name = "evaluate",
    .usage = "MODEL DATA [--json]",
    .brief = "how well a model rebuilds data",
    .about =
        "Pass each row through the model and print the loss and other measures; -v says "
        "what each one is.  A measure that these data do not have is shown as -.",
    .examples = "  hourglass evaluate model.safetensors t10k-images-idx3-ubyte.gz\n"
                "  hourglass evaluate model.safetensors test.csv --json\n",
    .options = options,
    .min_args = 2,
    .max_args = 2,
    .run = run,
};
