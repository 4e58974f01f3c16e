// SPDX-License-Identifier: MIT
/* Model files from nowhere: refused in one line, or good enough to use.
 *
 * An input that begins with '{' is a description alone, put into a container with the
 * tensors of a small net, so that mutations reach the lines and fields behind the
 * container's own checks; any other input is a whole file. */
#include "model/container.h"
#include "model/model.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

enum { WIDEST = 4096 };

/* "dense 3 relu; batchnorm; dense 2", "dense 3 tied; dense 4" over 4 features. */
static const struct {
    const char *name;
    hgi_dtype type;
    int rank;
    int64_t shape[2];
} tensors[] = {
    {"encoder.0.weight", HGI_DT_F32, 2, {3, 4}},
    {"encoder.0.bias", HGI_DT_F32, 1, {3}},
    {"encoder.1.gamma", HGI_DT_F32, 1, {3}},
    {"encoder.1.beta", HGI_DT_F32, 1, {3}},
    {"encoder.1.mean", HGI_DT_F32, 1, {3}},
    {"encoder.1.variance", HGI_DT_F32, 1, {3}},
    {"encoder.2.weight", HGI_DT_F32, 2, {2, 3}},
    {"encoder.2.bias", HGI_DT_F32, 1, {2}},
    {"decoder.0.bias", HGI_DT_F32, 1, {3}},
    {"decoder.1.weight", HGI_DT_F32, 2, {4, 3}},
    {"decoder.1.bias", HGI_DT_F32, 1, {4}},
    {"scaler.shift", HGI_DT_F64, 1, {4}},
    {"scaler.scale", HGI_DT_F64, 1, {4}},
    {"history", HGI_DT_F64, 2, {1, 6}},
};

static void write_bytes(const char *path, const uint8_t *bytes, size_t size)
{
    FILE *f = fopen(path, "wb");
    if (f == NULL || fwrite(bytes, 1, size, f) != size || fclose(f) != 0) abort();
}

/* False when the text is none that a container may hold. */
static bool write_description(hg_ctx *ctx, const char *path, const uint8_t *bytes,
                              size_t size)
{
    static float ones[16];
    static double doubles[16];
    for (int i = 0; i < 16; i++) doubles[i] = (double)(ones[i] = 1);
    hgi_container *c;
    char *text = malloc(size + 1);
    memcpy(text, bytes, size);
    text[size] = '\0';
    bool ok = hgi_container_new(ctx, &c) == HG_OK &&
              hgi_container_put_text(c, "hourglass", text) == HG_OK;
    for (size_t i = 0; ok && i < sizeof tensors / sizeof tensors[0]; i++) {
        const void *data = tensors[i].type == HGI_DT_F32 ? (void *)ones : (void *)doubles;
        ok = hgi_container_put(c, tensors[i].name, tensors[i].type, tensors[i].rank,
                               tensors[i].shape, data) == HG_OK;
    }
    ok = ok && hgi_container_write(c, path) == HG_OK;
    hgi_container_free(&c);
    free(text);
    return ok;
}

/* What a detector's own tensors say is checked when it is used. */
static void detect(hg_ctx *ctx, const hg_model *m, const float *x)
{
    hg_rule rule = {sizeof rule, "fdr", 0.1};
    hg_decision decision = {.size = sizeof decision};
    hg_session *s;
    double score, other;
    if (hg_score(ctx, m, x, 1, &score) != HG_OK) return;
    if (hg_session_new(ctx, m, NULL, &s) != HG_OK) abort();
    if (hg_session_score(s, x, 1, &other) != HG_OK || score < other || score > other)
        abort();
    hg_session_free(&s);
    double p = hg_p_value(m, score);
    if (!(p > 0 && p <= 1)) abort();
    if (hg_decide(ctx, m, &rule, &score, 1, NULL, &decision) != HG_OK) abort();
    (void)!hg_decide(ctx, m, NULL, &score, 1, NULL, &decision); /* any rule, any text */
}

/* A model that loads encodes, decodes, scores, describes itself and saves. */
static void use(hg_ctx *ctx, const hg_model *m)
{
    int64_t d = hgi_model_raw(m), wide = m->net.code_size;
    for (int64_t i = 0; i < m->net.count; i++)
        if (m->net.layer[i].d_out > WIDEST) return; /* sound, but slow here */
    if (d > WIDEST || m->net.count > 64) return;
    float *x = calloc((size_t)d, sizeof *x), *z = calloc((size_t)wide, sizeof *z);
    for (int64_t i = 0; i < d; i++) x[i] = (float)(i % 3) * 0.25f;
    if (m->detector.score != NULL) detect(ctx, m, x);
    if (hg_encode(ctx, m, x, 1, z) == HG_OK)
        (void)!hg_decode(ctx, m, z, 1, x); /* a code may overflow, and be refused */
    hg_model_info info = {.size = sizeof info};
    hg_layer_info layer = {.size = sizeof layer};
    if (hg_model_get_info(ctx, m, &info) != HG_OK || info.inputs != d) abort();
    for (int64_t i = 0; i < info.layers; i++)
        if (hg_model_layer(ctx, m, i, &layer) != HG_OK) abort();
    if (hg_model_save(ctx, m, "/dev/null") != HG_OK) abort();
    free(x);
    free(z);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    const hg_ctx_options o = {.size = sizeof o, .threads = 1};
    hg_ctx *ctx;
    hg_model *m = NULL;
    char path[64];
    if (hg_ctx_new(&o, &ctx) != HG_OK) return 0;
    /* In memory where there is such a place: a file is written for each input. */
    snprintf(path, sizeof path, "%s/hourglass-fuzz-%d",
             access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp", (int)getpid());
    /* The length of a real header that begins with 123 has a 0 next in any sane file. */
    bool description = size > 1 && bytes[0] == '{' && bytes[1] != 0, there = true;
    if (description)
        there = write_description(ctx, path, bytes, size);
    else
        write_bytes(path, bytes, size);
    if (there && hg_model_load(ctx, path, &m) == HG_OK)
        use(ctx, m);
    else if (there && (!hg_message(ctx)[0] || strchr(hg_message(ctx), '\n')))
        abort(); /* a failure without a message, or with two lines */
    hg_model_free(&m);
    hg_ctx_free(&ctx);
    unlink(path);
    return 0;
}
