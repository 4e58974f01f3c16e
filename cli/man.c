// SPDX-License-Identifier: MIT
/* The man page, from the same tables as --help, so that neither can fall behind.
 *
 * Installed by `make install`, which asks the program for it: a page in the tree would be
 * one more text to keep true.  Source: man(7), groff_man(7).                           */
#include "cli.h"

#include <ctype.h>
#include <string.h>

/* Text with what troff would take for its own written out. */
static void put(FILE *f, const char *text)
{
    for (bool start = true; *text != '\0'; text++) {
        if (start && (*text == '.' || *text == '\'')) fputs("\\&", f);
        if (*text == '\\') fputs("\\e", f);
        /* A bare '-' is a hyphen to troff, and an option with hyphens cannot be
         * pasted. */
        else if (*text == '-')
            fputs("\\-", f);
        else
            fputc(*text, f);
        start = *text == '\n';
    }
}

/* Paragraphs: an empty line begins the next. */
static void put_paragraphs(FILE *f, const char *text)
{
    while (*text != '\0') {
        const char *end = strstr(text, "\n\n");
        size_t n = end != NULL ? (size_t)(end - text) : strlen(text);
        char part[2048];
        snprintf(part, sizeof(part), "%.*s", (int)n, text);
        put(f, part);
        fputc('\n', f);
        text += n;
        if (end != NULL) {
            fputs(".PP\n", f);
            text += 2;
        }
    }
}

/* One option: a tag line in bold, its argument in italics, then its help and default. */
static void put_option(FILE *f, const cli_option *o)
{
    fputs(".TP\n", f);
    if (o->letter != 0) fprintf(f, "\\fB\\-%c\\fR, ", o->letter);
    fputs("\\fB\\-\\-", f);
    put(f, o->name);
    fputs("\\fR", f);
    if (o->argument != NULL) {
        fputs(" \\fI", f);
        put(f, o->argument);
        fputs("\\fR", f);
    }
    fputc('\n', f);
    put(f, o->help);
    if (o->initial != NULL) {
        fputs(" [", f);
        put(f, o->initial);
        fputc(']', f);
    }
    if (o->alias != NULL) {
        fputs(" (also \\-\\-", f);
        put(f, o->alias);
        fputc(')', f);
    }
    fputc('\n', f);
}

/* Options that every verb has are told once. */
static bool is_common(const cli_option *o)
{
    for (int i = 0; cli_common_options[i].name != NULL; i++)
        if (strcmp(cli_common_options[i].name, o->name) == 0) return true;
    return false;
}

/* A verb is a subsection; its options stand in the groups of --help. */
static void put_verb(FILE *f, const cli_verb *v)
{
    const char *group;
    cli_option o;
    fputs(".SS \"hourglass ", f);
    put(f, v->name);
    if (v->usage[0] != '\0') fputc(' ', f);
    put(f, v->usage);
    fputs("\"\n", f);
    put_paragraphs(f, v->about);
    for (int g = 0; (group = cli_group_at(v, g)) != NULL; g++) {
        bool titled = false;
        for (int i = 0; cli_option_at(v, i, &o); i++) {
            if (strcmp(o.group, group) != 0 || is_common(&o)) continue;
            /* The title waits for the first option that is not common to all. */
            if (!titled)
                fprintf(f, ".PP\n\\fI%c%s options\\fR\n",
                        toupper((unsigned char)group[0]), group + 1);
            titled = true;
            put_option(f, &o);
        }
    }
    if (v->examples == NULL) return;
    fputs(".PP\nExamples:\n.PP\n.EX\n", f);
    put(f, v->examples);
    fputs(".EE\n", f);
}

void cli_man(FILE *f)
{
    fprintf(f, ".TH HOURGLASS 1 \"\" \"hourglass %s\" \"User Commands\"\n", hg_version());
    fputs(".SH NAME\nhourglass \\- train, look at and use autoencoders\n.SH SYNOPSIS\n",
          f);
    fputs(".B hourglass\n.I command\n[\\fIarguments\\fR] [\\fIoptions\\fR]\n", f);
    fputs(".SH DESCRIPTION\n", f);
    put_paragraphs(
        f, "An autoencoder learns to pass rows of data through a narrow code and to "
           "build them again.  hourglass trains such models from files of images or "
           "tables, keeps each in one safetensors file, and uses it: to encode, "
           "decode, reconstruct and measure.\n\n"
           "File kinds are told by content, then by ending; - reads standard input or "
           "writes standard output.  Results go to standard output, messages to "
           "standard error.");
    fputs(".SH COMMANDS\n", f);
    for (int i = 0; cli_verbs[i] != NULL; i++) put_verb(f, cli_verbs[i]);
    fputs(".SH COMMON OPTIONS\n", f);
    for (int i = 0; cli_common_options[i].name != NULL; i++)
        put_option(f, &cli_common_options[i]);
    fputs(".SH EXIT STATUS\n0 success, 1 failure, 2 a wrong command line, 130 or 143 "
          "after an\n"
          "interrupt (the best weights so far are saved).\n",
          f);
    fputs(".SH ENVIRONMENT\n.TP\n\\fBNO_COLOR\\fR\nWhen set, no colour is used.\n", f);
}
