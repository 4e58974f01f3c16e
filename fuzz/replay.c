// SPDX-License-Identifier: MIT
/* A main for fuzz targets where there is no libFuzzer: each file named on the command line
 * goes to the target once.  A crash or a sanitizer's report is the failure.            */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The buffer is exactly as large as the file, so that a sanitizer sees one byte too far. */
static int replay(const char *path)
{
    FILE *f = fopen(path, "rb");
    uint8_t *data = NULL;
    long size = -1;
    if (f != NULL && fseek(f, 0, SEEK_END) == 0) size = ftell(f);
    if (size >= 0) data = malloc(size > 0 ? (size_t)size : 1);
    int ok = data != NULL && fseek(f, 0, SEEK_SET) == 0 &&
             fread(data, 1, (size_t)size, f) == (size_t)size;
    if (ok) (void)LLVMFuzzerTestOneInput(data, (size_t)size);
    if (!ok) perror(path);
    free(data);
    if (f != NULL) fclose(f);
    return ok;
}

int main(int argc, char **argv)
{
    int failed = 0;
    for (int i = 1; i < argc; i++) failed += !replay(argv[i]);
    printf("%d inputs\n", argc - 1);
    return failed > 0;
}
