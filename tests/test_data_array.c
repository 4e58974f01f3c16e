// SPDX-License-Identifier: MIT
/* IDX and NPY: every type, byte order, memory order and version, made here number by
 * number; gzip; sizes that a header claims against bytes that are there.               */
#include "test.h"

#include "data/array.h"

#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

/* ---- making files ------------------------------------------------------------------ */

#define ROOM 4096

typedef struct file {
    unsigned char p[ROOM];
    size_t n;
} file;

static void put(file *f, const void *p, size_t n)
{
    if (f->n + n > ROOM) abort();
    memcpy(f->p + f->n, p, n);
    f->n += n;
}

static void put_bits(file *f, uint64_t bits, int bytes, bool big)
{
    for (int i = 0; i < bytes; i++) {
        int shift = 8 * (big ? bytes - 1 - i : i);
        put(f, &(unsigned char){(unsigned char)(bits >> shift)}, 1);
    }
}

/* binary16 of a number that it has exactly. */
static uint16_t f16_bits(double v)
{
    int e;
    double m = frexp(fabs(v), &e); /* v = m 2^e, m in [1/2, 1) */
    uint16_t sign = v < 0 ? 0x8000 : 0;
    if (!(fabs(v) > 0)) return sign;
    return (uint16_t)(sign | (e + 14) << 10 | (int)ldexp(2 * m - 1, 10));
}

static void put_cell(file *f, hgi_cell cell, double v, bool big)
{
    float v32 = (float)v;
    uint32_t bits32;
    uint64_t bits64;
    memcpy(&bits32, &v32, sizeof bits32);
    memcpy(&bits64, &v, sizeof bits64);
    uint64_t bits = cell == HGI_CELL_F64   ? bits64
                    : cell == HGI_CELL_F32 ? bits32
                    : cell == HGI_CELL_F16 ? f16_bits(v)
                                           : (uint64_t)(int64_t)v;
    put_bits(f, bits, (int)hgi_cell_size(cell), big);
}

/* Values that the type has, different from place to place. */
static double value_of(hgi_cell cell, int64_t i)
{
    switch (cell) {
    case HGI_CELL_BOOL: return (double)(i % 3 == 1);
    case HGI_CELL_U8: return (double)(i * 21 % 256);
    case HGI_CELL_I8: return (double)(i * 21 % 256 - 128);
    case HGI_CELL_U16: return (double)(i * 5461);
    case HGI_CELL_I16: return (double)(i * 5461 - 32768);
    case HGI_CELL_U32: return (double)(i * 65536 * 5461);
    case HGI_CELL_I32: return (double)(i * 65536 * 5461 - 2147483648LL);
    case HGI_CELL_U64: return (double)i * 0x1p58;
    case HGI_CELL_I64: return (double)i * 0x1p58 - 0x1p61;
    case HGI_CELL_F16: return (double)i * 0.25 - 1.5;
    case HGI_CELL_F32:
    case HGI_CELL_F64: return (double)i * 0.125 - 0.75;
    }
    return 0;
}

static const char *const codes[] = {"u1", "b1", "i1", "u2", "i2", "u4",
                                    "i4", "u8", "i8", "f2", "f4", "f8"};

static void npy_header(file *f, int version, const char *dict)
{
    size_t n = strlen(dict);
    put(f, "\x93NUMPY", 6);
    put(f, &(unsigned char[]){(unsigned char)version, 0}, 2);
    put_bits(f, n, version == 1 ? 2 : 4, false);
    put(f, dict, n);
}

static hg_status read_bytes(hg_ctx *ctx, const file *f, const hg_data_options *o,
                            hg_dataset **d)
{
    const hg_data_options none = {.size = sizeof none};
    hgi_source *s;
    *d = NULL;
    hg_status status = hgi_source_from_memory(ctx, "f", f->p, f->n, &s);
    if (status == HG_OK)
        status = hgi_dataset_from_source(ctx, s, o != NULL ? o : &none, d);
    hgi_source_close(&s);
    return status;
}

/* ---- every combination ------------------------------------------------------------- */

#define ROWS 2
#define D1 3
#define D2 2

/* One array [2,3,2] in the wanted order; value_of() runs over row-major positions. */
static void npy_array(file *f, hgi_cell cell, bool big, bool fortran, int version)
{
    char dict[128];
    f->n = 0;
    snprintf(dict, sizeof dict,
             "{'descr': '%c%s', 'fortran_order': %s, 'shape': (2, 3, 2), }\n",
             hgi_cell_size(cell) == 1 ? '|'
             : big                    ? '>'
                                      : '<',
             codes[cell], fortran ? "True" : "False");
    npy_header(f, version, dict);
    for (int64_t k = 0; k < ROWS * D1 * D2; k++) {
        int64_t at = k; /* row-major position of the k-th value of the file */
        if (fortran) at = k % ROWS * D1 * D2 + k / ROWS % D1 * D2 + k / ROWS / D1;
        put_cell(f, cell, value_of(cell, at), big);
    }
}

static void check_values(hg_ctx *ctx, hg_dataset *d, hgi_cell cell, int64_t rows)
{
    float row[D1 * D2];
    for (int64_t r = 0; r < rows; r++) {
        CHECK_OK(ctx, hg_dataset_read(ctx, d, r, 1, row));
        for (int64_t c = 0; c < D1 * D2; c++) {
            CHECK(row[c] == (float)value_of(cell, r * D1 * D2 + c));
        }
    }
}

TEST(npy_of_every_type_order_and_version_reads_the_same)
{
    hg_ctx *ctx = test_ctx();
    file f;
    hg_dataset *d;
    for (int i = 0; i < 12 * 2 * 2 * 3; i++) {
        hgi_cell cell = (hgi_cell)(i % 12);
        bool big = i / 12 % 2, fortran = i / 24 % 2;
        npy_array(&f, cell, big, fortran, i / 48 + 1);
        test_where("%s big %d fortran %d version %d", hgi_cell_name(cell), big, fortran,
                   i / 48 + 1);
        CHECK_OK(ctx, read_bytes(ctx, &f, NULL, &d));
        hg_data_info info = {.size = sizeof info};
        CHECK_OK(ctx, hg_dataset_info(ctx, d, &info));
        CHECK_INT(info.type, cell <= HGI_CELL_BOOL ? HG_U8 : HG_F32);
        CHECK_INT(info.rows, 2);
        CHECK_INT(info.rank, 2);
        CHECK_INT(info.shape[0], 3);
        CHECK_INT(info.shape[1], 2);
        CHECK_STR(info.format, "npy");
        check_values(ctx, d, cell, ROWS);
        hg_dataset_free(&d);
    }
}

TEST(npy_limit_keeps_the_first_rows_in_both_orders)
{
    hg_ctx *ctx = test_ctx();
    hg_data_options o = {.size = sizeof o, .limit = 1};
    file f;
    hg_dataset *d;
    for (int fortran = 0; fortran < 2; fortran++) {
        npy_array(&f, HGI_CELL_I16, true, fortran, 1);
        CHECK_OK(ctx, read_bytes(ctx, &f, &o, &d));
        CHECK_INT(hg_dataset_rows(d), 1);
        check_values(ctx, d, HGI_CELL_I16, 1);
        hg_dataset_free(&d);
    }
}

/* More cells than are read at a time, in columns whose length is no divisor of it. */
TEST(npy_fortran_order_with_short_columns_is_turned_across_pieces)
{
    enum { R = 3, C = 25000 };
    static unsigned char bytes[ROOM + 2 * R * C];
    hg_ctx *ctx = test_ctx();
    hg_data_options o = {.size = sizeof o};
    hg_dataset *d;
    hgi_source *s;
    file f = {.n = 0};
    float value;
    npy_header(&f, 1, "{'descr':'<u2','fortran_order':True,'shape':(3,25000)}");
    memcpy(bytes, f.p, f.n);
    for (int k = 0; k < R * C; k++) {
        bytes[f.n++] = (unsigned char)k;
        bytes[f.n++] = (unsigned char)(k >> 8);
    }
    for (o.limit = 0; o.limit < 3; o.limit += 2) {
        int64_t wrong = 0;
        CHECK_OK(ctx, hgi_source_from_memory(ctx, "f", bytes, f.n, &s));
        CHECK_OK(ctx, hgi_dataset_from_source(ctx, s, &o, &d));
        hgi_source_close(&s);
        CHECK_INT(hg_dataset_rows(d), o.limit > 0 ? o.limit : R);
        for (int64_t r = 0; r < hg_dataset_rows(d); r++)
            for (int64_t c = 0; c < C; c++) {
                hgi_dataset_part(d, r, c, 1, &value);
                wrong += (int64_t)value != (c * R + r) % 65536;
            }
        CHECK_INT(wrong, 0);
        hg_dataset_free(&d);
    }
}

TEST(npy_header_may_be_written_in_other_ways)
{
    static const char *const dicts[] = {
        "{\"shape\":(2,),\"descr\":\"=f4\",\"fortran_order\":False}",
        "{'shape': (2L,), 'fortran_order': True, 'descr': '<f4'}       \n"};
    hg_ctx *ctx = test_ctx();
    hg_dataset *d;
    for (int i = 0; i < 2; i++) {
        file f = {.n = 0};
        npy_header(&f, 1, dicts[i]);
        put_cell(&f, HGI_CELL_F32, 1.5, false);
        put_cell(&f, HGI_CELL_F32, -2.5, false);
        CHECK_OK(ctx, read_bytes(ctx, &f, NULL, &d));
        CHECK_INT(hg_dataset_rows(d), 2);
        CHECK_INT(hg_dataset_features(d), 1);
        CHECK_NEAR(d->mean, -0.5, 0);
        hg_dataset_free(&d);
    }
}

TEST(f16_subnormals_and_its_largest_number_are_exact)
{
    hg_ctx *ctx = test_ctx();
    hg_dataset *d;
    file f = {.n = 0};
    float x[3];
    npy_header(&f, 1, "{'descr': '<f2', 'fortran_order': False, 'shape': (3,)}");
    put_bits(&f, 0x0001, 2, false);
    put_bits(&f, 0x7bff, 2, false);
    put_bits(&f, 0x83ff, 2, false);
    CHECK_OK(ctx, read_bytes(ctx, &f, NULL, &d));
    CHECK_OK(ctx, hg_dataset_read(ctx, d, 0, 3, x));
    CHECK(x[0] == 0x1p-24f);
    CHECK(x[1] == 65504.0f);
    CHECK(x[2] == -1023 * 0x1p-24f);
    hg_dataset_free(&d);
}

static void keep_warning(void *user, hg_log_level level, const char *line)
{
    if (level == HG_LOG_WARNING) snprintf(user, HG_MESSAGE_MAX, "%s", line);
}

/* What may have gone wrong before is said; what is asked for is not. */
TEST(npy_nan_are_taken_as_missing_with_a_warning_that_counts_them)
{
    static const hg_data_options how[3] = {
        {.size = sizeof how[0]},
        {.size = sizeof how[0], .table = 1},
        {.size = sizeof how[0], .strict = 1},
    };
    char warning[HG_MESSAGE_MAX];
    hg_ctx *ctx = test_ctx_with(&(hg_ctx_options){
        .size = sizeof(hg_ctx_options), .log = keep_warning, .log_user = warning});
    for (int i = 0; i < 3; i++) {
        hg_dataset *d;
        file f = {.n = 0};
        npy_header(&f, 1, "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 2)}");
        for (int k = 0; k < 6; k++)
            put_bits(&f, k == 3 || k == 4 ? 0x7fc00000 : 0x3f800000, 4, false);
        warning[0] = '\0';
        if (i == 2) {
            CHECK_FAILS(ctx, read_bytes(ctx, &f, &how[i], &d), HG_ENONFINITE, "row 2");
            continue;
        }
        CHECK_OK(ctx, read_bytes(ctx, &f, &how[i], &d));
        CHECK_STR(warning, i == 1 ? ""
                                  : "f: 2 NaN taken as missing values, first in row 2, "
                                    "column 2 (strict refuses them)");
        hg_dataset_free(&d);
    }
}

static void idx_header(file *f, int type, int rank, const uint32_t *dim)
{
    f->n = 0;
    put(f, &(unsigned char[]){0, 0, (unsigned char)type, (unsigned char)rank}, 4);
    for (int i = 0; i < rank; i++) put_bits(f, dim[i], 4, true);
}

TEST(idx_of_every_type_reads_the_same)
{
    static const struct {
        int code;
        hgi_cell cell;
    } types[] = {{0x08, HGI_CELL_U8},  {0x09, HGI_CELL_I8},  {0x0B, HGI_CELL_I16},
                 {0x0C, HGI_CELL_I32}, {0x0D, HGI_CELL_F32}, {0x0E, HGI_CELL_F64}};
    hg_ctx *ctx = test_ctx();
    hg_dataset *d;
    file f;
    for (int i = 0; i < 6; i++) {
        test_where("type %02x", types[i].code);
        idx_header(&f, types[i].code, 3, (uint32_t[]){ROWS, D1, D2});
        for (int64_t k = 0; k < ROWS * D1 * D2; k++) {
            put_cell(&f, types[i].cell, value_of(types[i].cell, k), true);
        }
        CHECK_OK(ctx, read_bytes(ctx, &f, NULL, &d));
        CHECK_STR(d->format, "idx");
        CHECK_INT(d->rank, 2);
        check_values(ctx, d, types[i].cell, ROWS);
        hg_dataset_free(&d);
    }
}

/* ---- places and lengths ------------------------------------------------------------ */

TEST(idx_length_that_differs_is_told_in_bytes)
{
    hg_ctx *ctx = test_ctx();
    hg_dataset *d;
    file f;
    idx_header(&f, 0x08, 3, (uint32_t[]){2, 2, 2});
    put(&f, "1234567", 7);
    CHECK_FAILS(ctx, read_bytes(ctx, &f, NULL, &d), HG_EFORMAT,
                "f: 7 bytes of data, expected 8 (2x2x2 u8)");
    put(&f, "89", 2);
    CHECK_FAILS(ctx, read_bytes(ctx, &f, NULL, &d), HG_EFORMAT,
                "9 bytes of data, expected 8");
}

TEST(idx_dimensions_beyond_any_memory_are_refused_before_memory_is_asked_for)
{
    hg_ctx *ctx = test_ctx();
    hg_dataset *d;
    file f;
    idx_header(&f, 0x0E, 4, (uint32_t[]){UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX});
    CHECK_FAILS(ctx, read_bytes(ctx, &f, NULL, &d), HG_EFORMAT, "more than there can be");
    idx_header(&f, 0x0E, 2, (uint32_t[]){UINT32_MAX, 1 << 20});
    int64_t before = test_alloc_bytes();
    CHECK_FAILS(ctx, read_bytes(ctx, &f, NULL, &d), HG_EFORMAT,
                "0 bytes of data, expected");
    CHECK_INT(test_alloc_bytes(), before);
}

TEST(no_rows_and_no_columns_are_refused)
{
    hg_ctx *ctx = test_ctx();
    hg_dataset *d;
    file f;
    idx_header(&f, 0x08, 2, (uint32_t[]){0, 5});
    CHECK_FAILS(ctx, read_bytes(ctx, &f, NULL, &d), HG_ESHAPE, "no rows");
    idx_header(&f, 0x08, 2, (uint32_t[]){5, 0});
    CHECK_FAILS(ctx, read_bytes(ctx, &f, NULL, &d), HG_ESHAPE, "no values");
}

TEST(f64_that_is_no_float_is_refused_by_place)
{
    hg_ctx *ctx = test_ctx();
    hg_dataset *d;
    file f;
    idx_header(&f, 0x0E, 2, (uint32_t[]){2, 2});
    for (int i = 0; i < 3; i++) put_cell(&f, HGI_CELL_F64, 3.4028235e38, true);
    put_cell(&f, HGI_CELL_F64, 1e39, true);
    CHECK_FAILS(ctx, read_bytes(ctx, &f, NULL, &d), HG_ERANGE, "f: row 2, value 2");
}

TEST(nan_and_inf_are_refused_by_place_and_counted)
{
    hg_ctx *ctx = test_ctx();
    hg_dataset *d;
    file f;
    idx_header(&f, 0x0D, 3, (uint32_t[]){2, 3, 3});
    for (int i = 0; i < 18; i++) {
        put_cell(&f, HGI_CELL_F32,
                 i == 14  ? (double)NAN
                 : i > 15 ? (double)INFINITY
                          : 1.0,
                 true);
    }
    CHECK_FAILS(ctx, read_bytes(ctx, &f, NULL, &d), HG_ENONFINITE,
                "f: row 2, pixel (2,3) is NaN, expected finite numbers; 3 such values");
}

TEST(shape_option_must_have_as_many_values_as_a_row)
{
    hg_ctx *ctx = test_ctx();
    hg_data_options o = {.size = sizeof o, .shape = "2x3x1"};
    hg_dataset *d;
    file f;
    npy_array(&f, HGI_CELL_F32, false, false, 1);
    CHECK_OK(ctx, read_bytes(ctx, &f, &o, &d));
    CHECK_INT(d->rank, 3);
    CHECK_INT(d->shape[1], 3);
    hg_dataset_free(&d);
    o.shape = "7";
    CHECK_FAILS(ctx, read_bytes(ctx, &f, &o, &d), HG_ESHAPE,
                "a row has 6 values, shape 7 is 7");
    static const char *const bad[] = {"", "x", "2x", "2x3x1x1", "0x6", "-6", "2 3"};
    for (int i = 0; i < 7; i++) {
        o.shape = bad[i];
        CHECK_FAILS(ctx, read_bytes(ctx, &f, &o, &d), HG_EINVAL,
                    "expected 1 to 3 numbers");
    }
}

/* ---- gzip and files ---------------------------------------------------------------- */

static void gz_write(char path[TEST_PATH], const file *f)
{
    test_path(path, "f.gz");
    gzFile g = gzopen(path, "wb");
    if (g == NULL || gzwrite(g, f->p, (unsigned)f->n) != (int)f->n ||
        gzclose(g) != Z_OK) {
        SKIP("cannot write gzip");
    }
}

TEST(gzip_is_told_by_content_and_its_damage_by_place)
{
    hg_ctx *ctx = test_ctx();
    hg_dataset *d;
    file f;
    char path[TEST_PATH], cut[TEST_PATH];
    size_t n;
    npy_array(&f, HGI_CELL_F64, true, true, 2);
    gz_write(path, &f);
    CHECK_OK(ctx, hg_dataset_open(ctx, path, NULL, &d));
    check_values(ctx, d, HGI_CELL_F64, ROWS);
    hg_dataset_free(&d);

    char *bytes = test_read(path, &n);
    test_write(cut, "cut.gz", bytes, n - 3);
    CHECK_FAILS(ctx, hg_dataset_open(ctx, cut, NULL, &d), HG_EFORMAT, "is cut off after");
    bytes[n - 6] ^= 1; /* of the checksum */
    test_write(cut, "wrong.gz", bytes, n);
    CHECK_FAILS(ctx, hg_dataset_open(ctx, cut, NULL, &d), HG_EFORMAT,
                "damaged gzip data");
    bytes[n - 6] ^= 1;
    char *longer = malloc(2 * n + 1);
    memcpy(longer, bytes, n);
    memcpy(longer + n, bytes, n);
    test_write(cut, "twice.gz", longer, 2 * n);
    CHECK_FAILS(ctx, hg_dataset_open(ctx, cut, NULL, &d), HG_EFORMAT,
                "more than 96 bytes of data, expected 96");
    test_write(cut, "tail.gz", longer, n + 1);
    CHECK_FAILS(ctx, hg_dataset_open(ctx, cut, NULL, &d), HG_EFORMAT,
                "after the end of the gzip");
    free(longer);
    free(bytes);
}

/* A gzip member of at least `size` bytes: a file name in its header fills it up. */
static size_t gz_member(unsigned char *out, size_t size, const unsigned char *p, size_t n)
{
    z_stream z = {.next_in = (unsigned char *)(uintptr_t)p, .avail_in = (uInt)n};
    unsigned char *body = malloc(n + 256);
    uint32_t crc = (uint32_t)crc32(0, p, (uInt)n);
    if (deflateInit2(&z, 6, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY) != Z_OK) abort();
    z.next_out = body;
    z.avail_out = (uInt)n + 256;
    if (deflate(&z, Z_FINISH) != Z_STREAM_END) abort();
    size_t packed = z.total_out, at = 10;
    deflateEnd(&z);
    memcpy(out, "\x1f\x8b\x08\x00\0\0\0\0\0\xff", 10);
    if (size > packed + 18) {
        size_t fill = size - packed - 18;
        out[3] = 0x08; /* a file name, up to its NUL */
        memset(out + at, 'n', fill);
        out[at + fill - 1] = 0;
        at += fill;
    }
    memcpy(out + at, body, packed);
    at += packed;
    for (int i = 0; i < 4; i++) out[at + i] = (unsigned char)(crc >> 8 * i);
    for (int i = 0; i < 4; i++) out[at + 4 + i] = (unsigned char)(n >> 8 * i);
    free(body);
    return at + 8;
}

TEST(gzip_members_may_meet_at_any_place_of_the_buffer)
{
    enum { BUFFER = 256 * 1024 };
    hg_ctx *ctx = test_ctx();
    hg_dataset *d;
    file f;
    char path[TEST_PATH];
    unsigned char *two = malloc(BUFFER + 4096);
    npy_array(&f, HGI_CELL_F64, false, false, 1);
    for (int before = 0; before < 4; before++) {
        size_t n = gz_member(two, (size_t)(BUFFER - before), f.p, 100);
        CHECK_INT(n, BUFFER - before);
        n += gz_member(two + n, 0, f.p + 100, f.n - 100);
        test_where("%d bytes before the end", before);
        test_write(path, "two.gz", two, n);
        CHECK_OK(ctx, hg_dataset_open(ctx, path, NULL, &d));
        check_values(ctx, d, HGI_CELL_F64, ROWS);
        hg_dataset_free(&d);
    }
    free(two);
}

TEST(missing_file_directory_and_empty_file_are_named)
{
    hg_ctx *ctx = test_ctx();
    hg_dataset *d;
    char path[TEST_PATH];
    test_path(path, "nowhere.npy");
    CHECK_FAILS(ctx, hg_dataset_open(ctx, path, NULL, &d), HG_EIO,
                "nowhere.npy: cannot open: ");
    CHECK(d == NULL);
    test_path(path, ".");
    CHECK_FAILS(ctx, hg_dataset_open(ctx, path, NULL, &d), HG_EFORMAT,
                "an empty folder, expected pictures");
    test_write(path, "empty", "", 0);
    CHECK_FAILS(ctx, hg_dataset_open(ctx, path, NULL, &d), HG_EFORMAT, "empty: empty");
    test_write(path, "noise", "\x01\x02\x03", 3);
    CHECK_FAILS(ctx, hg_dataset_open(ctx, path, NULL, &d), HG_EFORMAT,
                "starts with bytes 01 02, expected IDX, NPY, NPZ, CSV, PNG or JPEG");
}

/* Most of these are what somebody has who has no CSV yet: the message says how. */
TEST(a_file_of_another_kind_is_named_with_what_to_do)
{
    static const struct {
        const char *bytes;
        size_t n;
        const char *message;
    } rows[] = {
#define ROW(bytes, message) {bytes, sizeof(bytes) - 1, message}
        ROW("PK\3\4\x14\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x10\0\0\0archive/"
            "data.pkl",
            "f: a PyTorch file, expected"),
        ROW("PK\3\4\x14\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\xff\xff\0\0x",
            "f: a zip archive"),
        ROW("PK\3\4", "f: starts with bytes 50 4b"),
        ROW("PK\3\4\x14", "f: a zip archive"),
        ROW("PAR1\x15\4", "f: a Parquet file, expected"),
        ROW("<!DOCTYPE html>\n<html>\n",
            "f: an HTML page, expected IDX, NPY, NPZ, CSV, PNG or JPEG: look"),
        ROW("version https://git-lfs.github.com/spec/v1\noid", "f: a pointer of Git LFS"),
        ROW("\x78\5\0\0\0\0\0\0{\"__metadata__\":{\"format\":\"pt\",\"hourglass\":\"{",
            "f: a model of hourglass, expected IDX, NPY, NPZ, CSV, PNG or JPEG: where "
            "both are "
            "given, "
            "MODEL "
            "comes before DATA"),
        ROW("\x78\5\0\0\0\0\0\0{\"__metadata__\":{\"kind\":\"hourglass checkpoint 2\"",
            "f: the checkpoint of a run, expected"),
        ROW("\x78\5\0\0\0\0\0\0{\"a\":{}}", "f: a safetensors file, expected"),
#undef ROW
    };
    hg_ctx *ctx = test_ctx();
    hg_dataset *d;
    char path[TEST_PATH];
    for (int i = 0; i < HGI_COUNT(rows); i++) {
        test_where("%s", rows[i].message);
        test_write(path, "f", rows[i].bytes, rows[i].n);
        CHECK_FAILS(ctx, hg_dataset_open(ctx, path, NULL, &d), HG_EFORMAT,
                    rows[i].message);
    }
    /* Who says that it is CSV is believed. */
    const hg_data_options o = {.size = sizeof o, .format = "csv"};
    test_write(path, "f", "<html\n1\n2\n", 10);
    CHECK_OK(ctx, hg_dataset_open(ctx, path, &o, &d));
    hg_dataset_free(&d);
}

/* A pipe that another process writes `f` to. */
static void pipe_of(char path[TEST_PATH], const file *f)
{
    test_path(path, "pipe");
    (void)remove(path);
    if (mkfifo(path, 0600) != 0) SKIP("no named pipes here");
    pid_t child = fork();
    if (child < 0) SKIP("cannot fork");
    if (child > 0) return;
    int fd = open(path, O_WRONLY);
    for (size_t at = 0; fd >= 0 && at < f->n;) {
        ssize_t n = write(fd, f->p + at, f->n - at < 3 ? f->n - at : 3);
        if (n <= 0) break;
        at += (size_t)n;
    }
    _exit(0);
}

TEST(a_pipe_is_read_and_its_header_gets_no_memory_on_credit)
{
    hg_ctx *ctx = test_ctx();
    hg_dataset *d;
    file f;
    char path[TEST_PATH];
    npy_array(&f, HGI_CELL_I32, false, false, 3);
    pipe_of(path, &f);
    CHECK_OK(ctx, hg_dataset_open(ctx, path, NULL, &d));
    check_values(ctx, d, HGI_CELL_I32, ROWS);
    hg_dataset_free(&d);
    /* 16 TB are claimed; what is asked for stays under what an allocation here can be. */
    idx_header(&f, 0x08, 2, (uint32_t[]){UINT32_MAX, 4096});
    put(&f, "12345", 5);
    pipe_of(path, &f);
    CHECK_FAILS(ctx, hg_dataset_open(ctx, path, NULL, &d), HG_EFORMAT,
                "5 bytes of data, expected 17592186040320");
}

TEST(an_option_of_csv_is_refused_for_other_formats)
{
    hg_ctx *ctx = test_ctx();
    hg_data_options o = {.size = sizeof o, .drop = "a"};
    hg_dataset *d;
    file f;
    npy_array(&f, HGI_CELL_F32, false, false, 1);
    CHECK_FAILS(ctx, read_bytes(ctx, &f, &o, &d), HG_EINVAL, "option 'drop' is for CSV");
    o = (hg_data_options){.size = sizeof o, .format = "npyy"};
    CHECK_FAILS(ctx, read_bytes(ctx, &f, &o, &d), HG_EUNKNOWN, "did you mean 'npy'?");
}

TEST(sample_images_are_read_and_measured)
{
    hg_ctx *ctx = test_ctx();
    hg_dataset *d;
    char path[TEST_PATH];
    hg_data_info info = {.size = sizeof info};
    test_sample(path, "fashion/train-images-idx3-ubyte.gz");
    CHECK_OK(ctx, hg_dataset_open(ctx, path, NULL, &d));
    CHECK_OK(ctx, hg_dataset_info(ctx, d, &info));
    CHECK_INT(info.rows, 1000);
    CHECK_INT(info.features, 784);
    CHECK_INT(info.type, HG_U8);
    /* Exact: a sum of whole numbers below 2^53, counted again value by value. */
    uint64_t sum = 0;
    uint8_t lo = 255, hi = 0;
    for (int64_t r = 0; r < 1000; r++) {
        const uint8_t *row = hgi_dataset_row_u8(d, r);
        for (int64_t c = 0; c < 784; c++) {
            sum += row[c];
            lo = row[c] < lo ? row[c] : lo;
            hi = row[c] > hi ? row[c] : hi;
        }
    }
    CHECK_NEAR(info.mean, (double)sum / 784000.0, 0);
    CHECK_NEAR(info.min, lo, 0);
    CHECK_NEAR(info.max, hi, 0);
    CHECK(info.mean > 50 && info.mean < 100);
    hg_dataset_free(&d);
}

TEST(mnist_has_its_known_mean)
{
    hg_ctx *ctx = test_ctx();
    hg_dataset *d;
    char path[TEST_PATH];
    if (!test_data(path, "mnist/train-images-idx3-ubyte.gz")) SKIP("no shared data");
    CHECK_OK(ctx, hg_dataset_open(ctx, path, NULL, &d));
    CHECK_INT(hg_dataset_rows(d), 60000);
    /* 0.1307 of 255 is in every tutorial; to the digits that they give. */
    CHECK_NEAR(d->mean / 255.0, 0.1307, 0.00005);
    /* The data, and no more than 2 MB beside them. */
    CHECK(test_alloc_bytes() < 60000 * 784 + 2000000);
    hg_dataset_free(&d);
}

/* ---- memory ------------------------------------------------------------------------ */

TEST(array_readers_survive_each_failing_allocation)
{
    hg_ctx *ctx = test_ctx();
    hg_dataset *d;
    file f;
    char path[TEST_PATH];
    for (int fortran = 0; fortran < 2; fortran++) {
        npy_array(&f, HGI_CELL_F64, true, fortran, 1);
        gz_write(path, &f);
        bool failed = true;
        for (int64_t n = 0; failed; n++) {
            test_where("allocation %d, fortran %d", (int)n, fortran);
            int64_t held = test_alloc_bytes();
            test_fail_alloc(n);
            hg_status status = hg_dataset_open(ctx, path, NULL, &d);
            failed = test_alloc_failed();
            test_fail_alloc(-1);
            CHECK_INT(status, failed ? HG_ENOMEM : HG_OK);
            CHECK((d == NULL) == failed);
            hg_dataset_free(&d);
            CHECK_INT(test_alloc_bytes(), held);
            if (n > 100) break;
        }
        CHECK(!failed);
    }
}
