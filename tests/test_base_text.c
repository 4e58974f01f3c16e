// SPDX-License-Identifier: MIT
/* base: status, log, memory, text, nearest word, hash, version.                       */
#include "test.h"

#include "base/base.h"

TEST(every_status_has_its_own_text)
{
    static const char *const names[] = {
#define NAME(name, value, text) text,
        HG_STATUS_MAP(NAME)
#undef NAME
    };
    for (int i = 0; i < (int)HGI_COUNT(names); i++) {
        CHECK_STR(hg_strerror((hg_status)-i), names[i]);
        for (int j = 0; j < i; j++) CHECK(strcmp(names[i], names[j]) != 0);
    }
    CHECK_STR(hg_strerror((hg_status)-1000), "unknown status");
}

TEST(a_message_is_one_line_and_keeps_its_end_in_bounds)
{
    hg_ctx *ctx = test_ctx();
    CHECK_STR(hg_message(ctx), "");
    CHECK_INT(hgi_fail(ctx, HG_EFORMAT, "%s: %d columns", "a\nb\x1b[2J\x7f.csv", 3),
              HG_EFORMAT);
    CHECK_STR(hg_message(ctx), "a?b?[2J?.csv: 3 columns");
    char longer[2 * HG_MESSAGE_MAX];
    memset(longer, 'x', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    CHECK_INT(hgi_fail(ctx, HG_EIO, "%s", longer), HG_EIO);
    CHECK_INT(strlen(hg_message(ctx)), HG_MESSAGE_MAX - 1);
    CHECK_STR(hg_message(ctx) + HG_MESSAGE_MAX - 4, "...");
    CHECK_INT(hgi_fail(NULL, HG_EIO, "no context"), HG_EIO);
}

TEST(a_message_can_be_wrapped_in_the_next)
{
    hg_ctx *ctx = test_ctx();
    hgi_fail(ctx, HG_EIO, "inner");
    hgi_fail(ctx, HG_EIO, "outer: %s", hg_message(ctx));
    CHECK_STR(hg_message(ctx), "outer: inner");
    CHECK_INT(hgi_fail_mem(ctx, 12, "a code"), HG_ENOMEM);
    CHECK_STR(hg_message(ctx), "out of memory: wanted 12 bytes for a code");
    CHECK_INT(hgi_fail_io(ctx, "x.csv", "open", 2 /* ENOENT */), HG_EIO);
    CHECK_STR(hg_message(ctx), "x.csv: cannot open: No such file or directory");
}

static char logged[HG_MESSAGE_MAX];

static void keep_line(void *user, hg_log_level level, const char *line)
{
    *(int *)user += 1 + (int)level;
    snprintf(logged, sizeof logged, "%s", line);
}

TEST(log_lines_reach_the_hook_and_nothing_else)
{
    int sum = 0;
    hg_ctx_options o = {.size = sizeof o, .log = keep_line, .log_user = &sum};
    hg_ctx *ctx = test_ctx_with(&o);
    hgi_log(ctx, HG_LOG_INFO, "epoch %d", 3);
    CHECK_INT(sum, 2);
    CHECK_STR(logged, "epoch 3");
    hgi_log(test_ctx(), HG_LOG_WARNING, "nobody listens");
    CHECK_INT(sum, 2);
}

TEST(memory_is_aligned_and_keeps_its_contents_when_it_grows)
{
    hg_ctx *ctx = test_ctx();
    const hgi_mem *mem = &ctx->mem;
    for (size_t n = 1; n < 400; n += 7) {
        unsigned char *p = hgi_alloc(mem, n);
        CHECK_INT((uintptr_t)p % HGI_ALIGN, 0);
        for (size_t i = 0; i < n; i++) p[i] = (unsigned char)(i * 3);
        p = hgi_realloc(mem, p, 3 * n);
        CHECK_INT((uintptr_t)p % HGI_ALIGN, 0);
        memset(p + n, 1, 2 * n);
        p = hgi_realloc(mem, p, n / 2 + 1);
        for (size_t i = 0; i < n / 2 + 1; i++) CHECK_INT(p[i], (unsigned char)(i * 3));
        hgi_free(mem, p);
        unsigned char *zeros = hgi_calloc(mem, n, 3);
        for (size_t i = 0; i < 3 * n; i++) CHECK_INT(zeros[i], 0);
        hgi_free(mem, zeros);
    }
}

TEST(sizes_that_overflow_give_no_memory)
{
    hg_ctx *ctx = test_ctx();
    const hgi_mem *mem = &ctx->mem;
    int64_t before = test_alloc_count();
    CHECK(hgi_alloc(mem, 0) == NULL);
    CHECK(hgi_alloc(mem, SIZE_MAX) == NULL);
    CHECK(hgi_alloc(mem, SIZE_MAX - 70) == NULL);
    CHECK(hgi_calloc(mem, SIZE_MAX / 2, 3) == NULL);
    CHECK(hgi_calloc(mem, 0, 3) == NULL);
    CHECK_INT(test_alloc_count(), before);
    hgi_free(mem, NULL);
    size_t out = 0;
    CHECK(hgi_mul_size(SIZE_MAX, 1, &out) && out == SIZE_MAX);
    CHECK(hgi_mul_size(SIZE_MAX, 0, &out) && out == 0);
    CHECK(!hgi_mul_size(SIZE_MAX / 2 + 1, 2, &out));
}

TEST(a_failed_realloc_leaves_the_old_block)
{
    hg_ctx *ctx = test_ctx();
    char *p = hgi_strdup(&ctx->mem, "kept");
    test_fail_alloc(0);
    CHECK(hgi_realloc(&ctx->mem, p, 1000) == NULL);
    CHECK(test_alloc_failed());
    CHECK_STR(p, "kept");
    hgi_free(&ctx->mem, p);
    p = hgi_strndup(&ctx->mem, "cut here", 3);
    CHECK_STR(p, "cut");
    hgi_free(&ctx->mem, p);
}

TEST(a_text_grows_and_remembers_a_failure)
{
    hg_ctx *ctx = test_ctx();
    hgi_text t;
    hgi_text_init(&t, &ctx->mem);
    CHECK(hgi_text_ok(&t) && t.s == NULL);
    for (int i = 0; i < 1000; i++) hgi_text_add(&t, "%d,", i % 10);
    hgi_text_add_bytes(&t, "\0x", 2);
    CHECK_INT(t.len, 2002);
    CHECK(memcmp(t.s + 1990, "5,6,7,8,9,\0x", 13) == 0);
    for (int n = 0; n < 2; n++) {
        test_fail_alloc(0);
        for (int i = 0; i < 3000; i++) hgi_text_add(&t, "more");
        test_fail_alloc(-1);
        /* The memory is back, but the text has a gap and must say so. */
        hgi_text_add(&t, "more");
        CHECK(!hgi_text_ok(&t));
    }
    hgi_text_free(&t);
    CHECK(t.s == NULL && hgi_text_ok(&t));
    hgi_text_add(&t, "%s", "");
    CHECK_STR(t.s, "");
    hgi_text_free(&t);
}

TEST(the_nearest_word_is_suggested_only_when_near)
{
    static const char *const names[] = {"dense", "dropout", "batchnorm", "lr", "relu"};
    int64_t n = HGI_COUNT(names);
    CHECK_STR(hgi_nearest("dens", names, n), "dense");
    CHECK_STR(hgi_nearest("desne", names, n), "dense");
    CHECK_STR(hgi_nearest("batch-norm", names, n), "batchnorm");
    CHECK_STR(hgi_nearest("rl", names, n), "lr");
    CHECK_STR(hgi_nearest("relu6", names, n), "relu");
    CHECK_STR(hgi_nearest("dense", names, n), "dense");
    CHECK_STR(hgi_nearest("convolution", names, n), NULL);
    CHECK_STR(hgi_nearest("x", names, n), NULL);
    CHECK_STR(hgi_nearest("", names, n), NULL);
    CHECK_STR(hgi_nearest("dense", names, 0), NULL);
    char word[300];
    memset(word, 'a', sizeof word - 1);
    word[sizeof word - 1] = '\0';
    CHECK_STR(hgi_nearest(word, names, n), NULL);
}

TEST(the_hash_is_fnv_1a)
{
    /* From the test vectors of draft-eastlake-fnv: "", "a", "foobar". */
    CHECK(hgi_hash(HGI_HASH_INIT, "", 0) == UINT64_C(0xcbf29ce484222325));
    CHECK(hgi_hash(HGI_HASH_INIT, "a", 1) == UINT64_C(0xaf63dc4c8601ec8c));
    CHECK(hgi_hash(HGI_HASH_INIT, "foobar", 6) == UINT64_C(0x85944171f73967e8));
    uint64_t half = hgi_hash(HGI_HASH_INIT, "foo", 3);
    CHECK(hgi_hash(half, "bar", 3) == UINT64_C(0x85944171f73967e8));
}

TEST(the_version_is_said_once)
{
    char text[32];
    snprintf(text, sizeof text, "%d.%d.%d", HG_VERSION_MAJOR, HG_VERSION_MINOR,
             HG_VERSION_PATCH);
    CHECK_STR(hg_version(), text);
    CHECK_INT(hg_version_number(), HG_VERSION_NUMBER);
}
