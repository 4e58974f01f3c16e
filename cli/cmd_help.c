// SPDX-License-Identifier: MIT
/* hourglass help: this program, one verb, or the man page.                             */
#include "cli.h"

#include <string.h>

static const cli_option own[] = {
    {"man", 0, NULL, NULL, "the man page, as troff source", "output", NULL, false},
    {0},
};
static const cli_option *const options[] = {own, cli_common_options, NULL};

static int run(cli *c)
{
    char name[64];
    const char *names[64];
    int n = 0;
    if (cli_has(c, "man")) {
        cli_man(stdout);
        return CLI_OK;
    }
    if (c->arg_count == 0) {
        cli_help_overview(stdout);
        return CLI_OK;
    }
    snprintf(name, sizeof(name), "%s%s%s", c->args[0], c->arg_count > 1 ? " " : "",
             c->arg_count > 1 ? c->args[1] : "");
    int shown = 0;
    for (int i = 0; cli_verbs[i] != NULL && n < 64; i++) {
        const char *verb = cli_verbs[i]->name;
        size_t len = strlen(name);
        names[n++] = verb;
        /* "help plot" shows every kind of plot. */
        if (strncmp(verb, name, len) != 0 || (verb[len] != '\0' && verb[len] != ' '))
            continue;
        if (shown++ > 0) putchar('\n');
        cli_help_verb(cli_verbs[i], stdout);
    }
    if (shown > 0) return CLI_OK;
    const char *near = cli_nearest(name, names, n);
    if (near != NULL)
        return cli_usage_error("unknown command '%s'; did you mean '%s'?", name, near);
    return cli_usage_error("unknown command '%s'; 'hourglass help' lists them", name);
}

extern const cli_verb cli_help;
const cli_verb cli_help = {
    .name = "help",
    .usage = "[COMMAND] [--man]",
    .brief = "this list, or all about one command",
    .about = "Show what hourglass can do, or one command's arguments and options.",
    .examples = "  hourglass help train\n"
                "  hourglass help --man > hourglass.1\n",
    .options = options,
    .max_args = 2,
    .run = run,
};
