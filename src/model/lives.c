// SPDX-License-Identifier: MIT
/* The plan of a pass's buffers: see lives.h.
 *
 * Lives are listed first, each made longer by whoever reads the buffer; then the largest
 * are placed first, each at the lowest place that is free as long as it lives.  What a
 * layer reads after its forward is said by its kind (reads); a kind that says too little
 * is found by tests/test_lives.c. */
#include "model/lives.h"

enum { REALS_PER_LINE = HGI_ALIGN / (int)sizeof(hgi_real), NONE = -1 };

static int64_t new_life(hgi_lives *l, int64_t from, int64_t wide)
{
    l->life[l->count] = (hgi_life){.from = from, .to = from, .wide = wide};
    return l->count++;
}

static void read_at(hgi_lives *l, int64_t life, int64_t moment)
{
    if (life != NONE) l->life[life].to = hgi_max(l->life[life].to, moment);
}

/* An identity layer's output is its input.  But the last layer has an output of its own:
 * predictions are made of it in place, and the code and the input are still wanted then.
 * */
static bool shares_input(const hgi_net *net, int64_t i)
{
    return net->layer[i].kind->identity && i + 1 < net->count;
}

/* HGI_BACK_ACT comes down to what the activation's derivative is made from. */
static unsigned reads_of(const hgi_layer *l)
{
    unsigned reads = l->kind->reads;
    bool plain = l->defer_act || l->act == HGI_ACT_LINEAR;
    if ((reads & HGI_BACK_ACT) == 0 || plain) return reads;
    if (!hgi_act_needs_input(l->act)) return reads | HGI_BACK_Y;
    return reads | (l->saved > 0 ? HGI_BACK_SAVED : HGI_BACK_X);
}

static void read_behind(hgi_lives *l, const hgi_net *net, int64_t i)
{
    unsigned reads = reads_of(&net->layer[i]);
    const hgi_layer_lives *s = &l->layer[i];
    int64_t back = hgi_backward_of(net, i), end = hgi_gradients_of(net);
    if ((reads & HGI_BACK_X) != 0) read_at(l, s->x, back);
    if ((reads & HGI_BACK_Y) != 0) read_at(l, s->y, back);
    if ((reads & HGI_BACK_SAVED) != 0) read_at(l, s->saved, back);
    if ((reads & HGI_GRADIENT_X) != 0) read_at(l, s->x, end);
    if ((reads & HGI_GRADIENT_SAVED) != 0) read_at(l, s->saved, end);
}

/* Rows that a layer reads and writes for one of the data: all samples behind a code that
 * is drawn several times, and of the code what it writes and saves. */
static int64_t each_in(const hgi_net *net, const hgi_lives_options *o, int64_t i)
{
    return i > net->code ? o->samples : 1;
}
static int64_t each_out(const hgi_net *net, const hgi_lives_options *o, int64_t i)
{
    return i >= net->code ? o->samples : 1;
}

static void list_forward(hgi_lives *l, const hgi_net *net, const hgi_lives_options *o)
{
    int64_t x = l->input;
    for (int64_t i = 0; i < net->count; i++) {
        const hgi_layer *layer = &net->layer[i];
        int64_t now = hgi_forward_of(i), each = each_out(net, o, i);
        bool listed = o->training && layer->listed > 0; /* has no dense y */
        l->layer[i] = (hgi_layer_lives){.x = x, .y = x, NONE, NONE, NONE};
        read_at(l, x, now);
        if (!shares_input(net, i))
            l->layer[i].y = listed ? NONE : new_life(l, now, each * layer->d_out);
        if (layer->saved > 0) l->layer[i].saved = new_life(l, now, each * layer->saved);
        if (layer->reach > 0) read_at(l, l->layer[i - layer->reach].x, now);
        if (o->training) read_behind(l, net, i);
        x = l->layer[i].y;
    }
    read_at(l, x, hgi_loss_of(net));
}

/* Gradients run backward; an elementwise layer's gx is its gy, the first layer has none,
 * and where x is listed it stands in the list. */
static void list_backward(hgi_lives *l, const hgi_net *net, const hgi_lives_options *o)
{
    int64_t last = net->count - 1, wide = net->layer[last].d_out * each_out(net, o, last);
    int64_t gy = new_life(l, hgi_loss_of(net), wide);
    for (int64_t i = net->count; i-- > 0;) {
        const hgi_layer *layer = &net->layer[i];
        int64_t now = hgi_backward_of(net, i);
        l->layer[i].gy = gy;
        read_at(l, gy, now);
        if ((reads_of(layer) & HGI_GRADIENT_GY) != 0)
            read_at(l, gy, hgi_gradients_of(net));
        if (layer->reach > 0) read_at(l, gy, hgi_backward_of(net, i - layer->reach));
        if (i > 0 && layer->x_listed == 0)
            l->layer[i].gx = layer->kind->elementwise
                                 ? gy
                                 : new_life(l, now, each_in(net, o, i) * layer->d_in);
        gy = l->layer[i].gx;
    }
}

/* After inference the rows, the code with what it saved, and the output are still looked
 * at; so is the code by a loss that weighs its samples. */
static void list_all(hgi_lives *l, const hgi_net *net, const hgi_lives_options *o)
{
    l->input = new_life(l, HGI_FILL, net->inputs);
    list_forward(l, net, o);
    read_at(l, l->layer[net->code].saved, hgi_loss_of(net));
    if (o->samples > 1) read_at(l, l->layer[net->code].y, hgi_loss_of(net));
    if (!o->training) {
        l->target = NONE;
        read_at(l, l->input, hgi_loss_of(net));
        read_at(l, l->layer[net->code].y, hgi_loss_of(net));
        return;
    }
    l->target = o->clean ? new_life(l, HGI_FILL, net->inputs) : l->input;
    read_at(l, l->target, hgi_loss_of(net));
    list_backward(l, net, o);
}

/* How often all chunks have waited for each other before this moment. */
static int64_t waits_before(const hgi_net *net, int64_t moment)
{
    int64_t n = moment >= hgi_gradients_of(net);
    for (int64_t i = 0; i < net->count; i++)
        if (hgi_layer_waits(&net->layer[i]))
            n += (moment >= hgi_forward_of(i)) + (moment >= hgi_backward_of(net, i));
    return n;
}

/* ---- placing ------------------------------------------------------------------------ */

/* order[0 .. n-1], by place: those that lie already in the block that b goes to. */
static void place(hgi_life *b, const hgi_life *life, int64_t *order, int64_t n)
{
    int64_t slot = n;
    b->at = 0;
    for (int64_t i = 0; i < n; i++) {
        const hgi_life *o = &life[order[i]];
        if (b->since > o->until || o->since > b->until) continue;
        if (b->at + b->size <= o->at) break;
        b->at = hgi_max(b->at, o->at + o->size);
    }
    while (slot > 0 && life[order[slot - 1]].at > b->at) {
        order[slot] = order[slot - 1];
        slot--;
    }
    order[slot] = b - life;
}

/* The largest that has no place yet; the first of equal ones. */
static int64_t largest(const hgi_lives *l, bool own)
{
    int64_t found = NONE;
    for (int64_t i = 0; i < l->count; i++) {
        const hgi_life *b = &l->life[i];
        if (b->own != own || b->at != NONE) continue;
        if (found == NONE || b->size > l->life[found].size) found = i;
    }
    return found;
}

static int64_t place_all(hgi_lives *l, bool own, bool apart, int64_t *order)
{
    int64_t used = 0, n = 0;
    for (int64_t i = largest(l, own); i != NONE; i = largest(l, own)) {
        hgi_life *b = &l->life[i];
        if (apart)
            b->at = used;
        else
            place(b, l->life, order, n++);
        used = hgi_max(used, b->at + b->size);
    }
    return used;
}

hg_status hgi_lives_plan(hg_ctx *ctx, const hgi_net *net, const hgi_lives_options *o,
                         hgi_lives *out)
{
    hgi_lives l = {.mem = ctx->mem};
    hg_status status = HG_OK;
    size_t layers = (size_t)net->count, most = 3 * layers + 3;
    int64_t *order = hgi_calloc(&ctx->mem, most, sizeof *order);
    l.life = hgi_calloc(&ctx->mem, most, sizeof *l.life);
    l.layer = hgi_calloc(&ctx->mem, layers, sizeof *l.layer);
    if (order == NULL || l.life == NULL || l.layer == NULL)
        HGI_GOTO(hgi_fail_mem(ctx, most * sizeof *l.life, "a plan of memory"));
    list_all(&l, net, o);
    for (int64_t i = 0; i < l.count; i++) {
        hgi_life *b = &l.life[i];
        b->since = o->training ? waits_before(net, b->from) : b->from;
        b->until = o->training ? waits_before(net, b->to) : b->to;
        b->own = o->training && !o->apart && b->since == b->until;
        if (b->own) b->since = b->from, b->until = b->to;
        int64_t reals = b->wide * (b->own ? o->chunk : o->rows);
        b->size = hgi_ceil_div(reals, REALS_PER_LINE) * REALS_PER_LINE;
        b->at = NONE;
    }
    l.reals = place_all(&l, false, o->apart, order);
    l.own_reals = place_all(&l, true, o->apart, order);
done:
    hgi_free(&ctx->mem, order);
    if (status != HG_OK) hgi_lives_free(&l);
    *out = l;
    return status;
}

void hgi_lives_free(hgi_lives *l)
{
    hgi_free(&l->mem, l->life);
    hgi_free(&l->mem, l->layer);
    *l = (hgi_lives){.mem = l->mem};
}
