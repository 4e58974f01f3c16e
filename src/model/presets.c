// SPDX-License-Identifier: MIT
/* Presets: settings that belong together, by name.  A new preset is one row.
 *
 * keras-dense and keras-sparse are the first models of "Building Autoencoders in Keras"
 * (blog.keras.io, 2016) with Adam in place of Adadelta, so that a newcomer can set our
 * curves beside the best-known ones.  Sizes rather than layer lines where they can say it,
 * so that a later --code or --hidden changes a preset instead of contradicting it.     */
#include "model/config.h"

#define KERAS_DENSE                                                                      \
    "code", "32", "activation", "relu", "loss", "bce", "scale", "unit", "optimizer",     \
        "adam", "epochs", "50", "batch-size", "256"

static const char *const keras_dense[] = {KERAS_DENSE, NULL};

static const char *const keras_denoise[] = {KERAS_DENSE, "corrupt", "gaussian:0.5",
                                            "redraw",    "once",    NULL};

static const char *const keras_sparse[] = {KERAS_DENSE, "l1", "1e-4", NULL};

/* clang-format off */
/* The convolutional model of the same page, its code 4x4x8: the third conv of the decoder
 * has no padding, so that 16 becomes 14 and ends as 28.                                */
static const char *const keras_conv[] = {
    "encoder", "conv 16 3x3 relu;maxpool 2 padding=same;conv 8 3x3 relu;"
               "maxpool 2 padding=same;conv 8 3x3 relu;maxpool 2 padding=same",
    "decoder", "conv 8 3x3 relu;upsample 2;conv 8 3x3 relu;upsample 2;"
               "conv 16 3x3 relu padding=valid;upsample 2;conv 1 3x3 sigmoid",
    "loss", "bce", "scale", "unit",
    "optimizer", "adam", "epochs", "50", "batch-size", "128", NULL,
};

/* A code of 4x4x128, 2,048 values for 784: only the noise keeps it from copying.       */
static const char *const conv_denoise[] = {
    "encoder", "conv 32 3x3 relu;maxpool 2 padding=same;conv 64 3x3 relu;"
               "maxpool 2 padding=same;conv 128 3x3 relu;maxpool 2 padding=same",
    "decoder", "convt 128 3x3 stride=2 relu;convt 64 3x3 stride=2 relu;"
               "convt 32 3x3 relu;convt 1 3x3 stride=2 sigmoid;crop 2",
    "loss", "bce", "scale", "unit", "corrupt", "gaussian:0.2", "redraw", "once",
    "optimizer", "adam", "epochs", "20", "batch-size", "128", NULL,
};

/* A dense net for cleaning: wide, no bottleneck, and noise that is never the same twice, so
 * that there is nothing to learn by heart.                                             */
static const char *const denoise_dense[] = {
    "encoder", "dense 1024 relu;dense 1024 relu",
    "decoder", "dense 1024 relu;dense input sigmoid",
    "loss", "bce", "scale", "unit", "corrupt", "gaussian:0.5", "redraw", "epoch",
    "optimizer", "adam", "schedule", "cosine", "epochs", "60", "batch-size", "256", NULL,
};

/* The same idea with convolutions: most of the work at a quarter of the positions, a part
 * at a sixteenth, where a kernel sees the whole digit; what went around is added back. */
static const char *const denoise_conv[] = {
    "encoder", "conv 48 5x5 stride=2 relu;conv 48 3x3 relu;conv 64 3x3 stride=2 relu;"
               "conv 64 3x3 relu;conv 64 3x3 relu;residual 2;"
               "convt 48 3x3 stride=2 relu;residual 5;conv 48 3x3 relu",
    "decoder", "convt 1 5x5 stride=2 sigmoid", "init", "auto",
    "loss", "bce", "scale", "unit", "corrupt", "gaussian:0.2", "redraw", "epoch",
    "optimizer", "adam", "lr", "2e-3", "schedule", "cosine", "epochs", "20",
    "batch-size", "128", NULL,
};

/* One denoising layer of Vincent et al. (JMLR 11, 2010), who mask 25 to 50 %: sigmoid both
 * ways, tied, cross-entropy.                                                           */
static const char *const vincent_mask[] = {
    "code", "500", "activation", "sigmoid", "tied", "true",
    "loss", "bce", "scale", "unit", "corrupt", "mask:0.3",
    "optimizer", "adam", "epochs", "50", "batch-size", "256", NULL,
};

/* The layer of Makhzani & Frey (arXiv:1312.5663): a row keeps 25 of 1,000 units. */
static const char *const k_sparse[] = {
    "code", "1000", "code-kind", "topk", "topk", "25", "output-activation", "linear",
    "loss", "mse", "scale", "unit",
    "optimizer", "adam", "epochs", "50", "batch-size", "100", NULL,
};

static const char *const stacked[] = {
    "hidden", "128,64", "code", "32", "activation", "relu",
    "loss", "bce", "scale", "unit",
    "optimizer", "adam", "epochs", "50", "batch-size", "256", NULL,
};

/* Columns of a table have their own units and signs: standardised, with a code free to be
 * negative and an output that is not squashed.  Tables are short: batches of 32 give them
 * steps enough (breast-cancer, 569 rows: validation mse 0.10; batches of 256: 0.33).   */
static const char *const tabular[] = {
    "hidden", "32", "code", "8", "activation", "relu",
    "code-activation", "linear", "output-activation", "linear",
    "loss", "mse", "scale", "standard",
    "optimizer", "adam", "epochs", "100", "batch-size", "32", NULL,
};

/* A detector of anomalies for tables (docs/anomaly-quality.md says how it was chosen).  The
 * code is wider than most rows: noise and masks, not a bottleneck, keep the net from
 * copying, so that it learns which values go together.                                 */
static const char *const anomaly[] = {
    "hidden", "64", "code", "64", "activation", "gelu",
    "output-activation", "linear",
    "loss", "mse", "scale", "log", "score", "joint",
    "corrupt", "gaussian:0.3+mask:0.3", "redraw", "epoch",
    "optimizer", "adam", "lr", "3e-3", "schedule", "cosine",
    "epochs", "4", "min-steps", "1000", "batch-size", "256", NULL,
};

/* Windows of a series, or rows that are one: convolutions along the length, and a code of
 * so few numbers that it says what a normal window looks like and no more. */
static const char *const anomaly_series[] = {
    "encoder", "reshape sequence;conv 32 7 stride=2 relu;conv 32 7 stride=2 relu;"
               "dense 4",
    "decoder", "dense match relu;reshape match;convt 32 7 stride=2 relu output=match;"
               "convt channels 7 stride=2 output=match",
    "loss", "mse", "scale", "standard", "score", "joint",
    "optimizer", "adam", "epochs", "60", "batch-size", "32", NULL,
};

/* One linear layer each way under mse spans the space of PCA's first components (Baldi &
 * Hornik, Neural Networks 2, 1989).                                                    */
static const char *const linear[] = {
    "code", "8", "activation", "linear",
    "code-activation", "linear", "output-activation", "linear",
    "loss", "mse", "optimizer", "adam", "batch-size", "256", NULL,
};

/* The deep autoencoder of Hinton & Salakhutdinov (Science 313, 2006): a stack of RBMs with
 * a linear code, unrolled.  Ten epochs a level as in the program that they published; Adam
 * in place of their conjugate gradients.                                               */
#define HINTON_DEEP                                                                      \
    "activation", "sigmoid", "code-activation", "linear", "loss", "bce", "scale", "unit", \
        "pretrain", "rbm", "pretrain-epochs", "10", "optimizer", "adam", "schedule",     \
        "cosine", "epochs", "50", "batch-size", "128"

static const char *const hinton_deep[] = {"hidden",    "1000,500,250", "code", "30",
                                          HINTON_DEEP, NULL};

static const char *const hinton_deep_100[] = {
    "hidden", "1000,500,250,100", "code", "30", HINTON_DEEP, NULL};

/* The variational autoencoder of a plane that can be drawn; 784-512-2 on MNIST: 150 nats a
 * row.                                                                                 */
static const char *const vae[] = {
    "hidden", "512", "code", "2", "code-kind", "variational", "activation", "relu",
    "loss", "bce", "scale", "unit",
    "optimizer", "adam", "epochs", "50", "batch-size", "128", NULL,
};
/* Two latents in deeper nets: 134 nats on MNIST where vae has 150.                     */
static const char *const vae_deep[] = {
    "hidden", "512,512,512", "code", "2", "code-kind", "variational", "activation", "relu",
    "loss", "bce", "scale", "unit", "schedule", "cosine",
    "optimizer", "adam", "epochs", "60", "batch-size", "128", NULL,
};

static const char *const vae_20[] = {
    "hidden", "400", "code", "20", "code-kind", "variational", "activation", "relu",
    "loss", "bce", "scale", "unit",
    "optimizer", "adam", "epochs", "50", "batch-size", "128", NULL,
};

/* The net of one stochastic layer of Burda et al. (ICLR 2016), rows drawn anew in each
 * epoch.  They run 3,280 epochs in batches of 20 at rates that fall in eight stages from
 * 1e-3 to 1e-4; here 200 epochs under a cosine.                                        */
static const char *const iwae[] = {
    "hidden", "200,200", "code", "50", "code-kind", "variational", "activation", "tanh",
    "samples", "50", "loss", "bce", "scale", "unit", "binarise", "epoch",
    "optimizer", "adam", "epochs", "200", "batch-size", "100", "schedule", "cosine", NULL,
};
/* clang-format on */

const hgi_preset hgi_presets[] = {
    {"keras-dense", "784-32-784 as in the Keras tutorial: one dense layer each way, bce",
     keras_dense},
    {"keras-sparse", "keras-dense with an L1 penalty of 1e-4 on the code", keras_sparse},
    {"keras-denoise", "keras-dense that learns to remove noise: gaussian:0.5, drawn once",
     keras_denoise},
    {"keras-conv",
     "28x28 images: the Keras tutorial's convolutions, a code of 4x4x8; bce", keras_conv},
    {"conv-denoise",
     "28x28 images: convolutions that learn to remove noise, gaussian:0.2; bce",
     conv_denoise},
    {"denoise-dense",
     "images: a wide dense net that removes noise, gaussian:0.5 always fresh; bce",
     denoise_dense},
    {"denoise-conv",
     "28x28 images: convolutions without a bottleneck, gaussian:0.2 always fresh; bce",
     denoise_conv},
    {"vincent-mask",
     "784-500-784 sigmoid from rows with 30 % of the values 0 (Vincent 2010)",
     vincent_mask},
    {"k-sparse", "784-1000-784 of whose code a row keeps the 25 largest values; mse",
     k_sparse},
    {"stacked", "images: 128, 64, a code of 32, and back; bce", stacked},
    {"tabular", "tables: standardised columns, 32, a code of 8, and back; mse", tabular},
    {"anomaly", "tables: a detector of anomalies; train on rows that are mostly normal",
     anomaly},
    {"anomaly-series", "series: a detector of anomalies, by convolutions along windows",
     anomaly_series},
    {"linear", "one linear layer each way, a code of 8, mse: for comparison with PCA",
     linear},
    {"vae", "variational: 512, a code of 2, and back; bce summed over a row, plus KL",
     vae},
    {"vae-deep", "variational, 2 latents: 512, 512, 512 and back; 134 nats on MNIST",
     vae_deep},
    {"vae-20", "variational, 20 latents: 400 and back; 102 nats on MNIST", vae_20},
    {"iwae", "binary images: 200, 200, 50 latents, 50 samples a row (Burda et al. 2016)",
     iwae},
    {"hinton-deep", "784-1000-500-250-30 and back: RBMs, unrolled, then the whole; bce",
     hinton_deep},
    {"hinton-deep-100", "the same with 784-1000-500-250-100-30", hinton_deep_100},
    {NULL, NULL, NULL},
};
