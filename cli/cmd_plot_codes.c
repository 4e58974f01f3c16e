// SPDX-License-Identifier: MIT
/* hourglass plot latent, manifold, traversal: pictures of codes.                       */
#include "plot.h"

static const cli_option latent[] = {
    {"labels", 0, "FILE", NULL, "one label a row: colours the points", "data", NULL,
     false},
    {"label-column", 0, "NAME", NULL, "CSV: the column of the labels' file to take",
     "data", NULL, false},
    {"items", 0, "N", "5000", "how many points at the most", "picture", NULL, false},
    {"seed", 0, "N", "0", "another seed, another choice of points", "picture", NULL,
     false},
    {0},
};
static const cli_option manifold[] = {
    {"across", 0, "N", "20", "tiles a side", "picture", NULL, false},
    {0},
};
static const cli_option traversal[] = {
    {"row", 0, "ROW", "1", "row whose code is changed, counted from 1", "data", NULL,
     false},
    {"items", 0, "N", "10", "how many values of the code to draw", "picture", NULL,
     false},
    {"across", 0, "N", "11", "steps in a line", "picture", NULL, false},
    {0},
};

static int open_labels(cli *c, hg_dataset **out)
{
    const char *path = cli_get(c, "labels");
    if (path != NULL) return cli_open_labels(c, path, out);
    if (!cli_has(c, "label-column")) return CLI_OK;
    return cli_usage_error("--label-column: of which file? name it with --labels FILE");
}

/* The model first: it is small, and a wrong one is told before data are read. */
static int open_both(cli *c, hg_model **model, hg_dataset **data)
{
    int code = cli_open_model(c, c->args[0], model);
    if (code == CLI_OK && c->arg_count > 1)
        code = cli_open_labelled(c, c->args[1], "labels", data);
    return code;
}

static int run_latent(cli *c)
{
    hg_plot_options o;
    const char *path;
    hg_model *model = NULL;
    hg_dataset *data = NULL, *labels = NULL;
    int code = cli_plot_read(c, &o, &path);
    if (code == CLI_OK) code = open_both(c, &model, &data);
    if (code == CLI_OK) code = open_labels(c, &labels);
    if (code == CLI_OK && hg_plot_latent(c->ctx, model, data, labels, path, &o) != HG_OK)
        code = cli_failed(c);
    hg_dataset_free(&labels);
    hg_dataset_free(&data);
    hg_model_free(&model);
    return code;
}

static int run_manifold(cli *c)
{
    hg_plot_options o;
    const char *path;
    hg_model *model = NULL;
    hg_dataset *data = NULL;
    int code = cli_plot_read(c, &o, &path);
    if (code == CLI_OK) code = open_both(c, &model, &data);
    if (code == CLI_OK) code = cli_get_class(c, model, &o.labelled, &o.label);
    if (code == CLI_OK && hg_plot_manifold(c->ctx, model, data, path, &o) != HG_OK)
        code = cli_failed(c);
    hg_dataset_free(&data);
    hg_model_free(&model);
    return code;
}

static int run_traversal(cli *c)
{
    hg_plot_options o;
    const char *path;
    int64_t row = 1;
    hg_model *model = NULL;
    hg_dataset *data = NULL;
    int code = cli_get_int(c, "row", 1, INT64_MAX, &row);
    if (code == CLI_OK) code = cli_plot_read(c, &o, &path);
    if (code == CLI_OK) code = open_both(c, &model, &data);
    if (code == CLI_OK) code = cli_get_class(c, model, &o.labelled, &o.label);
    if (code == CLI_OK &&
        hg_plot_traversal(c->ctx, model, data, row - 1, path, &o) != HG_OK)
        code = cli_failed(c);
    hg_dataset_free(&data);
    hg_model_free(&model);
    return code;
}

static const cli_option *const latent_options[] = {
    cli_picture_options, latent, cli_data_options, cli_column_options,
    cli_common_options,  NULL};
static const cli_option *const manifold_options[] = {
    cli_picture_options, manifold,           cli_label_options,  cli_class_options,
    cli_data_options,    cli_column_options, cli_common_options, NULL};
static const cli_option *const traversal_options[] = {
    cli_picture_options, traversal,          cli_label_options,  cli_class_options,
    cli_data_options,    cli_column_options, cli_common_options, NULL};

extern const cli_verb cli_plot_latent, cli_plot_manifold, cli_plot_traversal;
const cli_verb cli_plot_latent = {
    .name = "plot latent",
    .usage = "MODEL DATA -o FILE [--labels FILE] [options]",
    .brief = "codes as points, coloured by label",
    .about =
        "Draw the code of each row as a point: a code of two values as it is, a longer "
        "one by\nits two principal components, whose share of the variance the axes "
        "say.",
    .examples = "  hourglass plot latent vae.safetensors t10k-images.gz -o codes.png \\\n"
                "      --labels t10k-labels.gz\n",
    .options = latent_options,
    .min_args = 2,
    .max_args = 2,
    .run = run_latent,
};
const cli_verb cli_plot_manifold = {
    .name = "plot manifold",
    .usage = "MODEL [DATA] -o FILE [options]",
    .brief = "what a plane of codes decodes to",
    .about =
        "Decode a grid of codes of two values: at quantiles of the normal distribution "
        "for a\nvariational model, at those of the codes of DATA for any other.",
    .examples = "  hourglass plot manifold vae.safetensors -o plane.png\n",
    .options = manifold_options,
    .min_args = 1,
    .max_args = 2,
    .run = run_manifold,
};
const cli_verb cli_plot_traversal = {
    .name = "plot traversal",
    .usage = "MODEL DATA -o FILE [--row ROW] [options]",
    .brief = "what each value of a code does",
    .about =
        "Draw one row with one value of its code changed at a time: from -3 to 3 for a\n"
        "variational model, from the 1 % to the 99 % quantile of the codes of DATA for "
        "any\n"
        "other. What changes the row most comes first.",
    .examples =
        "  hourglass plot traversal vae.safetensors t10k.gz --row 8 -o row8.png\n",
    .options = traversal_options,
    .min_args = 2,
    .max_args = 2,
    .run = run_traversal,
};
