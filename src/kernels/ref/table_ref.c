// SPDX-License-Identifier: MIT
/* The table of the reference kernels.                                                  */
#include "kernels/ref/slots.h"
#include "kernels/tables.h"

const hgi_kernels hgk_table_ref = {.name = "ref", HGK_REF_SLOTS};
