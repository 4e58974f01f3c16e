// SPDX-License-Identifier: MIT
/* --help, from the verbs' tables.
 *
 * Nothing here knows a verb or an option, so what a table has is in the help, the man page
 * (man.c) and the parser (args.c) at once, and cannot be forgotten in one.             */
#include "cli.h"

#include <string.h>

enum { LEFT = 28 }; /* column where an option's help begins */

/* Long lines tire the eye even where the window has room for them. */
static int page_width(FILE *f)
{
    int width = cli_width(f, 80);
    return width < 60 ? 60 : width > 100 ? 100 : width;
}

/* Print words wrapped at `width`, lines after the first indented by `left`; a new line in
 * the text stays one. */
static void wrap(FILE *f, const char *text, int left, int width)
{
    int at = left;
    while (*text != '\0') {
        int blank = (int)strspn(text, " ");
        text += blank;
        int n = (int)strcspn(text, " \n");
        if (at > left && at + blank + n > width) {
            fprintf(f, "\n%*s", left, "");
            at = left;
            blank = 0;
        }
        at += fprintf(f, "%*s%.*s", blank, "", n, text);
        text += n;
        if (*text != '\n') continue;
        fputc('\n', f);
        if (*++text != '\n') fprintf(f, "%*s", left, "");
        at = left;
    }
    fputc('\n', f);
}

void cli_usage_line(const cli_verb *v, FILE *f)
{
    fprintf(f, "Usage: hourglass %s%s%s\n", v->name, v->usage[0] != '\0' ? " " : "",
            v->usage);
}

/* A group is only named where a verb has options of it. */
static bool has_group(const cli_verb *v, const char *group)
{
    cli_option o;
    for (int i = 0; cli_option_at(v, i, &o); i++)
        if (strcmp(o.group, group) == 0) return true;
    return false;
}

const char *cli_group_at(const cli_verb *v, int index)
{
    /* What a user thinks of first stands first; a group not named here comes last. */
    enum { KNOWN = 9, MAX = 24 };
    const char *seen[MAX] = {"model",  "data",    "training", "pretraining", "reading",
                             "output", "picture", "machine",  "messages"};
    int n = KNOWN;
    cli_option o;
    for (int g = 0; g < KNOWN; g++)
        if (has_group(v, seen[g]) && index-- == 0) return seen[g];
    for (int i = 0; n < MAX && cli_option_at(v, i, &o); i++) {
        bool known = false;
        for (int g = 0; g < n; g++)
            if (strcmp(seen[g], o.group) == 0) known = true;
        if (known) continue;
        if (index-- == 0) return o.group;
        seen[n++] = o.group;
    }
    return NULL;
}

static void print_option(const cli_option *o, FILE *f, int width)
{
    char text[400];
    int at = fprintf(f, o->letter != 0 ? "  -%c, " : "      ", o->letter);
    at += fprintf(f, "--%s%s%s", o->name, o->argument != NULL ? " " : "",
                  o->argument != NULL ? o->argument : "");
    /* A long option has its line to itself. */
    if (at > LEFT - 2) {
        fputc('\n', f);
        at = 0;
    }
    fprintf(f, "%*s", LEFT - at, "");
    int n = snprintf(text, sizeof(text), "%s", o->help);
    if (o->initial != NULL)
        n += snprintf(text + n, sizeof(text) - (size_t)n, " [%s]", o->initial);
    if (o->alias != NULL)
        snprintf(text + n, sizeof(text) - (size_t)n, " (also --%s)", o->alias);
    wrap(f, text, LEFT, width);
}

void cli_help_verb(const cli_verb *v, FILE *f)
{
    int width = page_width(f);
    const char *group;
    cli_option o;
    cli_usage_line(v, f);
    fputc('\n', f);
    wrap(f, v->about, 0, width);
    /* Options by what they are about, not by which table they come from. */
    for (int g = 0; (group = cli_group_at(v, g)) != NULL; g++) {
        fprintf(f, "\n%c%s:\n", group[0] - 'a' + 'A', group + 1);
        for (int i = 0; cli_option_at(v, i, &o); i++)
            if (strcmp(o.group, group) == 0) print_option(&o, f, width);
    }
    if (v->examples != NULL) fprintf(f, "\nExamples:\n%s", v->examples);
}

void cli_help_overview(FILE *f)
{
    fprintf(f,
            "hourglass %s: train, look at and use autoencoders\n\n"
            "Usage: hourglass COMMAND [arguments] [options]\n\nCommands:\n",
            hg_version());
    for (int i = 0; cli_verbs[i] != NULL; i++)
        fprintf(f, "  %-14s %s\n", cli_verbs[i]->name, cli_verbs[i]->brief);
    fprintf(f, "\n'hourglass COMMAND --help' tells more.  For a start:\n"
               "  hourglass train DATA --preset keras-dense -o model.safetensors\n");
}
