// SPDX-License-Identifier: MIT
/* Every writer's file read back by the reader of its format.                           */
#include "test.h"

#include "data/data.h"

#include <float.h>
#include <stdio.h>
#include <stdlib.h>

static uint64_t hash_of(hg_ctx *ctx, const hg_dataset *d)
{
    uint64_t hash = 0;
    CHECK_OK(ctx, hgi_dataset_hash(ctx, d, &hash));
    return hash;
}

static const float numbers[12] = {0.1f,       -2.5f,  3e-40f,      3.4028235e38f,
                                  1.0f / 3,   -0.0f,  1e-7f,       123456.f,
                                  16777217.f, -1e20f, 0.30000001f, 7};
static const uint8_t bytes[12] = {0, 1, 2, 3, 100, 200, 254, 255, 7, 8, 9, 10};

static hg_dataset *example(hg_ctx *ctx, hg_type type, int rank)
{
    hg_dataset *d;
    hg_view v = {.size = sizeof v,
                 .data = type == HG_U8 ? (const void *)bytes : numbers,
                 .type = type,
                 .rows = rank == 1 ? 3 : 2,
                 .rank = rank,
                 .shape = {rank == 1   ? 4
                           : rank == 2 ? 2
                                       : 3,
                           rank == 2 ? 3 : 1, 2}};
    CHECK_OK(ctx, hg_dataset_view(ctx, &v, &d));
    return d;
}

TEST(what_a_writer_writes_its_reader_reads)
{
    hg_ctx *ctx = test_ctx();
    char path[TEST_PATH], name[32];
    for (int i = 0; hgi_writers[i] != NULL; i++) {
        if (hgi_writers[i]->row == NULL) continue; /* pictures: see test_images.c */
        for (int k = 0; k < 6; k++) {
            hg_dataset *d = example(ctx, k % 2 ? HG_U8 : HG_F32, k / 2 + 1), *back;
            const char *format = hgi_writers[i]->name;
            bool csv = strcmp(format, "csv") == 0;
            test_where("%s, type %d, rank %d", format, k % 2, k / 2 + 1);
            snprintf(name, sizeof name, "out.%s", format);
            test_path(path, name);
            CHECK_OK(ctx, hg_dataset_save(ctx, d, path, k % 4 ? NULL : format));
            CHECK_OK(ctx, hg_dataset_open(ctx, path, NULL, &back));
            CHECK_STR(back->format, format);
            CHECK_INT(back->rows, d->rows);
            CHECK_INT(back->features, d->features);
            CHECK_INT(back->type, csv ? HG_F32 : d->type);
            CHECK_INT(back->rank, csv ? 1 : d->rank);
            for (int64_t r = 0; r < d->rows; r++) {
                float a[12], b[12];
                hgi_dataset_row(d, r, a);
                hgi_dataset_row(back, r, b);
                CHECK_INT(memcmp(a, b, (size_t)d->features * sizeof *a), 0);
            }
            hg_dataset_free(&back);
            hg_dataset_free(&d);
        }
    }
}

TEST(idx_leaves_a_single_channel_out_and_npy_keeps_it)
{
    hg_ctx *ctx = test_ctx();
    hg_dataset *d, *back;
    char path[TEST_PATH];
    hg_view v = {.size = sizeof v,
                 .data = bytes,
                 .type = HG_U8,
                 .rows = 3,
                 .rank = 3,
                 .shape = {2, 2, 1}};
    CHECK_OK(ctx, hg_dataset_view(ctx, &v, &d));
    test_path(path, "x-images-idx3-ubyte");
    CHECK_OK(ctx, hg_dataset_save(ctx, d, path, NULL));
    CHECK_OK(ctx, hg_dataset_open(ctx, path, NULL, &back));
    CHECK_INT(back->rank, 2);
    hg_dataset_free(&back);
    test_path(path, "x.npy");
    CHECK_OK(ctx, hg_dataset_save(ctx, d, path, NULL));
    CHECK_OK(ctx, hg_dataset_open(ctx, path, NULL, &back));
    CHECK_INT(back->rank, 3);
    hg_dataset_free(&back);
    hg_dataset_free(&d);
}

TEST(npy_starts_its_values_at_a_multiple_of_64)
{
    hg_ctx *ctx = test_ctx();
    hg_dataset *d = example(ctx, HG_F32, 1);
    char path[TEST_PATH];
    size_t n;
    test_path(path, "x.npy");
    CHECK_OK(ctx, hg_dataset_save(ctx, d, path, NULL));
    char *p = test_read(path, &n);
    CHECK_INT(n % 64, sizeof numbers);
    static const char start[] = "\x93NUMPY\x01\x00\x76\x00{'descr': '<f4', "
                                "'fortran_order': False, 'shape': (3, 4), }   ";
    CHECK_INT(memcmp(p, start, sizeof start - 1), 0);
    CHECK_INT(p[127], '\n');
    float first;
    memcpy(&first, p + 128, sizeof first); /* tests run on little-endian machines */
    CHECK_NEAR(first, 0.1f, 0);
    free(p);
    hg_dataset_free(&d);
}

TEST(csv_names_and_numbers_come_back)
{
    static const char text[] = "\"a,b\",\"c\"\"d\",\"1\",\" e \"\n0.1,1e-07,3,16777216\n";
    hg_ctx *ctx = test_ctx();
    hg_dataset *d, *back;
    char path[TEST_PATH];
    size_t n;
    test_write(path, "in.csv", text, sizeof text - 1);
    hg_data_options o = {.size = sizeof o, .columns = "\"c\"\"d\",\" e \",1,\"a,b\""};
    CHECK_OK(ctx, hg_dataset_open(ctx, path, &o, &d));
    test_path(path, "out.csv");
    CHECK_OK(ctx, hg_dataset_save(ctx, d, path, NULL));
    char *p = test_read(path, &n);
    CHECK_STR(p, "\"c\"\"d\",\" e \",\"1\",\"a,b\"\n1e-7,16777216,3,0.1\n");
    free(p);
    CHECK_OK(ctx, hg_dataset_open(ctx, path, NULL, &back));
    for (int64_t c = 0; c < 4; c++) {
        CHECK_STR(hg_dataset_column(back, c), hg_dataset_column(d, c));
    }
    CHECK(hash_of(ctx, d) == hash_of(ctx, back));
    hg_dataset_free(&back);
    hg_dataset_free(&d);
}

TEST(an_unknown_ending_or_format_is_refused_before_a_file_is_made)
{
    hg_ctx *ctx = test_ctx();
    hg_dataset *d = example(ctx, HG_F32, 1);
    char path[TEST_PATH];
    test_path(path, "out.txt");
    CHECK_FAILS(ctx, hg_dataset_save(ctx, d, path, NULL), HG_EUNKNOWN,
                "unknown ending, expected one of .npy, .csv, .idx, ubyte");
    CHECK_FAILS(ctx, hg_dataset_save(ctx, d, path, "cvs"), HG_EUNKNOWN,
                "did you mean 'csv'?");
    FILE *f = fopen(path, "r");
    CHECK(f == NULL);
    if (f != NULL) fclose(f);
    test_path(path, "no/such/folder/out.npy");
    CHECK_FAILS(ctx, hg_dataset_save(ctx, d, path, NULL), HG_EIO, "out.npy");
    hg_dataset_free(&d);
}

TEST(writers_survive_each_failing_allocation)
{
    hg_ctx *ctx = test_ctx();
    hg_dataset *d = example(ctx, HG_F32, 1);
    char path[TEST_PATH];
    test_path(path, "out");
    for (int i = 0; hgi_writers[i] != NULL; i++) {
        if (hgi_writers[i]->row == NULL) continue;
        bool failed = true;
        for (int64_t n = 0; failed && n < 50; n++) {
            int64_t held = test_alloc_bytes();
            test_fail_alloc(n);
            hg_status status = hg_dataset_save(ctx, d, path, hgi_writers[i]->name);
            failed = test_alloc_failed();
            test_fail_alloc(-1);
            CHECK_INT(status, failed ? HG_ENOMEM : HG_OK);
            CHECK_INT(test_alloc_bytes(), held);
        }
        CHECK(!failed);
    }
    hg_dataset_free(&d);
}
