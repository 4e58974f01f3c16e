// SPDX-License-Identifier: MIT
/* base: numbers from text and back.                                                   */
#include "test.h"

#include "base/base.h"

#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <unistd.h>

static bool parse(const char *s, double *out)
{
    return hgi_parse_double(s, strlen(s), '.', out);
}

/* The C library's strtod() rounds correctly (glibc, musl); bits must be equal.         */
static bool same_as_strtod(const char *s)
{
    double got = 0, want = strtod(s, NULL);
    test_where("%s", s);
    return CHECK(parse(s, &got)) && CHECK(memcmp(&got, &want, sizeof got) == 0);
}

TEST(random_decimals_are_read_as_strtod_reads_them)
{
    uint64_t seed = 1;
    for (int i = 0; i < 200000; i++) {
        char s[64];
        uint64_t r = test_random(&seed);
        int digits = 1 + (int)(r % 20), exponent = (int)(r >> 8 & 63) - 32;
        if (i % 4 == 0) exponent = (int)(r >> 8 & 1023) - 512;
        uint64_t number = test_random(&seed);
        for (int d = digits; d < 20; d++) number /= 10;
        int point = (int)(r >> 32 & 7);
        int n = snprintf(s, sizeof s, "%s%0*llu", r >> 40 & 1 ? "-" : "", point + 1,
                         (unsigned long long)number);
        if (i % 2 == 0) {
            memmove(s + n - point + 1, s + n - point, (size_t)point + 1);
            s[n - point] = '.';
        }
        if (i % 3 == 0)
            snprintf(s + strlen(s), 16, "%c%d", r >> 41 & 1 ? 'e' : 'E', exponent);
        if (!same_as_strtod(s)) return;
    }
}

TEST(random_doubles_survive_seventeen_digits)
{
    uint64_t seed = 2;
    for (int i = 0; i < 100000; i++) {
        uint64_t bits = test_random(&seed);
        double x;
        memcpy(&x, &bits, sizeof x);
        if (!isfinite(x)) continue;
        char s[64];
        snprintf(s, sizeof s, "%.*e", 14 + i % 4, x);
        if (!same_as_strtod(s)) return;
    }
}

/* Exactly halfway between two doubles, and a hair to either side: the cases in which a
 * sloppy conversion is wrong by one.  printf writes a sum of powers of two exactly.    */
TEST(halfway_cases_round_to_even_and_a_hair_beyond_rounds_away)
{
    uint64_t seed = 3;
    for (int i = 0; i < 20000; i++) {
        int shift = (int)(test_random(&seed) % 60);
        uint64_t mantissa = (test_random(&seed) >> 11) | UINT64_C(1) << 52;
        char s[200];
        /* mantissa + 1/2 times 2^-shift, as a decimal of 5^(shift + 1) steps. */
        long double half = ((long double)mantissa + 0.5L) * powl(2.0L, -shift);
        int n = snprintf(s, sizeof s, "%.*Lf", shift + 1, half);
        if (!same_as_strtod(s)) return;
        snprintf(s + n, sizeof s - (size_t)n, "%s", "00000000000000000000000000001");
        if (!same_as_strtod(s)) return;
        s[n - 1] = (char)(s[n - 1] - 1);
        memset(s + n, '9', 20);
        if (!same_as_strtod(s)) return;
    }
}

TEST(long_and_extreme_numbers_are_read_exactly)
{
    static const char *const cases[] = {
        "0",
        "-0",
        "0.0e10",
        "000",
        "1",
        "00012.50",
        "1e22",
        "1e23",
        "9007199254740993",
        "9007199254740992.999999999999999999999999",
        "5e-324",
        "2.5e-324",
        "2.4e-324",
        "4.9406564584124654e-324",
        "2.2250738585072014e-308",
        "2.2250738585072011e-308",
        "1.7976931348623157e308",
        "1.7976931348623159e308",
        "1e309",
        "-1e400",
        "1e-400",
        "1e99999999999999999999",
        "-1e-99999999999999999999",
        "0e99999999999999999999",
        "123456789012345678901234567890",
        "0.000000000000000000000000000000123456789",
        "1.00000000000000011102230246251565404236316680908203125",
        "1.00000000000000011102230246251565404236316680908203124",
        "1.00000000000000011102230246251565404236316680908203126"};
    for (int i = 0; i < (int)HGI_COUNT(cases); i++) same_as_strtod(cases[i]);
    /* A thousand digits: a halfway number, zeros, and then a one that decides. */
    char s[1200] = "1.00000000000000011102230246251565404236316680908203125";
    size_t n = strlen(s);
    memset(s + n, '0', 1000);
    s[n + 1000] = '\0';
    same_as_strtod(s);
    s[n + 999] = '1';
    same_as_strtod(s);
    memset(s, '7', 1100);
    memcpy(s + 1100, "e-1100", 7);
    same_as_strtod(s);
    memset(s, '0', 1000);
    memcpy(s, "0.", 2);
    memcpy(s + 1000, "12345e1001", 11);
    same_as_strtod(s);
}

TEST(what_is_no_number_is_refused)
{
    static const char *const cases[] = {
        "",     "+",     "-",   ".",       "e5",    ".e5", "1e",    "1e+",
        "1e5.", "1.2.3", "1,5", "0x10",    " 1",    "1 ",  "1e3x",  "--1",
        "+-1",  "nane",  "in",  "infinit", "1_000", "1f",  "NaN(1)"};
    double x = 7;
    for (int i = 0; i < (int)HGI_COUNT(cases); i++) {
        test_where("%s", cases[i]);
        CHECK(!parse(cases[i], &x));
    }
    CHECK(x == 7);
    /* Exactly n bytes: what follows is not looked at, a NUL inside is not a digit. */
    CHECK(hgi_parse_double("12345", 2, '.', &x) && x == 12);
    CHECK(!hgi_parse_double("1\0002", 3, '.', &x));
}

TEST(words_signs_and_the_other_point_are_read)
{
    double x;
    CHECK(parse("nan", &x) && isnan(x));
    CHECK(parse("-NaN", &x) && isnan(x));
    CHECK(parse("Inf", &x) && x > 0 && isinf(x));
    CHECK(parse("-iNfInItY", &x) && x < 0 && isinf(x));
    CHECK(parse("+1.5", &x) && x == 1.5);
    CHECK(parse(".5", &x) && x == 0.5);
    CHECK(parse("5.", &x) && x == 5);
    CHECK(hgi_parse_double("-1,25e2", 7, ',', &x) && x == -125);
    CHECK(!hgi_parse_double("1.25", 4, ',', &x));
}

TEST(whole_numbers_are_read_to_the_last_that_fits)
{
    int64_t i = 5;
    CHECK(hgi_parse_int("9223372036854775807", 19, &i) && i == INT64_MAX);
    CHECK(hgi_parse_int("-9223372036854775808", 20, &i) && i == INT64_MIN);
    CHECK(hgi_parse_int("+0012", 5, &i) && i == 12);
    CHECK(hgi_parse_int("123", 2, &i) && i == 12);
    CHECK(!hgi_parse_int("9223372036854775808", 19, &i));
    CHECK(!hgi_parse_int("-9223372036854775809", 20, &i));
    CHECK(!hgi_parse_int("99999999999999999999", 20, &i));
    CHECK(!hgi_parse_int("", 0, &i) && !hgi_parse_int("-", 1, &i));
    CHECK(!hgi_parse_int("1.0", 3, &i) && !hgi_parse_int(" 1", 2, &i));
    CHECK_INT(i, 12);
}

/* The fewest digits of %.*e after which strtof gives the number back.                  */
static int fewest_digits_float(float x)
{
    char s[64];
    for (int n = 1; n < 9; n++) {
        snprintf(s, sizeof s, "%.*e", n - 1, (double)x);
        if (strtof(s, NULL) == x) return n;
    }
    return 9;
}

static int count_digits(const char *s)
{
    int n = 0, zeros = 0;
    for (; *s != '\0' && *s != 'e'; s++) {
        if (*s < '0' || *s > '9' || (n == 0 && *s == '0')) continue;
        n++;
        zeros = *s == '0' ? zeros + 1 : 0;
    }
    return n - zeros;
}

TEST(a_float_is_written_shortest_and_reads_back)
{
    uint64_t seed = 4;
    for (int i = 0; i < 200000; i++) {
        uint32_t bits = (uint32_t)test_random(&seed);
        float x;
        memcpy(&x, &bits, sizeof x);
        if (i % 2 == 0) x = (float)test_uniform(&seed, -10, 10);
        if (i % 7 == 0) x = (float)(int)(test_random(&seed) % 2000000) / 1000.0F;
        if (!isfinite(x) || x == 0) continue;
        char s[HGI_NUMBER_MAX];
        test_where("%.9g", (double)x);
        double back;
        int length = hgi_format_float(s, x);
        if (!CHECK_INT(strlen(s), length)) return;
        if (!CHECK(strtof(s, NULL) == x && parse(s, &back) && (float)back == x)) return;
        if (!CHECK_INT(count_digits(s), fewest_digits_float(x))) return;
    }
}

TEST(a_double_is_written_shortest_and_reads_back)
{
    uint64_t seed = 5;
    for (int i = 0; i < 100000; i++) {
        uint64_t bits = test_random(&seed);
        double x;
        memcpy(&x, &bits, sizeof x);
        if (i % 2 == 0) x = test_uniform(&seed, -10, 10);
        if (i % 7 == 0) x = (double)(test_random(&seed) % 2000000) / 1000;
        if (!isfinite(x) || x == 0) continue;
        char s[HGI_NUMBER_MAX], try[64];
        test_where("%.17g", x);
        int length = hgi_format_double(s, x);
        if (!CHECK_INT(strlen(s), length)) return;
        if (!CHECK(strtod(s, NULL) == x)) return;
        int fewest = 1;
        do snprintf(try, sizeof try, "%.*e", fewest - 1, x);
        while (strtod(try, NULL) != x && fewest++ < 17);
        if (!CHECK_INT(count_digits(s), fewest)) return;
    }
}

TEST(numbers_are_written_as_people_write_them)
{
    static const struct {
        double x;
        const char *want;
    } cases[] = {{0, "0"},
                 {1, "1"},
                 {-1.5, "-1.5"},
                 {0.1, "0.1"},
                 {100, "100"},
                 {0.0001, "0.0001"},
                 {0.00001, "1e-5"},
                 {-1.5e-7, "-1.5e-7"},
                 {12345678, "12345678"},
                 {1e16, "10000000000000000"},
                 {1e17, "1e17"},
                 {2.5e30, "2.5e30"}};
    char s[HGI_NUMBER_MAX];
    for (int i = 0; i < (int)HGI_COUNT(cases); i++) {
        hgi_format_double(s, cases[i].x);
        CHECK_STR(s, cases[i].want);
        if (cases[i].x == (double)(float)cases[i].x) {
            hgi_format_float(s, (float)cases[i].x);
            CHECK_STR(s, cases[i].want);
        }
    }
    hgi_format_float(s, 0.1F);
    CHECK_STR(s, "0.1");
    hgi_format_float(s, -0.0F);
    CHECK_STR(s, "-0");
    hgi_format_float(s, NAN);
    CHECK_STR(s, "nan");
    hgi_format_double(s, (double)-INFINITY);
    CHECK_STR(s, "-inf");
    /* 9e9 lies exactly between two floats and is even's: one digit is enough for it. */
    hgi_format_float(s, 9e9F);
    CHECK_STR(s, "9000000000");
    hgi_format_float(s, 1.401298464324817e-45F);
    CHECK_STR(s, "1e-45");
}

/* Make a locale that writes 1,5, from the system's sources when none is installed.     */
static bool set_comma_locale(void)
{
    static const char *const names[] = {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8",
                                        "pl_PL.UTF-8", "de_DE"};
    for (int i = 0; i < (int)HGI_COUNT(names); i++)
        if (setlocale(LC_ALL, names[i]) != NULL) return true;
    char path[TEST_PATH], command[2 * TEST_PATH];
    test_path(path, "de_DE.UTF-8");
    snprintf(command, sizeof command,
             "localedef -c -i de_DE -f UTF-8 '%s' >/dev/null 2>&1", path);
    if (system(command) == -1) return false;
    test_path(path, "");
    setenv("LOCPATH", path, 1);
    return setlocale(LC_ALL, "de_DE.UTF-8") != NULL;
}

TEST(a_comma_locale_changes_nothing)
{
    if (!set_comma_locale()) SKIP("no locale with a decimal comma, and no localedef");
    CHECK_STR(localeconv()->decimal_point, ",");
    double x;
    CHECK(parse("1.5", &x) && x == 1.5);
    CHECK(!parse("1,5", &x));
    CHECK(parse("1.00000000000000011102230246251565404236316680908203126", &x) && x > 1);
    CHECK(parse("2.5e-310", &x) && x == 2.5e-310);
    char s[HGI_NUMBER_MAX];
    hgi_format_double(s, 0.1);
    CHECK_STR(s, "0.1");
    hgi_format_double(s, 1.0 / 3);
    CHECK_STR(s, "0.3333333333333333");
    hgi_format_float(s, 1e-30F);
    CHECK_STR(s, "1e-30");
}

enum { BENCH_COUNT = 200000 };
static char bench_text[BENCH_COUNT][HGI_NUMBER_MAX];

static void bench_reading(const char *what)
{
    double sum = 0, start = test_now();
    for (int i = 0; i < BENCH_COUNT; i++) {
        double x = 0;
        (void)parse(bench_text[i], &x);
        sum += x;
    }
    double ours = test_now() - start;
    start = test_now();
    for (int i = 0; i < BENCH_COUNT; i++) sum -= strtod(bench_text[i], NULL);
    double library = test_now() - start;
    CHECK_NEAR(sum, 0, 1e-6); /* the same numbers, added in another order */
    printf("%s: parse_double %.0f ns, strtod %.0f ns a number\n", what,
           1e9 * ours / BENCH_COUNT, 1e9 * library / BENCH_COUNT);
}

BENCH(number_reading_and_writing)
{
    uint64_t seed = 6;
    double start = test_now();
    for (int i = 0; i < BENCH_COUNT; i++)
        hgi_format_float(bench_text[i], (float)test_uniform(&seed, -3, 3));
    printf("format_float %.0f ns a number\n", 1e9 * (test_now() - start) / BENCH_COUNT);
    bench_reading("floats");
    start = test_now();
    for (int i = 0; i < BENCH_COUNT; i++)
        hgi_format_double(bench_text[i], test_uniform(&seed, -3, 3));
    printf("format_double %.0f ns a number\n", 1e9 * (test_now() - start) / BENCH_COUNT);
    bench_reading("doubles");
}
