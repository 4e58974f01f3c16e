// SPDX-License-Identifier: MIT
/* Weights that stay in the kernels' order from one step to the next: what the gradients'
 * items leave there is what packing the new weights gives, byte for byte.  The layers
 * have more and fewer columns and rows than a tile, and sizes that nothing divides.    */
#include "test_models.h"

#include "train/trainer.h"

#include <string.h>

enum { ROWS = 40, D = 203, BATCH = 16 };

static size_t packed_bytes(const hgi_layer *l, const hgi_kernels *k, bool back)
{
    int64_t K = back ? l->back_rows : l->packed_rows;
    int64_t N = back ? l->back_columns : l->packed_columns;
    return K > 0 ? (size_t)k->packed_size(K, N) * sizeof(hgi_real) : 0;
}

/* Packs all anew and CHECKs that no byte changes; returns how many matrices there were. */
static int compare_with_fresh(hgi_trainer *t)
{
    const hgi_net *net = &t->m->net;
    int seen = 0;
    CHECK(t->w.pass.packed);
    t->w.pass.packed = false;
    for (int64_t i = 0; i < net->count; i++) {
        const hgi_layer *l = &net->layer[i];
        const hgi_slot *s = &t->w.pass.slot[i];
        if (l->kind->keeps_packed == NULL || !l->kind->keeps_packed(l)) continue;
        hgi_real *kept[2] = {s->packed, s->back}, *copy[2] = {NULL, NULL};
        size_t bytes[2] = {packed_bytes(l, t->k, false), packed_bytes(l, t->k, true)};
        for (int j = 0; j < 2; j++) {
            if (kept[j] == NULL) continue;
            copy[j] = malloc(bytes[j]);
            memcpy(copy[j], kept[j], bytes[j]);
            memset(kept[j], 0xff, bytes[j]);
        }
        hgi_prepare one = {net, &t->w.pass, i, i + 1};
        hgi_stage stage = {hgi_prepare_item, &one, hgi_prepare_items(&one, t->k)};
        hgi_team_run_alone(&stage, 1);
        for (int j = 0; j < 2; j++) {
            if (kept[j] == NULL) continue;
            test_where("%s %s", l->name, j == 1 ? "back" : "packed");
            CHECK_INT(memcmp(copy[j], kept[j], bytes[j]), 0);
            free(copy[j]);
            seen++;
        }
    }
    t->w.pass.packed = true;
    return seen;
}

static void train_and_compare(const char *precision)
{
    static const char *const settings[] = {
        "hidden", "1300,150", "code", "130", "batch-size", "16", "loss", "mse", NULL};
    hg_ctx *ctx = test_ctx();
    if (strcmp(precision, "bf16") == 0 && ctx->bf16 == NULL)
        SKIP("no products in bf16 on this CPU or under this limit");
    static float x[ROWS * D];
    for (int i = 0; i < ROWS * D; i++) x[i] = (float)(i * 37 % 101) / 101;
    hg_config *cfg;
    hg_dataset *d = rows_of(ctx, x, ROWS, D);
    hgi_trainer t;
    CHECK_OK(ctx, hg_config_new(ctx, &cfg));
    for (int i = 0; settings[i] != NULL; i += 2)
        CHECK_OK(ctx, hg_config_set(cfg, settings[i], settings[i + 1]));
    CHECK_OK(ctx, hg_config_set(cfg, "precision", precision));
    CHECK_OK(ctx, hgi_setup(ctx, cfg, d, NULL, &t));
    CHECK_OK(ctx, hgi_trainer_new(&t));
    for (int64_t i = 0; i < ROWS; i++) t.order[i] = i;
    CHECK(!t.w.pass.packed);
    for (int64_t at = 0; at < ROWS; at += BATCH) {
        CHECK(hgi_step_run(&t, at, hgi_min(BATCH, ROWS - at)));
        /* Six layers, of which all but the first and last inner one go back, too.      */
        CHECK(compare_with_fresh(&t) >= 8);
    }
    hgi_trainer_free(&t);
    hg_config_free(&cfg);
    hg_dataset_free(&d);
}

TEST(a_step_leaves_the_weights_packed_as_packing_them_would) { train_and_compare("f32"); }

TEST(a_step_in_bf16_leaves_the_weights_packed_as_packing_them_would)
{
    train_and_compare("bf16");
}
