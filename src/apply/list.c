// SPDX-License-Identifier: MIT
/* hg_list: every table of the library by name, so that nothing has to be listed twice.
 *
 * Help, documents, tests and messages iterate over these; a kind that is added to its own
 * table is listed here without anyone writing more.  The tables differ in type, so each has
 * a function that reads one row. */
#include "apply/doctor.h"
#include "apply/plot.h"
#include "apply/rule.h"
#include "apply/score.h"
#include "data/corrupt.h"
#include "data/data.h"
#include "metrics/metrics.h"
#include "metrics/ranking.h"
#include "model/layer.h"
#include "model/loss.h"
#include "train/optim.h"

#include <string.h>

/* Each returns false past its end. */
static bool layer_at(int i, hg_fact *f)
{
    if (hgi_layer_kinds[i] == NULL) return false;
    *f = (hg_fact){hgi_layer_kinds[i]->name, hgi_layer_kinds[i]->brief};
    return true;
}

static bool code_at(int i, hg_fact *f)
{
    if (hgi_code_kinds[i] == NULL) return false;
    *f = (hg_fact){hgi_code_kinds[i]->name, hgi_code_kinds[i]->brief};
    return true;
}

static bool activation_at(int i, hg_fact *f)
{
    static const char *const help[] = {
#define ROW(name, word, text) text,
        HGI_ACT_MAP(ROW)
#undef ROW
    };
    if (i >= HGI_ACT_COUNT) return false;
    *f = (hg_fact){hgi_act_name((hgi_act)i), help[i]};
    return true;
}

static bool loss_at(int i, hg_fact *f)
{
    if (hgi_losses[i] == NULL) return false;
    *f = (hg_fact){hgi_losses[i]->name, hgi_losses[i]->brief};
    return true;
}

static bool optimizer_at(int i, hg_fact *f)
{
    if (hgi_optimizers[i] == NULL) return false;
    *f = (hg_fact){hgi_optimizers[i]->name, hgi_optimizers[i]->brief};
    return true;
}

static bool schedule_at(int i, hg_fact *f)
{
    if (hgi_schedules[i] == NULL) return false;
    *f = (hg_fact){hgi_schedules[i]->name, hgi_schedules[i]->brief};
    return true;
}

static bool preset_at(int i, hg_fact *f)
{
    *f = (hg_fact){hgi_presets[i].name, hgi_presets[i].brief};
    return f->name != NULL;
}

static bool corruption_at(int i, hg_fact *f)
{
    if (hgi_corrupt_kinds[i] == NULL) return false;
    *f = (hg_fact){hgi_corrupt_kinds[i]->name, hgi_corrupt_kinds[i]->brief};
    return true;
}

static bool reader_at(int i, hg_fact *f)
{
    if (hgi_readers[i] == NULL) return false;
    *f = (hg_fact){hgi_readers[i]->name, hgi_readers[i]->brief};
    return true;
}

static bool writer_at(int i, hg_fact *f)
{
    if (hgi_writers[i] == NULL) return false;
    *f = (hg_fact){hgi_writers[i]->name, hgi_writers[i]->brief};
    return true;
}

static bool scale_at(int i, hg_fact *f)
{
    *f = (hg_fact){hgi_scales[i].name, hgi_scales[i].brief};
    return f->name != NULL;
}

static bool plot_at(int i, hg_fact *f)
{
    *f = (hg_fact){hgi_plot_rows[i].name, hgi_plot_rows[i].brief};
    return f->name != NULL;
}

static bool metric_at(int i, hg_fact *f)
{
    if (i >= HGI_METRIC_COUNT) return false;
    *f = (hg_fact){hgi_metric_rows[i].name, hgi_metric_rows[i].help};
    return true;
}

static bool detection_at(int i, hg_fact *f)
{
    if (i >= HGI_RANKING_COUNT) return false;
    *f = (hg_fact){hgi_ranking_rows[i].name, hgi_ranking_rows[i].help};
    return true;
}

static bool finding_at(int i, hg_fact *f)
{
    *f = (hg_fact){hgi_rules[i].name, hgi_rules[i].brief};
    return f->name != NULL;
}

static bool score_at(int i, hg_fact *f)
{
    if (hgi_score_kinds[i] == NULL) return false;
    *f = (hg_fact){hgi_score_kinds[i]->name, hgi_score_kinds[i]->brief};
    return true;
}

static bool rule_at(int i, hg_fact *f)
{
    *f = (hg_fact){hgi_rule_kinds[i].name, hgi_rule_kinds[i].brief};
    return f->name != NULL;
}

static const struct {
    const char *name, *brief;
    bool (*at)(int index, hg_fact *out);
} tables[] = {
    {"presets", "models with a name: --preset", preset_at},
    {"layers", "first words of a layer line", layer_at},
    {"codes", "kinds of bottleneck: --code-kind", code_at},
    {"activations", "last word of a dense line", activation_at},
    {"losses", "--loss", loss_at},
    {"optimizers", "--optimizer", optimizer_at},
    {"schedules", "--schedule", schedule_at},
    {"scales", "--scale", scale_at},
    {"corruptions", "--corrupt", corruption_at},
    {"readers", "file formats read: --format", reader_at},
    {"writers", "file formats written", writer_at},
    {"plots", "hourglass plot KIND", plot_at},
    {"metrics", "what evaluate measures", metric_at},
    {"scores", "anomaly scores: --score", score_at},
    {"rules", "what is an anomaly: score --false-alarms 1/1000", rule_at},
    {"detection", "what evaluate --labels measures of a detector", detection_at},
    {"findings", "what evaluate and train may note about a model", finding_at},
};

int hg_list(const char *table, int index, hg_fact *out)
{
    if (index < 0 || out == NULL) return 0;
    if (table == NULL) {
        if (index >= HGI_COUNT(tables)) return 0;
        *out = (hg_fact){tables[index].name, tables[index].brief};
        return 1;
    }
    for (int i = 0; i < HGI_COUNT(tables); i++) {
        if (strcmp(tables[i].name, table) != 0) continue;
        for (int k = 0; k < index; k++) /* never read past a table's end */
            if (!tables[i].at(k, out)) return 0;
        return tables[i].at(index, out) ? 1 : 0;
    }
    return 0;
}
