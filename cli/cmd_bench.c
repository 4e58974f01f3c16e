// SPDX-License-Identifier: MIT
/* hourglass bench: where a model's time goes, layer by layer, beside what the machine can
 * do at the most.                                                                      */
#include "json.h"

#include <math.h>

static const cli_option own_options[] = {
    {.name = "batch-size",
     .argument = "N",
     .initial = "256",
     .group = "bench",
     .help = "rows that go through together"},
    {.name = "train", .group = "bench", .help = "backward and weight gradients too"},
    {.name = "precision",
     .argument = "WORD",
     .initial = "f32",
     .group = "bench",
     .help = "of matrix products: f32 or bf16"},
    {.name = NULL},
};

/* Three digits, as many as a measurement is worth. */
static char *short_real(char out[CLI_NUMBER], double x)
{
    snprintf(out, CLI_NUMBER,
             isnan(x)   ? "-"
             : x >= 100 ? "%.0f"
             : x >= 10  ? "%.1f"
                        : "%.2f",
             x);
    return out;
}

static void print_layers(const hg_bench *bench, bool train, int64_t rows)
{
    static const char *const head[] = {"part",    "layer", "forward us", "backward us",
                                       "GFLOP/s", "GB/s",  "of limit",   "limit"};
    cli_table *t = cli_table_new("llrrrrrl");
    cli_table_row(t, head);
    cli_table_rule(t);
    hg_bench_layer l = {.size = sizeof(l)};
    double forward = 0, backward = 0;
    char n[5][CLI_NUMBER];
    for (int i = 0; hg_bench_at(bench, i, &l); i++) {
        snprintf(n[4], CLI_NUMBER, "%.0f %%", 100 * l.fraction);
        bool work = l.gbytes > 0;
        cli_table_row(t, (const char *const[]){
                             l.part, l.line, short_real(n[0], 1e6 * l.forward),
                             short_real(n[1], 1e6 * l.backward),
                             short_real(n[2], l.gflops), short_real(n[3], l.gbytes),
                             work ? n[4] : "-", work ? l.bound : ""});
        forward += l.forward;
        if (train) backward += l.backward;
    }
    cli_table_rule(t);
    cli_table_row(
        t, (const char *const[]){"total", "", short_real(n[0], 1e6 * forward),
                                 short_real(n[1], train ? 1e6 * backward : (double)NAN),
                                 "", "", "", ""});
    cli_table_print(t, stdout);
    cli_table_free(t);
    printf("\n%s rows a second, without reading data%s\n",
           cli_grouped(n[0], (int64_t)((double)rows / (forward + backward))),
           train ? ", loss and optimiser" : "");
}

static void print_machine(const hg_bench_machine *m)
{
    char n[4][CLI_NUMBER], text[200];
    cli_table *t = cli_table_new("ll");
    snprintf(text, sizeof(text), "%s, %s, %d thread%s, %s GHz", m->kernels, m->precision,
             m->threads, m->threads == 1 ? "" : "s", short_real(n[0], m->clock));
    cli_table_row(t, (const char *const[]){"kernels", text});
    snprintf(text, sizeof(text), "%s GFLOP/s", short_real(n[0], m->gflops));
    cli_table_row(t, (const char *const[]){"products", text});
    snprintf(text, sizeof(text),
             "%s GB/s within 512 KiB a thread, %s within 4 MiB, %s beyond",
             short_real(n[1], m->near_gbytes), short_real(n[2], m->cache_gbytes),
             short_real(n[3], m->memory_gbytes));
    cli_table_row(t, (const char *const[]){"memory", text});
    cli_table_print(t, stdout);
    cli_table_free(t);
}

static int print_json(const hg_bench *bench, const hg_bench_machine *m)
{
    json_t *object = json_object(), *list = json_array();
    hg_bench_layer l = {.size = sizeof(l)};
    for (int i = 0; hg_bench_at(bench, i, &l); i++) {
        json_t *row = json_object();
        json_object_set_new(row, "part", cli_json_text(l.part));
        json_object_set_new(row, "layer", cli_json_text(l.line));
        json_object_set_new(row, "forward_seconds", json_real(l.forward));
        if (!isnan(l.backward))
            json_object_set_new(row, "backward_seconds", json_real(l.backward));
        json_object_set_new(row, "gflops", json_real(l.gflops));
        json_object_set_new(row, "gbytes", json_real(l.gbytes));
        json_object_set_new(row, "fraction", json_real(l.fraction));
        json_object_set_new(row, "limit", cli_json_text(l.bound));
        json_array_append_new(list, row);
    }
    json_object_set_new(object, "layers", list);
    json_object_set_new(object, "rows", json_integer(m->rows));
    json_object_set_new(object, "kernels", cli_json_text(m->kernels));
    json_object_set_new(object, "precision", cli_json_text(m->precision));
    json_object_set_new(object, "threads", json_integer(m->threads));
    json_object_set_new(object, "clock_ghz", json_real(m->clock));
    json_object_set_new(object, "limit_gflops", json_real(m->gflops));
    json_object_set_new(object, "limit_near_gbytes", json_real(m->near_gbytes));
    json_object_set_new(object, "limit_cache_gbytes", json_real(m->cache_gbytes));
    json_object_set_new(object, "limit_memory_gbytes", json_real(m->memory_gbytes));
    return cli_json_print(object);
}

static int run(cli *c)
{
    hg_model *model = NULL;
    hg_bench *bench = NULL;
    hg_bench_options o = {.size = sizeof(o), .rows = 256};
    hg_bench_machine m = {.size = sizeof(m)};
    int code = cli_get_int(c, "batch-size", 1, INT32_MAX, &o.rows);
    o.train = cli_has(c, "train");
    o.precision = cli_get(c, "precision");
    if (code == CLI_OK) code = cli_open_model(c, c->args[0], &model);
    if (code == CLI_OK && hg_bench_new(c->ctx, model, &o, &bench) != HG_OK)
        code = cli_failed(c);
    if (code == CLI_OK && hg_bench_get_machine(bench, &m) != HG_OK) code = CLI_FAILED;
    if (code == CLI_OK && cli_has(c, "json")) {
        code = print_json(bench, &m);
    } else if (code == CLI_OK) {
        print_layers(bench, o.train != 0, m.rows);
        print_machine(&m);
    }
    hg_bench_free(&bench);
    hg_model_free(&model);
    return code;
}

static const cli_option *const options[] = {own_options, cli_json_options,
                                            cli_common_options, NULL};

extern const cli_verb cli_bench;
const cli_verb cli_bench = {
    .name = "bench",
    .usage = "MODEL [--batch-size N] [--train] [--precision WORD] [--json]",
    .brief = "time each layer beside the machine's measured limits",
    .about =
        "Run each layer of a model on random rows, over and over, and show its least "
        "time, "
        "what it computes and moves a second, and how much of this machine's limit that "
        "is.  The limits are measured first: matrix products that stay in cache, and "
        "relu(x) over memory near and far, by the same kernels and threads.  \"limit\" "
        "says which of the two a layer runs into: products, or memory.",
    .examples = "  hourglass bench model.safetensors\n"
                "  hourglass bench model.safetensors --train --threads 1\n",
    .options = options,
    .min_args = 1,
    .max_args = 1,
    .run = run,
};
