// SPDX-License-Identifier: MIT
/* Rows that stay in a file are the rows that are loaded: every reader, through gzip, in
 * order, at random, and split; and a file that changes meanwhile is an error.          */
#include "test_streamed.h"

#include "base/team.h"
#include "data/blocks.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static hg_dataset *open_as(hg_ctx *ctx, const char *path, int stream)
{
    hg_data_options o = {.size = sizeof o, .stream = stream};
    hg_dataset *d;
    CHECK_OK(ctx, hg_dataset_open(ctx, path, &o, &d));
    return d;
}

static uint64_t hash_of(hg_ctx *ctx, const hg_dataset *d)
{
    uint64_t hash = 0;
    CHECK_OK(ctx, hgi_dataset_hash(ctx, d, &hash));
    return hash;
}

static void check_split(hg_ctx *ctx, const hg_dataset *a, const hg_dataset *b)
{
    hg_dataset *a1, *a2, *b1, *b2;
    CHECK_OK(ctx, hg_dataset_split(ctx, a, 0.3, 5, &a1, &a2));
    CHECK_OK(ctx, hg_dataset_split(ctx, b, 0.3, 5, &b1, &b2));
    CHECK(hash_of(ctx, a1) == hash_of(ctx, b1));
    CHECK(hash_of(ctx, a2) == hash_of(ctx, b2));
    CHECK_NEAR(a1->mean, b1->mean, 0);
    hg_dataset_free(&a1);
    hg_dataset_free(&a2);
    hg_dataset_free(&b1);
    hg_dataset_free(&b2);
}

/* Everything that can be asked of a dataset, bit for bit. */
static void check_same(hg_ctx *ctx, const char *path, const char *held)
{
    static float x[600 * WIDE], y[600 * WIDE];
    hg_dataset *a = open_as(ctx, path, -1), *b = open_as(ctx, path, 1);
    hg_data_info p = {.size = sizeof p}, q = {.size = sizeof q};
    test_where("%s", path);
    CHECK_OK(ctx, hg_dataset_info(ctx, a, &p));
    CHECK_OK(ctx, hg_dataset_info(ctx, b, &q));
    CHECK_STR(p.held, "memory");
    CHECK_STR(q.held, held);
    CHECK_STR(p.stored, q.stored);
    CHECK_STR(p.format, q.format);
    CHECK_INT(p.type, q.type);
    CHECK_INT(p.rows, LONG);
    CHECK_INT(q.rows, LONG);
    CHECK_INT(p.features, q.features);
    CHECK(memcmp(&p.min, &q.min, 3 * sizeof p.min) == 0);
    CHECK(hash_of(ctx, a) == hash_of(ctx, b));
    for (int64_t first = 0; first < LONG; first += 2999) {
        int64_t n = hgi_min(600, LONG - first);
        CHECK_OK(ctx, hg_dataset_read(ctx, a, first, n, x));
        CHECK_OK(ctx, hg_dataset_read(ctx, b, first, n, y));
        CHECK(memcmp(x, y, (size_t)(n * p.features) * sizeof *x) == 0);
    }
    check_split(ctx, a, b);
    hg_dataset_free(&a);
    hg_dataset_free(&b);
    test_where(NULL);
}

TEST(rows_of_arrays_that_stay_in_their_file_are_those_loaded)
{
    hg_ctx *ctx = test_ctx();
    char path[TEST_PATH], packed[TEST_PATH];
    save_long(ctx, "a.npy", HG_F32, path);
    check_same(ctx, path, "file");
    compress_file(path, packed, "a.npy.gz");
    check_same(ctx, packed, "copy");
    save_long(ctx, "b.npy", HG_U8, path);
    check_same(ctx, path, "file");
    save_long(ctx, "a.idx", HG_F32, path);
    check_same(ctx, path, "file");
    save_long(ctx, "b.idx", HG_U8, path);
    check_same(ctx, path, "file");
    compress_file(path, packed, "b.idx.gz");
    check_same(ctx, packed, "copy");
    save_npy("f8.npy", ">f8", false, path);
    check_same(ctx, path, "file");
    save_npy("f2.npy", "<i2", true, path);
    check_same(ctx, path, "copy"); /* its columns are turned into rows once */
}

TEST(rows_of_a_table_that_are_copied_to_disk_are_those_loaded)
{
    hg_ctx *ctx = test_ctx();
    char path[TEST_PATH], packed[TEST_PATH];
    save_long(ctx, "a.csv", HG_F32, path);
    check_same(ctx, path, "copy");
    compress_file(path, packed, "a.csv.gz");
    check_same(ctx, packed, "copy");
}

/* Two rows in three have something that a thread leaves to the caller's own. */
TEST(a_table_is_read_the_same_by_any_number_of_threads)
{
    static float x[4];
    char path[TEST_PATH];
    size_t room = 64 * 20000, n = 0;
    char *text = malloc(room);
    uint64_t want = 0;
    n += (size_t)sprintf(text + n, "a,\"b\",c\n");
    for (int i = 0; i < 20000; i++) {
        static const char *const forms[] = {"%d,2.5,-3e2\n",      "\"%d\",2.5,-300\r\n",
                                            "%d , 2.5,-3E+2\n",   "%d,2.5,-300\n\n",
                                            "%d,02.50,-300.00\n", "%d,1e-40,-300\n"};
        n += (size_t)sprintf(text + n, forms[i % 6], i);
    }
    test_write(path, "a.csv", text, n);
    for (int threads = 1; threads <= 4; threads++) {
        hg_ctx_options o = {.size = sizeof o, .threads = threads};
        hg_ctx *ctx = test_ctx_with(&o);
        for (int stream = -1; stream <= 1; stream += 2) {
            hg_dataset *d = open_as(ctx, path, stream);
            CHECK_INT(d->rows, 20000);
            if (want == 0) want = hash_of(ctx, d);
            CHECK(hash_of(ctx, d) == want);
            for (int i = 0; i < 20000; i += 997) {
                CHECK_OK(ctx, hg_dataset_read(ctx, d, i, 1, x));
                CHECK_NEAR(x[0], i, 0);
                CHECK_NEAR(x[1], i % 6 == 5 ? 1e-40f : 2.5f, 0);
                CHECK_NEAR(x[2], -300, 0);
            }
            hg_dataset_free(&d);
        }
    }
    free(text);
}

/* A bad cell far behind, where threads are at work, and the notes of a whole file. */
TEST(a_bad_cell_is_named_the_same_however_a_table_is_read)
{
    static const char *const cells[] = {"x", "", "inf", "1e39", "1,2", "\"1\"2", "1;5"};
    char path[TEST_PATH], want[HG_MESSAGE_MAX];
    char *text = malloc(20 * 60000);
    for (int k = 0; k < 7; k++) {
        size_t n = 0;
        for (int i = 0; i < 60000; i++)
            n += (size_t)sprintf(text + n, "%d,%s,3\n", i,
                                 i == 777 || i == 50001 ? cells[k] : "2");
        test_write(path, "a.csv", text, n);
        test_where("cell %s", cells[k]);
        want[0] = '\0';
        for (int threads = 1; threads <= 3; threads += 2) {
            hg_ctx_options o = {.size = sizeof o, .threads = threads};
            hg_ctx *ctx = test_ctx_with(&o);
            for (int stream = -1; stream <= 1; stream += 2) {
                hg_data_options how = {.size = sizeof how, .stream = stream, .strict = 1};
                hg_dataset *d;
                CHECK(hg_dataset_open(ctx, path, &how, &d) != HG_OK);
                CHECK(strstr(hg_message(ctx), "a.csv:778: ") != NULL);
                if (want[0] == '\0') strcpy(want, hg_message(ctx));
                CHECK_STR(hg_message(ctx), want);
                how.limit = 777;
                CHECK_OK(ctx, hg_dataset_open(ctx, path, &how, &d));
                CHECK_INT(hg_dataset_rows(d), 777);
                hg_dataset_free(&d);
            }
        }
    }
    free(text);
}

TEST(columns_of_text_fall_away_from_a_table_on_disk)
{
    hg_ctx *ctx = test_ctx();
    char path[TEST_PATH];
    char *text = malloc(40 * 90000);
    size_t n = (size_t)sprintf(text, "a,t,b,u\n");
    for (int i = 0; i < 90000; i++)
        n += (size_t)sprintf(text + n, "%d,%s,%d,%s\n", i, i == 80000 ? "word" : "1", -i,
                             i == 3 ? "" : "x");
    test_write(path, "a.csv", text, n);
    hg_data_options o = {.size = sizeof o, .stream = 1, .drop_non_numeric = 1};
    o.shape = "1x2";
    hg_dataset *d, *all;
    CHECK_OK(ctx, hg_dataset_open(ctx, path, &o, &d));
    o.stream = -1;
    CHECK_OK(ctx, hg_dataset_open(ctx, path, &o, &all));
    CHECK_INT(d->features, 2);
    CHECK_INT(d->rank, 2);
    CHECK_STR(hg_dataset_column(d, 1), "b");
    CHECK_NEAR(d->min, -89999, 0);
    CHECK_NEAR(d->max, 89999, 0);
    CHECK(hash_of(ctx, d) == hash_of(ctx, all));
    hg_dataset_free(&d);
    hg_dataset_free(&all);
    free(text);
}

/* ---- what goes wrong ----------------------------------------------------------------- */

TEST(a_file_that_changes_while_its_rows_stay_in_it_is_an_error)
{
    hg_ctx *ctx = test_ctx();
    char path[TEST_PATH];
    float x[WIDE];
    struct stat st;
    save_long(ctx, "a.npy", HG_F32, path);
    CHECK(stat(path, &st) == 0);
    hg_dataset *d = open_as(ctx, path, 1);
    CHECK_OK(ctx, hg_dataset_read(ctx, d, LONG - 1, 1, x));
    CHECK(truncate(path, st.st_size - 4) == 0);
    CHECK_FAILS(ctx, hg_dataset_read(ctx, d, LONG - 1, 1, x), HG_EIO, "was cut short");
    CHECK(truncate(path, st.st_size + 4) == 0);
    CHECK_FAILS(ctx, hg_dataset_read(ctx, d, 0, 1, x), HG_EIO, "grew while it was read");
    CHECK(truncate(path, st.st_size) == 0);
    CHECK_FAILS(ctx, hg_dataset_read(ctx, d, 0, 1, x), HG_EIO, "was written to");
    hg_dataset_free(&d);
    d = open_as(ctx, path, 1);
    CHECK_OK(ctx, hg_dataset_read(ctx, d, 0, 1, x));
    /* Replaced by a new file of that name: the old one is still there for us. */
    CHECK(unlink(path) == 0);
    CHECK_OK(ctx, hg_dataset_read(ctx, d, 0, 1, x));
    hg_dataset_free(&d);
}

/* Between two reads of one pass. */
TEST(a_file_that_changes_during_a_pass_is_an_error)
{
    hg_ctx *ctx = test_ctx();
    char path[TEST_PATH];
    struct stat st;
    for (int grow = 0; grow <= 1; grow++) {
        hg_data_options o = {.size = sizeof o};
        hgi_source *s;
        hgi_blocks b;
        save_long(ctx, "a.csv", HG_F32, path);
        CHECK(stat(path, &st) == 0);
        CHECK_OK(ctx, hgi_source_open(ctx, path, &s));
        CHECK_OK(ctx, hgi_blocks_open(ctx, s, &o, &b));
        CHECK_OK(ctx, hgi_blocks_next(&b));
        CHECK(b.block->rows > 0);
        int fd = open(path, O_WRONLY | O_APPEND);
        if (grow != 0) CHECK_INT(write(fd, "\n", 1), 1);
        if (grow == 0) CHECK_INT(ftruncate(fd, st.st_size / 2 * 1), 0);
        close(fd);
        hg_status status;
        while ((status = hgi_blocks_next(&b)) == HG_OK && b.block->rows > 0) {}
        CHECK_FAILS(ctx, status, HG_EIO, grow != 0 ? "grew" : "was cut short");
        hgi_blocks_close(&b);
        hgi_source_close(&s);
    }
}

TEST(fortran_order_cannot_stay_in_a_gzip)
{
    hg_ctx *ctx = test_ctx();
    char path[TEST_PATH], packed[TEST_PATH];
    hg_data_options o = {.size = sizeof o, .stream = 1};
    hg_dataset *d;
    save_npy("f.npy", "<i2", true, path);
    compress_file(path, packed, "f.npy.gz");
    CHECK_FAILS(ctx, hg_dataset_open(ctx, packed, &o, &d), HG_EUNAVAILABLE, "unpack it");
    CHECK(d == NULL);
}

TEST(rows_stay_in_a_file_when_memory_is_short)
{
    hg_ctx *ctx = test_ctx();
    char path[TEST_PATH];
    hg_data_info info = {.size = sizeof info};
    save_long(ctx, "a.npy", HG_F32, path);
    for (int i = 0; i < 2; i++) {
        hg_dataset *d;
        /* Half of it for rows: one byte less is too little. */
        ctx->memory_limit = 2 * (int64_t)sizeof(float) * LONG * WIDE - 2 * i;
        CHECK_OK(ctx, hg_dataset_open(ctx, path, NULL, &d));
        CHECK_OK(ctx, hg_dataset_info(ctx, d, &info));
        CHECK_STR(info.held, i == 0 ? "memory" : "file");
        hg_dataset_free(&d);
    }
}

TEST(without_a_folder_for_a_copy_the_message_says_so)
{
    hg_ctx *ctx = test_ctx();
    char path[TEST_PATH];
    hg_dataset *d;
    hg_data_options o = {.size = sizeof o, .stream = 1};
    test_write(path, "a.csv", "1,2\n3,4\n", 8);
    setenv("TMPDIR", "/nowhere/at/all", 1);
    CHECK_FAILS(ctx, hg_dataset_open(ctx, path, &o, &d), HG_EIO, "set TMPDIR");
    unsetenv("TMPDIR");
}

TEST(held_rows_survive_each_failing_allocation)
{
    hg_ctx *ctx = test_ctx();
    char path[2][TEST_PATH];
    save_npy("f8.npy", "<f8", false, path[0]);
    test_write(path[1], "a.csv", "a,t,b\n1,x,2\n3,y,4\n", 18);
    hg_data_options o = {.size = sizeof o, .stream = 1};
    for (int f = 0; f < 2; f++) {
        bool failed = true;
        o.drop_non_numeric = f;
        for (int64_t n = 0; failed && n < 200; n++) {
            hg_dataset *d;
            float x[WIDE];
            hgi_team *team;
            CHECK_OK(ctx, hgi_ctx_team(ctx, &team)); /* it stays with the context */
            int64_t held = test_alloc_bytes();
            test_fail_alloc(n);
            hg_status status = hg_dataset_open(ctx, path[f], &o, &d);
            if (status == HG_OK) status = hg_dataset_read(ctx, d, 1, 1, x);
            failed = test_alloc_failed();
            test_fail_alloc(-1);
            CHECK_INT(status, failed ? HG_ENOMEM : HG_OK);
            hg_dataset_free(&d);
            CHECK_INT(test_alloc_bytes(), held);
        }
        CHECK(!failed);
    }
}
