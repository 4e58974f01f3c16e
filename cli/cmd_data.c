// SPDX-License-Identifier: MIT
/* hourglass data info, data convert: look at a file of rows, write it in another format. */
#include "json.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Columns without names are shown only while they are few: pixels tell nobody anything. */
enum { MAX_UNNAMED = 40, ROWS_AT_ONCE = 256 };

typedef struct column {
    double min, max, mean, m2; /* m2: sum of squared differences from the mean */
    int64_t count;             /* values, without missing ones */
} column;

/* One pass, Welford's update: exact enough for columns far from zero.
 * Source: B. P. Welford, Technometrics 4 (1962), 419.                                  */
static int column_stats(cli *c, const hg_dataset *data, column *columns)
{
    int64_t rows = hg_dataset_rows(data), d = hg_dataset_features(data);
    float *x = cli_alloc((size_t)d, ROWS_AT_ONCE * sizeof(*x));
    int code = CLI_OK;
    /* The first value, whatever it is, must become both. */
    for (int64_t i = 0; i < d; i++) columns[i] = (column){HUGE_VAL, -HUGE_VAL, 0, 0, 0};
    for (int64_t first = 0; first < rows && code == CLI_OK; first += ROWS_AT_ONCE) {
        int64_t n = rows - first < ROWS_AT_ONCE ? rows - first : ROWS_AT_ONCE;
        /* By blocks: a float copy of all rows could be four times the data. */
        if (hg_dataset_read(c->ctx, data, first, n, x) != HG_OK) {
            code = cli_failed(c);
            break;
        }
        for (int64_t r = 0; r < n; r++)
            for (int64_t i = 0; i < d; i++) {
                column *s = &columns[i];
                double v = (double)x[r * d + i], delta = v - s->mean;
                if (isnan(v)) continue;
                if (v < s->min) s->min = v;
                if (v > s->max) s->max = v;
                s->mean += delta / (double)++s->count;
                s->m2 += delta * (v - s->mean);
            }
    }
    free(x);
    return code;
}

/* Pixels have no names and no units of their own; the range of all says enough. */
static bool shows_columns(const hg_dataset *data, const hg_data_info *info)
{
    bool named = hg_dataset_column(data, 0) != NULL;
    return info->rank == 1 && (named || info->features <= MAX_UNNAMED);
}

/* Over rows, not rows - 1: the same as the standard scaler divides by. */
static double deviation(const column *s) { return sqrt(s->m2 / (double)s->count); }

/* The words of a column, as many as fit; of a date the first and the last.             */
static void describe(const hg_schema *schema, int64_t i, const column *s, char *out,
                     size_t room)
{
    enum { WORDS = 6, LONG = 18 };
    hg_column_info info = {.size = sizeof(info)};
    size_t n = 0;
    out[0] = '\0';
    if (hg_schema_column(schema, i, &info) != HG_OK) return;
    if (strcmp(info.kind, "date") == 0 && s->count > 0) {
        char from[40], to[40];
        (void)hg_schema_text(schema, i, (float)s->min, from, sizeof(from));
        (void)hg_schema_text(schema, i, (float)s->max, to, sizeof(to));
        snprintf(out, room, "%s to %s", from, to);
    }
    for (int64_t k = 0; k < info.words; k++) {
        char word[LONG + 4];
        const char *text = hg_schema_word(schema, i, k);
        snprintf(word, sizeof(word), "%.*s", LONG, text);
        /* Cut between characters, and kept on one line. */
        size_t len = strlen(word);
        while (strlen(text) > len && len > 0 && (text[len] & 0xc0) == 0x80) len--;
        word[len] = '\0';
        for (char *p = word; *p != '\0'; p++)
            if ((unsigned char)*p < ' ') *p = ' ';
        if (k == WORDS) {
            snprintf(out + n, room - n, ", ... (%lld)", (long long)info.words);
            return;
        }
        n += (size_t)snprintf(out + n, room - n, "%s%s%s", k > 0 ? ", " : "", word,
                              strlen(text) > len ? "..." : "");
    }
}

static void print_schema(const hg_dataset *data, const hg_data_info *info,
                         const column *columns)
{
    const hg_schema *schema = hg_dataset_schema(data);
    char number[CLI_NUMBER], gaps[CLI_NUMBER], text[4][CLI_NUMBER], words[400];
    cli_table *t = cli_table_new("rllrrrrrl");
    cli_table_row(t, (const char *const[]){"", "column", "kind", "missing", "min", "max",
                                           "mean", "std", "words"});
    cli_table_rule(t);
    for (int64_t i = 0; i < info->features; i++) {
        const column *s = &columns[i];
        hg_column_info c = {.size = sizeof(c)};
        if (hg_schema_column(schema, i, &c) != HG_OK) continue;
        bool numeric = strcmp(c.kind, "numeric") == 0;
        describe(schema, i, s, words, sizeof(words));
        snprintf(gaps, sizeof(gaps), "%.1f %%",
                 100.0 * (double)(info->rows - s->count) / (double)info->rows);
        cli_table_row(t, (const char *const[]){
                             cli_grouped(number, i + 1), c.name, c.kind,
                             s->count < info->rows ? gaps : "",
                             numeric ? cli_real(text[0], s->min) : "",
                             numeric ? cli_real(text[1], s->max) : "",
                             numeric ? cli_real(text[2], s->mean) : "",
                             numeric ? cli_real(text[3], deviation(s)) : "", words});
    }
    putchar('\n');
    cli_table_print(t, stdout);
    cli_table_free(t);
}

static void print_columns(const hg_dataset *data, const hg_data_info *info,
                          const column *columns)
{
    char number[CLI_NUMBER], text[4][CLI_NUMBER];
    cli_table *t = cli_table_new("rlrrrr");
    cli_table_row(t, (const char *const[]){"", "column", "min", "max", "mean", "std"});
    cli_table_rule(t);
    for (int64_t i = 0; i < info->features; i++) {
        const column *s = &columns[i];
        const char *name = hg_dataset_column(data, i);
        cli_table_row(
            t, (const char *const[]){cli_grouped(number, i + 1), name != NULL ? name : "",
                                     cli_real(text[0], s->min), cli_real(text[1], s->max),
                                     cli_real(text[2], s->mean),
                                     cli_real(text[3], deviation(s))});
    }
    putchar('\n');
    cli_table_print(t, stdout);
    cli_table_free(t);
}

/* Where the rows are while a verb that needs them more than once works. */
static const char *kept(const hg_data_info *info)
{
    if (strcmp(info->held, "file") == 0) return "in the file, read in blocks";
    if (strcmp(info->held, "copy") == 0) return "in a copy on disk, read in blocks";
    return "in memory";
}

static void print_text(const hg_dataset *data, const hg_data_info *info,
                       const column *columns)
{
    char a[CLI_NUMBER], b[CLI_NUMBER], shape[CLI_NUMBER * 2], text[200];
    cli_table *t = cli_table_new("ll");
    snprintf(text, sizeof(text), "%s, %s", info->format, info->stored);
    cli_table_row(t, (const char *const[]){"file", info->name});
    cli_table_row(t, (const char *const[]){"format", text});
    cli_table_row(t, (const char *const[]){"rows", cli_grouped(a, info->rows)});
    if (info->rank > 1)
        snprintf(text, sizeof(text), "%s, %s values",
                 cli_shape(shape, info->rank, info->shape),
                 cli_grouped(b, info->features));
    else
        snprintf(text, sizeof(text), "%s value%s", cli_grouped(b, info->features),
                 cli_s(info->features));
    cli_table_row(t, (const char *const[]){"row", text});
    snprintf(text, sizeof(text), "%s to %s, mean ", cli_real(a, info->min),
             cli_real(b, info->max));
    size_t n = strlen(text);
    snprintf(text + n, sizeof(text) - n, "%s", cli_real(a, info->mean));
    cli_table_row(t, (const char *const[]){"values", text});
    cli_table_row(t, (const char *const[]){"kept", kept(info)});
    cli_table_print(t, stdout);
    cli_table_free(t);
    if (columns != NULL && hg_dataset_schema(data) != NULL)
        print_schema(data, info, columns);
    else if (columns != NULL)
        print_columns(data, info, columns);
}

/* What a table's column is; its words by their numbers. */
static void add_kind(const hg_schema *schema, int64_t i, int64_t missing, json_t *row)
{
    hg_column_info c = {.size = sizeof(c)};
    if (hg_schema_column(schema, i, &c) != HG_OK) return;
    json_object_set_new(row, "kind", json_string(c.kind));
    json_object_set_new(row, "missing", json_integer(missing));
    if (c.words == 0) return;
    json_t *words = json_array();
    for (int64_t k = 0; k < c.words; k++)
        json_array_append_new(words, cli_json_text(hg_schema_word(schema, i, k)));
    json_object_set_new(row, "words", words);
}

static json_t *columns_json(const hg_dataset *data, const hg_data_info *info,
                            const column *columns)
{
    const hg_schema *schema = hg_dataset_schema(data);
    json_t *list = json_array();
    for (int64_t i = 0; i < info->features; i++) {
        const column *s = &columns[i];
        json_t *row = json_object();
        json_object_set_new(row, "name", cli_json_text(hg_dataset_column(data, i)));
        json_object_set_new(row, "min", cli_json_real(s->min));
        json_object_set_new(row, "max", cli_json_real(s->max));
        json_object_set_new(row, "mean", cli_json_real(s->mean));
        json_object_set_new(row, "std", cli_json_real(deviation(s)));
        if (schema != NULL) add_kind(schema, i, info->rows - s->count, row);
        json_array_append_new(list, row);
    }
    return list;
}

static int print_json(const hg_dataset *data, const hg_data_info *info,
                      const column *columns)
{
    json_t *object = json_object();
    json_object_set_new(object, "file", cli_json_text(info->name));
    json_object_set_new(object, "format", cli_json_text(info->format));
    json_object_set_new(object, "stored", cli_json_text(info->stored));
    json_object_set_new(object, "type", json_string(info->type == HG_U8 ? "u8" : "f32"));
    json_object_set_new(object, "held", cli_json_text(info->held));
    json_object_set_new(object, "rows", json_integer(info->rows));
    json_object_set_new(object, "features", json_integer(info->features));
    json_object_set_new(object, "shape", cli_json_shape(info->rank, info->shape));
    json_object_set_new(object, "min", cli_json_real(info->min));
    json_object_set_new(object, "max", cli_json_real(info->max));
    json_object_set_new(object, "mean", cli_json_real(info->mean));
    if (columns != NULL)
        json_object_set_new(object, "columns", columns_json(data, info, columns));
    return cli_json_print(object);
}

/* Statistics take a pass over all rows, so only what will be printed is counted. */
static int run_info(cli *c)
{
    hg_dataset *data = NULL;
    column *columns = NULL;
    hg_data_info info = {.size = sizeof(info)};
    int code = cli_open_data(c, c->args[0], &data);
    if (code == CLI_OK && hg_dataset_info(c->ctx, data, &info) != HG_OK)
        code = cli_failed(c);
    if (code == CLI_OK && shows_columns(data, &info)) {
        columns = cli_alloc((size_t)info.features, sizeof(*columns));
        code = column_stats(c, data, columns);
    }
    if (code == CLI_OK && cli_has(c, "json"))
        code = print_json(data, &info, columns);
    else if (code == CLI_OK)
        print_text(data, &info, columns);
    free(columns);
    hg_dataset_free(&data);
    return code;
}

/* What can be wrong with the output is said before a large input is read. */
static int run_convert(cli *c)
{
    hg_data_options o;
    int64_t n = 0;
    char rows[CLI_NUMBER];
    const char *path = cli_get(c, "output");
    if (path == NULL)
        return cli_usage_error("data convert: no output; name it with -o OUT");
    int code = cli_check_format(cli_get(c, "to"));
    if (code == CLI_OK) code = cli_check_rows(c, path, cli_get(c, "to"));
    if (code == CLI_OK) code = cli_read_data_options(c, &o);
    if (code == CLI_OK) code = cli_context(c);
    if (code != CLI_OK) return code;
    hg_status status =
        hg_convert_file(c->ctx, c->args[0], &o, path, cli_get(c, "to"), &n);
    if (status != HG_OK) {
        cli_failed(c);
        return status == HG_EUNKNOWN || status == HG_EINVAL ? CLI_USAGE : CLI_FAILED;
    }
    if (!cli_has(c, "quiet") && strcmp(path, "-") != 0)
        fprintf(stderr, "%s: %s row%s\n", path, cli_grouped(rows, n), cli_s(n));
    return CLI_OK;
}

static const cli_option *const info_options[] = {
    cli_json_options, cli_data_options, cli_column_options, cli_common_options, NULL};
static const cli_option *const convert_options[] = {
    cli_write_options, cli_data_options, cli_column_options, cli_common_options, NULL};

extern const cli_verb cli_data_info, cli_data_convert;
const cli_verb cli_data_info = {
    .name = "data info",
    .usage = "FILE [--json]",
    .brief = "what a file of rows holds",
    .about = "Print the format, shape, type and range of a file as hourglass reads it, "
             "and for "
             "a table each column's range, mean and standard deviation (over rows).",
    .examples = "  hourglass data info table.csv\n"
                "  hourglass data info train-images-idx3-ubyte.gz --json\n",
    .options = info_options,
    .min_args = 1,
    .max_args = 1,
    .run = run_info,
};
const cli_verb cli_data_convert = {
    .name = "data convert",
    .usage = "FILE -o OUT [options]",
    .brief = "write rows in another format",
    .about = "Read a file and write its rows as NPY, CSV or IDX, by the ending of OUT or "
             "--to.  From CSV to CSV columns are chosen, dropped and renamed, and each "
             "cell stays the text that it is, be it 007, a date or an identifier; with "
             "--decimal , numbers get a point.",
    .examples = "  hourglass data convert table.csv --drop label -o table.npy\n"
                "  hourglass data convert images.gz -o - --limit 3\n",
    .options = convert_options,
    .min_args = 1,
    .max_args = 1,
    .run = run_convert,
};
