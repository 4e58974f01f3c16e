// SPDX-License-Identifier: MIT
/* What a session is made of. */
#ifndef HGI_SESSION_H
#define HGI_SESSION_H

#include "model/model.h"
#include "model/pass.h"

struct hg_session {
    hgi_mem mem;
    const hg_model *model;
    hgi_workspace ws;
    hgi_range range;
    bool own_loss; /* errors are the model's loss, else mean squares */
    int64_t clipped;
    char message[HG_MESSAGE_MAX];
};

#endif
