// SPDX-License-Identifier: MIT
/* base: files read whole, files written whole or not at all.                          */
#include "test.h"

#include "base/base.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define LIMIT ((size_t)1 << 20)

static void check_content(const char *path, const char *want)
{
    size_t n;
    char *got = test_read(path, &n);
    CHECK_STR(got, want);
    free(got);
}

/* Files in the scratch folder, to see that nothing was left behind.                    */
static int count_files(void)
{
    char path[TEST_PATH];
    test_path(path, "");
    int n = 0;
    DIR *dir = opendir(path);
    for (struct dirent *e; dir != NULL && (e = readdir(dir)) != NULL;)
        n += strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
    if (dir != NULL) closedir(dir);
    return n;
}

static hg_status write_file(hg_ctx *ctx, const char *path, const char *text)
{
    hgi_outfile o;
    HGI_TRY(hgi_outfile_open(ctx, path, &o));
    hgi_outfile_write(&o, text, strlen(text));
    return hgi_outfile_commit(&o);
}

/* Become someone whom permissions bind: they do not bind root.                         */
static void drop_root(void)
{
    if (getuid() == 0 && setuid(65534) != 0) SKIP("root that cannot become anyone else");
}

TEST(a_file_appears_only_when_it_is_committed)
{
    hg_ctx *ctx = test_ctx();
    char path[TEST_PATH];
    test_path(path, "out");
    hgi_outfile o;
    CHECK_OK(ctx, hgi_outfile_open(ctx, path, &o));
    hgi_outfile_write(&o, "abc", 3);
    CHECK(access(path, F_OK) != 0);
    CHECK_OK(ctx, hgi_outfile_commit(&o));
    hgi_outfile_abort(&o);
    check_content(path, "abc");
    CHECK_INT(count_files(), 1);
    CHECK_OK(ctx, hgi_outfile_open(ctx, path, &o));
    hgi_outfile_write(&o, "other", 5);
    hgi_outfile_abort(&o);
    check_content(path, "abc");
    CHECK_INT(count_files(), 1);
}

TEST(a_replaced_file_keeps_its_mode_and_a_new_one_gets_the_umask)
{
    hg_ctx *ctx = test_ctx();
    char path[TEST_PATH];
    struct stat st;
    umask(027);
    test_path(path, "out");
    CHECK_OK(ctx, write_file(ctx, path, "new"));
    CHECK(stat(path, &st) == 0);
    CHECK_INT(st.st_mode & 07777, 0640);
    CHECK(chmod(path, 0606) == 0);
    CHECK_OK(ctx, write_file(ctx, path, "newer"));
    CHECK(stat(path, &st) == 0);
    CHECK_INT(st.st_mode & 07777, 0606);
    check_content(path, "newer");
}

TEST(a_symbolic_link_stays_and_its_target_is_replaced)
{
    hg_ctx *ctx = test_ctx();
    char target[TEST_PATH], link[TEST_PATH], second[TEST_PATH], dangling[TEST_PATH];
    struct stat st;
    test_write(target, "target", "old", 3);
    test_path(link, "link");
    test_path(second, "second");
    test_path(dangling, "dangling");
    CHECK(symlink("target", link) == 0 && symlink(link, second) == 0);
    CHECK(symlink("not-there-yet", dangling) == 0);
    CHECK_OK(ctx, write_file(ctx, second, "new"));
    CHECK(lstat(link, &st) == 0 && S_ISLNK(st.st_mode));
    CHECK(lstat(second, &st) == 0 && S_ISLNK(st.st_mode));
    check_content(target, "new");
    CHECK_OK(ctx, write_file(ctx, dangling, "made"));
    CHECK(lstat(dangling, &st) == 0 && S_ISLNK(st.st_mode));
    check_content(dangling, "made");
    CHECK_INT(count_files(), 5);
    char loop[TEST_PATH];
    test_path(loop, "loop");
    CHECK(symlink("loop", loop) == 0);
    CHECK_FAILS(ctx, write_file(ctx, loop, "x"), HG_EIO, "loop: cannot write");
}

TEST(what_cannot_be_written_is_an_error_that_names_it)
{
    hg_ctx *ctx = test_ctx();
    char dir[TEST_PATH], path[TEST_PATH];
    test_path(dir, "");
    test_path(path, "no/such/folder");
    CHECK_FAILS(ctx, write_file(ctx, dir, "x"), HG_EIO, "Is a directory");
    CHECK_FAILS(ctx, write_file(ctx, path, "x"), HG_EIO,
                "no/such/folder: cannot write: ");
    CHECK_FAILS(ctx, write_file(ctx, "", "x"), HG_EIO, "cannot write");
    test_path(path, "new/");
    CHECK_FAILS(ctx, write_file(ctx, path, "x"), HG_EIO, "Is a directory");
    test_write(path, "file", "", 0);
    test_path(path, "file/below");
    CHECK_FAILS(ctx, write_file(ctx, path, "x"), HG_EIO, "Not a directory");
    CHECK_FAILS(ctx, hgi_check_writable(ctx, path), HG_EIO, "Not a directory");
    CHECK_FAILS(ctx, hgi_check_writable(ctx, dir), HG_EIO, "Is a directory");
    CHECK_INT(count_files(), 1);
}

TEST(a_folder_or_file_without_the_right_to_write_is_refused)
{
    hg_ctx *ctx = test_ctx();
    char dir[TEST_PATH], file[TEST_PATH];
    test_path(dir, "closed");
    test_write(file, "closed-file", "kept", 4);
    CHECK(mkdir(dir, 0777) == 0);
    test_path(file, "closed/open");
    test_write(file, "closed/locked", "kept", 4);
    CHECK(chmod(file, 0444) == 0 && chmod(dir, 0777) == 0);
    /* From inside, because another user cannot come here through the folders above.    */
    CHECK(chdir(dir) == 0);
    drop_root();
    CHECK_FAILS(ctx, write_file(ctx, "locked", "x"), HG_EIO,
                "locked: cannot write: Perm");
    CHECK_OK(ctx, hgi_check_writable(ctx, "open"));
    CHECK_FAILS(ctx, hgi_check_writable(ctx, "locked"), HG_EIO, "Permission denied");
    check_content("locked", "kept");
}

TEST(a_folder_without_the_right_to_write_is_refused)
{
    hg_ctx *ctx = test_ctx();
    char dir[TEST_PATH];
    test_path(dir, "closed");
    CHECK(mkdir(dir, 0777) == 0 && chmod(dir, 0555) == 0 && chdir(dir) == 0);
    drop_root();
    CHECK_FAILS(ctx, write_file(ctx, "new", "x"), HG_EIO,
                "new: cannot write: Permission");
    CHECK_FAILS(ctx, hgi_check_writable(ctx, "new"), HG_EIO, "Permission denied");
}

TEST(a_full_disk_keeps_the_old_file)
{
    hg_ctx *ctx = test_ctx();
    char path[TEST_PATH];
    test_write(path, "out", "old", 3);
    /* A limit on the size of files fails like a full disk, in the middle of a write.   */
    signal(SIGXFSZ, SIG_IGN);
    struct rlimit limit = {10000, 10000};
    CHECK(setrlimit(RLIMIT_FSIZE, &limit) == 0);
    hgi_outfile o;
    CHECK_OK(ctx, hgi_outfile_open(ctx, path, &o));
    for (int i = 0; i < 10000; i++) hgi_outfile_write(&o, "0123456789", 10);
    CHECK_INT(o.status, HG_EIO);
    hgi_fail(ctx, HG_EINVAL, "something else went wrong meanwhile");
    CHECK_FAILS(ctx, hgi_outfile_commit(&o), HG_EIO, "out: cannot write: File too large");
    check_content(path, "old");
    CHECK_INT(count_files(), 1);
}

TEST(a_device_is_written_directly_and_a_full_one_tells)
{
    hg_ctx *ctx = test_ctx();
    struct stat st;
    CHECK_OK(ctx, write_file(ctx, "/dev/null", "gone"));
    CHECK(stat("/dev/null", &st) == 0 && S_ISCHR(st.st_mode));
    CHECK_OK(ctx, hgi_check_writable(ctx, "/dev/null"));
    if (access("/dev/full", W_OK) != 0) SKIP("no /dev/full");
    CHECK_FAILS(ctx, write_file(ctx, "/dev/full", "x"), HG_EIO,
                "/dev/full: cannot write: No space left on device");
    CHECK(stat("/dev/full", &st) == 0 && S_ISCHR(st.st_mode));
}

TEST(a_pipe_and_standard_output_are_written_directly)
{
    hg_ctx *ctx = test_ctx();
    char path[TEST_PATH], got[16] = "";
    test_path(path, "pipe");
    CHECK(mkfifo(path, 0666) == 0);
    CHECK_OK(ctx, hgi_check_writable(ctx, path)); /* does not wait for a reader */
    int in = open(path, O_RDONLY | O_NONBLOCK);
    CHECK_OK(ctx, write_file(ctx, path, "through"));
    CHECK_INT(read(in, got, sizeof got - 1), 7);
    CHECK_STR(got, "through");
    /* Standard output is still open afterwards, and the order of what is written holds. */
    test_path(path, "stdout");
    int kept = dup(STDOUT_FILENO);
    CHECK(freopen(path, "w", stdout) != NULL);
    printf("first,");
    CHECK_OK(ctx, write_file(ctx, "-", "second,"));
    printf("third");
    fflush(stdout);
    dup2(kept, STDOUT_FILENO);
    check_content(path, "first,second,third");
    CHECK_OK(ctx, hgi_check_writable(ctx, "-"));
}

TEST(a_killed_writer_leaves_the_old_file)
{
    hg_ctx *ctx = test_ctx();
    char path[TEST_PATH];
    test_write(path, "out", "old", 3);
    pid_t pid = fork();
    if (pid == 0) {
        hgi_outfile o;
        if (hgi_outfile_open(ctx, path, &o) != HG_OK) _exit(3);
        for (int i = 0; i < 100000; i++) hgi_outfile_write(&o, "0123456789", 10);
        raise(SIGKILL);
    }
    int status = 0;
    CHECK(waitpid(pid, &status, 0) == pid);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    check_content(path, "old");
    CHECK_OK(ctx, write_file(ctx, path, "new"));
    check_content(path, "new");
}

TEST(writing_survives_the_loss_of_any_allocation)
{
    hg_ctx *ctx = test_ctx();
    char path[TEST_PATH];
    test_write(path, "out", "old", 3);
    int n = 0;
    for (;; n++) {
        test_fail_alloc(n);
        hg_status status = write_file(ctx, path, "new");
        if (status == HG_OK) break;
        CHECK_INT(status, HG_ENOMEM);
        CHECK_INT(count_files(), 1);
        check_content(path, "old");
    }
    CHECK(n >= 1 && !test_alloc_failed());
    check_content(path, "new");
}

TEST(a_file_is_read_whole_up_to_the_limit)
{
    hg_ctx *ctx = test_ctx();
    char path[TEST_PATH], *data;
    size_t n;
    static char big[100000];
    for (size_t i = 0; i < sizeof big; i++) big[i] = (char)(i * 7);
    static const size_t sizes[] = {0, 1, 4094, 4095, 4096, 4097, 65536, sizeof big};
    for (int i = 0; i < (int)HGI_COUNT(sizes); i++) {
        test_write(path, "in", big, sizes[i]);
        CHECK_OK(ctx, hgi_read_file(ctx, path, sizes[i], &data, &n));
        CHECK_INT(n, sizes[i]);
        CHECK(memcmp(data, big, n) == 0 && data[n] == '\0');
        hgi_free(&ctx->mem, data);
        if (sizes[i] == 0) continue;
        CHECK_FAILS(ctx, hgi_read_file(ctx, path, sizes[i] - 1, &data, &n), HG_EFORMAT,
                    "in: over ");
        CHECK(data == NULL);
    }
}

TEST(what_cannot_be_read_is_an_error_that_names_it)
{
    hg_ctx *ctx = test_ctx();
    char path[TEST_PATH], *data;
    size_t n;
    test_path(path, "");
    CHECK_FAILS(ctx, hgi_read_file(ctx, path, LIMIT, &data, &n), HG_EIO,
                "cannot read: Is a directory");
    test_path(path, "missing");
    CHECK_FAILS(ctx, hgi_read_file(ctx, path, LIMIT, &data, &n), HG_EIO,
                "missing: cannot open: No such file");
    test_write(path, "in", "0123456789", 10);
    for (int i = 0;; i++) {
        test_fail_alloc(i);
        hg_status status = hgi_read_file(ctx, path, LIMIT, &data, &n);
        if (status == HG_OK) break;
        CHECK_INT(status, HG_ENOMEM);
    }
    test_fail_alloc(-1);
    CHECK_STR(data, "0123456789");
    hgi_free(&ctx->mem, data);
}

TEST(a_pipe_and_standard_input_are_read_to_their_end)
{
    hg_ctx *ctx = test_ctx();
    int ends[2];
    CHECK(pipe(ends) == 0);
    pid_t pid = fork();
    if (pid == 0) {
        close(ends[0]);
        for (int i = 0; i < 10000; i++)
            if (write(ends[1], "0123456789", 10) != 10) _exit(1);
        _exit(0);
    }
    close(ends[1]);
    CHECK(dup2(ends[0], STDIN_FILENO) == STDIN_FILENO);
    char *data;
    size_t n;
    CHECK_OK(ctx, hgi_read_file(ctx, "-", LIMIT, &data, &n));
    CHECK_INT(n, 100000);
    CHECK(memcmp(data + 99990, "0123456789", 11) == 0);
    hgi_free(&ctx->mem, data);
    waitpid(pid, NULL, 0);
}
