// SPDX-License-Identifier: MIT
/* Rules on the command line. */
#include "rule.h"

#include <math.h>
#include <string.h>

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

void cli_note_rule(const cli *c, const hg_model *model)
{
    const double usual = 0.01, rounding = 1e-9;
    char rows[CLI_NUMBER];
    hg_detector_info info = {.size = sizeof(info)};
    hg_decision d = {.size = sizeof(d)};
    if (cli_has(c, "quiet") || hg_detector_get_info(c->ctx, model, &info) != HG_OK)
        return;
    const hg_rule *r = &info.rule;
    cli_grouped(rows, info.calibration_rows);
    /* A rule about all rows of a file has no threshold before there are any: HG_EINVAL. */
    hg_status status = hg_decide(c->ctx, model, NULL, NULL, 0, NULL, &d);
    if (status == HG_ERANGE)
        cli_say("warning: the model's rule, %s %g, cannot be met: %s", r->kind, r->value,
                hg_message(c->ctx));
    else if (status == HG_OK && d.extrapolated)
        cli_say("note: the model's rule, %s %g, is extrapolated from the tail of %s "
                "calibration rows",
                r->kind, r->value, rows);
    else if (strcmp(r->kind, "false-alarms") == 0 && r->value > usual &&
             fabs(r->value / info.finest - 1) < rounding)
        cli_say(
            "note: the usual rule, false-alarms 1/100, is 1/%lld here: %s calibration "
            "rows promise no less, 99 would",
            (long long)info.calibration_rows + 1, rows);
}
