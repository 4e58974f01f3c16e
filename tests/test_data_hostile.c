// SPDX-License-Identifier: MIT
/* Broken files: each gives the status and the message that its folder's list says, and
 * HG_ENOMEM without a leak at any failing allocation.                                  */
#include "test.h"

#include "base/base.h"

#include <dirent.h>
#include <stdlib.h>

static hg_status status_of(const char *word)
{
    static const struct {
        const char *word;
        hg_status status;
    } all[] = {
#define ROW(name, value, text) {#name, HG_##name},
        HG_STATUS_MAP(ROW)
#undef ROW
    };
    for (int i = 0; i < HGI_COUNT(all); i++) {
        if (strcmp(all[i].word, word) == 0) return all[i].status;
    }
    return HG_OK;
}

static void check_file(hg_ctx *ctx, const char *path, hg_status status, const char *part)
{
    hg_dataset *d;
    bool failed = true;
    /* A table's words and gaps are values: numbers alone are what these break. */
    hg_data_options numbers = {.size = sizeof numbers, .strict = 1};
    const hg_data_options *o = &numbers;
    test_where("%s", path);
    CHECK_FAILS(ctx, hg_dataset_open(ctx, path, o, &d), status, part);
    CHECK(d == NULL);
    for (int64_t n = 0; failed && n < 100; n++) {
        int64_t held = test_alloc_bytes();
        test_fail_alloc(n);
        hg_status got = hg_dataset_open(ctx, path, o, &d);
        failed = test_alloc_failed();
        test_fail_alloc(-1);
        CHECK_INT(got, failed ? HG_ENOMEM : status);
        CHECK(d == NULL);
        CHECK_INT(test_alloc_bytes(), held);
    }
    CHECK(!failed);
    test_where(NULL);
}

static int64_t files_in(const char *folder)
{
    DIR *dir = opendir(folder);
    int64_t n = 0;
    if (dir == NULL) return -1;
    for (struct dirent *e; (e = readdir(dir)) != NULL;) n += e->d_name[0] != '.';
    closedir(dir);
    return n;
}

/* Every line of the list, and every file on it. */
static void check_folder(const char *folder)
{
    hg_ctx *ctx = test_ctx();
    char path[TEST_PATH];
    size_t n;
    int64_t lines = 0;
    snprintf(path, sizeof path, "%s/expected", folder);
    char *list = test_read(path, &n), *line = list;
    while (*line != '\0') {
        char *word = strchr(line, '\t'), *part = strchr(word + 1, '\t');
        char *end = strchr(part + 1, '\n');
        *word = *part = *end = '\0';
        snprintf(path, sizeof path, "%s/%s", folder, line);
        check_file(ctx, path, status_of(word + 1), part + 1);
        line = end + 1;
        lines++;
    }
    CHECK(lines > 0);
    CHECK_INT(files_in(folder), lines + 1);
    free(list);
}

TEST(hostile_idx_files_are_refused_in_words) { check_folder("tests/hostile/idx"); }

TEST(hostile_npy_files_are_refused_in_words) { check_folder("tests/hostile/npy"); }

TEST(hostile_csv_files_are_refused_in_words) { check_folder("tests/hostile/csv"); }

/* Of a build without a library there is one message for all its files. */
static bool built_in(const char *name)
{
    hg_fact f;
    hg_ctx *ctx = test_ctx();
    for (int i = 0; hg_info(ctx, i, &f); i++)
        if (strcmp(f.name, name) == 0) return strncmp(f.value, "not ", 4) != 0;
    return false;
}

TEST(hostile_npz_files_are_refused_in_words)
{
    if (!built_in("libzip")) SKIP("built without libzip");
    check_folder("tests/hostile/npz");
}

TEST(hostile_pictures_are_refused_in_words)
{
    if (!built_in("libpng") || !built_in("libjpeg")) SKIP("built without PNG or JPEG");
    check_folder("tests/hostile/images");
}
