// SPDX-License-Identifier: MIT
/* The list of losses. */
#include "model/loss.h"

#include <string.h>

extern const hgi_loss hgi_loss_mse, hgi_loss_mae, hgi_loss_bce, hgi_loss_huber,
    hgi_loss_table;

const hgi_loss *const hgi_losses[] = {
    &hgi_loss_mse, &hgi_loss_mae, &hgi_loss_bce, &hgi_loss_huber, &hgi_loss_table, NULL,
};

const hgi_loss *hgi_loss_find(const char *name)
{
    for (int i = 0; hgi_losses[i] != NULL; i++)
        if (strcmp(hgi_losses[i]->name, name) == 0) return hgi_losses[i];
    return NULL;
}
