// SPDX-License-Identifier: MIT
/* JPEG by libjpeg(-turbo): baseline and progressive, grey, colour, and CMYK as Adobe's
 * programs write it.
 *
 * libjpeg fills up what is missing of a damaged file and warns; such a picture would train
 * a model on grey bars, so those warnings are errors here.  A progressive file may have any
 * number of scans, each as long to decode as the picture: more than SCANS is an attack (the
 * libjpeg-turbo project, "Two Issues with the JPEG Standard").  The transform is the exact
 * integer one, whose result no processor changes.  libjpeg's memory is malloc's.       */
#include "data/picture.h"

#include <string.h>

#if HG_WITH_JPEG

#include <setjmp.h>
#include <stdio.h>

#include <jpeglib.h>

#include <jerror.h>

enum { SCANS = 100 };

#define TEXT_OF(x) #x
#define TEXT(x) TEXT_OF(x)

const char *hgi_jpeg_version(void)
{
#ifdef LIBJPEG_TURBO_VERSION
    return "libjpeg-turbo " TEXT(LIBJPEG_TURBO_VERSION);
#else
    return "libjpeg " TEXT(JPEG_LIB_VERSION);
#endif
}

typedef struct job {
    struct jpeg_decompress_struct c;
    struct jpeg_error_mgr errors; /* c.err points here; client_data to the job */
    struct jpeg_progress_mgr progress;
    jmp_buf back;
    hgi_pixels *out;
    char *why;
    hg_status status;
} job;

static void stop(j_common_ptr c)
{
    job *j = c->client_data;
    char text[JMSG_LENGTH_MAX];
    c->err->format_message(c, text);
    j->status = c->err->msg_code == JERR_OUT_OF_MEMORY ? HG_ENOMEM : HG_EFORMAT;
    snprintf(j->why, HGI_WHY, "JPEG: %.140s", text);
    hgi_one_line(j->why);
    longjmp(j->back, 1);
}

/* A level below 0 is a warning. */
static void warn(j_common_ptr c, int level)
{
    static const int fatal[] = {
        JWRN_HIT_MARKER,  JWRN_HUFF_BAD_CODE,     JWRN_JPEG_EOF,      JWRN_NOT_SEQUENTIAL,
        JWRN_MUST_RESYNC, JWRN_BOGUS_PROGRESSION, JWRN_ARITH_BAD_CODE};
    for (int i = 0; level < 0 && i < HGI_COUNT(fatal); i++)
        if (c->err->msg_code == fatal[i]) stop(c);
}

static void say_nothing(j_common_ptr c) { (void)c; }

static void count_scans(j_common_ptr c)
{
    job *j = c->client_data;
    if (j->c.input_scan_number <= SCANS) return;
    snprintf(j->why, HGI_WHY, "JPEG: more than %d scans", SCANS);
    j->status = HG_EFORMAT;
    longjmp(j->back, 1);
}

static unsigned char luma(unsigned r, unsigned g, unsigned b)
{
    return (unsigned char)((299 * r + 587 * g + 114 * b + 500) / 1000);
}

/* Adobe's CMYK is stored inverted: 255 is no ink. */
static unsigned char ink(unsigned v, unsigned black, bool adobe)
{
    if (!adobe) {
        v = 255 - v;
        black = 255 - black;
    }
    return (unsigned char)((v * black + 127) / 255);
}

/* What libjpeg cannot give directly is made of 3 or 4 channels, in place, backwards never
 * overtaking: the output has fewer.                                                    */
static void convert_line(const job *j, const unsigned char *raw, unsigned char *out)
{
    int from = j->c.output_components, to = j->out->channels;
    bool adobe = j->c.saw_Adobe_marker != 0;
    for (int64_t x = 0; x < j->out->width; x++, raw += from, out += to) {
        unsigned char v[3] = {raw[0], raw[from > 1], raw[from > 2 ? 2 : 0]};
        if (from == 4)
            for (int k = 0; k < 3; k++) v[k] = ink(raw[k], raw[3], adobe);
        if (to == 1 && from > 1)
            out[0] = luma(v[0], v[1], v[2]);
        else
            memcpy(out, v, (size_t)to);
    }
}

static void choose_colours(job *j)
{
    J_COLOR_SPACE space = j->c.jpeg_color_space;
    bool has_luma = space == JCS_YCbCr || space == JCS_GRAYSCALE;
    if (space == JCS_CMYK || space == JCS_YCCK)
        j->c.out_color_space = JCS_CMYK;
    else if (j->out->channels == 1 && has_luma)
        j->c.out_color_space = JCS_GRAYSCALE;
    else
        j->c.out_color_space = JCS_RGB;
}

static void read_all(job *j, const unsigned char *bytes, size_t n)
{
    jpeg_mem_src(&j->c, bytes, n);
    j->progress.progress_monitor = count_scans;
    j->c.progress = &j->progress;
    jpeg_read_header(&j->c, TRUE);
    if (j->c.image_width != j->out->width || j->c.image_height != j->out->height) {
        snprintf(j->why, HGI_WHY, "JPEG: changed while it was read");
        j->status = HG_EFORMAT;
        longjmp(j->back, 1);
    }
    choose_colours(j);
    jpeg_start_decompress(&j->c);
    size_t line = (size_t)(j->out->width * j->out->channels);
    JSAMPARRAY raw =
        j->c.mem->alloc_sarray((j_common_ptr)&j->c, JPOOL_IMAGE,
                               j->c.output_width * (JDIMENSION)j->c.output_components, 1);
    while (j->c.output_scanline < j->c.output_height) {
        size_t y = j->c.output_scanline;
        unsigned char *to = (unsigned char *)j->out->p + y * line;
        jpeg_read_scanlines(&j->c, raw, 1);
        if (j->c.output_components == j->out->channels)
            memcpy(to, raw[0], line);
        else
            convert_line(j, raw[0], to);
    }
    jpeg_finish_decompress(&j->c);
}

hg_status hgi_jpeg_decode(const hgi_mem *mem, const unsigned char *bytes, size_t n,
                          hgi_pixels *out, char why[HGI_WHY])
{
    job *j = hgi_calloc(mem, 1, sizeof *j);
    if (j == NULL) {
        snprintf(why, HGI_WHY, "out of memory");
        return HG_ENOMEM;
    }
    j->out = out;
    j->why = why;
    j->c.err = jpeg_std_error(&j->errors);
    j->errors.error_exit = stop;
    j->errors.emit_message = warn;
    j->errors.output_message = say_nothing;
    j->c.client_data = j;
    if (setjmp(j->back) == 0) {
        jpeg_create_decompress(&j->c);
        read_all(j, bytes, n);
    }
    hg_status status = j->status;
    jpeg_destroy_decompress(&j->c);
    hgi_free(mem, j);
    return status;
}

#else

const char *hgi_jpeg_version(void) { return NULL; }

hg_status hgi_jpeg_decode(const hgi_mem *mem, const unsigned char *bytes, size_t n,
                          hgi_pixels *out, char why[HGI_WHY])
{
    (void)mem, (void)bytes, (void)n, (void)out;
    snprintf(why, HGI_WHY, "JPEG is not built in: install libjpeg-dev and rebuild");
    return HG_EUNAVAILABLE;
}

#endif
