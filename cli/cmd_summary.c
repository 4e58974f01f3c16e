// SPDX-License-Identifier: MIT
/* hourglass summary: a model's layers, sizes and origin.                               */
#include "summary.h"

#include "detection.h"

#include <string.h>

/* Of the batch that memory is told for: what batch-size is when it is not given. */
enum { MEMORY_ROWS = 256 };

static const cli_option *const options[] = {cli_json_options, cli_common_options, NULL};

/* One row a layer in the order that data take, with the sums below. */
static int print_layers(cli *c, const hg_model *model, const hg_model_info *info)
{
    char shape[CLI_NUMBER * 2], parameters[CLI_NUMBER], flops[CLI_NUMBER];
    cli_table *t = cli_table_new("lllrr");
    cli_table_row(
        t, (const char *const[]){"part", "layer", "output", "parameters", "FLOPs"});
    cli_table_rule(t);
    for (int64_t i = 0; i < info->layers; i++) {
        hg_layer_info l = {.size = sizeof(l)};
        if (hg_model_layer(c->ctx, model, i, &l) != HG_OK) {
            cli_table_free(t);
            return cli_failed(c);
        }
        cli_shape(shape, l.rank, l.shape);
        cli_grouped(parameters, l.parameters);
        cli_grouped(flops, l.flops);
        cli_table_row(t, (const char *const[]){l.part, l.line, shape, parameters, flops});
    }
    cli_table_rule(t);
    cli_grouped(parameters, info->parameters);
    cli_grouped(flops, info->flops);
    cli_table_row(t, (const char *const[]){"total", "", "", parameters, flops});
    cli_table_print(t, stdout);
    cli_table_free(t);
    return CLI_OK;
}

/* "199.2 KiB" */
static void format_bytes(char out[CLI_NUMBER], double bytes)
{
    static const char *const units[] = {"bytes", "KiB", "MiB", "GiB"};
    int i = 0;
    for (; bytes >= 1024 && i < 3; i++) bytes /= 1024;
    snprintf(out, CLI_NUMBER, i == 0 ? "%.0f %s" : "%.1f %s", bytes, units[i]);
}

/* "10 classes: 0, 1, 2, ..." by name or number, as many as the line holds. */
static void format_classes(const hg_model *model, int64_t count, char *out, size_t n)
{
    char a[CLI_NUMBER], label[CLI_NUMBER];
    double value = 0;
    int len = snprintf(out, n, "%s classes", cli_grouped(a, count));
    for (int64_t i = 0; hg_model_class(model, i, &value); i++) {
        const char *name = hg_model_class_name(model, i);
        if (name == NULL) name = cli_real(label, value);
        if (len > 120) {
            snprintf(out + len, n - (size_t)len, ", ...");
            return;
        }
        len += snprintf(out + len, n - (size_t)len, "%s %.60s", i > 0 ? "," : ":", name);
    }
}

/* What tells anomalies, and how PCA with as many numbers does it. */
static void print_detector(cli *c, const hg_model *model, cli_table *t)
{
    char a[CLI_NUMBER], text[200];
    hg_detector_info info = {.size = sizeof(info)};
    hg_beside b = {.size = sizeof(b)};
    if (hg_detector_get_info(c->ctx, model, &info) != HG_OK) return;
    snprintf(text, sizeof(text), "%s, calibrated with %s rows, rule %s %g", info.score,
             cli_grouped(a, info.calibration_rows), info.rule.kind, info.rule.value);
    cli_table_row(t, (const char *const[]){"detector", text});
    if (hg_detector_beside(model, &b))
        cli_table_row(t, (const char *const[]){"beside PCA", b.text});
}

static void print_facts(cli *c, const hg_model *model, const hg_model_info *info,
                        const hg_memory *memory)
{
    char a[CLI_NUMBER], b[CLI_NUMBER], text[200];
    cli_table *t = cli_table_new("ll");
    double code = (double)info->code, row = (double)info->inputs;
    cli_grouped(a, info->code);
    cli_grouped(b, info->inputs);
    /* The larger of the two says which way the ratio is to be read. */
    if (code < row)
        snprintf(text, sizeof(text), "%s of %s values (%.3g : 1)", a, b, row / code);
    else
        snprintf(text, sizeof(text), "%s for %s values (1 : %.3g, overcomplete)", a, b,
                 row > 0 ? code / row : 0);
    cli_table_row(t, (const char *const[]){"code", text});
    /* As stored: 4 bytes a number. */
    format_bytes(a, 4.0 * (double)info->parameters);
    cli_table_row(t, (const char *const[]){"weights", a});
    format_bytes(a, (double)memory->training);
    format_bytes(b, (double)memory->inference);
    snprintf(text, sizeof(text), "%s in training, %s in use, a batch of %d rows", a, b,
             MEMORY_ROWS);
    cli_table_row(t, (const char *const[]){"activations", text});
    cli_table_row(t, (const char *const[]){"loss", info->loss});
    if (info->sigma > 0) {
        const char *how = info->learnt_sigma == NULL ? "fixed"
                          : strcmp(info->learnt_sigma, "one") == 0
                              ? "learnt, one for all"
                              : "learnt, one for each feature (root mean square)";
        snprintf(text, sizeof(text), "%s, %s", cli_real(a, info->sigma), how);
        cli_table_row(t, (const char *const[]){"sigma", text});
    }
    cli_table_row(t, (const char *const[]){"scale", info->scale});
    if (info->classes > 0) {
        format_classes(model, info->classes, text, sizeof(text));
        cli_table_row(t, (const char *const[]){"conditional on", text});
    }
    if (info->corrupt != NULL) {
        bool once = strcmp(info->redraw, "once") == 0;
        int n = snprintf(text, sizeof(text), "%.120s, drawn %s", info->corrupt,
                         once ? "once" : "in each epoch");
        if (info->keep_clean > 0)
            snprintf(text + n, sizeof(text) - (size_t)n, "; %g %% of the rows clean",
                     100 * info->keep_clean);
        cli_table_row(t, (const char *const[]){"corrupted", text});
    }
    if (info->epochs > 0)
        snprintf(text, sizeof(text), "%s rows, %s epoch%s, seed %llu",
                 cli_grouped(a, info->trained_rows), cli_grouped(b, info->epochs),
                 info->epochs == 1 ? "" : "s", (unsigned long long)info->seed);
    else if (info->steps > 0)
        snprintf(text, sizeof(text),
                 "%s rows, stopped in epoch 1 after %s step%s, seed %llu",
                 cli_grouped(a, info->trained_rows), cli_grouped(b, info->steps),
                 info->steps == 1 ? "" : "s", (unsigned long long)info->seed);
    else
        snprintf(text, sizeof(text), "not yet");
    cli_table_row(t, (const char *const[]){"trained on", text});
    print_detector(c, model, t);
    cli_table_print(t, stdout);
    cli_table_free(t);
}

/* Labels of the classes, ascending. */
static json_t *classes_json(const hg_model *model)
{
    json_t *list = json_array();
    double label;
    for (int64_t i = 0; hg_model_class(model, i, &label); i++)
        json_array_append_new(list, json_real(label));
    return list;
}

static json_t *names_json(const hg_model *model)
{
    json_t *list = json_array();
    const char *name;
    for (int64_t i = 0; (name = hg_model_class_name(model, i)) != NULL; i++)
        json_array_append_new(list, cli_json_text(name));
    return list;
}

/* Is there more to say of the columns than their names? */
static bool is_table(const hg_schema *s)
{
    hg_column_info c = {.size = sizeof(c)};
    for (int64_t i = 0; i < hg_schema_columns(s); i++)
        if (hg_schema_column(s, i, &c) == HG_OK &&
            (strcmp(c.kind, "numeric") != 0 || c.missing > 0))
            return true;
    return false;
}

static void print_columns(const hg_schema *s)
{
    enum { MOST = 200 };
    char a[CLI_NUMBER], b[CLI_NUMBER], words[CLI_NUMBER];
    cli_table *t = cli_table_new("rllrrr");
    cli_table_row(
        t, (const char *const[]){"", "column", "kind", "missing", "words", "features"});
    cli_table_rule(t);
    for (int64_t i = 0; i < hg_schema_columns(s) && i < MOST; i++) {
        hg_column_info c = {.size = sizeof(c)};
        char missing[CLI_NUMBER] = "";
        if (hg_schema_column(s, i, &c) != HG_OK) continue;
        if (c.missing > 0) snprintf(missing, sizeof(missing), "%.1f %%", 100 * c.missing);
        cli_table_row(
            t, (const char *const[]){cli_grouped(a, i + 1), c.name, c.kind, missing,
                                     c.words > 0 ? cli_grouped(words, c.words) : "",
                                     cli_grouped(b, c.features)});
    }
    putchar('\n');
    cli_table_print(t, stdout);
    cli_table_free(t);
}

static json_t *columns_json(const hg_schema *s)
{
    json_t *list = json_array();
    for (int64_t i = 0; i < hg_schema_columns(s); i++) {
        hg_column_info c = {.size = sizeof(c)};
        if (hg_schema_column(s, i, &c) != HG_OK) continue;
        json_t *row = json_object(), *words = json_array();
        json_object_set_new(row, "name", cli_json_text(c.name));
        json_object_set_new(row, "kind", json_string(c.kind));
        json_object_set_new(row, "missing", json_real(c.missing));
        for (int64_t k = 0; k < c.words; k++)
            json_array_append_new(words, cli_json_text(hg_schema_word(s, i, k)));
        json_object_set_new(row, "words", words);
        json_array_append_new(list, row);
    }
    return list;
}

static json_t *memory_json(const hg_memory *memory)
{
    json_t *object = json_object();
    json_object_set_new(object, "rows", json_integer(MEMORY_ROWS));
    json_object_set_new(object, "weights", json_integer(memory->weights));
    json_object_set_new(object, "training", json_integer(memory->training));
    json_object_set_new(object, "inference", json_integer(memory->inference));
    return object;
}

/* The same rows for a script; numbers stay numbers. */
static json_t *layers_json(cli *c, const hg_model *model, int64_t n)
{
    json_t *list = json_array();
    for (int64_t i = 0; i < n; i++) {
        hg_layer_info l = {.size = sizeof(l)};
        if (hg_model_layer(c->ctx, model, i, &l) != HG_OK) break;
        json_t *row = json_object();
        json_object_set_new(row, "part", cli_json_text(l.part));
        json_object_set_new(row, "layer", cli_json_text(l.line));
        json_object_set_new(row, "output", cli_json_shape(l.rank, l.shape));
        json_object_set_new(row, "parameters", json_integer(l.parameters));
        json_object_set_new(row, "flops", json_integer(l.flops));
        json_array_append_new(list, row);
    }
    return list;
}

static json_t *detector_json(const hg_model *model, const hg_detector_info *info)
{
    json_t *o = json_object();
    json_object_set_new(o, "score", cli_json_text(info->score));
    json_object_set_new(o, "nets", json_integer(info->nets));
    json_object_set_new(o, "calibration_rows", json_integer(info->calibration_rows));
    json_object_set_new(o, "rule", cli_json_text(info->rule.kind));
    json_object_set_new(o, "rule_value", json_real(info->rule.value));
    cli_beside_json(model, o);
    return o;
}

static int print_json(cli *c, const hg_model *model, const hg_model_info *info,
                      const hg_memory *memory)
{
    json_t *object = json_object();
    json_object_set_new(object, "layers", layers_json(c, model, info->layers));
    json_object_set_new(object, "parameters", json_integer(info->parameters));
    json_object_set_new(object, "flops", json_integer(info->flops));
    json_object_set_new(object, "memory", memory_json(memory));
    json_object_set_new(object, "inputs", json_integer(info->inputs));
    json_object_set_new(object, "shape", cli_json_shape(info->rank, info->shape));
    json_object_set_new(object, "code", json_integer(info->code));
    if (info->note != NULL)
        json_object_set_new(object, "note", cli_json_text(info->note));
    if (is_table(hg_model_schema(model)))
        json_object_set_new(object, "columns", columns_json(hg_model_schema(model)));
    json_object_set_new(object, "loss", cli_json_text(info->loss));
    if (info->sigma > 0) {
        json_object_set_new(object, "sigma", json_real(info->sigma));
        json_object_set_new(object, "learnt_sigma",
                            info->learnt_sigma != NULL ? cli_json_text(info->learnt_sigma)
                                                       : json_null());
    }
    json_object_set_new(object, "scale", cli_json_text(info->scale));
    if (info->classes > 0) json_object_set_new(object, "classes", classes_json(model));
    if (hg_model_class_name(model, 0) != NULL)
        json_object_set_new(object, "class_names", names_json(model));
    if (info->corrupt != NULL) {
        json_object_set_new(object, "corrupt", cli_json_text(info->corrupt));
        json_object_set_new(object, "redraw", cli_json_text(info->redraw));
        if (info->keep_clean > 0)
            json_object_set_new(object, "keep_clean", json_real(info->keep_clean));
    }
    json_object_set_new(object, "trained_rows", json_integer(info->trained_rows));
    json_object_set_new(object, "epochs", json_integer(info->epochs));
    json_object_set_new(object, "steps", json_integer(info->steps));
    json_object_set_new(object, "seed", json_integer((json_int_t)info->seed));
    hg_detector_info detector = {.size = sizeof(detector)};
    if (hg_detector_get_info(c->ctx, model, &detector) == HG_OK)
        json_object_set_new(object, "detector", detector_json(model, &detector));
    return cli_json_print(object);
}

int cli_print_summary(cli *c, const hg_model *model)
{
    hg_model_info info = {.size = sizeof(info)};
    if (hg_model_get_info(c->ctx, model, &info) != HG_OK) return cli_failed(c);
    hg_memory memory = {.size = sizeof(memory)};
    if (hg_model_memory(c->ctx, model, MEMORY_ROWS, &memory) != HG_OK)
        return cli_failed(c);
    if (cli_has(c, "json")) return print_json(c, model, &info, &memory);
    int code = print_layers(c, model, &info);
    if (code != CLI_OK) return code;
    putchar('\n');
    print_facts(c, model, &info, &memory);
    if (is_table(hg_model_schema(model))) print_columns(hg_model_schema(model));
    return CLI_OK;
}

static int run(cli *c)
{
    hg_model *model = NULL;
    hg_model_info info = {.size = sizeof(info)};
    int code = cli_open_model(c, c->args[0], &model);
    /* A dry run of train has said it already, through the log. */
    if (code == CLI_OK && hg_model_get_info(c->ctx, model, &info) == HG_OK &&
        info.note != NULL && !cli_has(c, "quiet"))
        cli_say("warning: %s", info.note);
    if (code == CLI_OK) code = cli_print_summary(c, model);
    hg_model_free(&model);
    return code;
}

extern const cli_verb cli_summary;
const cli_verb cli_summary = {
    .name = "summary",
    .usage = "MODEL [--json]",
    .brief = "a model's layers, sizes and origin",
    .about =
        "Print the layers with their output shapes, trained parameters and the "
        "floating-point operations of one row (a multiply-add counts 2), then the code's "
        "size against the row's, and what the model was trained on.",
    .examples = "  hourglass summary model.safetensors\n",
    .options = options,
    .min_args = 1,
    .max_args = 1,
    .run = run,
};
