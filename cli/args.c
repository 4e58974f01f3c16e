// SPDX-License-Identifier: MIT
/* Command lines in the GNU manner: --name VALUE, --name=VALUE, -o VALUE, -oVALUE, -qv, and
 * "--" before words that start with a dash.                                            */
#include "cli.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

const cli_option cli_common_options[] = {
    {"threads", 'T', "N", "all", "threads to compute with", "machine", NULL, false},
    {"cpu", 0, "WORD", "best", "highest instruction set: ref, avx2, avx512, amx, neon",
     "machine", NULL, false},
    {"quiet", 'q', NULL, NULL, "no progress and no closing words", "messages", NULL,
     false},
    {"verbose", 'v', NULL, NULL, "say more", "messages", NULL, false},
    {"help", 'h', NULL, NULL, "this text", "messages", NULL, false},
    {0},
};

const cli_option cli_json_options[] = {
    {"json", 'j', NULL, NULL, "results as one JSON object", "output", NULL, false},
    {0},
};

const cli_option cli_data_options[] = {
    {"format", 0, "WORD", "by content", "format of the file (hourglass list readers)",
     "reading", NULL, false},
    {"limit", 0, "N", "all", "read at most N rows", "reading", NULL, false},
    {"stream", 0, NULL, NULL, "leave rows in the file, however few they are", "reading",
     NULL, false},
    {"shape", 0, "SHAPE", "as in the file", "shape of a row: 28x28, 32x32x3", "reading",
     NULL, false},
    {"array", 0, "NAME", "fitting", "NPZ: which array; FILE.npz:NAME says it, too",
     "reading", NULL, false},
    {"resize", 0, "HxW", NULL, "pictures: to this size; one number: the shorter side",
     "reading", NULL, false},
    {"crop", 0, "HxW", NULL, "pictures: then what is around the centre", "reading", NULL,
     false},
    {"tile", 0, "HxW", NULL, "pictures: then in tiles, a row each", "reading", NULL,
     false},
    {"stride", 0, "HxW", "the tile",
     "pictures: from tile to tile; series: rows from window to window", "reading", NULL,
     false},
    {"grey", 0, NULL, NULL, "pictures: in grey", "reading", "gray", false},
    {"colour", 0, NULL, NULL, "pictures: in colour, also where all are grey", "reading",
     "color", false},
    {"max-pixels", 0, "N", "100000000", "pictures: refuse larger ones", "reading", NULL,
     false},
    {"skip-bad", 0, NULL, NULL,
     "pictures, rows of CSV: leave out what cannot be read, and say which", "reading",
     NULL, false},
    {"delimiter", 0, "C", "by content", "CSV: between columns; tab, comma, ';', '|'",
     "reading", NULL, false},
    {"decimal", 0, "C", "the model's, or .", "CSV: decimal sign, '.' or ','", "reading",
     NULL, false},
    {"header", 0, NULL, NULL, "CSV: the first line has names", "reading", NULL, false},
    {"no-header", 0, NULL, NULL, "CSV: the first line has data", "reading", NULL, false},
    {"drop", 0, "NAMES", NULL, "CSV: leave these columns out: id,label", "reading", NULL,
     false},
    {"drop-non-numeric", 0, NULL, NULL, "CSV: leave out columns with text", "reading",
     NULL, false},
    {"strict", 0, NULL, NULL, "CSV: refuse words and missing values: numbers alone",
     "reading", NULL, false},
    {"table", 0, NULL, NULL, "CSV: a table even if complete: later rows may have gaps",
     "reading", NULL, false},
    {"numeric", 0, "NAMES", "by content", "CSV: these columns hold numbers", "reading",
     NULL, false},
    {"categorical", 0, "NAMES", "by content", "CSV: these hold words, even if numbers",
     "reading", NULL, false},
    {"boolean", 0, "NAMES", "by content", "CSV: these hold yes and no, or 1 and 0",
     "reading", NULL, false},
    {"date", 0, "NAMES", "by content", "CSV: these hold dates and times", "reading", NULL,
     false},
    {"rename", 0, "OLD=NEW", NULL, "CSV: other names for columns: a=b,c=d", "reading",
     NULL, false},
    {"categories", 0, "N", "256", "CSV: words of a column that are told apart", "reading",
     NULL, false},
    {"ignore-extra", 0, NULL, NULL, "CSV: columns that the model lacks are no error",
     "reading", NULL, false},
    {"allow-missing-columns", 0, NULL, NULL,
     "CSV: the model's columns that are not there are gaps, if it takes any", "reading",
     NULL, false},
    {0},
};

const cli_option cli_column_options[] = {
    {"columns", 0, "NAMES", "all", "CSV: take these columns, in this order", "reading",
     NULL, false},
    {0},
};

const cli_option cli_corrupt_options[] = {
    {"corrupt", 0, "CHAIN", NULL,
     "put noise on the rows first: own, the model's, or a chain as of train", "data",
     NULL, false},
    {0},
};

const cli_option cli_write_options[] = {
    {"output", 'o', "OUT", NULL, "file to write; - writes CSV to standard output",
     "output", NULL, false},
    {"to", 0, "FORMAT", "by ending", "format to write (hourglass list writers)", "output",
     NULL, false},
    {0},
};

/* ---- the options of a verb --------------------------------------------------------- */

/* A configuration file's names have '_': whoever copies one from there means it. */
static bool same_name(const char *a, const char *b)
{
    for (; *a != '\0' && *b != '\0'; a++, b++)
        if ((*a == '_' ? '-' : *a) != (*b == '_' ? '-' : *b)) return false;
    return *a == *b;
}

/* The index-th row of a verb's own tables; else *rest is the index behind them. */
static bool own_option_at(const cli_verb *v, int index, cli_option *out, int *rest)
{
    for (int t = 0; v->options[t] != NULL; t++)
        for (const cli_option *o = v->options[t]; o->name != NULL; o++) {
            if (index-- > 0) continue;
            *out = *o;
            return true;
        }
    *rest = index;
    return false;
}

static bool is_own(const cli_verb *v, const char *name)
{
    cli_option o;
    int rest;
    for (int i = 0; own_option_at(v, i, &o, &rest); i++)
        if (same_name(o.name, name)) return true;
    return false;
}

bool cli_option_at(const cli_verb *v, int index, cli_option *out)
{
    int rest = 0;
    hg_option h;
    if (own_option_at(v, index, out, &rest)) return true;
    if (!v->config) return false;
    /* A verb's own option stands before the configuration's of the same name. */
    for (int i = 0; hg_config_option(i, &h); i++) {
        if (is_own(v, h.name) || rest-- > 0) continue;
        *out = (cli_option){h.name, 0,       h.argument, h.initial,
                            h.help, h.group, h.alias,    true};
        return true;
    }
    return false;
}

/* ---- nearest word ------------------------------------------------------------------ */

static int smallest(int a, int b, int c)
{
    int m = a < b ? a : b;
    return m < c ? m : c;
}

/* Edits between two words; an exchange of neighbours is one edit ("tarin"). */
static int distance(const char *a, const char *b)
{
    /* Longer words are nobody's slip, and bound the table. */
    enum { MAX = 40 };
    int n = (int)strlen(a), m = (int)strlen(b);
    int d[MAX + 1][MAX + 1];
    if (n > MAX || m > MAX) return MAX;
    for (int i = 0; i <= n; i++) d[i][0] = i;
    for (int j = 0; j <= m; j++) d[0][j] = j;
    for (int i = 1; i <= n; i++)
        for (int j = 1; j <= m; j++) {
            int change = d[i - 1][j - 1] + (a[i - 1] != b[j - 1]);
            d[i][j] = smallest(d[i - 1][j] + 1, d[i][j - 1] + 1, change);
            bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
            if (swapped && d[i - 2][j - 2] + 1 < d[i][j]) d[i][j] = d[i - 2][j - 2] + 1;
        }
    return d[n][m];
}

const char *cli_nearest(const char *word, const char *const *names, int n)
{
    /* One slip in three letters is a slip; more is another word. */
    int limit = (int)strlen(word) / 3;
    if (limit < 2) limit = 2;
    const char *best = NULL;
    for (int i = 0; i < n; i++) {
        int d = distance(word, names[i]);
        /* A word that shares no letter in place is not meant by a short one. */
        if (d > limit || d >= (int)strlen(names[i])) continue;
        limit = d - 1;
        best = names[i];
    }
    return best;
}

/* ---- parsing ----------------------------------------------------------------------- */

/* Names and aliases alike are worth suggesting. */
static int unknown_option(const cli *c, const char *name, size_t n)
{
    const char *names[128];
    char word[64];
    cli_option o;
    int count = 0;
    snprintf(word, sizeof(word), "%.*s", (int)(n < 60 ? n : 60), name);
    for (int i = 0; count < 126 && cli_option_at(c->verb, i, &o); i++) {
        names[count++] = o.name;
        if (o.alias != NULL) names[count++] = o.alias;
    }
    const char *near = cli_nearest(word, names, count);
    if (near != NULL)
        return cli_usage_error("%s: unknown option '--%s'; did you mean '--%s'?",
                               c->verb->name, word, near);
    return cli_usage_error("%s: unknown option '--%s'; 'hourglass %s --help' lists them",
                           c->verb->name, word, c->verb->name);
}

/* Only whole names: a prefix that is unique today is not when an option is added. */
static bool find_long(const cli *c, const char *name, size_t n, cli_option *out)
{
    char word[64];
    if (n >= sizeof(word)) return false;
    memcpy(word, name, n);
    word[n] = '\0';
    for (int i = 0; cli_option_at(c->verb, i, out); i++)
        if (same_name(word, out->name) ||
            (out->alias != NULL && same_name(word, out->alias)))
            return true;
    return false;
}

static bool find_letter(const cli *c, char letter, cli_option *out)
{
    for (int i = 0; cli_option_at(c->verb, i, out); i++)
        if (out->letter == letter) return true;
    return false;
}

static void give(cli *c, const cli_option *o, const char *value)
{
    if (strcmp(o->name, "help") == 0) c->help = true;
    c->given[c->given_count++] = (cli_given){*o, value};
}

/* "--name", "--name=value" or "--name value"; *used counts the words taken. */
static int parse_long(cli *c, int argc, char **argv, int *used)
{
    const char *name = argv[0] + 2;
    const char *equals = strchr(name, '=');
    size_t n = equals != NULL ? (size_t)(equals - name) : strlen(name);
    cli_option o;
    *used = 1;
    if (!find_long(c, name, n, &o)) return unknown_option(c, name, n);
    if (equals != NULL && o.argument == NULL && !o.config)
        return cli_usage_error("%s: option '--%s' takes no value", c->verb->name, o.name);
    if (equals != NULL || o.argument == NULL) {
        give(c, &o, equals != NULL ? equals + 1 : "");
        return CLI_OK;
    }
    if (argc < 2)
        return cli_usage_error("%s: option '--%s' wants a value: --%s %s", c->verb->name,
                               o.name, o.name, o.argument);
    *used = 2;
    give(c, &o, argv[1]);
    return CLI_OK;
}

/* "-q", "-qv", "-o value" or "-ovalue". */
static int parse_short(cli *c, int argc, char **argv, int *used)
{
    *used = 1;
    for (const char *p = argv[0] + 1; *p != '\0'; p++) {
        cli_option o;
        if (!find_letter(c, *p, &o))
            return cli_usage_error(
                "%s: unknown option '-%c'; 'hourglass %s --help' lists them",
                c->verb->name, *p, c->verb->name);
        if (o.argument == NULL) {
            give(c, &o, "");
            continue;
        }
        if (p[1] != '\0') {
            give(c, &o, p + 1);
            return CLI_OK;
        }
        if (argc < 2)
            return cli_usage_error("%s: option '-%c' wants a value: -%c %s",
                                   c->verb->name, *p, *p, o.argument);
        *used = 2;
        give(c, &o, argv[1]);
        return CLI_OK;
    }
    return CLI_OK;
}

int cli_parse(cli *c, int argc, char **argv)
{
    /* "-qv" gives more options than words, never more than characters. */
    size_t most = 1;
    for (int i = 0; i < argc; i++) most += strlen(argv[i]) + 1;
    c->given = cli_alloc(most, sizeof(*c->given));
    c->args = cli_alloc((size_t)argc + 1, sizeof(*c->args));
    bool options = true;
    for (int i = 0; i < argc;) {
        int used = 1, code = CLI_OK;
        if (options && strcmp(argv[i], "--") == 0)
            options = false;
        else if (options && strncmp(argv[i], "--", 2) == 0)
            code = parse_long(c, argc - i, argv + i, &used);
        else if (options && argv[i][0] == '-' && argv[i][1] != '\0')
            code = parse_short(c, argc - i, argv + i, &used);
        else
            c->args[c->arg_count++] = argv[i];
        if (code != CLI_OK) return code;
        i += used;
    }
    if (c->arg_count > c->verb->max_args && !c->help)
        return cli_usage_error("%s: '%s' is one argument too many: hourglass %s %s",
                               c->verb->name, c->args[c->verb->max_args], c->verb->name,
                               c->verb->usage);
    return CLI_OK;
}

const char *cli_get(const cli *c, const char *name)
{
    for (int i = c->given_count - 1; i >= 0; i--)
        if (strcmp(c->given[i].option.name, name) == 0) return c->given[i].value;
    return NULL;
}

bool cli_has(const cli *c, const char *name) { return cli_get(c, name) != NULL; }

int cli_get_int(cli *c, const char *name, int64_t lo, int64_t hi, int64_t *out)
{
    const char *text = cli_get(c, name);
    if (text == NULL) return CLI_OK;
    char *end;
    errno = 0;
    long long x = strtoll(text, &end, 10);
    /* strtoll skips blanks and takes an empty word for 0; neither is a number here. */
    bool number = (text[0] >= '0' && text[0] <= '9') || text[0] == '-' || text[0] == '+';
    if (!number || *end != '\0' || end == text)
        return cli_usage_error("--%s: '%s' is not a whole number", name, text);
    if (hi == INT64_MAX && (errno == ERANGE || x < lo))
        return cli_usage_error("--%s: %s, expected at least %lld", name, text,
                               (long long)lo);
    if (errno == ERANGE || x < lo || x > hi)
        return cli_usage_error("--%s: %s, expected %lld to %lld", name, text,
                               (long long)lo, (long long)hi);
    *out = x;
    return CLI_OK;
}
