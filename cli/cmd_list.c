// SPDX-License-Identifier: MIT
/* hourglass list: the words that options take, from the library's own tables.          */
#include "json.h"

static const cli_option *const options[] = {cli_json_options, cli_common_options, NULL};

static int unknown_table(const char *word)
{
    const char *names[64];
    char list[400] = "";
    int n = 0;
    hg_fact f;
    size_t len = 0;
    for (; n < 64 && hg_list(NULL, n, &f); n++) {
        names[n] = f.name;
        if (len < sizeof(list))
            len += (size_t)snprintf(list + len, sizeof(list) - len, "%s%s",
                                    n > 0 ? ", " : "", f.name);
    }
    const char *near = cli_nearest(word, names, n);
    if (near != NULL)
        return cli_usage_error("unknown list '%s'; did you mean '%s'?", word, near);
    return cli_usage_error("unknown list '%s'; known: %s", word, list);
}

static int run(cli *c)
{
    const char *name = c->arg_count > 0 ? c->args[0] : NULL;
    hg_fact f;
    if (!hg_list(name, 0, &f)) return unknown_table(name != NULL ? name : "");
    if (cli_has(c, "json")) {
        json_t *object = json_object();
        for (int i = 0; hg_list(name, i, &f); i++)
            json_object_set_new(object, f.name, cli_json_text(f.value));
        return cli_json_print(object);
    }
    cli_table *t = cli_table_new("ll");
    for (int i = 0; hg_list(name, i, &f); i++)
        cli_table_row(t, (const char *const[]){f.name, f.value});
    cli_table_print(t, stdout);
    cli_table_free(t);
    return CLI_OK;
}

extern const cli_verb cli_list;
const cli_verb cli_list = {
    .name = "list",
    .usage = "[TABLE] [--json]",
    .brief = "layers, presets, readers and the other words options take",
    .about =
        "List the rows of a table, each with a line about it; without TABLE, the tables.",
    .examples = "  hourglass list presets\n"
                "  hourglass list layers\n",
    .options = options,
    .max_args = 1,
    .run = run,
};
