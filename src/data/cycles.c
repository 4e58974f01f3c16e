// SPDX-License-Identifier: MIT
/* Which cycles of a date a net may know: the day, the week, the month, the year.
 *
 * A date itself only grows: each later row would lie beyond all that training had.  A cycle
 * comes again, but only where the rows of training have been through it more than once: in
 * five months no net can learn what is usual in autumn.  So a cycle is used where
 *     - the rows span it often enough, both from the first to the last and as a uniform
 *       distribution of their variance would (one stray date makes no years);
 *     - nearly all rows are at a place in it that another turn of it has rows at, too;
 *     - there are different places at all: dates without times have no hours.
 */
#include "data/schema.h"

#include <math.h>

const char *const hgi_cycle_words[] = {"date", "week", "day", "month", "year", NULL};

/* So many turns of so many days.  What is short of them by hours has them: the last row of
 * two weeks of days is at the start of its day.                                        */
static const struct {
    double days, slack;
    int places;
} cycles[HGI_CYCLES] = {
    [HGI_CYCLE_WEEK] = {14, 1, 7},
    [HGI_CYCLE_DAY] = {2, 0.1, 24},
    [HGI_CYCLE_MONTH] = {61, 2, 8},
    [HGI_CYCLE_YEAR] = {730, 31, 12},
};
#define REPEATED 0.9 /* of the rows */

double hgi_cycle_turns(hgi_cycle cycle, double days)
{
    /* Callers of the library give any float: beyond 10,000 years as the last of them. */
    days = fmin(fmax(days, -4e6), 4e6);
    const double day = floor(days);
    double turns = 0;
    switch (cycle) {
    case HGI_CYCLE_DAY: turns = days; break;
    case HGI_CYCLE_WEEK: turns = day / 7; break;
    case HGI_CYCLE_MONTH: turns = hgi_date_months(day, false); break;
    case HGI_CYCLE_YEAR: turns = hgi_date_months(day, true); break;
    case HGI_CYCLE_DATE: break;
    }
    return turns;
}

void hgi_cycles_see(hgi_cycles_seen *seen, double days)
{
    for (int i = HGI_CYCLE_WEEK; i < HGI_CYCLES; i++) {
        const double turns = hgi_cycle_turns((hgi_cycle)i, days), turn = floor(turns);
        /* Days are floats: hours part at 41 minutes past, where few clocks stand. */
        const double shift = i == HGI_CYCLE_DAY ? 0.31 : 0;
        const int last = cycles[i].places - 1,
                  at = (int)((turns - turn) * (last + 1) + shift);
        hgi_cycle_place *p = &seen->place[i][at < last ? at : last];
        p->again = p->again || (p->rows > 0 && fabs(p->turn - turn) > 0.5);
        if (p->rows++ == 0) p->turn = turn;
    }
    if (seen->rows++ == 0) seen->first = seen->low = seen->high = days;
    seen->low = fmin(seen->low, days);
    seen->high = fmax(seen->high, days);
    const double e = days - seen->first;
    seen->sum += e;
    seen->squares += e * e;
}

unsigned hgi_cycles_use(const hgi_cycles_seen *seen)
{
    unsigned use = 0;
    if (seen->rows == 0) return 0;
    const double n = (double)seen->rows, mean = seen->sum / n;
    const double spread = sqrt(12 * fmax(seen->squares / n - mean * mean, 0));
    const double span = fmin(seen->high - seen->low, spread);
    for (int i = HGI_CYCLE_WEEK; i < HGI_CYCLES; i++) {
        int64_t places = 0, again = 0;
        for (int k = 0; k < cycles[i].places; k++) {
            const hgi_cycle_place *p = &seen->place[i][k];
            places += p->rows > 0;
            again += p->again ? p->rows : 0;
        }
        if (span >= cycles[i].days - cycles[i].slack && places > 1 &&
            (double)again >= REPEATED * n)
            use |= 1U << i;
    }
    return use;
}

/* ---- back to a date ------------------------------------------------------------------ */

static double miss(hgi_cycle cycle, double days, double turns)
{
    double e = hgi_cycle_turns(cycle, days) - turns;
    return fabs(e - floor(e + 0.5));
}

/* Half a turn of the longest cycle is looked through to both sides; of a year only the days
 * near the place asked for.                                                            */
double hgi_cycles_date(unsigned use, const double turns[HGI_CYCLES], double near)
{
    const unsigned months = 1U << HGI_CYCLE_MONTH, years = 1U << HGI_CYCLE_YEAR;
    double day = floor(near), best = HUGE_VAL, found = day, around = 0;
    if (use & years) {
        double e = turns[HGI_CYCLE_YEAR] - hgi_cycle_turns(HGI_CYCLE_YEAR, day);
        day += floor((e - floor(e + 0.5)) * 365.2425 + 0.5);
    }
    if (use & (1U << HGI_CYCLE_WEEK)) around = 3;
    if ((use & months) && !(use & years)) around = 15;
    for (double k = -around; k <= around; k++) {
        double sum = 1e-9 * fabs(k); /* of equals the nearest */
        for (int i = HGI_CYCLE_WEEK; i < HGI_CYCLES; i++)
            if (i != HGI_CYCLE_DAY && (use >> i & 1U))
                sum += miss((hgi_cycle)i, day + k, turns[i]);
        if (!(sum < best)) continue;
        best = sum;
        found = day + k;
    }
    double hours = use & (1U << HGI_CYCLE_DAY) ? turns[HGI_CYCLE_DAY] : near;
    return found + (hours - floor(hours));
}
