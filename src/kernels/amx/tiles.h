// SPDX-License-Identifier: MIT
/* The words of gemm_tiles.h in AMX.
 *
 * gcc 12's tile loads do not say that they read memory, so stores before them could be
 * moved behind: each is preceded by a barrier.  Its _tile_loadconfig names only 8 bytes of
 * the 64, and the rest was seen to be optimised away: the same barrier keeps it.       */
#ifndef HGK_AMX_TILES_H
#define HGK_AMX_TILES_H

#include <immintrin.h>
#include <stdint.h>
#include <string.h>

/* Palette 1: eight tiles of 16 rows of 64 bytes.                                       */
typedef struct tile_config {
    uint8_t palette, start_row, reserved[14];
    uint16_t row_bytes[16];
    uint8_t rows[16];
} tile_config;

static inline void tile_barrier(const void *p)
{
    __asm__ volatile("" : : "r"(p) : "memory");
}

static inline void t_begin(void)
{
    tile_config c;
    memset(&c, 0, sizeof c);
    c.palette = 1;
    for (int i = 0; i < 8; i++) {
        c.row_bytes[i] = 64;
        c.rows[i] = 16;
    }
    tile_barrier(&c);
    _tile_loadconfig(&c);
}

#define t_end() _tile_release()
#define t_zero(c) _tile_zero(c)
#define t_load(c, p, row)                                                                \
    do {                                                                                 \
        const float *from_ = (p);                                                        \
        tile_barrier(from_);                                                             \
        _tile_loadd(c, from_, (row) * (int64_t)sizeof(float));                           \
    } while (0)
#define t_store(c, p, row)                                                               \
    do {                                                                                 \
        float *to_ = (p);                                                                \
        _tile_stored(c, to_, (row) * (int64_t)sizeof(float));                            \
        tile_barrier(to_);                                                               \
    } while (0)
#define t_dot(c, a, b) _tile_dpbf16ps(c, a, b)

#endif
