// SPDX-License-Identifier: MIT
/* Columns that line up, and numbers as people read them.
 *
 * A table is held whole before it is printed, since the widest cell of a column, perhaps
 * its last, says where all others stand.                                               */
#include "cli.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { MAX_COLUMNS = 12 };

struct cli_table {
    char align[MAX_COLUMNS + 1];
    int columns;
    size_t width[MAX_COLUMNS];
    char **cells; /* [rows][columns]; a rule has NULL first */
    size_t rows, room;
};

/* Characters shown: bytes of UTF-8 that begin one. */
static size_t shown(const char *s)
{
    size_t n = 0;
    for (; *s != '\0'; s++) n += ((unsigned char)*s & 0xC0) != 0x80;
    return n;
}

cli_table *cli_table_new(const char *align)
{
    cli_table *t = cli_alloc(1, sizeof(*t));
    t->columns = (int)strlen(align);
    if (t->columns > MAX_COLUMNS) t->columns = MAX_COLUMNS;
    memcpy(t->align, align, (size_t)t->columns);
    return t;
}

/* A row of no cells yet; it is a rule until cells are put in. */
static char **new_row(cli_table *t)
{
    if (t->rows == t->room) {
        t->room = t->room > 0 ? 2 * t->room : 16;
        t->cells = cli_grow(t->cells, t->room * (size_t)t->columns, sizeof(*t->cells));
    }
    char **row = t->cells + t->rows++ * (size_t)t->columns;
    for (int i = 0; i < t->columns; i++) row[i] = NULL;
    return row;
}

void cli_table_row(cli_table *t, const char *const *cells)
{
    char **row = new_row(t);
    for (int i = 0; i < t->columns; i++) {
        row[i] = cli_strdup(cells[i] != NULL ? cells[i] : "");
        /* Names of files and columns come from outside: a terminal must not obey them. */
        for (char *p = row[i]; *p != '\0'; p++)
            if ((unsigned char)*p < 32 || *p == 127) *p = '?';
        size_t n = shown(row[i]);
        if (n > t->width[i]) t->width[i] = n;
    }
}

void cli_table_rule(cli_table *t) { new_row(t); }

static void print_row(const cli_table *t, char **row, FILE *f)
{
    /* No spaces behind the last word: output is compared and pasted. */
    int last = t->columns - 1;
    while (last > 0 && row[last][0] == '\0') last--;
    for (int i = 0; i <= last; i++) {
        int pad = (int)(t->width[i] - shown(row[i]));
        if (t->align[i] == 'r')
            fprintf(f, "%*s%s", pad, "", row[i]);
        else
            fprintf(f, "%s%*s", row[i], i < last ? pad : 0, "");
        fputs(i < last ? "  " : "\n", f);
    }
}

void cli_table_print(cli_table *t, FILE *f)
{
    size_t width = 2 * (size_t)(t->columns - 1);
    for (int i = 0; i < t->columns; i++) width += t->width[i];
    for (size_t r = 0; r < t->rows; r++) {
        char **row = t->cells + r * (size_t)t->columns;
        if (row[0] != NULL) {
            print_row(t, row, f);
            continue;
        }
        for (size_t i = 0; i < width; i++) fputc('-', f);
        fputc('\n', f);
    }
}

void cli_table_free(cli_table *t)
{
    for (size_t i = 0; i < t->rows * (size_t)t->columns; i++) free(t->cells[i]);
    free(t->cells);
    free(t);
}

const char *cli_grouped(char out[CLI_NUMBER], int64_t x)
{
    char digits[32];
    int n = snprintf(digits, sizeof(digits), "%lld", (long long)x);
    char *p = out;
    for (int i = 0; i < n; i++) {
        /* No comma in front of the first digit, with a sign or without. */
        bool first = i == 0 || (i == 1 && x < 0);
        if (!first && (n - i) % 3 == 0) *p++ = ',';
        *p++ = digits[i];
    }
    *p = '\0';
    return out;
}

const char *cli_s(int64_t n) { return n == 1 ? "" : "s"; }

const char *cli_real(char out[CLI_NUMBER], double x)
{
    if (isnan(x))
        snprintf(out, CLI_NUMBER, "-");
    else
        snprintf(out, CLI_NUMBER, "%.6g", x);
    return out;
}

const char *cli_shape(char out[CLI_NUMBER * 2], int rank, const int64_t *shape)
{
    size_t n = 0;
    out[0] = '\0';
    for (int i = 0; i < rank && n < CLI_NUMBER; i++)
        n += (size_t)snprintf(out + n, CLI_NUMBER * 2 - n, "%s%lld", i > 0 ? "x" : "",
                              (long long)shape[i]);
    return out;
}

int cli_width(FILE *f, int otherwise)
{
    struct winsize w = {0};
    /* A pipe has no width; a terminal may not know its own and say 0. */
    if (!isatty(fileno(f)) || ioctl(fileno(f), TIOCGWINSZ, &w) != 0) return otherwise;
    return w.ws_col > 0 ? w.ws_col : otherwise;
}
