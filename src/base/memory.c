// SPDX-License-Identifier: MIT
/* How much memory there is to be had, asked before much is taken: Linux hands out more
 * than it has and ends the process that then uses it, which says nothing to its user.
 *
 * What counts is the smaller of what the machine has left (MemAvailable) and what each
 * control group on the process's path has: limit - use + file pages that can be dropped.
 * Source: Documentation/admin-guide/cgroup-v2.rst and filesystems/proc.rst of Linux. */
#include "base/base.h"

#include <inttypes.h>
#include <string.h>

/* The number behind `key` at a line's start ("" takes the first line), or -1. */
static int64_t number_in(const char *path, const char *key)
{
    char line[256];
    int64_t value = -1;
    FILE *f = fopen(path, "re");
    if (f == NULL) return -1;
    while (value < 0 && fgets(line, sizeof line, f) != NULL)
        if (strncmp(line, key, strlen(key)) == 0 &&
            sscanf(line + strlen(key), "%" SCNd64, &value) != 1)
            value = -1;
    fclose(f);
    return value;
}

static int64_t left_in_group(const char *group)
{
    char path[512];
    snprintf(path, sizeof path, "/sys/fs/cgroup%s/memory.max", group);
    int64_t limit = number_in(path, ""); /* "max": no number, no limit */
    if (limit < 0) return INT64_MAX;
    snprintf(path, sizeof path, "/sys/fs/cgroup%s/memory.current", group);
    int64_t used = hgi_max(number_in(path, ""), 0);
    snprintf(path, sizeof path, "/sys/fs/cgroup%s/memory.stat", group);
    int64_t files = hgi_max(number_in(path, "inactive_file "), 0) +
                    hgi_max(number_in(path, "active_file "), 0);
    return hgi_max(0, limit - used + hgi_min(files, used));
}

int64_t hgi_memory_left(const hg_ctx *ctx)
{
    char group[256] = "", line[300];
    if (ctx->memory_limit > 0) return ctx->memory_limit;
    int64_t kib = number_in("/proc/meminfo", "MemAvailable:");
    int64_t left = kib < 0 ? INT64_MAX : kib * 1024;
    FILE *f = fopen("/proc/self/cgroup", "re");
    while (f != NULL && fgets(line, sizeof line, f) != NULL)
        if (strncmp(line, "0::", 3) == 0)
            snprintf(group, sizeof group, "%.*s", (int)strcspn(line + 3, "\n"), line + 3);
    if (f != NULL) fclose(f);
    for (;;) {
        left = hgi_min(left, left_in_group(group));
        char *slash = strrchr(group, '/');
        if (slash == NULL) return left;
        *slash = '\0';
    }
}

const char *hgi_bytes_text(char out[HGI_NUMBER_MAX], double bytes)
{
    static const char *const units[] = {"bytes", "KiB", "MiB", "GiB", "TiB"};
    int i = 0;
    for (; bytes >= 1024 && i < 4; i++) bytes /= 1024;
    snprintf(out, HGI_NUMBER_MAX, i == 0 ? "%.0f %s" : "%.1f %s", bytes, units[i]);
    return out;
}

hg_status hgi_check_memory(hg_ctx *ctx, double bytes, const char *what)
{
    char wanted[HGI_NUMBER_MAX], there[HGI_NUMBER_MAX];
    double left = (double)hgi_memory_left(ctx);
    if (bytes <= left) return HG_OK;
    return hgi_fail(ctx, HG_ENOMEM, "%s: %s of memory needed, %s left on this machine",
                    what, hgi_bytes_text(wanted, bytes), hgi_bytes_text(there, left));
}
