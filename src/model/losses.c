// SPDX-License-Identifier: MIT
/* The list of losses, and calling one. */
#include "model/loss.h"

#include <string.h>

extern const hgi_loss hgi_loss_mse, hgi_loss_mae, hgi_loss_bce, hgi_loss_huber,
    hgi_loss_gaussian, hgi_loss_multinomial, hgi_loss_table;

const hgi_loss *const hgi_losses[] = {
    &hgi_loss_mse,      &hgi_loss_mae,         &hgi_loss_bce,   &hgi_loss_huber,
    &hgi_loss_gaussian, &hgi_loss_multinomial, &hgi_loss_table, NULL,
};

const hgi_loss *hgi_loss_find(const char *name)
{
    for (int i = 0; hgi_losses[i] != NULL; i++)
        if (strcmp(hgi_losses[i]->name, name) == 0) return hgi_losses[i];
    return NULL;
}

void hgi_loss_rows(const hgi_loss *loss, const hgi_loss_call *c, double *row_loss)
{
    if (loss->rows != NULL)
        loss->rows(c, row_loss);
    else
        c->k->loss(loss->kind, c->delta, c->scale, c->R, c->C, c->y, c->ldy, c->t, c->ldt,
                   c->g, c->ldg, row_loss);
}
