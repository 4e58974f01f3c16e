// SPDX-License-Identifier: MIT
/* PNG by libpng: all colour types and depths, interlaced or not.
 *
 * What is not needed is not read: of the chunks beside the pixels only the palette and
 * transparency count, the others' text and profiles, which could unpack to anything, are
 * passed over.  Nothing larger than the size that the header gives is ever made, and the
 * header's size has been held against the limit before.  libpng's memory is ours.
 * Its errors come by longjmp(3), so what is decoded lies in one struct that no register
 * holds a part of.                                                                     */
#include "data/picture.h"

#include <string.h>

#if HG_WITH_PNG

#include <png.h>
#include <setjmp.h>

/* A palette has 256 entries of 3 bytes; nothing that is kept is larger. */
#define CHUNK_MOST (64 * 1024)

const char *hgi_png_version(void) { return PNG_LIBPNG_VER_STRING; }

typedef struct job {
    const hgi_mem *mem;
    const unsigned char *at;
    size_t left;
    hgi_pixels *out;
    hgi_text *text; /* while writing */
    char *why;
    bool no_memory;
    png_structp png;
    png_infop info;
    unsigned char *raw; /* a line as libpng gives it, or all when interlaced */
    png_bytep *lines;
} job;

static void on_error(png_structp png, png_const_charp text)
{
    job *j = png_get_error_ptr(png);
    snprintf(j->why, HGI_WHY, "PNG: %s", text);
    hgi_one_line(j->why);
    png_longjmp(png, 1);
}

/* What libpng can go on after is no error; a wrong checksum of pixels is not among it. */
static void on_warning(png_structp png, png_const_charp text)
{
    (void)png;
    (void)text;
}

static png_voidp take_memory(png_structp png, png_alloc_size_t n)
{
    job *j = png_get_mem_ptr(png);
    void *p = hgi_alloc(j->mem, n);
    j->no_memory = j->no_memory || p == NULL;
    return p;
}

static void give_memory(png_structp png, png_voidp p)
{
    job *j = png_get_mem_ptr(png);
    hgi_free(j->mem, p);
}

static void give_bytes(png_structp png, png_bytep p, size_t n)
{
    job *j = png_get_io_ptr(png);
    if (n > j->left) png_error(png, "cut short");
    memcpy(p, j->at, n);
    j->at += n;
    j->left -= n;
}

/* ---- pixels --- */

/* Value v of 0 .. most with opacity a over white. */
static unsigned over_white(unsigned v, unsigned a, unsigned most)
{
    return most - (unsigned)(((uint64_t)(most - v) * a + most / 2) / most);
}

/* ITU-R BT.601, as JPEG has it. */
static unsigned luma(unsigned r, unsigned g, unsigned b)
{
    return (299 * r + 587 * g + 114 * b + 500) / 1000;
}

/* A line of `from` channels, the last of which is opacity when even, to the output's. */
static void convert_line(const hgi_pixels *out, const void *raw, int from, int64_t y)
{
    bool wide = out->bits == 16;
    const unsigned most = wide ? 65535 : 255;
    const unsigned char *a = raw;
    const uint16_t *b = raw;
    int colours = from < 3 ? 1 : 3;
    for (int64_t x = 0; x < out->width; x++) {
        unsigned v[4] = {0};
        for (int k = 0; k < from; k++) v[k] = wide ? b[x * from + k] : a[x * from + k];
        if (from % 2 == 0)
            for (int k = 0; k < colours; k++) v[k] = over_white(v[k], v[from - 1], most);
        if (colours == 1) v[1] = v[2] = v[0];
        if (out->channels == 1 && colours == 3) v[0] = luma(v[0], v[1], v[2]);
        int64_t to = (y * out->width + x) * out->channels;
        for (int k = 0; k < out->channels; k++) {
            if (wide)
                ((uint16_t *)out->p)[to + k] = (uint16_t)v[k];
            else
                ((unsigned char *)out->p)[to + k] = (unsigned char)v[k];
        }
    }
}

/* Ask for 8 or 16 bits a channel of the machine's order, transparency as a channel. */
static void ask(job *j)
{
    const uint16_t one = 1;
    png_structp png = j->png;
    int colour = png_get_color_type(png, j->info),
        depth = png_get_bit_depth(png, j->info);
    if (colour == PNG_COLOR_TYPE_PALETTE) png_set_palette_to_rgb(png);
    if (colour == PNG_COLOR_TYPE_GRAY && depth < 8) png_set_expand_gray_1_2_4_to_8(png);
    if (png_get_valid(png, j->info, PNG_INFO_tRNS) != 0) png_set_tRNS_to_alpha(png);
    if (depth == 16 && *(const unsigned char *)&one == 1) png_set_swap(png);
}

static void *room(job *j, size_t n)
{
    void *p = hgi_alloc(j->mem, n);
    if (p != NULL) return p;
    j->no_memory = true;
    png_error(j->png, "out of memory");
}

static void read_all(job *j)
{
    png_structp png = j->png;
    png_set_read_fn(png, j, give_bytes);
    png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, NULL, -1);
    png_set_user_limits(png, (png_uint_32)j->out->width, (png_uint_32)j->out->height);
    png_set_chunk_malloc_max(png, CHUNK_MOST);
    png_read_info(png, j->info);
    if (png_get_image_width(png, j->info) != j->out->width ||
        png_get_image_height(png, j->info) != j->out->height ||
        (png_get_bit_depth(png, j->info) == 16) != (j->out->bits == 16))
        png_error(png, "changed while it was read");
    ask(j);
    int passes = png_set_interlace_handling(png);
    png_read_update_info(png, j->info);
    size_t line = png_get_rowbytes(png, j->info), height = (size_t)j->out->height;
    int from = png_get_channels(png, j->info);
    if (passes == 1) {
        j->raw = room(j, line);
        for (size_t y = 0; y < height; y++) {
            png_read_row(png, j->raw, NULL);
            convert_line(j->out, j->raw, from, (int64_t)y);
        }
    } else {
        j->raw = room(j, line * height);
        j->lines = room(j, height * sizeof *j->lines);
        for (size_t y = 0; y < height; y++) j->lines[y] = j->raw + y * line;
        png_read_image(png, j->lines);
        for (size_t y = 0; y < height; y++)
            convert_line(j->out, j->lines[y], from, (int64_t)y);
    }
    png_read_end(png, NULL);
}

static hg_status outcome(const job *j)
{
    if (j->no_memory) snprintf(j->why, HGI_WHY, "out of memory");
    return j->no_memory ? HG_ENOMEM : HG_EFORMAT;
}

hg_status hgi_png_decode(const hgi_mem *mem, const unsigned char *bytes, size_t n,
                         hgi_pixels *out, char why[HGI_WHY])
{
    job j = {.mem = mem, .at = bytes, .left = n, .out = out, .why = why};
    volatile hg_status status = HG_OK;
    j.png = png_create_read_struct_2(PNG_LIBPNG_VER_STRING, &j, on_error, on_warning, &j,
                                     take_memory, give_memory);
    if (j.png != NULL) j.info = png_create_info_struct(j.png);
    if (j.info == NULL) {
        j.no_memory = true;
        status = outcome(&j);
    } else if (setjmp(png_jmpbuf(j.png)) != 0) {
        status = outcome(&j);
    } else {
        read_all(&j);
    }
    png_destroy_read_struct(&j.png, &j.info, NULL);
    hgi_free(mem, j.raw);
    hgi_free(mem, j.lines);
    return status;
}

/* ---- writing --- */

static void take_bytes(png_structp png, png_bytep p, size_t n)
{
    job *j = png_get_io_ptr(png);
    hgi_text_add_bytes(j->text, p, n);
    if (hgi_text_ok(j->text)) return;
    j->no_memory = true;
    png_error(png, "out of memory");
}

static void no_flush(png_structp png) { (void)png; }

static void write_all(job *j)
{
    const uint16_t one = 1;
    const hgi_pixels *px = j->out;
    size_t line = (size_t)(px->width * px->channels * (px->bits / 8));
    png_set_write_fn(j->png, j, take_bytes, no_flush);
    png_set_user_limits(j->png, INT32_MAX, INT32_MAX);
    png_set_IHDR(j->png, j->info, (png_uint_32)px->width, (png_uint_32)px->height,
                 px->bits, px->channels == 1 ? PNG_COLOR_TYPE_GRAY : PNG_COLOR_TYPE_RGB,
                 PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
                 PNG_FILTER_TYPE_DEFAULT);
    png_write_info(j->png, j->info);
    if (px->bits == 16 && *(const unsigned char *)&one == 1) png_set_swap(j->png);
    for (int64_t y = 0; y < px->height; y++)
        png_write_row(j->png, (const unsigned char *)px->p + (size_t)y * line);
    png_write_end(j->png, NULL);
}

hg_status hgi_png_encode(const hgi_pixels *px, hgi_text *out, char why[HGI_WHY])
{
    hgi_pixels copy = *px;
    const hgi_mem mem = out->mem;
    job j = {.mem = &mem, .out = &copy, .text = out, .why = why};
    volatile hg_status status = HG_OK;
    j.png = png_create_write_struct_2(PNG_LIBPNG_VER_STRING, &j, on_error, on_warning, &j,
                                      take_memory, give_memory);
    if (j.png != NULL) j.info = png_create_info_struct(j.png);
    if (j.info == NULL) {
        j.no_memory = true;
        status = outcome(&j);
    } else if (setjmp(png_jmpbuf(j.png)) != 0) {
        status = outcome(&j);
    } else {
        write_all(&j);
    }
    png_destroy_write_struct(&j.png, &j.info);
    return status;
}

#else

const char *hgi_png_version(void) { return NULL; }

static hg_status missing(char why[HGI_WHY])
{
    snprintf(why, HGI_WHY, "PNG is not built in: install libpng-dev and rebuild");
    return HG_EUNAVAILABLE;
}

hg_status hgi_png_decode(const hgi_mem *mem, const unsigned char *bytes, size_t n,
                         hgi_pixels *out, char why[HGI_WHY])
{
    (void)mem, (void)bytes, (void)n, (void)out;
    return missing(why);
}

hg_status hgi_png_encode(const hgi_pixels *px, hgi_text *out, char why[HGI_WHY])
{
    (void)px, (void)out;
    return missing(why);
}

#endif
