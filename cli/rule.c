// SPDX-License-Identifier: MIT
/* Rules on the command line. */
#include "rule.h"

const cli_option cli_rule_options[] = {
    {"false-alarms", 0, "R", NULL,
     "anomaly: a score that the share R of normal rows exceeds: 1/1000", "rule", NULL,
     false},
    {"quantile", 0, "Q", NULL, "anomaly: a score above this quantile of normal rows'",
     "rule", NULL, false},
    {"threshold", 0, "S", NULL, "anomaly: a score above S", "rule", NULL, false},
    {"contamination", 0, "F", NULL,
     "anomaly: the share F of these rows that scores highest", "rule", NULL, false},
    {"fdr", 0, "F", NULL,
     "anomaly: as many rows as leave the share F of false ones among them", "rule", NULL,
     false},
    {0},
};

int cli_read_rule(cli *c, hg_rule *rule, bool *has)
{
    const cli_option *first = NULL;
    *has = false;
    for (const cli_option *o = cli_rule_options; o->name != NULL; o++) {
        if (!cli_has(c, o->name)) continue;
        if (first != NULL)
            return cli_usage_error("%s: --%s and --%s are two rules: give one of them",
                                   c->verb->name, first->name, o->name);
        first = o;
    }
    if (first == NULL) return CLI_OK;
    int code = cli_context(c);
    if (code != CLI_OK) return code;
    *has = true;
    if (hg_rule_parse(c->ctx, first->name, cli_get(c, first->name), rule) == HG_OK)
        return CLI_OK;
    cli_failed(c);
    return CLI_USAGE;
}
