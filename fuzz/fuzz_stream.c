// SPDX-License-Identifier: MIT
/* Any bytes as a file of any format, in memory and held in a file: both ways give the same
 * rows and the same numbers of them, or fail alike.  The first byte of an input chooses the
 * options, the rest is the file.                                                       */
#include "fuzz_reader.h"

#include <stdio.h>
#include <unistd.h>

static void write_bytes(const char *path, const uint8_t *bytes, size_t size)
{
    FILE *f = fopen(path, "wb");
    if (f == NULL || fwrite(bytes, 1, size, f) != size || fclose(f) != 0) abort();
}

static bool same(double a, double b) { return memcmp(&a, &b, sizeof a) == 0; }

/* In pieces that do not begin where blocks do. */
static void compare(hg_ctx *ctx, const hg_dataset *a, const hg_dataset *b)
{
    int64_t rows = hg_dataset_rows(a), n = hg_dataset_features(a), most = 7;
    if (rows != hg_dataset_rows(b) || n != hg_dataset_features(b)) abort();
    if (!same(a->min, b->min) || !same(a->max, b->max) || !same(a->mean, b->mean))
        abort();
    float *x = malloc((size_t)(most * n) * sizeof *x),
          *y = malloc((size_t)(most * n) * sizeof *y);
    if (x == NULL || y == NULL) abort();
    for (int64_t r = 0, m; r < rows; r += m) {
        m = most < rows - r ? most : rows - r;
        if (hg_dataset_read(ctx, a, r, m, x) != HG_OK) abort();
        if (hg_dataset_read(ctx, b, r, m, y) != HG_OK) abort();
        if (memcmp(x, y, (size_t)(m * n) * sizeof *x) != 0) abort();
    }
    free(x);
    free(y);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const hg_ctx_options two = {.size = sizeof two, .threads = 2};
    const int choice = size > 0 ? data[0] : 0;
    hg_data_options o = {.size = sizeof o};
    hg_dataset *d[2];
    hg_status status[2];
    hg_ctx *ctx;
    char path[64], message[HG_MESSAGE_MAX];
    if (size == 0 || hg_ctx_new(&two, &ctx) != HG_OK) return 0;
    /* In memory where there is such a place: a file is written for each input. */
    snprintf(path, sizeof path, "%s/hourglass-stream-%d",
             access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp", (int)getpid());
    write_bytes(path, data + 1, size - 1);
    o.limit = (choice & 1) != 0 ? 3 : 0;
    o.drop_non_numeric = (choice & 2) != 0;
    o.header = (choice & 4) != 0 ? 1 : 0;
    o.shape = (choice & 8) != 0 ? "2x2" : NULL;
    o.decimal = (choice & 16) != 0 ? ',' : '\0';
    o.drop = (choice & 32) != 0 ? "1" : NULL;
    for (int held = 0; held < 2; held++) {
        o.stream = held != 0 ? 1 : -1;
        status[held] = hg_dataset_open(ctx, path, &o, &d[held]);
        if (held == 0) snprintf(message, sizeof message, "%s", hg_message(ctx));
    }
    if (status[0] != status[1]) abort();
    if (status[0] == HG_OK)
        compare(ctx, d[0], d[1]);
    else if (strcmp(message, hg_message(ctx)) != 0)
        abort();
    hg_dataset_free(&d[0]);
    hg_dataset_free(&d[1]);
    hg_ctx_free(&ctx);
    unlink(path);
    return 0;
}
