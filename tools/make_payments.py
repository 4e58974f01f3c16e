#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Make data/payments.csv: made-up payments with what such tables have (docs/tables.md):
an identifier, times, words in two spellings, yes and no, gaps.

    tools/make_payments.py > data/payments.csv
"""
import datetime
import random

KINDS = {  # countries, median amount
    "card": (["NO", "SE", "DK", "FI"], 25),
    "cash": (["NO", "DE"], 90),
    "wire": (["US", "GB", "DE"], 1500),
}
random.seed(11)
print("id,time,amount,kind,country,foreign,fee")
for i in range(400):
    kind = random.choice(["card", "card", "cash", "wire"])
    countries, median = KINDS[kind]
    amount = median * random.lognormvariate(0, 0.5)
    time = datetime.datetime(2024, 1, 1) + datetime.timedelta(
        days=i * 365 // 400, hours=random.choice(range(8, 20)), minutes=random.randrange(60))
    cells = [
        f"T{i:04d}",
        time.strftime("%Y-%m-%dT%H:%M"),
        f"{amount:.2f}",
        kind if random.random() > 0.1 else kind.upper(),
        random.choice(countries),
        "yes" if kind == "wire" else "no",
        f"{max(0.01 * amount + random.gauss(0, 0.05), 0):.2f}",
    ]
    for j in range(2, 7):
        if random.random() < 0.04:
            cells[j] = random.choice(["", "NA", "?"])
    print(",".join(cells))
