// SPDX-License-Identifier: MIT
/* Planning: lines become layers with shapes, tensors get their places in the blocks. */
#include "model/net.h"
#include "model/contract.h"
#include "model/sigma.h"
#include "model/wide.h"
#include "model/window.h"

#include <math.h>
#include <string.h>

static const hgi_layer_kind *find_kind(const hgi_layer_kind *const *kinds,
                                       const char *name)
{
    for (int i = 0; kinds[i] != NULL; i++)
        if (strcmp(kinds[i]->name, name) == 0) return kinds[i];
    return NULL;
}

const hgi_layer_kind *hgi_code_kind(const char *line)
{
    char word[32];
    hgi_line_kind(line, word);
    return find_kind(hgi_code_kinds, word);
}

bool hgi_code_sized(const char *line)
{
    const hgi_layer_kind *kind = hgi_code_kind(line);
    return kind != NULL && kind->sized;
}

bool hgi_code_takes_linear(const char *line)
{
    const hgi_layer_kind *kind = hgi_code_kind(line);
    return kind != NULL && kind->takes_linear;
}

bool hgi_code_listed(const char *line)
{
    const hgi_layer_kind *kind = hgi_code_kind(line);
    return kind != NULL && kind->collect == hgi_wide_collect;
}

static hg_status unknown_kind(hg_ctx *ctx, const hgi_layer_kind *const *kinds,
                              const char *what, const char *word, const char *where)
{
    const char *names[64];
    int64_t n = 0;
    for (int i = 0; kinds[i] != NULL && n < HGI_COUNT(names); i++)
        names[n++] = kinds[i]->name;
    return hgi_unknown(ctx, what, word, where, names, n);
}

/* The flag `tied` of a dense line in the decoder. */
static bool wants_tie(const hgi_line *line)
{
    for (int i = 0; line->decl[i].name != NULL; i++)
        if (strcmp(line->decl[i].name, "tied") == 0) return line->value[i] != 0;
    return false;
}

/* The k-th dense layer of the decoder mirrors the k-th from the end of the encoder. */
static hg_status find_tie(hg_ctx *ctx, const hgi_net *net, hgi_layer *l,
                          const char *where)
{
    int64_t skip = 0;
    for (int64_t i = net->code + 1; i < l->index; i++)
        if (net->layer[i].kind == l->kind) skip++;
    for (int64_t i = net->code; i-- > 0;) {
        if (net->layer[i].kind != l->kind) continue;
        if (skip-- > 0) continue;
        l->tied = &net->layer[i];
        return HG_OK;
    }
    return hgi_fail(ctx, HG_EINVAL,
                    "%s: 'tied', but no %s layer of the encoder mirrors it", where,
                    l->kind->name);
}

static void place_tensors(hgi_net *net, hgi_layer *l)
{
    for (int i = 0; i < l->tensors; i++) {
        int64_t *block = l->tensor[i].role == HGI_STATE ? &net->states : &net->params;
        l->tensor[i].offset = *block;
        *block += l->tensor[i].count;
    }
}

/* A decoder runs without its encoder, so nothing reaches over the code. */
static hg_status check_reach(hg_ctx *ctx, const hgi_net *net, const hgi_layer *l)
{
    if (l->reach == 0) return HG_OK;
    int64_t first = l->index > net->code ? net->code + 1 : 0;
    char where[HGI_WHERE_MAX], other[HGI_WHERE_MAX];
    if (l->index - l->reach < first)
        return hgi_fail(ctx, HG_EINVAL,
                        "%s: reaches back %lld lines, but only %lld are before it in the "
                        "%s",
                        hgi_layer_where(l, where), (long long)l->reach,
                        (long long)(l->index - first),
                        l->index > net->code ? "decoder" : "encoder");
    const hgi_layer *from = l - l->reach;
    if (from->x_listed > 0)
        return hgi_fail(ctx, HG_EINVAL, "%s: reaches the code, which is not held dense",
                        hgi_layer_where(l, where));
    for (int i = 0; i < 3; i++)
        if (from->in.rank != l->in.rank || from->in.dim[i] != l->in.dim[i]) {
            char a[HGI_SHAPE_MAX], b[HGI_SHAPE_MAX];
            return hgi_fail(ctx, HG_ESHAPE,
                            "%s: the input of %s is %s, this one's is %s: they cannot "
                            "be added",
                            hgi_layer_where(l, where), hgi_layer_where(from, other),
                            hgi_shape_text(&from->in, a), hgi_shape_text(&l->in, b));
        }
    return HG_OK;
}

hg_status hgi_net_read_line(hg_ctx *ctx, bool code, const char *where, const char *text,
                            const hgi_layer_kind **kind, hgi_line *line)
{
    const hgi_layer_kind *const *kinds = code ? hgi_code_kinds : hgi_layer_kinds;
    char word[32];
    hgi_line_kind(text, word);
    *kind = find_kind(kinds, word);
    if (*kind == NULL)
        return unknown_kind(ctx, kinds, code ? "code" : "layer", word, where);
    return hgi_line_parse(ctx, where, text, (*kind)->options, line);
}

static hg_status plan_line(hg_ctx *ctx, hgi_net *net, int64_t index, const hgi_shape *in,
                           const char *part, int64_t number, const char *text)
{
    hgi_layer *l = &net->layer[index];
    bool code = index == net->code;
    char where[64];
    snprintf(where, sizeof where, code ? "%s" : "%s line %lld", part,
             (long long)number + 1);
    HGI_TRY(hgi_net_read_line(ctx, code, where, text, &l->kind, &l->line));
    snprintf(l->name, sizeof l->name, code ? "%s" : "%s.%lld", part, (long long)number);
    l->index = index;
    l->in = *in;
    l->d_in = hgi_shape_count(in);
    if (wants_tie(&l->line)) {
        if (index < net->code)
            return hgi_fail(ctx, HG_EINVAL, "%s: 'tied' belongs in the decoder", where);
        HGI_TRY(find_tie(ctx, net, l, where));
    }
    if (index > 0 && l->kind->takes_listed && l->tied == NULL)
        l->x_listed = net->layer[index - 1].listed;
    HGI_TRY(l->kind->plan(ctx, l, net->inputs));
    HGI_TRY(check_reach(ctx, net, l));
    l->d_out = hgi_shape_count(&l->out);
    if (net->params > (INT64_C(1) << 40))
        return hgi_fail(ctx, HG_ERANGE, "%s: the model is too large", where);
    place_tensors(net, l);
    return HG_OK;
}

/* A row of two sizes is an image of one channel, and the layers see it as such. */
static hgi_shape first_shape(const hgi_shape *row)
{
    hgi_shape s = *row;
    if (s.rank == 2) s.dim[s.rank++] = 1;
    return s;
}

static bool same_shape(const hgi_shape *a, const hgi_shape *b)
{
    for (int i = 0; i < 3; i++) {
        int64_t x = i < a->rank ? a->dim[i] : 1, y = i < b->rank ? b->dim[i] : 1;
        if (x != y) return false;
    }
    return true;
}

/* An output with a shape must have the row's; one without needs as many values. */
static hg_status check_size(hg_ctx *ctx, const hgi_net *net)
{
    const hgi_layer *last = &net->layer[net->count - 1];
    bool fits = last->out.rank > 1 && net->input.rank > 1
                    ? same_shape(&last->out, &net->input)
                    : last->d_out == net->inputs;
    if (fits) return HG_OK;
    char where[HGI_WHERE_MAX], out[HGI_SHAPE_MAX], row[HGI_SHAPE_MAX];
    hgi_layer_where(last, where);
    if (last->out.rank > 1)
        return hgi_fail(ctx, HG_ESHAPE, "%s: gives %s, but a row is %s", where,
                        hgi_shape_text(&last->out, out),
                        hgi_shape_text(&net->input, row));
    return hgi_fail(ctx, HG_ESHAPE, "%s: gives %lld values, but a row has %lld", where,
                    (long long)last->d_out, (long long)net->inputs);
}

/* The layer whose activation is the net's last one: what only moves values behind it can
 * as well be done before it. */
static hgi_layer *output_layer(const hgi_net *net)
{
    int64_t i = net->count - 1;
    while (net->layer[i].kind->moves && i > net->code + 1) i--;
    return &net->layer[i];
}

/* A loss that wants logits gets them from `last`; probabilities must not be taken for
 * logits because something without an activation follows them. */
static hg_status check_logits(hg_ctx *ctx, const hgi_net *net, const hgi_layer *last)
{
    const hgi_layer *l = last;
    while (l->tensors == 0 && l->tied == NULL && l->act == HGI_ACT_LINEAR &&
           l->index > net->code)
        l--;
    bool squashed = l != last && l->act == HGI_ACT_SIGMOID;
    if (!squashed && (last->act == HGI_ACT_SIGMOID || last->act == HGI_ACT_LINEAR))
        return HG_OK;
    char where[HGI_WHERE_MAX];
    return hgi_fail(ctx, HG_EINVAL,
                    "%s: loss %s needs a last activation of sigmoid, or linear taken as "
                    "logits, found %s",
                    hgi_layer_where(last, where), net->loss->name,
                    squashed ? "a sigmoid before it" : hgi_act_name(last->act));
}

hg_status hgi_net_check_table(hg_ctx *ctx, hgi_net *net)
{
    const hgi_layer *last = output_layer(net);
    char where[HGI_WHERE_MAX];
    if (!net->loss->grouped || last->act == HGI_ACT_LINEAR) return HG_OK;
    return hgi_fail(ctx, HG_EINVAL,
                    "%s: loss %s of a table needs a last activation of linear, found %s",
                    hgi_layer_where(last, where), net->loss->name,
                    hgi_act_name(last->act));
}

/* A learnt sigma has one place, and one loss that trains it. */
static hg_status check_sigma(hg_ctx *ctx, hgi_net *net, int64_t *at)
{
    char where[HGI_WHERE_MAX];
    for (int64_t i = 0; i < net->count; i++) {
        if (net->layer[i].kind != &hgi_layer_sigma) continue;
        *at = i;
        if (i + 1 < net->count || !net->loss->has_sigma)
            return hgi_fail(
                ctx, HG_EINVAL,
                "%s: sigma stands last of all, with loss gaussian; found %s%s",
                hgi_layer_where(&net->layer[i], where),
                i + 1 < net->count ? "a line behind it" : "loss ",
                i + 1 < net->count ? "" : net->loss->name);
        net->sigma = &net->layer[i];
    }
    return HG_OK;
}

/* Lines say for how many classes they are; which these are is the model's to know. */
static hg_status check_condition(hg_ctx *ctx, const hgi_net *net, int64_t classes,
                                 int64_t *at)
{
    char where[HGI_WHERE_MAX];
    for (int64_t i = 0; i < net->count; i++) {
        const hgi_layer *l = &net->layer[i];
        if (strcmp(l->kind->name, "condition") != 0) continue;
        int64_t wants = (int64_t)hgi_line_get(&l->line, "classes");
        *at = i;
        if (wants == classes) continue;
        return hgi_fail(ctx, HG_EINVAL, "%s: for %lld classes, but the %s",
                        hgi_layer_where(l, where), (long long)wants,
                        classes == 0 ? "model has none: set condition to labels"
                                     : "labels have another number of them");
    }
    return HG_OK;
}

/* What the loss does with the last activation. */
static hg_status check_output(hg_ctx *ctx, hgi_net *net)
{
    hgi_layer *last = output_layer(net);
    char where[HGI_WHERE_MAX];
    net->outputs = net->layer[net->count - 1].d_out;
    net->output_act = HGI_ACT_LINEAR;
    if (net->loss->softmax && last->act != HGI_ACT_LINEAR)
        return hgi_fail(ctx, HG_EINVAL,
                        "%s: loss %s makes shares of a linear layer's values, found %s",
                        hgi_layer_where(last, where), net->loss->name,
                        hgi_act_name(last->act));
    if (!net->loss->fuses) return HG_OK;
    HGI_TRY(check_logits(ctx, net, last));
    last->defer_act = last->act == HGI_ACT_SIGMOID;
    net->output_act = HGI_ACT_SIGMOID;
    return HG_OK;
}

/* A code may need values of one activation, of a sigmoid to be rates, say. */
static hg_status check_code_input(hg_ctx *ctx, const hgi_net *net)
{
    const hgi_layer *code = &net->layer[net->code];
    char where[HGI_WHERE_MAX];
    int64_t i = net->code - 1;
    if (code->x_for == NULL) return HG_OK;
    while (i > 0 && net->layer[i].kind->moves) i--;
    if (i >= 0 && net->layer[i].act == code->x_act) return HG_OK;
    const char *is = i >= 0 ? hgi_act_name(net->layer[i].act) : "rows as they are";
    return hgi_fail(ctx, HG_EINVAL,
                    "code: %s needs a %s layer before the code, found %s%s%s%s; set "
                    "code-activation %s",
                    code->x_for, hgi_act_name(code->x_act), is, i >= 0 ? " (" : "",
                    i >= 0 ? hgi_layer_where(&net->layer[i], where) : "",
                    i >= 0 ? ")" : "", hgi_act_name(code->x_act));
}

/* Without a word a wide code is mirrored where that is possible: its encoder is one layer,
 * as its decoder, with weights of the same size. */
static hg_status check_mirror(hg_ctx *ctx, hgi_net *net)
{
    const hgi_layer *code = &net->layer[net->code], *next = code + 1;
    hgi_wide *w = &net->layer[net->code].wide;
    if (w->mirror && w->no_mirror)
        return hgi_fail(ctx, HG_EINVAL, "code: both mirror and no-mirror");
    if (!w->mirror && !w->no_mirror && code->listed > 0)
        w->mirror = net->code == 0 && net->count == 2 && next->tied == NULL &&
                    next->d_out == code->d_in;
    return HG_OK;
}

/* The loss that revives dead units, and pre-bias, look at the whole decoder. */
static hg_status check_wide(hg_ctx *ctx, hgi_net *net)
{
    hgi_layer *code = &net->layer[net->code], *next = code + 1;
    hgi_wide *w = &code->wide;
    HGI_TRY(check_mirror(ctx, net));
    const char *what = w->aux > 0 ? "auxk" : w->pre_bias ? "pre-bias" : "mirror";
    if (w->aux == 0 && !w->pre_bias && !w->mirror) return HG_OK;
    if (net->count != net->code + 2)
        return hgi_fail(ctx, HG_EINVAL,
                        "code: %s needs a decoder of one dense layer, found %lld layers",
                        what, (long long)(net->count - net->code - 1));
    bool mse = net->loss->kind == HGI_LOSS_MSE;
    if (w->aux > 0 && !mse && net->loss->kind != HGI_LOSS_BCE_LOGITS)
        return hgi_fail(ctx, HG_EINVAL, "code: auxk needs loss mse or bce, found %s",
                        net->loss->name);
    w->outputs = next->d_out;
    w->residual = mse ? 2 : 1;
    if (w->mirror && (net->code > 0 || next->tied != NULL))
        return hgi_fail(ctx, HG_EINVAL, "code: mirror needs a code right on the data");
    if (!w->pre_bias) return HG_OK;
    if (net->code > 0 || next->tensors < 2 || next->act != HGI_ACT_LINEAR)
        return hgi_fail(ctx, HG_EINVAL,
                        "code: pre-bias needs a code right on the data, and a linear "
                        "decoder with a bias");
    w->decoder_bias = next->tensor[1].offset;
    return HG_OK;
}

/* Kinds with constraints on the decoder say so through project(). */
static hg_status check_code(hg_ctx *ctx, hgi_net *net)
{
    const hgi_layer *code = &net->layer[net->code], *next = code + 1;
    HGI_TRY(check_code_input(ctx, net));
    if (next->x_listed != code->listed && strcmp(next->kind->name, "condition") == 0)
        return hgi_fail(ctx, HG_EINVAL,
                        "code: a conditional model with a %s code needs a dense layer "
                        "right after it, before it is given the class: set hidden, or "
                        "code-kind to another kind",
                        code->kind->name);
    if (next->x_listed != code->listed)
        return hgi_fail(
            ctx, HG_EINVAL,
            "code: %s needs a dense layer with its own weight right after it, "
            "found %s%s",
            code->kind->name, next->kind->name, next->tied != NULL ? " tied" : "");
    HGI_TRY(check_wide(ctx, net));
    if (code->kind->project_items == NULL || code->kind->project_items(code) == 0)
        return HG_OK;
    if (next->tensors == 0 || next->tensor[0].rank != 2 || next->tied != NULL)
        return hgi_fail(
            ctx, HG_EINVAL,
            "code: unit-decoder needs a dense layer with its own weight right after "
            "the code, found %s%s",
            next->kind->name, next->tied != NULL ? " tied" : "");
    return HG_OK;
}

/* Layers in order, then what they make of each other.  *at: the layer whose line an error
 * is about. */
static hg_status plan_layers(hg_ctx *ctx, const hgi_spec *spec, hgi_net *net, int64_t *at)
{
    hgi_shape shape = first_shape(&spec->input);
    for (int64_t i = *at = 0; i < net->count; *at = ++i) {
        if (i < net->code)
            HGI_TRY(plan_line(ctx, net, i, &shape, "encoder", i, spec->encoder[i]));
        else if (i == net->code)
            HGI_TRY(plan_line(ctx, net, i, &shape, "code", 0, spec->code));
        else
            HGI_TRY(plan_line(ctx, net, i, &shape, "decoder", i - net->code - 1,
                              spec->decoder[i - net->code - 1]));
        shape = net->layer[i].out;
    }
    net->code_size = net->layer[net->code].d_out;
    *at = net->count - 1;
    HGI_TRY(check_size(ctx, net));
    HGI_TRY(check_sigma(ctx, net, at));
    HGI_TRY(check_condition(ctx, net, spec->classes.count, at));
    *at = output_layer(net)->index;
    HGI_TRY(check_output(ctx, net));
    *at = net->code;
    net->recon_divisor =
        net->layer[net->code].kind->sums_features ? 1 : (double)net->outputs;
    HGI_TRY(check_code(ctx, net));
    return hgi_contract_plan(ctx, net);
}

/* The file, line and column that layer `at` comes from, before what is wrong with it. */
static hg_status in_file(hg_ctx *ctx, const hgi_spec *spec, int64_t at, hg_status status)
{
    int64_t code = spec->encoder_count;
    const char *place = spec->places[(at >= code) + (at > code)];
    if (place == NULL || status == HG_ENOMEM) return status;
    for (int64_t skip = at < code   ? at
                        : at > code ? at - code - 1
                                    : 0;
         skip > 0; skip--) {
        const char *next = strchr(place, '\n');
        if (next == NULL) break;
        place = next + 1;
    }
    return hgi_fail_before(ctx, status, "%.*s: ", (int)strcspn(place, "\n"), place);
}

hg_status hgi_net_plan(hg_ctx *ctx, const hgi_spec *spec, hgi_net *out)
{
    hgi_net net = {.mem = ctx->mem, .input = spec->input, .init = spec->init};
    hg_status status = HG_OK;
    int64_t at;
    net.count = spec->encoder_count + 1 + spec->decoder_count;
    net.code = spec->encoder_count;
    net.inputs = hgi_shape_count(&spec->input);
    net.loss = hgi_loss_find(spec->loss);
    net.huber_delta = (hgi_real)spec->huber_delta;
    if (net.loss == NULL)
        HGI_GOTO(hgi_fail(ctx, HG_EUNKNOWN, "unknown loss '%s'", spec->loss));
    if (net.loss->has_sigma) {
        net.inverse_sigma = (hgi_real)(1 / spec->sigma);
        net.log_sigma = log(spec->sigma);
    }
    bool bare = spec->encoder_count == 0 && !hgi_code_sized(spec->code);
    if (bare || spec->decoder_count == 0)
        HGI_GOTO(hgi_fail(ctx, HG_EINVAL, "the %s has no layers",
                          bare ? "encoder" : "decoder"));
    net.layer = hgi_calloc(&ctx->mem, (size_t)net.count, sizeof *net.layer);
    if (net.layer == NULL)
        HGI_GOTO(hgi_fail_mem(ctx, (size_t)net.count * sizeof *net.layer, "layers"));
    status = plan_layers(ctx, spec, &net, &at);
    if (status != HG_OK) status = in_file(ctx, spec, at, status);
done:
    if (status != HG_OK) hgi_net_free(&net);
    *out = net;
    return status;
}

void hgi_net_free(hgi_net *net)
{
    if (net == NULL) return;
    hgi_mem mem = net->mem;
    hgi_free(&mem, net->layer);
    *net = (hgi_net){.mem = mem};
}

static bool rectifies(hgi_act act)
{
    return act == HGI_ACT_RELU || act == HGI_ACT_LEAKY || act == HGI_ACT_ELU ||
           act == HGI_ACT_SELU || act == HGI_ACT_GELU;
}

void hgi_net_init(const hgi_net *net, uint64_t seed, hgi_real *theta, hgi_real *state)
{
    for (int64_t i = 0; i < net->count; i++) {
        const hgi_layer *l = &net->layer[i];
        bool he =
            net->init == HGI_INIT_HE || (net->init == HGI_INIT_AUTO && rectifies(l->act));
        if (l->kind->init != NULL) l->kind->init(l, he, seed, theta, state);
    }
    for (int64_t i = 0; i + 1 < net->count; i++) {
        const hgi_layer *l = &net->layer[i];
        int64_t items = l->kind->project_items != NULL ? l->kind->project_items(l) : 0;
        for (int64_t k = 0; k < items; k++) l->kind->project(l, l + 1, theta, k);
        if (l->wide.mirror) hgi_wide_mirror(l, l + 1, theta);
    }
}

int64_t hgi_net_flops(const hgi_net *net, int64_t first, int64_t last)
{
    int64_t flops = 0;
    for (int64_t i = first; i < last; i++) flops += net->layer[i].flops;
    return flops;
}

const hgi_layer *hgi_net_layer_of(const hgi_net *net, int64_t index, const hgi_tensor **t)
{
    for (int64_t i = 0; i < net->count; i++)
        for (int k = 0; k < net->layer[i].tensors; k++) {
            const hgi_tensor *x = &net->layer[i].tensor[k];
            if (x->role == HGI_STATE || index < x->offset ||
                index >= x->offset + x->count)
                continue;
            *t = x;
            return &net->layer[i];
        }
    return NULL;
}
