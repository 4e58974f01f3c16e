// SPDX-License-Identifier: MIT
/* NPZ: which array of an archive is read, that its numbers are those of the same array in
 * an NPY file, stored and deflated, in memory, held and from a pipe.  The archives are made
 * here, from the ZIP format's description alone.                                       */
#include "test.h"

#include "data/data.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <zlib.h>

enum { ROOM = 1 << 16 };

typedef struct archive {
    unsigned char p[ROOM], directory[ROOM];
    size_t n, length;
    int members;
} archive;

static void put(unsigned char *p, size_t *n, const void *bytes, size_t count)
{
    if (*n + count > ROOM) abort();
    memcpy(p + *n, bytes, count);
    *n += count;
}

static void put_int(unsigned char *p, size_t *n, uint64_t v, int bytes)
{
    for (int i = 0; i < bytes; i++)
        put(p, n, &(unsigned char){(unsigned char)(i < 8 ? v >> 8 * i : 0)}, 1);
}

/* What both of a member's headers have: APPNOTE.TXT 4.3.7 and 4.3.12. */
static void put_common(unsigned char *p, size_t *n, int method, uint32_t crc,
                       size_t packed, size_t size, const char *name)
{
    put_int(p, n, 20, 2); /* version needed */
    put_int(p, n, 0, 2);
    put_int(p, n, (uint64_t)method, 2);
    put_int(p, n, 0x50210000, 4); /* 2020-01-01 */
    put_int(p, n, crc, 4);
    put_int(p, n, packed, 4);
    put_int(p, n, size, 4);
    put_int(p, n, strlen(name), 2);
    put_int(p, n, 0, 2);
}

static void add(archive *a, const char *name, const void *bytes, size_t size,
                bool deflated)
{
    unsigned char packed[ROOM];
    uint32_t crc = (uint32_t)crc32(0, bytes, (uInt)size);
    size_t n = size, at = a->n;
    memcpy(packed, bytes, size);
    if (deflated) {
        z_stream z = {.next_in = (Bytef *)(uintptr_t)bytes,
                      .avail_in = (uInt)size,
                      .next_out = packed,
                      .avail_out = sizeof packed};
        CHECK_INT(deflateInit2(&z, 9, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY), Z_OK);
        CHECK_INT(deflate(&z, Z_FINISH), Z_STREAM_END);
        n = z.total_out;
        deflateEnd(&z);
    }
    put(a->p, &a->n, "PK\x03\x04", 4);
    put_common(a->p, &a->n, deflated ? 8 : 0, crc, n, size, name);
    put(a->p, &a->n, name, strlen(name));
    put(a->p, &a->n, packed, n);
    put(a->directory, &a->length, "PK\x01\x02\x14\x00", 6);
    put_common(a->directory, &a->length, deflated ? 8 : 0, crc, n, size, name);
    put_int(a->directory, &a->length, 0, 10);
    put_int(a->directory, &a->length, at, 4);
    put(a->directory, &a->length, name, strlen(name));
    a->members++;
}

static void finish(archive *a, char path[TEST_PATH], const char *name)
{
    size_t at = a->n;
    put(a->p, &a->n, a->directory, a->length);
    put(a->p, &a->n, "PK\x05\x06\0\0\0\0", 8);
    put_int(a->p, &a->n, (uint64_t)a->members, 2);
    put_int(a->p, &a->n, (uint64_t)a->members, 2);
    put_int(a->p, &a->n, a->length, 4);
    put_int(a->p, &a->n, at, 4);
    put_int(a->p, &a->n, 0, 2);
    test_write(path, name, a->p, a->n);
}

/* An NPY file of a type and a shape, its values counting up from `from`. */
typedef struct npy {
    unsigned char p[4096];
    size_t n;
} npy;

static npy numbers(const char *descr, const char *shape, bool fortran, int count,
                   int from)
{
    npy f;
    char header[118];
    memset(header, ' ', sizeof header);
    int n = snprintf(header, sizeof header,
                     "{'descr': '%s', 'fortran_order': %s, 'shape': %s, }", descr,
                     fortran ? "True" : "False", shape);
    header[n] = ' ';
    header[117] = '\n';
    memcpy(f.p, "\x93NUMPY\x01\x00\x76\x00", 10);
    memcpy(f.p + 10, header, 118);
    f.n = 128;
    for (int i = 0; i < count; i++) {
        float v = (float)(from + i);
        if (descr[1] == 'f') {
            memcpy(f.p + f.n, &v, 4);
            f.n += 4;
        } else {
            f.p[f.n++] = (unsigned char)(from + i);
        }
    }
    return f;
}

static void add_npy(archive *a, const char *name, const npy *f, bool deflated)
{
    add(a, name, f->p, f->n, deflated);
}

static void need_zip(const hg_ctx *ctx)
{
    hg_fact f;
    for (int i = 0; hg_info(ctx, i, &f); i++)
        if (strcmp(f.name, "libzip") == 0 && strncmp(f.value, "not ", 4) == 0)
            SKIP("built without libzip");
}

static void check_rows(hg_ctx *ctx, const hg_dataset *d, int64_t rows, int64_t features,
                       int from)
{
    float row[64];
    CHECK_INT(hg_dataset_rows(d), rows);
    CHECK_INT(hg_dataset_features(d), features);
    for (int64_t r = 0; r < rows; r++) {
        CHECK_OK(ctx, hg_dataset_read(ctx, d, r, 1, row));
        for (int64_t c = 0; c < features; c++)
            CHECK_NEAR(row[c], from + r * features + c, 0);
    }
}

/* Opens, and the first value tells which array it was. */
static void check_first(hg_ctx *ctx, const char *path, const char *array, int want)
{
    hg_data_options o = {.size = sizeof o, .array = array};
    hg_dataset *d;
    float row[64] = {-1};
    CHECK_OK(ctx, hg_dataset_open(ctx, path, &o, &d));
    CHECK_OK(ctx, hg_dataset_read(ctx, d, 0, 1, row));
    CHECK_NEAR(row[0], want, 0);
    hg_dataset_free(&d);
}

TEST(an_array_of_an_archive_is_the_array_of_the_file)
{
    hg_ctx *ctx = test_ctx();
    need_zip(ctx);
    for (int deflated = 0; deflated < 2; deflated++) {
        static archive a;
        char path[TEST_PATH];
        hg_dataset *d;
        hg_data_info info = {.size = sizeof info};
        a = (archive){.n = 0};
        npy x = numbers("<f4", "(5, 2, 3)", false, 30, 0);
        npy y = numbers("|u1", "(5,)", false, 5, 100);
        add_npy(&a, "X.npy", &x, deflated != 0);
        add_npy(&a, "y.npy", &y, deflated != 0);
        finish(&a, path, "a.npz");
        for (int stream = -1; stream < 2; stream++) {
            hg_data_options o = {.size = sizeof o, .stream = stream};
            CHECK_OK(ctx, hg_dataset_open(ctx, path, &o, &d));
            CHECK_OK(ctx, hg_dataset_info(ctx, d, &info));
            CHECK_STR(info.format, "npz");
            CHECK_INT(info.rank, 2);
            CHECK_INT(info.shape[1], 3);
            check_rows(ctx, d, 5, 6, 0);
            hg_dataset_free(&d);
        }
        strcat(path, ":y");
        CHECK_OK(ctx, hg_dataset_open(ctx, path, NULL, &d));
        CHECK_OK(ctx, hg_dataset_info(ctx, d, &info));
        CHECK_INT(info.type, HG_U8);
        check_rows(ctx, d, 5, 1, 100);
        hg_dataset_free(&d);
    }
}

TEST(fortran_order_in_an_archive_is_turned)
{
    hg_ctx *ctx = test_ctx();
    need_zip(ctx);
    static archive a;
    char path[TEST_PATH];
    float row[3];
    hg_dataset *d;
    npy x = numbers("<f4", "(2, 3)", true, 6, 0); /* 0 2 4 / 1 3 5 */
    add_npy(&a, "X.npy", &x, true);
    finish(&a, path, "f.npz");
    CHECK_OK(ctx, hg_dataset_open(ctx, path, NULL, &d));
    CHECK_OK(ctx, hg_dataset_read(ctx, d, 1, 1, row));
    CHECK(row[0] == 1 && row[1] == 3 && row[2] == 5);
    hg_dataset_free(&d);
}

TEST(the_array_that_is_meant_is_found_without_a_name)
{
    hg_ctx *ctx = test_ctx();
    need_zip(ctx);
    static archive a;
    char path[TEST_PATH];
    npy one = numbers("<f4", "(2, 2)", false, 4, 1);
    npy two = numbers("<f4", "(2, 2)", false, 4, 2);
    npy labels = numbers("|u1", "(2,)", false, 2, 3);
    add_npy(&a, "a.npy", &labels, false);
    finish(&a, path, "single.npz");
    check_first(ctx, path, NULL, 3);
    a = (archive){.n = 0};
    add_npy(&a, "a.npy", &labels, false);
    add_npy(&a, "b.npy", &one, false);
    finish(&a, path, "wide.npz"); /* the only one of two dimensions */
    check_first(ctx, path, NULL, 1);
    check_first(ctx, path, "a", 3);
    a = (archive){.n = 0};
    add_npy(&a, "other.npy", &one, false);
    add_npy(&a, "data.npy", &two, false);
    finish(&a, path, "data.npz");
    check_first(ctx, path, NULL, 2);
    add_npy(&a, "X.npy", &one, false); /* behind the old directory: still an archive */
    finish(&a, path, "x.npz");
    check_first(ctx, path, NULL, 1);
    check_first(ctx, path, "other", 1);
    hg_data_options o = {.size = sizeof o, .array = "Z"};
    hg_dataset *d;
    CHECK_FAILS(ctx, hg_dataset_open(ctx, path, &o, &d), HG_EUNKNOWN,
                "no array Z; it has other 2x2 f32, data 2x2 f32, X 2x2 f32");
}

/* Standard input cannot be gone back in, and an archive's directory is at its end. */
TEST(an_archive_comes_from_a_pipe)
{
    hg_ctx *ctx = test_ctx();
    need_zip(ctx);
    static archive a;
    char path[TEST_PATH];
    int ends[2];
    hg_dataset *d;
    npy x = numbers("<f4", "(2, 2)", false, 4, 7);
    add_npy(&a, "X.npy", &x, true);
    finish(&a, path, "p.npz");
    CHECK(a.n < 4096 && pipe(ends) == 0); /* a pipe takes that without a reader */
    CHECK(write(ends[1], a.p, a.n) == (ssize_t)a.n);
    close(ends[1]);
    dup2(ends[0], STDIN_FILENO);
    CHECK_OK(ctx, hg_dataset_open(ctx, "-", NULL, &d));
    check_rows(ctx, d, 2, 2, 7);
    hg_dataset_free(&d);
    close(ends[0]);
}

TEST(a_colon_may_be_part_of_a_file_name)
{
    hg_ctx *ctx = test_ctx();
    need_zip(ctx);
    static archive a;
    char path[TEST_PATH];
    npy one = numbers("<f4", "(2, 2)", false, 4, 1);
    npy two = numbers("<f4", "(2, 2)", false, 4, 2);
    hg_dataset *d;
    add_npy(&a, "a.npy", &one, false);
    add_npy(&a, "b.npy", &two, false);
    finish(&a, path, "c.npz");
    a = (archive){.n = 0};
    add_npy(&a, "z.npy", &two, false);
    finish(&a, path, "c.npz:a");
    check_first(ctx, path, NULL, 2); /* the file, not array a of c.npz */
    test_path(path, "c.npz:b");
    check_first(ctx, path, NULL, 2);
    test_path(path, "c.npz:no");
    CHECK_FAILS(ctx, hg_dataset_open(ctx, path, NULL, &d), HG_EUNKNOWN, "no array no");
    test_path(path, "gone.npz:b");
    CHECK_FAILS(ctx, hg_dataset_open(ctx, path, NULL, &d), HG_EIO,
                "gone.npz: cannot open");
}

TEST(the_option_array_is_for_archives_alone)
{
    hg_ctx *ctx = test_ctx();
    char path[TEST_PATH];
    npy x = numbers("<f4", "(2, 2)", false, 4, 7);
    hg_data_options o = {.size = sizeof o, .array = "X"};
    hg_dataset *d;
    test_write(path, "x.npy", x.p, x.n);
    CHECK_FAILS(ctx, hg_dataset_open(ctx, path, &o, &d), HG_EINVAL,
                "option 'array' is for NPZ, this is npy");
}

/* Any of the library's allocations may fail; libzip's own are not ours to fail. */
TEST(an_archive_survives_every_failing_allocation)
{
    hg_ctx *ctx = test_ctx();
    need_zip(ctx);
    static archive a;
    char path[TEST_PATH];
    npy one = numbers("<f4", "(2, 2)", false, 4, 1);
    npy y = numbers("|u1", "(2,)", false, 2, 3);
    add_npy(&a, "a.npy", &one, true);
    add_npy(&a, "y.npy", &y, true);
    finish(&a, path, "m.npz");
    bool failed = true;
    for (int64_t n = 0; failed && n < 100; n++) {
        int64_t held = test_alloc_bytes();
        hg_dataset *d;
        test_fail_alloc(n);
        hg_status status = hg_dataset_open(ctx, path, NULL, &d);
        failed = test_alloc_failed();
        test_fail_alloc(-1);
        CHECK_INT(status, failed ? HG_ENOMEM : HG_OK);
        hg_dataset_free(&d);
        CHECK_INT(test_alloc_bytes(), held);
    }
    CHECK(!failed);
}
