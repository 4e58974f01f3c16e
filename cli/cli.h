// SPDX-License-Identifier: MIT
/* The program: what its verbs share.
 *
 * A verb is one file, cmd_<verb>.c, that exports one const table, listed once in main.c.
 * Parsing, --help, the man page and nearest-word errors all come from these tables.
 * Results go to stdout, messages to stderr; exit 0, 1 for a failure, 2 for a wrong command
 * line, 128 + signal after an interrupt.                                               */
#ifndef CLI_H
#define CLI_H

#include <hourglass.h>

#include <stdbool.h>
#include <stdio.h>

enum { CLI_OK = 0, CLI_FAILED = 1, CLI_USAGE = 2 };

typedef struct cli_option {
    const char *name;     /* without "--"                                               */
    char letter;          /* 0: none                                                    */
    const char *argument; /* NULL: a flag                                               */
    const char *initial;  /* default as text, NULL: none                                */
    const char *help, *group;
    const char *alias;
    bool config; /* one of hg_config_option()                                  */
} cli_option;

typedef struct cli cli;

typedef struct cli_verb {
    const char *name;  /* "train"; "data info" for a verb with a second word          */
    const char *usage; /* what stands behind the name                                */
    const char *brief; /* one line                                                    */
    const char *about; /* paragraphs                                                  */
    const char *examples; /* command lines, "#" starts a remark                         */
    const cli_option *const *options; /* tables that end in name == NULL; NULL-ended    */
    bool config; /* takes every hg_config_option() too                          */
    int min_args, max_args;
    int (*run)(cli *c);
} cli_verb;
extern const cli_verb *const cli_verbs[]; /* NULL-ended */

typedef struct cli_given {
    cli_option option;
    const char *value; /* "" for a bare flag */
} cli_given;

/* One command line.                                                                    */
struct cli {
    const cli_verb *verb;
    cli_given *given; /* in the order of the command line */
    int given_count;
    const char **args;
    int arg_count;
    bool help;
    hg_ctx *ctx;
    const hg_schema *schema; /* of the model that rows are read for, or NULL */
    bool has_model;
    const hg_model *model; /* opened last: pictures are read as those it learnt from */
    char warned[1024];     /* the last warning */
};

/* ---- options that several verbs take -------- */

extern const cli_option cli_common_options[]; /* --threads --cpu --quiet --verbose --help */
extern const cli_option cli_json_options[]; /* --json                                   */
extern const cli_option cli_data_options[]; /* --format --limit ... of files read       */
extern const cli_option cli_column_options[]; /* --columns                              */
extern const cli_option cli_corrupt_options[]; /* --corrupt                            */
extern const cli_option cli_write_options[]; /* --output --to of files written          */

/* ---- args.c ------------------------------------------------------------------------ */

/* The index-th option of a verb: its tables, then the configuration's; false at the end. */
bool cli_option_at(const cli_verb *v, int index, cli_option *out);
/* Read the words behind the verb; 0, or CLI_USAGE after saying why.                    */
int cli_parse(cli *c, int argc, char **argv);
/* Value of the last such option, NULL when it was not given.                           */
const char *cli_get(const cli *c, const char *name);
bool cli_has(const cli *c, const char *name);
/* A whole number within [lo, hi] into *out, left alone when not given; 0 or CLI_USAGE. */
int cli_get_int(cli *c, const char *name, int64_t lo, int64_t hi, int64_t *out);
/* The nearest of n words to suggest, or NULL.                                          */
const char *cli_nearest(const char *word, const char *const *names, int n);

/* ---- say.c: messages and errors ---------------------------------------------------- */

/* "hourglass: ..." on stderr, one line, control characters shown as '?'.               */
void cli_say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* The same; returns CLI_USAGE.                                                         */
int cli_usage_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* Say the context's message; returns CLI_FAILED.                                       */
int cli_failed(const cli *c);
/* malloc and friends that end the program when there is no memory.                     */
void *cli_alloc(size_t n, size_t size);
void *cli_grow(void *p, size_t n, size_t size);
char *cli_strdup(const char *s);

/* ---- files.c: contexts, data, models ----------------------------------------------- */

/* Make c->ctx from --threads, --cpu and --verbose; 0 or an exit status, said.          */
int cli_context(cli *c);
/* What the data options say; 0 or CLI_USAGE.                                           */
int cli_read_data_options(cli *c, hg_data_options *out);
/* cli_context(), then the file with the command line's data options.                   */
int cli_open_data(cli *c, const char *path, hg_dataset **out);
/* The same with the labels that the option names, if it is given: a class for each row. */
int cli_open_labelled(cli *c, const char *path, const char *option, hg_dataset **out);
/* DATA as this model's table has it, where another model came first: --against.  *out stays
 * NULL where the rows that were read for the first model are as good. */
int cli_open_for(cli *c, const hg_model *model, const char *path, const char *option,
                 hg_dataset **out);
extern const cli_option cli_label_options[]; /* labels, label-column */
extern const cli_option cli_class_options[]; /* class */
/* --class as the model's label; 0 or an exit status, said. */
int cli_get_class(cli *c, const hg_model *model, int *given, double *label);
/* With --corrupt, the rows with noise on them; else *out stays NULL.                  */
int cli_corrupt(cli *c, const hg_model *model, const hg_dataset *data, hg_dataset **out);
/* cli_failed(); what rows are split by is read and dropped for that, though nobody typed
 * --columns or --drop.                                                                 */
int cli_opening_failed(const cli *c);
int cli_open_model(cli *c, const char *path, hg_model **out);
/* One label a row; the file has its own columns: options about columns are the data's. */
int cli_open_labels(cli *c, const char *path, hg_dataset **out);
bool cli_is_folder(const char *path);
/* Options win over --config, and both over --preset, wherever they stand; of one option's
 * values the last.                                                                     */
int cli_configure(cli *c, hg_config **out);
/* args[0] and --valid, which may be absent.                                            */
int cli_open_training(cli *c, const hg_config *cfg, hg_dataset **train,
                      hg_dataset **valid);

/* Maps of the error of the pictures args[1], and their scores, into --heatmap.  rule: where
 * alarms begin, NULL: the model's.                                                     */
int cli_heatmaps(cli *c, const hg_model *model, const hg_rule *rule);

/* ---- outputs.c --------------------------------------------------------------------- */

/* Can this file be written when the work is done?  Says why not: also when it is one of
 * the command's inputs, which must not be written over.                                */
int cli_check_output(const cli *c, const char *path);
/* The same for a model, which replaces no other kind of file without --force; wants the
 * context.                                                                             */
int cli_check_model(const cli *c, const char *path);
/* The same for rows, which may be pictures in a folder.                                */
int cli_check_rows(const cli *c, const char *path, const char *format);
/* The same for a log of epochs, which is written line by line, in its place, and replaces
 * no other kind of file without --force.                                               */
int cli_check_log(const cli *c, const char *path);
/* The same for a picture: its ending and what this build can draw; wants the context.  */
int cli_check_picture(const cli *c, const char *path);
/* The word behind --to if it is a writer's; 0 or CLI_USAGE.                            */
int cli_check_format(const char *format);

/* ---- table.c: numbers and columns -------------------------------------------------- */

/* Columns that line up; align has 'l' or 'r' a column.                                 */
typedef struct cli_table cli_table;
cli_table *cli_table_new(const char *align);
/* As many cells as columns; a cell is copied.  NULL is empty.                          */
void cli_table_row(cli_table *t, const char *const *cells);
/* A rule as wide as the table.                                                         */
void cli_table_rule(cli_table *t);
void cli_table_print(cli_table *t, FILE *f);
void cli_table_free(cli_table *t);

enum { CLI_NUMBER = 40 };
/* 60,000 for people; %.6g or "-" for not-a-number.                                     */
const char *cli_grouped(char out[CLI_NUMBER], int64_t x);
const char *cli_real(char out[CLI_NUMBER], double x);
/* What follows "row" when there are n of them: "s", but for one.                       */
const char *cli_s(int64_t n);
/* "28x28x1"                                                                            */
const char *cli_shape(char out[CLI_NUMBER * 2], int rank, const int64_t *shape);
/* Columns of the terminal behind this stream, or `otherwise`.                          */
int cli_width(FILE *f, int otherwise);

/* ---- help.c, man.c ----------------------------------------------------------------- */

void cli_help_overview(FILE *f);
void cli_help_verb(const cli_verb *v, FILE *f);
void cli_usage_line(const cli_verb *v, FILE *f);
void cli_man(FILE *f);
/* The groups of a verb's options in the order of --help; NULL at the end.              */
const char *cli_group_at(const cli_verb *v, int index);

#endif
