// SPDX-License-Identifier: MIT
/* Every option of a configuration, in one table.
 *
 * The CLI's flags, YAML's keys, the man page and the error messages come from here: a new
 * option is one row.  Rows stand in the order --help shows them; "preset" is first, so
 * that a file's own settings are applied after the preset it names.  Defaults of the
 * optimisers are Keras's (epsilon 1e-7, where the papers have 1e-8).  A row's last column
 * says what the option has an effect with; see hgi_config_warn_idle().                 */
#include "data/binarise.h"
#include "kernels/kernels.h"
#include "model/config.h"

#include <math.h>

#define COUNT_MAX 2147483647.0
/* Type and range, then the default, words and argument's name of a row. */
#define INT_FROM(low, initial)                                                           \
    HGI_CFG_INT, low, COUNT_MAX, false, false, initial, NULL, "N"
#define REAL_FROM(low, open, initial)                                                    \
    HGI_CFG_REAL, low, HUGE_VAL, open, false, initial, NULL, "F"
#define REAL_BELOW_1(low, open, initial)                                                 \
    HGI_CFG_REAL, low, 1, open, true, initial, NULL, "F"
#define FLAG HGI_CFG_FLAG, 0, 0, false, false, NULL, NULL, NULL
#define WORD(words, initial) HGI_CFG_WORD, 0, 0, false, false, initial, words, "WORD"
#define TEXT(initial, argument) HGI_CFG_TEXT, 0, 0, false, false, initial, NULL, argument
#define LINES HGI_CFG_LINES, 0, 0, false, false, NULL, NULL, "LINES"
#define SIZES HGI_CFG_SIZES, 1, COUNT_MAX, false, false, NULL, NULL, "SIZES"

#define ACTIVATION_WORD(name, word, help) word,
static const char *const activations[] = {HGI_ACT_MAP(ACTIVATION_WORD) NULL};
static const char *const output_activations[] = {"auto",
                                                 HGI_ACT_MAP(ACTIVATION_WORD) NULL};
static const char *const inits[] = {"auto", "glorot", "he", NULL};
static const char *const losses[] = {"auto",     "mse",         "mae",   "bce", "huber",
                                     "gaussian", "multinomial", "table", NULL};
static const char *const learn_sigmas[] = {"none", "one", "feature", NULL};
static const char *const scales[] = {"auto",     "none", "unit", "minmax",
                                     "standard", "log",  NULL};
static const char *const ranges[] = {"clip", "refuse", NULL};
static const char *const optimizers[] = {"sgd", "adam", "adamw", "rmsprop", NULL};
static const char *const precisions[] = {"auto", "f32", "bf16", NULL};
static const char *const redraws[] = {"epoch", "once", NULL};
static const char *const pretrains[] = {"none", "rbm", "stacked", NULL};
static const char *const decoder_inits[] = {"unroll", "random", NULL};
static const char *const conditions[] = {"none", "labels", NULL};
static const char *const keeps[] = {"auto", "best", "last", NULL};

#define MODEL "model"
#define DATA "data"
#define TRAINING "training"
#define PRETRAINING "pretraining"
#define OUTPUT "output"
#define DETECTION "detection"

const hgi_config_decl hgi_config_decls[] = {
    {"preset", TEXT(NULL, "NAME"), MODEL,
     "settings that go together (hourglass list presets); options given beside it win",
     NULL, NULL},
    {"encoder", LINES, MODEL, "layers from input to code, ';' between: \"dense 32 relu\"",
     NULL, NULL},
    {"decoder", LINES, MODEL, "layers from code to output: \"dense input sigmoid\"", NULL,
     NULL},
    {"hidden", SIZES, MODEL,
     "sizes of hidden dense layers, mirrored in the decoder: 128,64", NULL, NULL},
    {"condition", WORD(conditions, "none"), MODEL,
     "labels: encoder and decoder are given each row's class, from labels; or none", NULL,
     NULL},
    {"code", INT_FROM(1, NULL), MODEL, "values of a code", "latent-dim", NULL},
    {"code-kind", TEXT("plain", "LINE"), MODEL, "kind of code (hourglass list codes)",
     NULL, NULL},
    {"activation", WORD(activations, "relu"), MODEL,
     "of hidden layers: linear relu leaky elu selu gelu tanh sigmoid softplus", NULL,
     "hidden code"},
    {"code-activation", WORD(activations, NULL), MODEL,
     "of the code: linear relu leaky elu selu gelu tanh sigmoid softplus; else as "
     "activation",
     NULL, "hidden code"},
    {"output-activation", WORD(output_activations, "auto"), MODEL,
     "of the output: linear relu leaky elu selu gelu tanh sigmoid softplus; auto goes by "
     "loss",
     NULL, "hidden code"},
    {"dropout", REAL_BELOW_1(0, false, NULL), MODEL,
     "share of values dropped after each hidden layer while training", NULL, "hidden"},
    {"batchnorm", FLAG, MODEL, "batch normalisation in hidden layers", NULL, "hidden"},
    {"tied", FLAG, MODEL, "the decoder uses the encoder's weights, transposed", NULL,
     NULL},
    {"l1", REAL_FROM(0, false, NULL), MODEL,
     "penalty on activity: F times the sum of |code|, mean over rows", NULL, NULL},
    {"kl-sparsity", REAL_FROM(0, false, NULL), MODEL,
     "penalty on a sigmoid code: F times the KL divergence of mean activities from "
     "target-rate",
     NULL, NULL},
    {"target-rate", HGI_CFG_REAL, 0, 1, true, true, NULL, NULL, "F", MODEL,
     "mean activity that kl-sparsity pulls to, else 0.05", NULL, "kl-sparsity"},
    {"contractive", REAL_FROM(0, false, NULL), MODEL,
     "penalty on the encoder's slope: F times the squared norm of its Jacobian", NULL,
     NULL},
    {"topk", INT_FROM(1, NULL), MODEL, "values that a topk code keeps of a row", NULL,
     NULL},
    {"topk-alpha", REAL_FROM(0, true, NULL), MODEL,
     "outside training a topk code keeps F times as many values", NULL, "topk"},
    {"auxk", REAL_FROM(0, false, NULL), MODEL,
     "weight of the loss that revives dead units of topk and batchtopk codes: 0.03125",
     NULL, NULL},
    {"dead-after", INT_FROM(1, NULL), MODEL,
     "steps without use after which a unit of these is dead, else 1000", NULL, NULL},
    {"mirror", FLAG, MODEL,
     "such a code's encoder starts as its decoder, transposed: so where both are one "
     "layer",
     NULL, NULL},
    {"no-mirror", FLAG, MODEL, "it starts with weights of its own there, too", NULL,
     NULL},
    {"pre-bias", FLAG, MODEL, "the decoder's bias is taken off rows before such a code",
     NULL, NULL},
    {"beta", REAL_FROM(0, true, NULL), MODEL,
     "weight of the KL divergence of a variational code, else 1", NULL, NULL},
    {"samples", INT_FROM(1, NULL), MODEL,
     "draws of a row's variational code; over 1: the importance-weighted bound (IWAE)",
     NULL, NULL},
    {"kl-warmup", REAL_FROM(0, false, NULL), MODEL,
     "epochs over which that weight rises from 0", NULL, NULL},
    {"kl-warmup-steps", INT_FROM(0, NULL), MODEL, "the same in steps", NULL, NULL},
    {"free-bits", REAL_FROM(0, false, NULL), MODEL,
     "nats of KL divergence that each latent has for nothing", NULL, NULL},
    {"capacity", REAL_FROM(0, false, NULL), MODEL,
     "nats of KL divergence a row to pull to: beta |KL - capacity|; with kl-warmup from "
     "0",
     NULL, NULL},
    {"unit-decoder", FLAG, MODEL, "keep each code unit's decoder weights at length 1",
     NULL, NULL},
    {"init", WORD(inits, "glorot"), MODEL,
     "initial weights: glorot, he, or auto (he before relu and its kin)", NULL, NULL},
    {"init-from", TEXT(NULL, "MODEL"), MODEL,
     "begin with this model's weights, of the same layers; all else is fitted anew", NULL,
     NULL},
    {"loss", WORD(losses, "auto"), MODEL,
     "mse mae bce huber gaussian multinomial table; auto: bce in [0,1], else table or "
     "mse",
     NULL, NULL},
    {"huber-delta", REAL_FROM(0, true, "1"), MODEL,
     "where the huber loss turns from square to line", NULL, "loss=huber"},
    {"sigma", REAL_FROM(0, true, "1"), MODEL,
     "standard deviation of loss gaussian, in scaled units; with learn-sigma its start",
     NULL, "loss=gaussian"},
    {"learn-sigma", WORD(learn_sigmas, "none"), MODEL,
     "train sigma with the weights: one for all, one for each feature, or none", NULL,
     "loss=gaussian"},
    {"columns", TEXT(NULL, "NAMES"), DATA, "CSV: take these columns, in this order", NULL,
     NULL},
    {"drop", TEXT(NULL, "NAMES"), DATA, "CSV: leave these columns out", NULL, NULL},
    {"rename", TEXT(NULL, "OLD=NEW"), DATA, "CSV: other names for columns: a=b,c=d", NULL,
     NULL},
    {"numeric", TEXT(NULL, "NAMES"), DATA, "CSV: these columns hold numbers", NULL, NULL},
    {"categorical", TEXT(NULL, "NAMES"), DATA, "CSV: these hold words, even if numbers",
     NULL, NULL},
    {"boolean", TEXT(NULL, "NAMES"), DATA, "CSV: these hold yes and no, or 1 and 0", NULL,
     NULL},
    {"date", TEXT(NULL, "NAMES"), DATA, "CSV: these hold dates and times", NULL, NULL},
    {"shape", TEXT(NULL, "SHAPE"), MODEL, "shape of a row, 28x28x1; else as in the file",
     NULL, NULL},

    {"scale", WORD(scales, "auto"), DATA,
     "none, unit (x/255), minmax, standard, log (of long tails); auto by type, range",
     NULL, NULL},
    {"corrupt", HGI_CFG_CORRUPT, 0, 0, false, false, "none", NULL, "CHAIN", DATA,
     "noise on what the model sees, as in gaussian:0.2+mask:0.1 (hourglass list "
     "corruptions)",
     NULL, NULL},
    {"binarise", WORD(hgi_binarise_words, "none"), DATA,
     "rows of 0 and 1: drawn anew each epoch, once, by threshold (over 1/2), or none",
     NULL, NULL},
    {"redraw", WORD(redraws, "epoch"), DATA,
     "when that noise is drawn: anew in each epoch, or once", NULL, "corrupt"},
    {"keep-clean", REAL_BELOW_1(0, false, "0"), DATA,
     "share of the training rows that are left without that noise", NULL, "corrupt"},
    {"valid-split", REAL_BELOW_1(0, true, NULL), DATA,
     "share of the rows kept apart to validate on", NULL, NULL},
    {"out-of-range", WORD(ranges, "clip"), DATA,
     "values outside what a bce model can have: clip or refuse", NULL, "loss=bce"},

    {"epochs", INT_FROM(0, "50"), TRAINING,
     "times through the data; 0 only with pretrain, which is all then", NULL, NULL},
    {"min-steps", INT_FROM(1, NULL), TRAINING,
     "as many epochs more as make N steps, for tables of any length", NULL, "epochs"},
    {"batch-size", INT_FROM(1, "256"), TRAINING, "rows of a step", NULL, NULL},
    {"optimizer", WORD(optimizers, "adam"), TRAINING, "sgd, adam, adamw or rmsprop", NULL,
     NULL},
    {"lr", HGI_CFG_REAL, 0, 1000, true, false, NULL, NULL, "F", TRAINING,
     "learning rate; else 0.01 for sgd, 0.001 for the others", "learning-rate", NULL},
    {"momentum", REAL_BELOW_1(0, false, "0"), TRAINING, "of sgd and rmsprop", NULL,
     "optimizer=sgd optimizer=rmsprop"},
    {"nesterov", FLAG, TRAINING, "look-ahead momentum for sgd", NULL,
     "optimizer=sgd+momentum"},
    {"beta1", REAL_BELOW_1(0, false, "0.9"), TRAINING, "adam, adamw: decay of the mean",
     NULL, "optimizer=adam optimizer=adamw"},
    {"beta2", REAL_BELOW_1(0, false, "0.999"), TRAINING,
     "adam, adamw: decay of the square", NULL, "optimizer=adam optimizer=adamw"},
    {"epsilon", REAL_FROM(0, true, "1e-7"), TRAINING, "adam, adamw, rmsprop: added below",
     NULL, "optimizer=adam optimizer=adamw optimizer=rmsprop"},
    {"rho", REAL_BELOW_1(0, false, "0.9"), TRAINING, "rmsprop: decay of the square", NULL,
     "optimizer=rmsprop"},
    {"weight-decay", REAL_FROM(0, false, "0"), TRAINING,
     "adamw: decoupled from the gradient; others: L2 added to it", NULL, NULL},
    {"max-norm", REAL_FROM(0, true, NULL), TRAINING,
     "largest length of a unit's incoming weights, held after each step", NULL, NULL},
    {"orthogonal", REAL_FROM(0, false, NULL), TRAINING,
     "pull towards orthonormal weights: F times |W W^T - 1|^2, its gradient alone", NULL,
     NULL},
    {"schedule", TEXT("constant", "LINE"), TRAINING,
     "constant | step every=N factor=F | cosine floor=F | plateau patience=N factor=F",
     NULL, NULL},
    {"warmup", INT_FROM(0, "0"), TRAINING,
     "steps over which the learning rate rises from 0", NULL, NULL},
    {"clip", REAL_FROM(0, true, NULL), TRAINING, "largest norm of the whole gradient",
     "clip-norm", NULL},
    {"early-stop", INT_FROM(1, NULL), TRAINING,
     "stop after N epochs without a better loss", "patience", NULL},
    {"min-delta", REAL_FROM(0, false, "0"), TRAINING, "what counts as better", NULL,
     "early-stop keep=best"},
    {"keep", WORD(keeps, "auto"), TRAINING,
     "weights to save: best or last; auto: best with early-stop, else last", NULL, NULL},
    {"seed", HGI_CFG_INT, 0, HUGE_VAL, false, false, "1", NULL, "N", TRAINING,
     "of initial weights, shuffling, dropout and the split", NULL, NULL},
    {"precision", WORD(precisions, "f32"), TRAINING,
     "of matrix products while training: f32, bf16 (weights stay f32), or auto", NULL,
     NULL},
    {"no-shuffle", FLAG, TRAINING, "take the rows in the file's order in every epoch",
     NULL, NULL},

    {"pretrain", WORD(pretrains, "none"), PRETRAINING,
     "dense layers one by one first: rbm (Boltzmann machines), stacked (autoencoders), "
     "none",
     NULL, NULL},
    {"pretrain-epochs", INT_FROM(1, "10"), PRETRAINING, "times through the data a layer",
     NULL, "pretrain=rbm pretrain=stacked"},
    {"pretrain-lr", HGI_CFG_REAL, 0, 1000, true, false, NULL, NULL, "F", PRETRAINING,
     "learning rate; else 0.001 for stacked, 0.1 for rbm (a hundredth for unbounded "
     "units)",
     NULL, "pretrain=rbm pretrain=stacked"},
    {"cd", HGI_CFG_INT, 1, 1000, false, false, "1", NULL, "N", PRETRAINING,
     "steps of contrastive divergence", NULL, "pretrain=rbm"},
    {"persistent", FLAG, PRETRAINING, "chains go on from batch to batch (PCD)", NULL,
     "pretrain=rbm"},
    {"pretrain-corrupt", HGI_CFG_CORRUPT, 0, 0, false, false, NULL, NULL, "CHAIN",
     PRETRAINING, "noise on what each stacked layer sees; else as corrupt", NULL,
     "pretrain=stacked"},
    {"decoder-init", WORD(decoder_inits, "unroll"), PRETRAINING,
     "the decoder after pretraining: unroll (the layers' ways back) or random", NULL,
     "pretrain=rbm pretrain=stacked"},

    {"score", TEXT(NULL, "WORD"), DETECTION,
     "an anomaly score, kept in the model with what it needs (hourglass list scores); "
     "none",
     NULL, NULL},
    {"calibrate", HGI_CFG_REAL, 0, 1, true, true, "0.2", NULL, "F", DETECTION,
     "share of the rows held apart to judge scores by", NULL, "score"},
    {"ensemble", HGI_CFG_INT, 1, 64, false, false, "1", NULL, "N", DETECTION,
     "nets, one seed after the other; the score is the mean of theirs", NULL, "score"},
    {"trim", HGI_CFG_REAL, 0, 0.5, false, true, "0", NULL, "F", DETECTION,
     "share of the training rows left out for their high scores, for data with anomalies "
     "in them",
     NULL, "score"},

    {"checkpoint", TEXT(NULL, "FOLDER"), OUTPUT,
     "keep the state of training in this folder", NULL, NULL},
    {"checkpoint-seconds", REAL_FROM(0, false, "60"), OUTPUT, "time between checkpoints",
     NULL, "checkpoint"},
    {"resume", FLAG, OUTPUT, "go on from the checkpoint where there is one", NULL, NULL},
    {NULL, TEXT(NULL, NULL), NULL, NULL, NULL, NULL},
};
