// SPDX-License-Identifier: MIT
/* What a file is by its first bytes, for messages about one that was expected to be
 * another.
 *
 * Whoever can read a format asks its own reader first; this table only gives names to what
 * people hand over by mistake: data for a model, a model for data, the page that a download
 * failed with.  Sources: the formats' own descriptions.                                */
#include "base/base.h"

#include <string.h>

typedef struct magic {
    int at; /* byte that it begins at */
    size_t n;
    const char *bytes;
    hgi_looks looks;
} magic;

#define ROW(at, bytes, is, instead)                                                      \
    {                                                                                    \
        at, sizeof(bytes) - 1, bytes, { is, instead, false }                             \
    }
/* As text it could be taken for CSV. */
#define TEXT_ROW(bytes, is, instead)                                                     \
    {                                                                                    \
        0, sizeof(bytes) - 1, bytes, { is, instead, true }                               \
    }

static const magic magics[] = {
    ROW(0, "\x93NUMPY", "a NumPy array (.npy)", NULL),
    ROW(0, "\x1f\x8b", "gzip data", NULL),
    ROW(0, "\x89PNG", "a PNG image", NULL),
    ROW(0, "\xff\xd8\xff", "a JPEG image", NULL),
    ROW(0, "GIF8", "a GIF image", NULL),
    ROW(0, "II*\0", "a TIFF image", NULL),
    ROW(0, "MM\0*", "a TIFF image", NULL),
    ROW(8, "WEBP", "a WebP image", NULL),
    ROW(0, "%PDF", "a PDF document", NULL),
    ROW(0, "BZh", "bzip2 data", "bunzip2 it, or gzip it"),
    ROW(0,
        "\xfd"
        "7zXZ",
        "xz data", "unxz it, or gzip it"),
    ROW(0, "\x28\xb5\x2f\xfd", "zstd data", "unzstd it, or gzip it"),
    ROW(0, "\x89HDF", "an HDF5 file (Keras and MATLAB 7.3 write it)",
        "write the array with numpy.save"),
    ROW(0, "MATLAB 5", "a MATLAB file", "write the matrix as CSV"),
    ROW(0, "PAR1", "a Parquet file", "write it as CSV or with numpy.save"),
    ROW(0, "ARROW1", "an Arrow file", "write it as CSV or with numpy.save"),
    ROW(0, "SQLite format 3", "an SQLite database", "write a table as CSV"),
    ROW(0, "\xd0\xcf\x11\xe0", "an old Office document (.xls)", "save the sheet as CSV"),
    ROW(0, "\x80\x02", "a Python pickle", "write the array with numpy.save"),
    ROW(0, "\x80\x03", "a Python pickle", "write the array with numpy.save"),
    ROW(0, "\x80\x04", "a Python pickle", "write the array with numpy.save"),
    ROW(0, "\x80\x05", "a Python pickle", "write the array with numpy.save"),
    ROW(257, "ustar", "a tar archive", "unpack it"),
    TEXT_ROW("version https://git-lfs", "a pointer of Git LFS, not the file itself",
             "get it with git lfs pull"),
    TEXT_ROW("<!DOCTYPE html", "an HTML page", "look whether the download failed"),
    TEXT_ROW("<!doctype html", "an HTML page", "look whether the download failed"),
    TEXT_ROW("<html", "an HTML page", "look whether the download failed"),
    TEXT_ROW("<svg", "an SVG picture", NULL),
    TEXT_ROW("<?xml", "an XML file", NULL),
};

static bool has(const unsigned char *head, size_t n, const char *word)
{
    size_t len = strlen(word);
    for (size_t i = 0; i + len <= n; i++)
        if (memcmp(head + i, word, len) == 0) return true;
    return false;
}

/* A zip archive is what its first entry says: its header has the length of the name at byte
 * 26, the name at 30.                                                                  */
static void look_into_zip(const unsigned char *head, size_t n, hgi_looks *out)
{
    size_t len = n > 30 ? (size_t)(head[26] | head[27] << 8) : 0;
    const unsigned char *name = head + 30;
    if (len > n - 30) len = 0;
    bool npy = len > 4 && memcmp(name + len - 4, ".npy", 4) == 0;
    if (npy) {
        *out = (hgi_looks){"a NumPy archive of arrays (.npz)",
                           "write one of them with numpy.save", false};
    } else if (len > 0 &&
               (has(name, len, "data.pkl") || has(name, len, ".format_version"))) {
        *out = (hgi_looks){"a PyTorch file", "write the array with numpy.save", false};
    } else if (len > 0 && has(name, len, "[Content_Types].xml")) {
        *out = (hgi_looks){"an Office document (.xlsx)", "save the sheet as CSV", false};
    } else {
        *out = (hgi_looks){"a zip archive", "unpack it", false};
    }
}

/* A header of JSON behind its length, which begins with what a model or a checkpoint says
 * of itself.                                                                           */
static bool look_into_safetensors(const unsigned char *head, size_t n, hgi_looks *out)
{
    if (n < 10 || head[8] != '{' || head[7] != 0 || head[6] != 0) return false;
    bool model = has(head, n, "\"hourglass\":");
    bool run = has(head, n, "\"kind\":\"hourglass");
    *out = (hgi_looks){model ? "a model of hourglass"
                       : run ? "the checkpoint of a run"
                             : "a safetensors file",
                       model ? "where both are given, MODEL comes before DATA" : NULL,
                       false};
    return true;
}

static bool is_text(const unsigned char *head, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (head[i] < 0x20 && head[i] != '\n' && head[i] != '\r' && head[i] != '\t')
            return false;
    return n > 0;
}

bool hgi_looks_like(const unsigned char *head, size_t n, hgi_looks *out)
{
    for (int i = 0; i < HGI_COUNT(magics); i++) {
        const magic *m = &magics[i];
        size_t at = (size_t)m->at;
        if (n < at + m->n || memcmp(head + at, m->bytes, m->n) != 0) continue;
        *out = m->looks;
        return true;
    }
    if (n > 4 && memcmp(head, "PK\3\4", 4) == 0) {
        look_into_zip(head, n, out);
        return true;
    }
    if (look_into_safetensors(head, n, out)) return true;
    bool idx = n >= 4 && head[0] == 0 && head[1] == 0 && head[2] >= 8 && head[2] <= 14 &&
               head[3] >= 1 && head[3] <= 4;
    *out = (hgi_looks){idx ? "IDX data" : "text, as CSV is", NULL, false};
    return idx || is_text(head, n);
}
