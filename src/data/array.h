// SPDX-License-Identifier: MIT
/* Dense arrays in files: what IDX and NPY have in common once their headers are read.  */
#ifndef HGI_ARRAY_H
#define HGI_ARRAY_H

#include "data/data.h"

/* name, bytes, word */
#define HGI_CELL_MAP(X)                                                                  \
    X(U8, 1, "u8")                                                                       \
    X(BOOL, 1, "bool")                                                                   \
    X(I8, 1, "i8")                                                                       \
    X(U16, 2, "u16")                                                                     \
    X(I16, 2, "i16")                                                                     \
    X(U32, 4, "u32")                                                                     \
    X(I32, 4, "i32")                                                                     \
    X(U64, 8, "u64")                                                                     \
    X(I64, 8, "i64")                                                                     \
    X(F16, 2, "f16")                                                                     \
    X(F32, 4, "f32")                                                                     \
    X(F64, 8, "f64")

typedef enum hgi_cell {
#define HGI_CELL_ROW(name, bytes, word) HGI_CELL_##name,
    HGI_CELL_MAP(HGI_CELL_ROW)
#undef HGI_CELL_ROW
} hgi_cell;

/* As a header says; dim[0] counts the rows.                                            */
typedef struct hgi_array {
    hgi_cell cell;
    bool big_endian, fortran;
    int rank; /* 1 to 4 */
    int64_t dim[HGI_MAX_RANK + 1];
} hgi_array;

int64_t hgi_cell_size(hgi_cell cell);
const char *hgi_cell_name(hgi_cell cell);
/* Convert n cells.  Returns the position of the first number that is finite and does not
 * fit float, else -1.  Integers and f64 round to nearest.                              */
int64_t hgi_cells_to_float(hgi_cell cell, bool big_endian, int64_t n,
                           const unsigned char *src, float *dst);

/* The array's data, the rest of the source, as a stream; format: the reader's name.  The
 * header is not trusted: its sizes are held against what the source has before memory is
 * asked for.  limit 0: all rows.                                                       */
struct hgi_blocks;
/* Of an NPY file: everything before the values.                                        */
hg_status hgi_npy_header(hg_ctx *ctx, hgi_source *s, hgi_array *out);
hg_status hgi_array_open(struct hgi_blocks *s, const char *format, const hgi_array *a,
                         int64_t limit);

#endif
