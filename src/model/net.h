// SPDX-License-Identifier: MIT
/* From text to a planned net: layers with shapes, tensors with places in two blocks.
 *
 * spec: what the net is, as lines of text.  It is what config, presets and model files
 * come down to.  net: the same, checked and planned. */
#ifndef HGI_NET_H
#define HGI_NET_H

#include "data/binarise.h"
#include "data/corrupt.h"
#include "data/schema.h"
#include "model/classes.h"
#include "model/config.h"
#include "model/layer.h"
#include "model/loss.h"

/* Auto: He before the rectifiers (relu, leaky, elu, selu, gelu), Glorot elsewhere. */
typedef enum hgi_init { HGI_INIT_GLOROT, HGI_INIT_HE, HGI_INIT_AUTO } hgi_init;

typedef struct hgi_spec {
    hgi_mem mem;
    hgi_shape input;
    char **encoder; /* [encoder_count] lines */
    int64_t encoder_count;
    char *code; /* "plain l1=1e-4" */
    char **decoder;
    int64_t decoder_count;
    char *places[3]; /* of the lines of encoder, code, decoder in a file: a place a line,
                        the last one of those that follow too; or NULL */
    char *loss;      /* name */
    double huber_delta;
    double sigma; /* of a loss that has one: fixed, or where it starts */
    hgi_init init;
    hgi_corrupt corrupt;   /* of a denoising model's inputs while it trains */
    hgi_binarise binarise; /* of all rows that it is trained and measured on */
    hgi_classes classes;   /* that a conditional model knows */
} hgi_spec;

/* What the configuration says about the model; `input` is a data row's shape and `loss`
 * is chosen already.  Sizes (hidden, code) become a symmetric pair of encoder and
 * decoder. */
hg_status hgi_spec_from_config(const hg_config *cfg, const hgi_shape *input,
                               const char *loss, hgi_spec *out);
hg_status hgi_spec_set_lines(hg_ctx *ctx, char ***lines, int64_t *count,
                             const char *text);
/* "conv channels" and "convt channels" get as many filters as the row has channels, so that
 * a preset's lines suit any series. */
hg_status hgi_spec_put_words(hg_ctx *ctx, const hgi_shape *row, char **line);
/* Make it conditional on these classes, which it takes: a line `condition` is the first of
 * the encoder and of the decoder, where there is none. */
hg_status hgi_spec_condition(hg_ctx *ctx, hgi_spec *s, hgi_classes *classes);
/* The spec as text, one line a layer: what `summary`, messages and hashes show. */
hg_status hgi_spec_print(const hgi_spec *s, hgi_text *out);
void hgi_spec_free(hgi_spec *s);

typedef struct hgi_net {
    hgi_mem mem;
    hgi_layer *layer; /* [count]: encoder, code, decoder */
    int64_t count;
    int64_t code; /* index of the code layer; the code is its output */
    hgi_shape input;
    int64_t inputs, code_size, outputs;
    int64_t params, states; /* sizes of the two blocks */
    const hgi_loss *loss;
    const hg_schema *schema; /* of a table, the model's; NULL: rows are numbers */
    hgi_real huber_delta;
    const hgi_layer *sigma; /* where sigma is learnt: the last layer, or NULL; fixed: */
    hgi_real inverse_sigma;
    double log_sigma;
    /* recon, a sum over features, is divided by this: outputs; or 1 for an objective that
     * sums over features. */
    double recon_divisor;
    int64_t contract_reals; /* of a row, for the contractive penalty; 0: there is none */
    hgi_init init;
    hgi_act output_act; /* what predictions still need after the last layer: sigmoid when
                           bce takes logits, else linear */
} hgi_net;

/* The kind that a code's line names, NULL: none. */
const hgi_layer_kind *hgi_code_kind(const char *line);
/* The code of this line has the product with its weight in itself. */
bool hgi_code_sized(const char *line);
/* ... has an activation in itself, so that the layer before it is linear. */
bool hgi_code_takes_linear(const char *line);
/* Rows are lists behind it, for a dense layer. */
bool hgi_code_listed(const char *line);
/* Find the kind of a layer's (or the code's) line and read its options.  `where` starts
 * messages: "encoder line 2".                                                          */
hg_status hgi_net_read_line(hg_ctx *ctx, bool code, const char *where, const char *text,
                            const hgi_layer_kind **kind, hgi_line *line);
/* Check and plan.  Errors name the line: "decoder line 2: ...". */
hg_status hgi_net_plan(hg_ctx *ctx, const hgi_spec *spec, hgi_net *out);
/* Can it be a table's, whose words want logits?  Errors: HG_EINVAL. */
hg_status hgi_net_check_table(hg_ctx *ctx, hgi_net *net);
void hgi_net_free(hgi_net *net);
/* Fresh weights; the same on every machine for a seed. */
void hgi_net_init(const hgi_net *net, uint64_t seed, hgi_real *theta, hgi_real *state);
/* Of forward through layers [first, last), one row. */
int64_t hgi_net_flops(const hgi_net *net, int64_t first, int64_t last);
/* Its code is a distribution that is drawn from, with a KL divergence from N(0, 1). */
static inline bool hgi_net_draws(const hgi_net *net)
{
    return net->layer[net->code].kl_weight > 0;
}
/* How often a row's code is drawn in training and in its objective. */
static inline int64_t hgi_net_samples(const hgi_net *net)
{
    return hgi_max(1, net->layer[net->code].samples);
}
/* The layer and tensor that parameter `index` belongs to, for messages. */
const hgi_layer *hgi_net_layer_of(const hgi_net *net, int64_t index,
                                  const hgi_tensor **t);

#endif
