// SPDX-License-Identifier: MIT
/* The library in one page: train on a file, encode, decode, measure, save.
 *
 *     cc tour.c -o tour $(pkg-config --cflags --libs hourglass)
 *     ./tour train-images-idx3-ubyte.gz         (IDX, NPY or CSV, also gzipped)     */
#include <hourglass.h>
#include <stdio.h>
#include <stdlib.h>

/* A call that fails leaves one line about it: print it and go.  The process ends then, so
 * nothing is freed on this way out. */
#define TRY(call)                                                                        \
    if ((call) != HG_OK)                                                                 \
    return fprintf(stderr, "tour: %s\n", hg_message(ctx)), EXIT_FAILURE

static int on_epoch(void *user, const hg_progress *p)
{
    (void)user;
    printf("epoch %d of %d: loss %.4f\n", (int)p->epoch, (int)p->epochs, p->loss);
    return 0; /* anything else stops the training here */
}

int main(int argc, char **argv)
{
    hg_ctx *ctx = NULL;
    hg_dataset *data, *codes, *rows;
    hg_config *cfg;
    hg_model *model;
    hg_metrics *metrics;
    hg_callbacks callbacks = {.size = sizeof(callbacks), .on_epoch = on_epoch};
    if (argc != 2) return fputs("usage: tour DATA\n", stderr), 2;

    TRY(hg_ctx_new(NULL, &ctx));
    TRY(hg_dataset_open(ctx, argv[1], NULL, &data));
    TRY(hg_config_new(ctx, &cfg));
    TRY(hg_config_set(cfg, "code", "16")); /* as --code 16 for the program */
    TRY(hg_config_set(cfg, "epochs", "5"));
    TRY(hg_config_set(cfg, "batch-size", "32"));
    TRY(hg_train(ctx, cfg, data, NULL, &callbacks, &model));

    TRY(hg_encode_dataset(ctx, model, data, &codes)); /* each row as 16 numbers */
    TRY(hg_decode_dataset(ctx, model, codes, &rows)); /* and back, in the data's units */
    printf("%d rows: %d values -> %d -> %d\n", (int)hg_dataset_rows(data),
           (int)hg_dataset_features(data), (int)hg_dataset_features(codes),
           (int)hg_dataset_features(rows));

    TRY(hg_evaluate(ctx, model, data, &metrics));
    printf("mean squared error %.4f\n", hg_metrics_get(metrics, "mse"));
    TRY(hg_model_save(ctx, model, "tour.safetensors"));

    hg_metrics_free(&metrics);
    hg_dataset_free(&rows);
    hg_dataset_free(&codes);
    hg_model_free(&model);
    hg_config_free(&cfg);
    hg_dataset_free(&data);
    hg_ctx_free(&ctx);
    return EXIT_SUCCESS;
}
