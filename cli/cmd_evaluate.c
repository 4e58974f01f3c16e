// SPDX-License-Identifier: MIT
/* hourglass evaluate: every number about a model on data.                              */
#include "detection.h"
#include "progress.h"

#include <math.h>
#include <string.h>

static const cli_option own_options[] = {
    {.name = "against",
     .argument = "MODEL",
     .group = "output",
     .help = "another model on the same data, in a column beside: with and without a "
             "penalty"},
    {.name = "target",
     .argument = "DATA",
     .group = "data",
     .help = "the clean rows that DATA, noisy, are to become"},
    {.name = "weights",
     .argument = "WORD",
     .group = "output",
     .help = "bf16 or int8: also what such weights of a session cost on these rows"},
    {.name = "labels",
     .argument = "FILE",
     .group = "labels",
     .help = "one label a row of DATA: how well a detector's scores tell anomalies, or "
             "codes tell classes"},
    {.name = "train",
     .argument = "DATA",
     .group = "data",
     .help = "rows to fit PCA to, and to learn the labels from; else half of DATA"},
    {.name = "train-labels",
     .argument = "FILE",
     .group = "labels",
     .help = "one label a row of the --train rows"},
    {.name = "label-column",
     .argument = "NAME",
     .group = "labels",
     .help = "CSV: the column of the labels' files to take"},
    {.name = "no-pca",
     .group = "output",
     .help = "no column for PCA with as many numbers as the code"},
    {.name = "iwae",
     .argument = "K",
     .group = "output",
     .help = "-log p(x) of a variational model by K samples of each row's code, K times "
             "the work of its decoder"},
    {.name = "binarise",
     .argument = "WORD",
     .group = "data",
     .help = "rows of 0 and 1: epoch, once, threshold or none, instead of the model's "
             "own"},
    {.name = NULL},
};

static const cli_option *const options[] = {
    own_options,         cli_judge_options,  cli_rule_options,
    cli_corrupt_options, cli_json_options,   cli_data_options,
    cli_column_options,  cli_common_options, NULL};

/* Counts are whole numbers to a reader of JSON. */
static json_t *value_of(const hg_metric *m)
{
    bool count = strcmp(m->unit, "rows") == 0 || strcmp(m->name, "rows") == 0;
    if (count && isfinite(m->value)) return json_integer((json_int_t)m->value);
    return cli_json_real(m->value);
}

static void add_list(json_t *object, const hg_metrics *metrics, const char *name)
{
    const double *values;
    int64_t n = hg_metrics_list(metrics, name, &values);
    if (n == 0) return;
    json_t *list = json_array();
    for (int64_t i = 0; i < n; i++) json_array_append_new(list, cli_json_real(values[i]));
    json_object_set_new(object, name, list);
}

/* Every metric under its name; which there are depends on the data. */
static json_t *to_json(const hg_metrics *metrics)
{
    /* What a script may count on; null where the data have none. */
    static const char *const always[] = {"rows", "loss", "mse", "bce", "sse_per_row"};
    json_t *object = json_object();
    hg_metric m;
    for (size_t i = 0; i < sizeof(always) / sizeof(always[0]); i++)
        json_object_set_new(object, always[i], json_null());
    for (int i = 0; hg_metrics_at(metrics, i, &m); i++)
        json_object_set_new(object, m.name, value_of(&m));
    add_list(object, metrics, "kl_per_latent");
    add_list(object, metrics, "mean_variance");
    return object;
}

/* ---- labels ------------------------------------------------------------------------- */

static int on_probe(void *user, const char *what, double done)
{
    cli_progress_part(user, what, done);
    return 0;
}

/* Accuracies of classifiers on the codes, where there are labels; else out->rows is 0. */
static int probe(cli *c, const hg_model *model, const hg_dataset *data,
                 const hg_dataset *train, hg_probe *out)
{
    hg_dataset *labels = NULL, *train_labels = NULL;
    const char *path = cli_get(c, "labels"), *known = cli_get(c, "train-labels");
    cli_progress progress;
    int code = cli_open_labels(c, path, &labels);
    if (code == CLI_OK && known != NULL) code = cli_open_labels(c, known, &train_labels);
    cli_progress_start(&progress, cli_has(c, "quiet"), false);
    out->on_progress = on_probe;
    out->user = &progress;
    if (code == CLI_OK && hg_probe_run(c->ctx, model, known != NULL ? train : NULL,
                                       train_labels, data, labels, out) != HG_OK)
        code = cli_failed(c);
    cli_progress_end(&progress);
    hg_dataset_free(&train_labels);
    hg_dataset_free(&labels);
    return code;
}

static void print_probe(const hg_probe *p)
{
    char a[CLI_NUMBER], n[3][CLI_NUMBER];
    if (p->rows == 0) return;
    printf("\n%s rows of %s classes told apart,", cli_grouped(n[0], p->rows),
           cli_grouped(n[1], p->classes));
    printf(" learnt from %s:\n", cli_grouped(a, p->train_rows));
    cli_table *t = cli_table_new("lrrr");
    cli_table_row(t, (const char *const[]){"accuracy", "code", "PCA", "rows"});
    cli_table_rule(t);
    cli_table_row(
        t, (const char *const[]){"5 nearest neighbours", cli_real(n[0], p->knn_code),
                                 cli_real(n[1], p->knn_pca), cli_real(n[2], p->knn_raw)});
    cli_table_row(t, (const char *const[]){
                         "logistic regression", cli_real(n[0], p->linear_code),
                         cli_real(n[1], p->linear_pca), cli_real(n[2], p->linear_raw)});
    cli_table_print(t, stdout);
    cli_table_free(t);
}

static void probe_json(const hg_probe *p, json_t *into)
{
    const struct {
        const char *name;
        double value;
    } all[] = {{"knn_code", p->knn_code},     {"knn_pca", p->knn_pca},
               {"knn_raw", p->knn_raw},       {"linear_code", p->linear_code},
               {"linear_pca", p->linear_pca}, {"linear_raw", p->linear_raw}};
    if (p->rows == 0) return;
    json_object_set_new(into, "classes", json_integer(p->classes));
    json_object_set_new(into, "probe_train_rows", json_integer(p->train_rows));
    json_object_set_new(into, "probe_rows", json_integer(p->rows));
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        json_object_set_new(into, all[i].name, cli_json_real(all[i].value));
}

/* Only what PCA has: the objective and the code are the model's own. */
static json_t *pca_json(const hg_metrics *pca)
{
    json_t *object = json_object();
    hg_metric m;
    for (int i = 0; hg_metrics_at(pca, i, &m); i++)
        json_object_set_new(object, m.name, value_of(&m));
    return object;
}

/* Two models: the first's numbers as ever, the other's under "against".                */
static int print_json(const hg_metrics *metrics, const hg_metrics *other,
                      json_t *findings)
{
    json_t *object = to_json(metrics);
    if (other != NULL) json_object_set_new(object, "against", to_json(other));
    if (hg_metrics_pca(metrics) != NULL)
        json_object_set_new(object, "pca", pca_json(hg_metrics_pca(metrics)));
    json_object_update_missing(object, findings);
    return cli_json_print(object);
}

/* Counts as people write them, the rest to six digits. */
static void format_value(char out[CLI_NUMBER], const hg_metric *m)
{
    bool whole = strcmp(m->unit, "rows") == 0 || strcmp(m->name, "rows") == 0;
    if (whole && isfinite(m->value))
        cli_grouped(out, (int64_t)m->value);
    else
        cli_real(out, m->value);
}

/* A metric's value in other metrics; "-" where these do not have it. */
static void format_other(char out[CLI_NUMBER], const hg_metric *m,
                         const hg_metrics *other)
{
    hg_metric n = *m;
    n.value = hg_metrics_get(other, m->name);
    format_value(out, &n);
}

/* Of another loss, or of a row where the other's is of a value, it is in other units. */
static bool is_objective(const char *name)
{
    return strcmp(name, "loss") == 0 || strcmp(name, "recon") == 0 ||
           strcmp(name, "penalty") == 0;
}

/* name, value [, PCA's | the other model's, how many times as large], unit [, help] */
static int print_table(const cli *c, const hg_metrics *metrics, const hg_metrics *other,
                       bool alike)
{
    const hg_metrics *pca = other == NULL ? hg_metrics_pca(metrics) : NULL;
    bool help = cli_has(c, "verbose");
    /* An empty column would cost two blanks. */
    cli_table *t = cli_table_new(other != NULL ? (help ? "lrrrll" : "lrrrl")
                                 : pca != NULL ? (help ? "lrrll" : "lrrl")
                                               : (help ? "lrll" : "lrl"));
    hg_metric m;
    if (other != NULL)
        cli_table_row(t, (const char *const[]){"", "model", "against", "ratio", "", ""});
    else if (pca != NULL)
        cli_table_row(t, (const char *const[]){"", "model", "PCA", "", ""});
    if (other != NULL || pca != NULL) cli_table_rule(t);
    for (int i = 0; hg_metrics_at(metrics, i, &m); i++) {
        char number[CLI_NUMBER], beside[CLI_NUMBER], ratio[CLI_NUMBER];
        /* "rows 200 rows" would say it twice. */
        const char *unit = strcmp(m.unit, m.name) == 0 ? "" : m.unit;
        format_value(number, &m);
        if (other == NULL && pca == NULL) {
            cli_table_row(t, (const char *const[]){m.name, number, unit, m.help});
            continue;
        }
        format_other(beside, &m, other != NULL ? other : pca);
        if (other == NULL) {
            if (isnan(hg_metrics_get(pca, m.name))) beside[0] = '\0';
            cli_table_row(t, (const char *const[]){m.name, number, beside, unit, m.help});
            continue;
        }
        /* A ratio to 0, or to what was not measured, is no number. */
        double n = hg_metrics_get(other, m.name);
        bool same = alike || !is_objective(m.name);
        cli_real(ratio, same && n > 0 ? m.value / n : (double)NAN);
        cli_table_row(t,
                      (const char *const[]){m.name, number, beside, ratio, unit, m.help});
    }
    cli_table_print(t, stdout);
    cli_table_free(t);
    return CLI_OK;
}

/* A denoiser's numbers on clean rows are easily taken for those of denoising. */
static void note_clean(cli *c, const char *path, const hg_model *model)
{
    hg_model_info info = {.size = sizeof(info)};
    if (cli_has(c, "quiet")) return;
    if (hg_model_get_info(c->ctx, model, &info) != HG_OK || info.corrupt == NULL) return;
    cli_say("note: %s was trained to undo %s; these are its numbers for the rows as they "
            "are, --corrupt own or --target DATA measures denoising",
            path, info.corrupt);
}

/* ---- narrow weights ------------------------------------------------------------------ */

/* The loss with a session's narrow weights beside that with the weights as they are. */
static void print_cost(const cli *c, const hg_session_cost *cost)
{
    char f32[CLI_NUMBER], narrow[CLI_NUMBER];
    if (cost->rows == 0) return;
    if (cost->rounded == 0 && strcmp(cli_get(c, "weights"), "f32") != 0) {
        printf("\n%s weights: none, this model's layers stay f32 (a topk code's rows are "
               "read by few places)\n",
               cli_get(c, "weights"));
        return;
    }
    cli_real(f32, cost->f32);
    cli_real(narrow, cost->narrow);
    /* A loss below 0 gets worse by rising, too. */
    double size = cost->f32 < 0 ? -cost->f32 : cost->f32;
    double change = size > 0 ? (cost->narrow - cost->f32) / size : 0;
    printf("\n%s weights: loss %s, f32 %s (%+.3f %%); of a row %.3f %% apart on average, "
           "%.3f %% at most\n",
           cli_get(c, "weights"), narrow, f32, 100 * change, 100 * cost->mean,
           100 * cost->largest);
    if (cost->rounded * 2 < cost->parameters)
        printf("%s of %s parameters are narrow, the others stay f32\n",
               cli_grouped(f32, cost->rounded), cli_grouped(narrow, cost->parameters));
}

static void cost_json(const cli *c, const hg_session_cost *cost, json_t *into)
{
    if (cost->rows == 0) return;
    json_t *o = json_object();
    json_object_set_new(o, "weights", cli_json_text(cli_get(c, "weights")));
    json_object_set_new(o, "loss", cli_json_real(cost->narrow));
    json_object_set_new(o, "f32_loss", cli_json_real(cost->f32));
    json_object_set_new(o, "rounded", json_integer(cost->rounded));
    json_object_set_new(o, "parameters", json_integer(cost->parameters));
    json_object_set_new(o, "mean_difference", cli_json_real(cost->mean));
    json_object_set_new(o, "largest_difference", cli_json_real(cost->largest));
    json_object_set_new(into, "session", o);
}

/* Do labels say which rows are anomalies?  Of a conditional model they are classes. */
static bool judged_by_labels(cli *c, const hg_model *model)
{
    hg_model_info info = {.size = sizeof info};
    return cli_has_detector(c, model) &&
           hg_model_get_info(c->ctx, model, &info) == HG_OK && info.classes == 0;
}

static bool asks_to_judge(const cli *c)
{
    return cli_has(c, "normal-label") || cli_has(c, "anomaly-label");
}

/* What is asked of the first model alone; rows 0: it was not asked. */
typedef struct first_only {
    hg_probe labels;
    hg_session_cost cost;
} first_only;

static int ask_first(cli *c, const hg_model *model, const hg_dataset *data,
                     const hg_dataset *train, first_only *first)
{
    int code = CLI_OK;
    if (cli_has(c, "labels") && !judged_by_labels(c, model))
        code = probe(c, model, data, train, &first->labels);
    if (code == CLI_OK && cli_has(c, "weights") &&
        hg_session_compare(c->ctx, model, data, cli_get(c, "weights"), &first->cost) !=
            HG_OK)
        code = cli_failed(c);
    return code;
}

typedef struct inputs {
    hg_dataset *data, *target, *train; /* the last two may be NULL */
} inputs;

/* Each model reads a table its own way: words of other files, other columns. */
static int reopen(cli *c, const hg_model *model, inputs *own)
{
    int code = cli_open_for(c, model, c->args[1],
                            judged_by_labels(c, model) ? NULL : "labels", &own->data);
    if (code == CLI_OK)
        code = cli_open_for(c, model, cli_get(c, "target"), NULL, &own->target);
    if (code == CLI_OK)
        code = cli_open_for(c, model, cli_get(c, "train"), "train-labels", &own->train);
    return code;
}

enum { LOSS = 32 };

static void name_loss(const cli *c, const hg_model *model, char out[LOSS])
{
    hg_model_info info = {.size = sizeof info};
    out[0] = '\0';
    if (hg_model_get_info(c->ctx, model, &info) == HG_OK)
        snprintf(out, LOSS, "%s", info.loss);
}

/* Are objectives in the same units?  Of a drawn code, which has a KL divergence, they are a
 * row's. */
static bool compare_losses(char loss[2][LOSS], const hg_metrics *a, const hg_metrics *b)
{
    return strcmp(loss[0], loss[1]) == 0 &&
           isnan(hg_metrics_get(a, "kl")) == isnan(hg_metrics_get(b, "kl"));
}

/* The model is read, used and let go: with --against only one is in memory. */
static int measure(cli *c, const char *path, const inputs *in, hg_metrics **out,
                   json_t *findings, first_only *first, char loss[LOSS])
{
    inputs own = {0};
    hg_model *model = NULL;
    hg_dataset *noisy = NULL;
    int code = cli_open_model(c, path, &model);
    if (code == CLI_OK) name_loss(c, model, loss);
    if (code == CLI_OK && first == NULL) code = reopen(c, model, &own);
    const hg_dataset *data = own.data != NULL ? own.data : in->data;
    const hg_dataset *target = own.target != NULL ? own.target : in->target;
    const hg_dataset *train = own.train != NULL ? own.train : in->train;
    if (code == CLI_OK) code = cli_corrupt(c, model, data, &noisy);
    if (code == CLI_OK && noisy == NULL && target == NULL) note_clean(c, path, model);
    hg_evaluate_options o = {.size = sizeof o, .target = noisy != NULL ? data : target};
    o.binarise = cli_get(c, "binarise");
    o.train = train;
    o.pca = first != NULL && !cli_has(c, "no-pca");
    if (code == CLI_OK) code = cli_get_int(c, "iwae", 1, INT32_MAX, &o.iwae);
    if (code == CLI_OK &&
        hg_evaluate_with(c->ctx, model, noisy != NULL ? noisy : data, &o, out) != HG_OK)
        code = cli_failed(c);
    /* The doctor judges a model by rows as they are. */
    if (code == CLI_OK && findings != NULL && noisy == NULL && target == NULL)
        code = cli_findings(c, model, data, train, findings);
    if (code == CLI_OK && first != NULL)
        code = ask_first(c, model, noisy != NULL ? noisy : data, train, first);
    hg_dataset_free(&noisy);
    hg_dataset_free(&own.train);
    hg_dataset_free(&own.target);
    hg_dataset_free(&own.data);
    hg_model_free(&model);
    return code;
}

static int run(cli *c)
{
    inputs in = {0};
    cli_detections judged = {.models = 0};
    hg_metrics *metrics = NULL, *other = NULL;
    const char *against = cli_get(c, "against");
    const char *clean = cli_get(c, "target"), *train = cli_get(c, "train");
    if (clean != NULL && cli_has(c, "corrupt"))
        return cli_usage_error("evaluate: --corrupt makes noisy rows of clean ones, "
                               "--target has both: give one of them");
    if (cli_get(c, "labels") == NULL &&
        (cli_has(c, "train-labels") || cli_has(c, "label-column")))
        return cli_usage_error("evaluate: labels of which rows? name them with --labels");
    if (cli_check_label_words(c) != CLI_OK) return CLI_USAGE;
    first_only first = {{.size = sizeof(first.labels)}, {.size = sizeof(first.cost)}};
    char loss[2][LOSS] = {"", ""};
    json_t *findings = json_object();
    hg_model *model = NULL; /* says how the data are to be read */
    int code = cli_open_model(c, c->args[0], &model);
    /* A detector's labels judge its scores; others are the rows' classes. */
    const bool detector = code == CLI_OK && judged_by_labels(c, model);
    if (code == CLI_OK && !detector && cli_has_detector(c, model) && asks_to_judge(c))
        code = cli_usage_error("evaluate: labels are the classes of a conditional "
                               "model's rows: --normal-label and --anomaly-label have "
                               "no meaning");
    /* A detector learns nothing from labels: its --train rows are for PCA. */
    if (code == CLI_OK && cli_has(c, "labels") &&
        (detector ? cli_has(c, "train-labels")
                  : cli_has(c, "train") != cli_has(c, "train-labels")))
        code = cli_usage_error("evaluate: %s",
                               detector ? "--train-labels are of no use to a detector"
                                        : "--train and --train-labels go together");
    if (code == CLI_OK)
        code = cli_open_labelled(c, c->args[1], detector ? NULL : "labels", &in.data);
    if (code == CLI_OK && clean != NULL) code = cli_open_data(c, clean, &in.target);
    if (code == CLI_OK && train != NULL)
        code = cli_open_labelled(c, train, "train-labels", &in.train);
    if (code == CLI_OK)
        code = measure(c, c->args[0], &in, &metrics, against == NULL ? findings : NULL,
                       &first, loss[0]);
    if (code == CLI_OK && against != NULL)
        code = measure(c, against, &in, &other, NULL, NULL, loss[1]);
    if (code == CLI_OK) probe_json(&first.labels, findings);
    if (code == CLI_OK) cost_json(c, &first.cost, findings);
    if (code == CLI_OK && cli_has(c, "labels") && detector)
        code = cli_detection_measure(c, in.data, in.train, &judged);
    if (code == CLI_OK && cli_has(c, "json"))
        code = cli_detection_json(c, &judged, findings);
    if (code == CLI_OK)
        code = cli_has(c, "json")
                   ? print_json(metrics, other, findings)
                   : print_table(c, metrics, other, compare_losses(loss, metrics, other));
    if (code == CLI_OK && !cli_has(c, "json")) print_probe(&first.labels);
    if (code == CLI_OK && !cli_has(c, "json")) print_cost(c, &first.cost);
    if (code == CLI_OK && !cli_has(c, "json")) code = cli_detection_print(c, &judged);
    if (code == CLI_OK && !cli_has(c, "json")) cli_findings_say(c, findings);
    json_decref(findings);
    cli_detections_free(&judged);
    hg_metrics_free(&metrics);
    hg_metrics_free(&other);
    hg_dataset_free(&in.train);
    hg_dataset_free(&in.target);
    hg_dataset_free(&in.data);
    hg_model_free(&model);
    return code;
}

extern const cli_verb cli_evaluate;
const cli_verb cli_evaluate = {
    .name = "evaluate",
    .usage = "MODEL DATA [--corrupt CHAIN] [--against MODEL] [--json]",
    .brief = "how well a model rebuilds data",
    .about =
        "Pass each row through the model and print the loss and other measures; -v says "
        "what each one is.  A measure that these data do not have is left out.  "
        "--against "
        "sets another model's numbers beside them.  Denoising is measured with --corrupt "
        "own, which puts the noise of the model's training on DATA, or with --target, "
        "the "
        "clean rows of noisy DATA.\n\n"
        "With --labels a model with a detector is judged by them: how well its scores "
        "tell "
        "anomalies (1) from normal rows (0), and what the rule in force finds.",
    .examples = "  hourglass evaluate model.safetensors t10k-images-idx3-ubyte.gz\n"
                "  hourglass evaluate model.safetensors test.csv --json\n"
                "  hourglass evaluate sparse.safetensors t10k.gz "
                "--against dense.safetensors\n"
                "  hourglass evaluate denoiser.safetensors t10k.gz --corrupt own\n"
                "  hourglass evaluate detector.safetensors rows.csv --labels rows.csv "
                "--label-column broken\n",
    .options = options,
    .min_args = 2,
    .max_args = 2,
    .run = run,
};
