// SPDX-License-Identifier: MIT
/* hourglass info: the build, the machine, and which kernels run on it.                 */
#include "json.h"

static const cli_option *const options[] = {cli_json_options, cli_common_options, NULL};

static int run(cli *c)
{
    hg_fact f;
    int code = cli_context(c);
    if (code != CLI_OK) return code;
    if (cli_has(c, "json")) {
        json_t *object = json_object();
        for (int i = 0; hg_info(c->ctx, i, &f); i++)
            json_object_set_new(object, f.name, cli_json_text(f.value));
        return cli_json_print(object);
    }
    cli_table *t = cli_table_new("ll");
    for (int i = 0; hg_info(c->ctx, i, &f); i++)
        cli_table_row(t, (const char *const[]){f.name, f.value});
    cli_table_print(t, stdout);
    cli_table_free(t);
    return CLI_OK;
}

extern const cli_verb cli_info;
const cli_verb cli_info = {
    .name = "info",
    .usage = "[--json]",
    .brief = "this build, this machine, the kernels picked",
    .about =
        "Show the version, what was built in, the processor, and the kernels and threads "
        "that would be used.",
    .examples = "  hourglass info\n"
                "  hourglass info --cpu avx2\n",
    .options = options,
    .run = run,
};
