// SPDX-License-Identifier: MIT
/* Model files: what is put comes back, and nothing in a file is believed unchecked.  */
#include "test.h"

#include "model/container.h"

#include <jansson.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

/* ---- a file with one of everything ----------------------------------------------- */

static const uint8_t bytes5[5] = {1, 2, 3, 4, 255};
static const float floats[2][3] = {{1.5f, -2.25f, 0.1f}, {1e-40f, -0.0f, 3.4e38f}};
static const double doubles[3] = {0.1, -1e300, 5e-324};
static const int64_t whole[1] = {INT64_MIN};
static const char *const odd_text =
    "line 1\nline \"2\"\t\\ \x01 \xc3\xa9 \xe2\x82\xac \xf0\x9f\x8c\x8a";

static hgi_container *example(hg_ctx *ctx)
{
    hgi_container *c;
    CHECK_OK(ctx, hgi_container_new(ctx, &c));
    CHECK_OK(ctx, hgi_container_put_text(c, "hourglass", "{\"format\": 1}"));
    CHECK_OK(ctx, hgi_container_put_text(c, "odd", odd_text));
    CHECK_OK(ctx, hgi_container_put_text(c, "empty", ""));
    CHECK_OK(ctx, hgi_container_put(c, "u8", HGI_DT_U8, 1, (int64_t[]){5}, bytes5));
    CHECK_OK(ctx, hgi_container_put(c, "f32", HGI_DT_F32, 2, (int64_t[]){2, 3}, floats));
    CHECK_OK(ctx, hgi_container_put(c, "none", HGI_DT_F32, 2, (int64_t[]){0, 7}, floats));
    CHECK_OK(ctx, hgi_container_put(c, "f64.\xc3\xa9", HGI_DT_F64, 1, (int64_t[]){3},
                                    doubles));
    CHECK_OK(ctx, hgi_container_put(c, "scalar", HGI_DT_I64, 0, NULL, whole));
    return c;
}

static char *example_bytes(hg_ctx *ctx, size_t *size)
{
    char path[TEST_PATH];
    hgi_container *c = example(ctx);
    test_path(path, "example.safetensors");
    CHECK_OK(ctx, hgi_container_write(c, path));
    hgi_container_free(&c);
    return test_read(path, size);
}

static void check_entry(const hgi_container *c, int64_t at, const char *name,
                        const void *want, size_t bytes)
{
    const hgi_entry *e = hgi_container_at(c, at);
    test_where("%s", name);
    CHECK_STR(e->name, name);
    CHECK(hgi_container_get(c, name) == e);
    CHECK_INT((uintptr_t)e->data % 64, 0);
    CHECK(e->data && memcmp(e->data, want, bytes) == 0);
    test_where(NULL);
}

TEST(a_model_file_gives_back_every_text_and_tensor)
{
    hg_ctx *ctx = test_ctx();
    char path[TEST_PATH];
    hgi_container *c = example(ctx), *back;
    test_path(path, "m.safetensors");
    CHECK_OK(ctx, hgi_container_write(c, path));
    hgi_container_free(&c);
    CHECK(c == NULL);

    CHECK_OK(ctx, hgi_container_read(ctx, path, &back));
    CHECK_STR(hgi_container_path(back), path);
    CHECK_STR(hgi_container_text(back, "hourglass"), "{\"format\": 1}");
    CHECK_STR(hgi_container_text(back, "odd"), odd_text);
    CHECK_STR(hgi_container_text(back, "empty"), "");
    CHECK(hgi_container_text(back, "absent") == NULL);
    CHECK(hgi_container_get(back, "absent") == NULL);
    CHECK_INT(hgi_container_count(back), 5);
    check_entry(back, 0, "u8", bytes5, sizeof(bytes5));
    check_entry(back, 1, "f32", floats, sizeof(floats));
    check_entry(back, 2, "none", floats, 0);
    check_entry(back, 3, "f64.\xc3\xa9", doubles, sizeof(doubles));
    check_entry(back, 4, "scalar", whole, sizeof(whole));
    CHECK_INT(hgi_container_at(back, 1)->rank, 2);
    CHECK_INT(hgi_container_at(back, 1)->shape[1], 3);
    CHECK_INT(hgi_container_at(back, 1)->count, 6);
    CHECK_INT(hgi_container_at(back, 2)->count, 0);
    CHECK_INT(hgi_container_at(back, 4)->rank, 0);
    CHECK_INT(hgi_container_at(back, 4)->count, 1);
    hgi_container_free(&back);
    hgi_container_free(&back);
    hgi_container_free(NULL);
}

TEST(an_empty_model_file_is_a_valid_one)
{
    hg_ctx *ctx = test_ctx();
    char path[TEST_PATH];
    hgi_container *c, *back;
    size_t size;
    CHECK_OK(ctx, hgi_container_new(ctx, &c));
    test_path(path, "empty.safetensors");
    CHECK_OK(ctx, hgi_container_write(c, path));
    CHECK_OK(ctx, hgi_container_read(ctx, path, &back));
    CHECK_INT(hgi_container_count(back), 0);
    char *bytes = test_read(path, &size);
    CHECK_INT(size, 64);
    free(bytes);
    hgi_container_free(&c);
    hgi_container_free(&back);
}

TEST(the_same_entries_give_the_same_aligned_bytes)
{
    hg_ctx *ctx = test_ctx();
    size_t n, m;
    char *first = example_bytes(ctx, &n), *second = example_bytes(ctx, &m);
    CHECK_INT(n, m);
    CHECK(memcmp(first, second, n) == 0);
    /* By the format: little-endian length, the JSON, and 64-byte aligned data, the wide
     * types first: 24 bytes of F64, 8 of I64, 24 of F32 and 5 of U8.                 */
    const char *want =
        "{\"__metadata__\":{\"hourglass\":\"{\\\"format\\\": 1}\",\"odd\":\"line "
        "1\\u000aline \\\"2\\\"\\u0009\\\\ \\u0001 \xc3\xa9 \xe2\x82\xac "
        "\xf0\x9f\x8c\x8a\",\"empty\":\"\"},"
        "\"u8\":{\"dtype\":\"U8\",\"shape\":[5],\"data_offsets\":[56,61]},"
        "\"f32\":{\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":[32,56]},"
        "\"none\":{\"dtype\":\"F32\",\"shape\":[0,7],\"data_offsets\":[56,56]},"
        "\"f64.\xc3\xa9\":{\"dtype\":\"F64\",\"shape\":[3],\"data_offsets\":[0,24]},"
        "\"scalar\":{\"dtype\":\"I64\",\"shape\":[],\"data_offsets\":[24,32]}}";
    size_t header = (uint8_t)first[0] + 256u * (uint8_t)first[1];
    for (int b = 2; b < 8; b++) CHECK_INT(first[b], 0);
    CHECK_INT((8 + header) % 64, 0);
    CHECK_INT(n, 8 + header + 61);
    CHECK(header >= strlen(want) && memcmp(first + 8, want, strlen(want)) == 0);
    for (size_t b = strlen(want); b < header; b++) CHECK_INT(first[8 + b], ' ');
    static const uint8_t tenth[8] = {0x9a, 0x99, 0x99, 0x99, 0x99, 0x99, 0xb9, 0x3f};
    CHECK(memcmp(first + 8 + header, tenth, 8) == 0); /* 0.1, little-endian */
    free(first);
    free(second);
}

TEST(real_numbers_are_stored_as_f32_in_every_build)
{
    hg_ctx *ctx = test_ctx();
    char path[TEST_PATH];
    const hgi_real x[3] = {(hgi_real)0.1f, (hgi_real)-2.5f, (hgi_real)1e-30f};
    hgi_container *c, *back;
    const void *data;
    CHECK_OK(ctx, hgi_container_new(ctx, &c));
    CHECK_OK(ctx, hgi_container_put_real(c, "x", 1, (int64_t[]){3}, x));
    test_path(path, "real.safetensors");
    CHECK_OK(ctx, hgi_container_write(c, path));
    CHECK_OK(ctx, hgi_container_read(ctx, path, &back));
    CHECK_OK(ctx, hgi_container_need(back, "x", HGI_DT_F32, 1, (int64_t[]){3}, &data));
    for (int i = 0; i < 3; i++) CHECK(((const float *)data)[i] == (float)x[i]);
    hgi_container_free(&c);
    hgi_container_free(&back);
}

TEST(a_tensor_of_another_kind_is_named_with_what_was_expected)
{
    hg_ctx *ctx = test_ctx();
    hgi_container *c = example(ctx);
    const void *data = c;
    CHECK_OK(ctx, hgi_container_need(c, "f32", HGI_DT_F32, 2, (int64_t[]){2, 3}, &data));
    CHECK(data == floats);
    CHECK_FAILS(ctx,
                hgi_container_need(c, "f32", HGI_DT_F32, 2, (int64_t[]){3, 2}, &data),
                HG_EFORMAT, "tensor 'f32': F32 [2,3], expected F32 [3,2]");
    CHECK(data == NULL);
    CHECK_FAILS(ctx, hgi_container_need(c, "f32", HGI_DT_F32, 1, (int64_t[]){6}, &data),
                HG_EFORMAT, "F32 [2,3], expected F32 [6]");
    CHECK_FAILS(ctx,
                hgi_container_need(c, "f32", HGI_DT_F64, 2, (int64_t[]){2, 3}, &data),
                HG_EFORMAT, "F32 [2,3], expected F64 [2,3]");
    CHECK_FAILS(ctx, hgi_container_need(c, "bias", HGI_DT_F32, 1, (int64_t[]){6}, &data),
                HG_EFORMAT, "no tensor 'bias', expected F32 [6]");
    hgi_container_free(&c);
}

TEST(a_text_that_is_not_utf8_is_refused_before_it_spoils_a_file)
{
    static const char *const bad[] = {"\x80",
                                      "\xc3",
                                      "\xc0\x80",
                                      "\xe0\x80\x80",
                                      "\xed\xa0\x80",
                                      "\xf0\x8f\xbf\xbf",
                                      "\xf4\x90\x80\x80",
                                      "\xff",
                                      "a\xe2\x82"};
    hg_ctx *ctx = test_ctx();
    hgi_container *c;
    CHECK_OK(ctx, hgi_container_new(ctx, &c));
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        CHECK_FAILS(ctx, hgi_container_put_text(c, "columns", bad[i]), HG_EINVAL,
                    "'columns' of the model file is not UTF-8");
    hgi_container_free(&c);
}

TEST(a_tensor_too_large_for_any_file_is_refused)
{
    hg_ctx *ctx = test_ctx();
    hgi_container *c;
    const int64_t huge[2] = {INT64_C(1) << 32, INT64_C(1) << 31};
    CHECK_OK(ctx, hgi_container_new(ctx, &c));
    CHECK_FAILS(ctx, hgi_container_put(c, "w", HGI_DT_F32, 2, huge, floats), HG_ERANGE,
                "tensor 'w' is too large");
    hgi_container_free(&c);
}

/* ---- hostile files --------------------------------------------------------------- */

/* Parse n bytes from a block of exactly that size: a sanitizer sees a read past it. */
static hg_status parse(hg_ctx *ctx, const void *bytes, size_t n)
{
    hgi_container *c;
    void *exact = malloc(n ? n : 1);
    memcpy(exact, bytes, n);
    hg_status status = hgi_container_parse(ctx, "m", exact, n, &c);
    CHECK((status == HG_OK) == (c != NULL));
    hgi_container_free(&c);
    free(exact);
    return status;
}

/* A file with this header, of its own length, and `data` bytes after it.             */
static hg_status parse_header(hg_ctx *ctx, const char *header, size_t data)
{
    size_t n = strlen(header);
    char *bytes = calloc(8 + n + data, 1);
    for (int b = 0; b < 8; b++) bytes[b] = (char)((uint64_t)n >> (8 * b));
    memcpy(bytes + 8, header, n);
    hg_status status = parse(ctx, bytes, 8 + n + data);
    free(bytes);
    return status;
}

TEST(a_model_file_cut_at_any_byte_is_refused)
{
    hg_ctx *ctx = test_ctx();
    size_t n;
    char *bytes = example_bytes(ctx, &n);
    CHECK_OK(ctx, parse(ctx, bytes, n));
    for (size_t cut = 0; cut < n; cut++) {
        test_where("cut at %zu", cut);
        CHECK_FAILS(ctx, parse(ctx, bytes, cut), HG_EFORMAT, "m: ");
    }
    test_where(NULL);
    free(bytes);
}

TEST(bytes_after_the_last_tensor_are_refused)
{
    hg_ctx *ctx = test_ctx();
    size_t n;
    char *bytes = example_bytes(ctx, &n);
    char *more = calloc(n + 1, 1);
    memcpy(more, bytes, n);
    CHECK_FAILS(ctx, parse(ctx, more, n + 1), HG_EFORMAT,
                "m: 62 bytes of data, expected 61");
    free(more);
    free(bytes);
}

TEST(a_changed_byte_is_refused_or_read_but_never_trusted)
{
    hg_ctx *ctx = test_ctx();
    size_t n;
    char *bytes = example_bytes(ctx, &n);
    int refused = 0;
    for (size_t at = 0; at < n - 61; at++) {
        char old = bytes[at];
        for (int bit = 0; bit < 8; bit++) {
            bytes[at] = (char)(old ^ (1 << bit));
            hg_status status = parse(ctx, bytes, n);
            if (status != HG_OK) CHECK_INT(status, HG_EFORMAT);
            refused += status != HG_OK;
        }
        bytes[at] = old;
    }
    /* A changed letter of a name or a text is legal; changed syntax is not.          */
    CHECK(refused > 1000);
    free(bytes);
}

TEST(a_header_length_that_lies_is_refused)
{
    hg_ctx *ctx = test_ctx();
    size_t n;
    char *bytes = example_bytes(ctx, &n);
    uint64_t right = 0;
    memcpy(&right, bytes, 2);
    const uint64_t lies[] = {
        0,         1,         right - 64,        right + 1,         right + 62, n,
        100000000, 100000001, UINT64_C(1) << 40, UINT64_C(1) << 63, UINT64_MAX};
    for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
        test_where("length %llu", (unsigned long long)lies[i]);
        for (int b = 0; b < 8; b++) bytes[b] = (char)(lies[i] >> (8 * b));
        bool runs_past_the_end = lies[i] > n - 8 && lies[i] <= 100000000;
        CHECK_FAILS(ctx, parse(ctx, bytes, n), HG_EFORMAT,
                    runs_past_the_end ? "follow: cut short" : "m: ");
    }
    test_where(NULL);
    CHECK_FAILS(ctx, parse(ctx, "\x93NUMPY\x01\x00v\x00{'descr'", 18), HG_EFORMAT,
                "m: a NumPy array (.npy), expected a model (where both are given, MODEL");
    CHECK_FAILS(ctx, parse(ctx, "a,b\n1,2\n3,4\n", 12), HG_EFORMAT,
                "m: text, as CSV is, expected a model");
    CHECK_FAILS(ctx, parse(ctx, "\1\2\3", 3), HG_EFORMAT, "m: not a model: 3 bytes");
    CHECK_FAILS(ctx, parse(ctx, "", 0), HG_EFORMAT, "m: empty, expected a model");
    free(bytes);
}

#define T(dtype, shape, offsets)                                                         \
    "{\"dtype\":" dtype ",\"shape\":" shape ",\"data_offsets\":" offsets "}"

static const struct {
    const char *header;
    size_t data;
    const char *message;
} hostile[] = {
    {"[]", 0, "not a model"},
    {"{\"a\":1", 0, "header byte"},
    {"{} x", 0, "header byte"},
    {"{\"a\":" T("\"U8\"", "[1]", "[0,1]") ",\"a\":" T("\"U8\"", "[1]", "[1,2]") "}", 2,
     "duplicate object key"},
    {"{\"__metadata__\":{\"k\":\"1\",\"k\":\"2\"}}", 0, "duplicate object key"},
    {"{\"__metadata__\":{\"k\":1}}", 0,
     "__metadata__ 'k' is a whole number, expected a text"},
    {"{\"__metadata__\":{\"k\":{}}}", 0,
     "__metadata__ 'k' is an object, expected a text"},
    {"{\"__metadata__\":[]}", 0, "__metadata__ is a list, expected an object"},
    {"{\"__metadata__\":{\"\\n\":\"v\"}}", 0,
     "a key is empty or holds a control character"},
    {"{\"__metadata__\":{\"k\":\"\\u0000\"}}", 0, "header byte"},
    {"{\"__metadata__\":{\"k\":\"\xff\"}}", 0, "unable to decode byte 0xff"},
    {"{\"__metadata__\":{\"k\":\"\xc3\"}}", 0, "unable to decode byte"},
    {"{\"__metadata__\":{\"k\":\"\\ud800\"}}", 0, "header byte"},
    {"{\"\":" T("\"U8\"", "[0]", "[0,0]") "}", 0, "name is empty"},
    {"{\"a\\u001b[2J\":" T("\"U8\"", "[0]", "[0,0]") "}", 0, "control character"},
    {"{\"a\":[]}", 0,
     "tensor 'a': expected an object with dtype, shape and data_offsets"},
    {"{\"a\":{\"dtype\":\"U8\",\"shape\":[0]}}", 0, "tensor 'a': expected an object"},
    {"{\"a\":{\"dtype\":\"U8\",\"shape\":[0],\"offsets\":[0,0]}}", 0,
     "data_offsets is missing"},
    {"{\"a\":{\"dtype\":\"U8\",\"data_offsets\":[0,0],\"sha\":0}}", 0,
     "shape is missing"},
    {"{\"a\":{\"type\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}}", 0,
     "dtype is missing"},
    {"{\"a\":" T("7", "[1]", "[0,1]") "}", 1, "dtype is a whole number, expected a text"},
    {"{\"a\":" T("\"BF16\"", "[1]", "[0,2]") "}", 2,
     "tensor 'a': dtype BF16, expected F32, F64, I64 or U8"},
    {"{\"a\":" T("\"f32\"", "[1]", "[0,4]") "}", 4, "dtype f32"},
    {"{\"a\":" T("\"\\n\"", "[1]", "[0,4]") "}", 4, "dtype unreadable"},
    {"{\"a\":" T("\"U8\"", "1", "[0,1]") "}", 1,
     "shape is a whole number, expected a list"},
    {"{\"a\":" T("\"U8\"", "[1.0]", "[0,1]") "}", 1, "shape[0] is a real number"},
    {"{\"a\":" T("\"U8\"", "[\"1\"]", "[0,1]") "}", 1, "shape[0] is a text"},
    {"{\"a\":" T("\"U8\"", "[true]", "[0,1]") "}", 1, "shape[0] is true"},
    {"{\"a\":" T("\"U8\"", "[-1]", "[0,1]") "}", 1,
     "shape[0] is -1, expected at least 0"},
    {"{\"a\":" T("\"U8\"", "[1,1,1,1,1,1,1,1,1]", "[0,1]") "}", 1, "expected at most 8"},
    {"{\"a\":" T("\"U8\"", "[18446744073709551617]", "[0,1]") "}", 1, "too big integer"},
    {"{\"a\":" T("\"U8\"", "[4294967296,4294967296,2]", "[0,0]") "}", 0, "overflows"},
    {"{\"a\":" T("\"F32\"", "[4611686018427387904]", "[0,0]") "}", 0, "overflows"},
    {"{\"a\":" T("\"U8\"", "[9223372036854775807]", "[0,9223372036854775807]") "}", 1,
     "within the file's 1 bytes"},
    {"{\"a\":" T("\"F32\"", "[2]", "[0,4]") "}", 4, "4 bytes of data, expected 8"},
    {"{\"a\":" T("\"U8\"", "[2]", "[0,4]") "}", 4, "4 bytes of data, expected 2"},
    {"{\"a\":" T("\"U8\"", "[1]", "[0]") "}", 1,
     "data_offsets has 1 numbers, expected 2"},
    {"{\"a\":" T("\"U8\"", "[1]", "[0,1,1]") "}", 1, "data_offsets has 3 numbers"},
    {"{\"a\":" T("\"U8\"", "[1]", "[0.0,1.0]") "}", 1,
     "data_offsets[0] is a real number"},
    {"{\"a\":" T("\"U8\"", "[1]", "[1,0]") "}", 1, "expected an ordered pair"},
    {"{\"a\":" T("\"U8\"", "[1]", "[-1,0]") "}", 1, "data_offsets[0] is -1"},
    {"{\"a\":" T("\"U8\"", "[1]", "[0,1e0]") "}", 1, "data_offsets[1] is a real number"},
    {"{\"a\":" T("\"U8\"", "[1]", "[1,2]") "}", 2,
     "starts at data byte 1, expected 0: a hole"},
    {"{\"a\":" T("\"U8\"", "[2]", "[0,2]") ",\"b\":" T("\"U8\"", "[2]", "[1,3]") "}", 3,
     "tensor 'b' starts at data byte 1, expected 2: tensors overlap"},
    {"{\"a\":" T("\"U8\"", "[2]", "[0,2]") ",\"b\":" T("\"U8\"", "[2]", "[0,2]") "}", 2,
     "tensors overlap"},
    {"{\"b\":" T("\"U8\"", "[1]", "[3,4]") ",\"a\":" T("\"U8\"", "[2]", "[0,2]") "}", 4,
     "tensor 'b' starts at data byte 3, expected 2: a hole"},
    {"{\"a\":" T("\"U8\"", "[1]", "[0,1]") "}", 2, "2 bytes of data, expected 1"},
    {"{\"a\":" T("\"U8\"", "[0]", "[1,1]") ",\"b\":" T("\"U8\"", "[2]", "[0,2]") "}", 2,
     "tensor 'a' starts at data byte 1, expected 2"},
    {"{\"a\":{\"dtype\":[[[]]]}}", 0, "nested deeper than 3"},
};

TEST(every_hostile_header_is_refused_with_its_place)
{
    hg_ctx *ctx = test_ctx();
    for (size_t i = 0; i < sizeof(hostile) / sizeof(hostile[0]); i++) {
        test_where("%s", hostile[i].header);
        CHECK_FAILS(ctx, parse_header(ctx, hostile[i].header, hostile[i].data),
                    HG_EFORMAT, hostile[i].message);
    }
    test_where(NULL);
}

TEST(legal_headers_that_we_would_not_write_are_read)
{
    hg_ctx *ctx = test_ctx();
    CHECK_OK(ctx, parse_header(ctx, "{}", 0));
    CHECK_OK(ctx,
             parse_header(ctx, "{ \"a\" :\n" T("\"U8\"", "[]", "[0,1]") " }\t  ", 1));
    CHECK_OK(ctx, parse_header(ctx,
                               "{\"b\":" T("\"U8\"", "[1]", "[2,3]") ",\"a\":" T(
                                   "\"U8\"", "[2]", "[0,2]") "}",
                               3));
    /* Brackets, quotes and backslashes inside a text are no nesting.                 */
    CHECK_OK(ctx, parse_header(ctx, "{\"__metadata__\":{\"k\":\"\\\"[[[[[[[\\\\\"}}", 0));
    /* Empty tensors may share an offset with what follows.                           */
    CHECK_OK(ctx, parse_header(ctx,
                               "{\"b\":" T("\"U8\"", "[2]", "[0,2]") ",\"a\":" T(
                                   "\"F64\"", "[0]",
                                   "[0,0]") ",\"c\":" T("\"F64\"", "[3,0]", "[2,2]") "}",
                               2));
}

/* "{" and then n times `piece`.                                                      */
static char *repeated(const char *piece, size_t n)
{
    size_t len = strlen(piece);
    char *s = malloc(n * len + 2);
    s[0] = '{';
    for (size_t i = 0; i < n; i++) memcpy(s + 1 + i * len, piece, len);
    s[1 + n * len] = '\0';
    return s;
}

TEST(a_header_that_costs_more_than_it_weighs_is_refused_unparsed)
{
    hg_ctx *ctx = test_ctx();
    char *deep = repeated("[", 1000000), *wide = repeated("[],", 1000000);
    CHECK_FAILS(ctx, parse_header(ctx, deep, 0), HG_EFORMAT,
                "header byte 3: nested deeper than 3 levels");
    CHECK_FAILS(ctx, parse_header(ctx, wide, 0), HG_EFORMAT,
                "values, expected at most 2000000");
    free(deep);
    free(wide);
}

TEST(files_that_are_no_files_are_named)
{
    hg_ctx *ctx = test_ctx();
    hgi_container *c;
    char path[TEST_PATH];
    test_path(path, "absent.safetensors");
    CHECK_FAILS(ctx, hgi_container_read(ctx, path, &c), HG_EIO, "absent.safetensors");
    CHECK(c == NULL);
    CHECK_FAILS(ctx, hgi_container_read(ctx, "/", &c), HG_EIO, "/");
    test_write(path, "empty", "", 0);
    CHECK_FAILS(ctx, hgi_container_read(ctx, path, &c), HG_EFORMAT, "empty: empty");
}

/* ---- when something fails -------------------------------------------------------- */

static hg_status write_and_read(hg_ctx *ctx, const char *path)
{
    static const int64_t shape[1] = {3};
    static const hgi_real data[3] = {1, 2, 3};
    hgi_container *c = NULL, *back = NULL;
    hg_status status = hgi_container_new(ctx, &c);
    if (status == HG_OK) status = hgi_container_put_text(c, "key", "text \" and more");
    for (int i = 0; i < 20 && status == HG_OK;
         i++) { /* past the first growth of the list */
        static const char *const names[20] = {"a", "b", "c", "d", "e", "f", "g",
                                              "h", "i", "j", "k", "l", "m", "n",
                                              "o", "p", "q", "r", "s", "t"};
        status = hgi_container_put_real(c, names[i], 1, shape, data);
    }
    if (status == HG_OK) status = hgi_container_write(c, path);
    if (status == HG_OK) status = hgi_container_read(ctx, path, &back);
    hgi_container_free(&c);
    hgi_container_free(&back);
    return status;
}

TEST(every_failed_allocation_of_a_model_file_is_told_and_leaks_nothing)
{
    hg_ctx *ctx = test_ctx();
    char path[TEST_PATH];
    test_path(path, "m.safetensors");
    int n = 0;
    for (;; n++) {
        test_fail_alloc(n);
        hg_status status = write_and_read(ctx, path);
        if (!test_alloc_failed()) {
            CHECK_OK(ctx, status);
            break;
        }
        test_where("allocation %d", n);
        CHECK_FAILS(ctx, status, HG_ENOMEM, "memory");
    }
    CHECK(n > 30);
}

static int64_t jansson_left = -1, jansson_held;

static void *jansson_malloc(size_t n)
{
    if (jansson_left == 0) return NULL;
    if (jansson_left > 0) jansson_left--;
    jansson_held++;
    return malloc(n);
}

static void jansson_free(void *p)
{
    if (p) jansson_held--;
    free(p);
}

/* Once memory has run out it stays out, as it does in life; otherwise jansson's own retry
 * of a failed call could hide the failure.                                           */
TEST(every_failed_allocation_of_jansson_is_told_and_leaks_nothing)
{
    hg_ctx *ctx = test_ctx();
    size_t size;
    char *bytes = example_bytes(ctx, &size);
    json_set_alloc_funcs(jansson_malloc, jansson_free);
    int n = 0;
    hg_status status;
    do {
        jansson_left = n++;
        status = parse(ctx, bytes, size);
        test_where("allocation %d", n);
        /* Its scanner calls a text that it had no memory for an invalid token: EFORMAT. */
        if (status != HG_OK) CHECK(status == HG_ENOMEM || status == HG_EFORMAT);
        if (status != HG_OK) CHECK(hg_message(ctx)[0] != '\0');
        CHECK_INT(jansson_held, 0);
    } while (status != HG_OK && n < 10000);
    CHECK(n > 30);
    CHECK_OK(ctx, status);
    free(bytes);
}

TEST(a_full_device_is_told)
{
    hg_ctx *ctx = test_ctx();
    hgi_container *c = example(ctx);
    CHECK_FAILS(ctx, hgi_container_write(c, "/dev/full"), HG_EIO, "/dev/full");
    CHECK_FAILS(ctx, hgi_container_write(c, "/nowhere/at/all"), HG_EIO,
                "/nowhere/at/all");
    hgi_container_free(&c);
}

TEST(a_model_that_cannot_be_written_leaves_the_old_file)
{
    hg_ctx *ctx = test_ctx();
    char path[TEST_PATH];
    size_t n;
    static float big[100000];
    hgi_container *c;
    test_write(path, "m.safetensors", "old", 3);
    CHECK_OK(ctx, hgi_container_new(ctx, &c));
    CHECK_OK(ctx, hgi_container_put(c, "w", HGI_DT_F32, 1, (int64_t[]){100000}, big));
    /* No file of this process may pass 64 KiB: the write fails half-way with EFBIG.  */
    signal(SIGXFSZ, SIG_IGN);
    CHECK_INT(setrlimit(RLIMIT_FSIZE, &(struct rlimit){65536, RLIM_INFINITY}), 0);
    CHECK_FAILS(ctx, hgi_container_write(c, path), HG_EIO, "m.safetensors");
    CHECK_INT(setrlimit(RLIMIT_FSIZE, &(struct rlimit){RLIM_INFINITY, RLIM_INFINITY}), 0);
    char *old = test_read(path, &n);
    CHECK_STR(old, "old");
    CHECK_OK(ctx, hgi_container_write(c, path));
    free(old);
    hgi_container_free(&c);
}
