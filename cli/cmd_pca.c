// SPDX-License-Identifier: MIT
/* hourglass pca: principal components as a model, to hold an autoencoder against.      */
#include "json.h"

#include <math.h>
#include <stdlib.h>

static const cli_option own[] = {
    {"code", 0, "N", NULL, "components to keep", "model", "latent-dim", false},
    {"scale", 0, "WORD", "auto",
     "none, unit (x/255), minmax, standard, log; auto goes by type and range", "data",
     NULL, false},
    {"output", 'o', "MODEL", "pca.safetensors", "where the model goes", "output", NULL,
     false},
    {"force", 0, NULL, NULL, "replace MODEL also where it is another kind of file",
     "output", NULL, false},
    {0},
};
static const cli_option *const options[] = {
    own, cli_json_options, cli_data_options, cli_column_options, cli_common_options,
    NULL};

/* As many rows of the table as a terminal shows at once; --json has them all. */
enum { SHOWN = 20 };

static int configure(cli *c, hg_config **out)
{
    static const char *const taken[] = {"code", "scale"};
    if (cli_get(c, "code") == NULL)
        return cli_usage_error("%s: how many components? name them with --code N",
                               c->verb->name);
    if (hg_config_new(c->ctx, out) != HG_OK) return cli_failed(c);
    for (int i = 0; i < 2; i++) {
        const char *value = cli_get(c, taken[i]);
        if (value == NULL || hg_config_set(*out, taken[i], value) == HG_OK) continue;
        cli_failed(c);
        return CLI_USAGE;
    }
    return CLI_OK;
}

static void print(const double *share, int64_t code)
{
    char a[CLI_NUMBER], b[CLI_NUMBER], n[CLI_NUMBER];
    double sum = 0;
    cli_table *t = cli_table_new("rrr");
    cli_table_row(t, (const char *const[]){"component", "of variance", "together"});
    cli_table_rule(t);
    for (int64_t i = 0; i < code; i++) {
        sum += share[i];
        if (code > SHOWN && i >= SHOWN - 1 && i < code - 1) continue;
        snprintf(a, sizeof(a), "%.2f %%", 100 * share[i]);
        snprintf(b, sizeof(b), "%.2f %%", 100 * sum);
        if (code > SHOWN && i == code - 1)
            cli_table_row(t, (const char *const[]){"...", "", ""});
        cli_table_row(t, (const char *const[]){cli_grouped(n, i + 1), a, b});
    }
    cli_table_print(t, stdout);
    cli_table_free(t);
}

static int print_json(cli *c, const double *share, const hg_model_info *info,
                      const hg_metrics *metrics)
{
    json_t *object = json_object(), *list = json_array();
    (void)c;
    for (int64_t i = 0; i < info->code; i++)
        json_array_append_new(list, json_real(share[i]));
    json_object_set_new(object, "rows", json_integer(info->trained_rows));
    json_object_set_new(object, "code", json_integer(info->code));
    json_object_set_new(object, "scale", cli_json_text(info->scale));
    json_object_set_new(object, "share", list);
    json_object_set_new(object, "mse", json_real(hg_metrics_get(metrics, "mse")));
    json_object_set_new(object, "sse_per_row",
                        json_real(hg_metrics_get(metrics, "sse_per_row")));
    return cli_json_print(object);
}

static int report(cli *c, const hg_model *model, const hg_dataset *data,
                  const double *share, const char *path)
{
    hg_model_info info = {.size = sizeof(info)};
    hg_metrics *metrics = NULL;
    char rows[CLI_NUMBER], mse[CLI_NUMBER], sse[CLI_NUMBER];
    if (hg_model_get_info(c->ctx, model, &info) != HG_OK ||
        hg_evaluate(c->ctx, model, data, &metrics) != HG_OK ||
        hg_model_save(c->ctx, model, path) != HG_OK) {
        hg_metrics_free(&metrics);
        return cli_failed(c);
    }
    int code = CLI_OK;
    if (cli_has(c, "json")) {
        code = print_json(c, share, &info, metrics);
    } else {
        print(share, info.code);
        printf("\n%s: %s rows, scale %s, mse %s, sse_per_row %s\n", path,
               cli_grouped(rows, info.trained_rows), info.scale,
               cli_real(mse, hg_metrics_get(metrics, "mse")),
               cli_real(sse, hg_metrics_get(metrics, "sse_per_row")));
    }
    hg_metrics_free(&metrics);
    return code;
}

static int run(cli *c)
{
    hg_config *cfg = NULL;
    hg_dataset *data = NULL;
    hg_model *model = NULL;
    double *share = NULL;
    const char *path = cli_get(c, "output");
    if (path == NULL) path = "pca.safetensors";
    int code = cli_context(c);
    if (code == CLI_OK) code = cli_check_model(c, path);
    if (code == CLI_OK) code = configure(c, &cfg);
    if (code == CLI_OK) code = cli_open_data(c, c->args[0], &data);
    if (code == CLI_OK) {
        /* As many as there can be: a larger code is refused. */
        share = cli_alloc((size_t)hg_dataset_features(data), sizeof(*share));
        if (hg_pca(c->ctx, cfg, data, share, &model) != HG_OK) code = cli_failed(c);
    }
    if (code == CLI_OK) code = report(c, model, data, share, path);
    free(share);
    hg_model_free(&model);
    hg_dataset_free(&data);
    hg_config_free(&cfg);
    return code;
}

extern const cli_verb cli_pca;
const cli_verb cli_pca = {
    .name = "pca",
    .usage = "DATA --code N [-o MODEL] [options]",
    .brief = "principal components, as a model to compare with",
    .about =
        "Fit a principal component analysis and save it as a model: the linear map that\n"
        "no other linear pair of this code size beats in squared error on these rows.\n"
        "evaluate, encode, decode, reconstruct and plot take it as they take any model, "
        "so\n"
        "an autoencoder can be held against it on the same rows. The table shows what "
        "each\n"
        "component holds of the variance of the scaled rows.",
    .examples =
        "  hourglass pca train.gz --code 32 -o pca.safetensors\n"
        "  hourglass evaluate pca.safetensors test.gz     # beside the model's own\n",
    .options = options,
    .min_args = 1,
    .max_args = 1,
    .run = run,
};
