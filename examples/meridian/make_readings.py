"""Makes the readings of Meridian Home: a year of invented weeks and months, the same to the byte on every run.

    python examples/meridian/make_readings.py [FOLDER]

writes into FOLDER (default: `readings/` beside this file):

    people.csv       leavers by site and week, `n` the headcount
    quality.csv      quality score and reopened cases by site; satisfaction, first-contact solutions and escalations by function
    volume.parquet   contacts offered and forecast by function and week
    exposure.jsonl   security events
    workforce.csv    occupancy, shrinkage and adherence, a column a metric; riskreg.yaml maps them
    monthly.xlsx     cost, uptime and access reviews

Everything is drawn by numpy's `default_rng` from one seed, a generator of its own for each metric, so that a change of one leaves
the others as they are. Volumes follow from `network/functions.yaml`: position-hours x occupancy / handle time, with the season.

Planted, and labelled in `metrics/`: an attrition spike in Cebu (from mid-October), a quality drift in Indore (from August; cases
come back from September), both together in Kraków (quality from September, leavers from mid-October), a card exposure in Bogotá
(18 November), three weeks of under-forecast orders in the United Kingdom (from 26 October), and a planned ramp-down in Durban
(July) that is no risk. The rest is noise and means nothing. Two gaps are left on purpose: a week without Davao's leavers, two weeks
without answers of French customers. A missing week is not a zero.

A hundred seeds were tried: each planted event is found with 98 or more of them, beside seven weak false alarms a year from some
two hundred series (one to fifteen). This seed has four, all of them old by November, so that what is open then is what was planted.
"""

from __future__ import annotations

import csv
import io
import json
import re
import sys
import zipfile
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import polars as pl
import yaml

from riskreg.model.times import parse_profile

HERE = Path(__file__).parent
SEED = 20261105
START = datetime(2025, 11, 17, tzinfo=UTC)
WEEKS = [START + timedelta(weeks=week) for week in range(52)]  # the last one ends on 16 November 2026
MONTHS = [datetime(2025, 11, 1, tzinfo=UTC)] + [datetime(2025 + m // 12, m % 12 + 1, 1, tzinfo=UTC) for m in range(11, 22)]
PEAK = datetime(2026, 11, 30, tzinfo=UTC)
OCCUPANCY = 0.82

# Site: people at the mean of the year, leavers a year per head, mean quality score, reopened share, seats, vendor.
SITES: dict[str, tuple[int, float, float, float, int, str]] = {
    "MNL": (530, 0.40, 88.2, 0.062, 520, "altura"),
    "CEB": (312, 0.42, 87.6, 0.064, 300, "altura"),
    "DVO": (136, 0.34, 87.0, 0.066, 140, "altura"),
    "PNQ": (215, 0.45, 86.8, 0.068, 200, "altura"),
    "IDR": (134, 0.38, 87.4, 0.063, 120, "altura"),
    "MNH": (62, 0.30, 88.5, 0.059, 70, "altura"),
    "BOG": (318, 0.33, 89.0, 0.057, 320, "beacon"),
    "CLO": (146, 0.14, 88.3, 0.058, 140, "beacon"),
    "BGH": (54, 0.25, 88.8, 0.056, 60, "beacon"),
    "KRK": (202, 0.22, 90.1, 0.052, 180, "beacon"),
    "CPT": (228, 0.27, 88.9, 0.060, 220, "corvid"),
    "DUR": (112, 0.25, 87.2, 0.065, 110, "corvid"),
    "GLA": (138, 0.22, 91.0, 0.050, 150, "client"),
}
HANDLE_TIME = {  # seconds; a chat counts half, because two are served at once
    "safety": 420, "fraud": 560, "payments": 470, "outage": 330, "tech": 690, "orders": 460, "retention": 640,
    "sales": 420, "social": 330, "mail": 400, "returns": 620, "claims": 900,
}  # fmt: skip
CHAT_FACTOR = 0.62
SATISFIED = {"voice": 0.82, "chat": 0.80, "email": 0.76, "social": 0.74, "back-office": 0.78}
SOLVED = {"voice": 0.76, "chat": 0.72, "email": 0.70, "social": 0.68, "back-office": 0.80}
ESCALATED = {"voice": 0.095, "chat": 0.085, "email": 0.07, "social": 0.08, "back-office": 0.05}

ATTRITION_SPIKE = {
    "CEB": {"2026-10-12": 2.4, "2026-10-19": 3.0, "2026-10-26": 3.4, "2026-11-02": 3.0, "2026-11-09": 3.2},
    "KRK": {"2026-10-19": 4.5, "2026-10-26": 5.5, "2026-11-02": 6.0, "2026-11-09": 6.0},
}
QUALITY_DRIFT = {"IDR": ("2026-08-10", -0.35), "KRK": ("2026-09-07", -0.42)}  # from this week on, points a week
RAMP_DOWN = {"2026-07-06": 12, "2026-07-13": 14, "2026-07-20": 9}
UNDER_FORECAST = {"2026-10-26": 1.21, "2026-11-02": 1.27, "2026-11-09": 1.24}
GAPS = {("leavers", "DVO", "2026-04-06"), ("csat", "TECH-FR", "2026-05-04"), ("csat", "TECH-FR", "2026-05-11")}

Row = dict[str, Any]


def random(metric: str) -> np.random.Generator:
    """A generator that belongs to one metric: the seed and the name's letters."""
    return np.random.default_rng([SEED, *metric.encode()])


def reading(metric: str, at: datetime, value: float, n: int | None = None, source: str = "", **scope: str) -> Row:
    """One row in long form; `n` and `source` only where there is one."""
    extra = {"n": n} if n is not None else {}
    return {"at": at, "metric": metric, **scope, "value": value, **extra, **({"source": source} if source else {})}


def day(at: datetime) -> str:
    return at.date().isoformat()


def season(at: datetime) -> float:
    """Demand against the mean week: highest at the end of November, a second, small rise in July."""
    away = ((at - PEAK).days / 7 + 26) % 52 - 26
    summer = ((at - datetime(2026, 7, 13, tzinfo=UTC)).days / 7 + 26) % 52 - 26
    return float(0.858 + 0.69 * np.exp(-((away / 5.0) ** 2)) + 0.1 * np.exp(-((summer / 3.0) ** 2)))


def since(at: datetime, first: str) -> int:
    """Weeks from `first` (included) to `at`, 0 before it."""
    return max(0, (at - datetime.fromisoformat(first + "T00:00:00+00:00")).days // 7 + 1)


def headcount(site: str, at: datetime) -> int:
    """People on the Monday; seasonal hands come before the peak, and in Durban they leave as planned after the July sale."""
    people = SITES[site][0] * (1 + 0.10 * (season(at) - 1))
    if site == "DUR":
        people += 20 * (day(at) < "2026-07-06") - 15 * ("2026-07-20" < day(at) < "2026-10-05")
    return round(people)


def functions() -> list[dict[str, Any]]:
    """Functions of the network with their contacts in a mean week."""
    found = yaml.safe_load((HERE / "network" / "functions.yaml").read_text(encoding="utf-8"))["functions"]
    for function in found:
        seconds = HANDLE_TIME[function["skill"]] * (CHAT_FACTOR if function["channel"] == "chat" else 1.0)
        peak_hours = sum(parse_profile(function["demand"])) / 10 / 2
        function["contacts"] = peak_hours / season(PEAK) * OCCUPANCY * 3600 / seconds
    return list(found)


def leavers() -> Iterator[Row]:
    draw = random("leavers")
    for site, (_, yearly, *_rest, vendor) in SITES.items():
        for at in WEEKS:
            people = headcount(site, at)
            rate = yearly / 52 * ATTRITION_SPIKE.get(site, {}).get(day(at), 1.0)
            gone = int(draw.binomial(people, rate)) + (RAMP_DOWN.get(day(at), 0) if site == "DUR" else 0)
            if ("leavers", site, day(at)) not in GAPS:
                yield reading("leavers", at, gone, people, f"{vendor} staffing report", site=site)


def site_quality() -> Iterator[Row]:
    """Quality score: the mean of `n` evaluations with a spread of 12 points each. Reopened cases: a count of the followed-up."""
    score, share = random("qa_score"), random("reopen_rate")
    for site, (_, _, points, reopened, _, vendor) in SITES.items():
        begins, step = QUALITY_DRIFT.get(site, (day(PEAK), 0.0))
        for at in WEEKS:
            scored = round(headcount(site, at) * float(score.uniform(0.85, 1.1)))
            drifted = points + step * since(at, begins)
            value = round(float(np.clip(score.normal(drifted, 12 / np.sqrt(scored)), 0, 100)), 2)
            yield reading("qa_score", at, value, scored, f"{vendor} quality team", site=site)
            closed = round(headcount(site, at) * float(share.uniform(7.0, 9.0)))
            rate = reopened + (0.0036 * since(at, "2026-09-07") if site == "IDR" else 0.0)
            value = round(int(share.binomial(closed, rate)) / closed, 5)
            yield reading("reopen_rate", at, value, closed, "customer records", site=site)


def function_quality() -> Iterator[Row]:
    """Shares of answers and followed-up contacts; each function has its own level, and each week a little of its own luck."""
    plans = (("csat", SATISFIED, 0.05, 60, 700), ("fcr", SOLVED, 0.4, 200, 1500), ("escalation_rate", ESCALATED, 0.2, 150, 600))
    for metric, levels, sampled, least, most in plans:
        draw = random(metric)
        for function in functions():
            level = levels[function["channel"]] + float(draw.normal(0, 0.012))
            for at in WEEKS:
                n = round(float(np.clip(function["contacts"] * season(at) * sampled * draw.uniform(0.9, 1.1), least, most)))
                rate = float(np.clip(level + draw.normal(0, 0.003), 0.01, 0.99))
                value = round(int(draw.binomial(n, rate)) / n, 5)
                source = "survey" if metric == "csat" else "customer records"
                if (metric, function["id"], day(at)) not in GAPS:
                    yield reading(metric, at, value, n, source, function=function["id"])


def volume() -> Iterator[Row]:
    """Contacts and their forecast: both miss the true mean by two and a half percent, independently."""
    draw = random("volume")
    for function in functions():
        for at in WEEKS:
            mean = function["contacts"] * season(at)
            surprise = UNDER_FORECAST.get(day(at), 1.0) if function["id"] == "ORD-UK" else 1.0
            offered = int(draw.poisson(mean * surprise * np.exp(draw.normal(0, 0.025))))
            forecast = 10 * round(mean * float(np.exp(draw.normal(0, 0.025))) / 10)
            yield reading("volume", at, float(offered), function=function["id"])
            yield reading("volume_forecast", at, float(forecast), function=function["id"])


def exposures() -> Iterator[Row]:
    draw = random("exposure_minor")
    for site, (*_rest, seats, vendor) in SITES.items():
        for at in WEEKS:
            found = int(draw.poisson(0.004 * seats))
            yield reading("exposure_minor", at, found, seats, f"{vendor} security round", site=site)
    photographed = datetime(2026, 11, 18, 20, 40, tzinfo=UTC)
    yield reading("exposure_critical", photographed, 1, source="beacon incident report", site="BOG")


def workforce() -> Iterator[Row]:
    """Wide: one row a site and week. Occupancy rises with the season, shrinkage with holidays."""
    draw = random("workforce")
    for at in WEEKS:
        for site in SITES:
            busy = 0.775 + 0.055 * season(at) + draw.normal(0, 0.008)
            away = 0.315 + 0.02 * (day(at)[5:7] in ("07", "08", "12")) + draw.normal(0, 0.008)
            kept = 0.915 + draw.normal(0, 0.008)
            yield {
                "week_start": day(at), "site_code": site, "occupancy": f"{busy:.4f}", "shrinkage": f"{away:.4f}",
                "adherence": f"{kept:.4f}", "rostered_hours": round(headcount(site, at) * 40 * 0.94),
            }  # fmt: skip


def monthly() -> Iterator[Row]:
    draw = random("monthly")
    cost = {"altura": (2.05, 0.002), "beacon": (4.70, 0.009), "corvid": (2.35, 0.003)}
    for month, at in enumerate(MONTHS):
        for vendor, (first, creep) in cost.items():
            value = round(first * (1 + creep) ** month * float(np.exp(draw.normal(0, 0.012))), 3)
            yield reading("cost_per_contact", at, value, vendor=vendor)
            yield reading("tool_uptime", at, round(1 - float(draw.exponential(0.0012)), 5), vendor=vendor)
        for site in SITES:
            overdue = 0.09 * max(0, month - 4) if site == "IDR" else 0.0
            done = min(1.0, 0.985 - overdue + float(draw.uniform(-0.015, 0.015)))
            yield reading("access_reviews", at, round(done, 3), site=site)


def write_csv(path: Path, columns: list[str], rows: Iterable[Row]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows({**row, "at": row["at"].isoformat()} if "at" in row else row for row in rows)


def write_jsonl(path: Path, rows: Iterable[Row]) -> None:
    lines = (json.dumps({**row, "at": row["at"].isoformat()}) for row in rows)
    path.write_text("".join(line + "\n" for line in lines), encoding="utf-8")


def write_parquet(path: Path, rows: Iterable[Row]) -> None:
    frame = pl.DataFrame(list(rows)).select("at", "metric", "function", "value").sort("metric", "function", "at")
    frame.write_parquet(path, compression="zstd")


def write_xlsx(path: Path, rows: Iterable[Row]) -> None:
    """A workbook without the time of its making: openpyxl and zip both stamp the clock, which would change the bytes."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "monthly"
    columns = ["at", "metric", "vendor", "site", "value"]
    sheet.append(columns)
    for row in rows:
        sheet.append([row["at"].isoformat() if column == "at" else row.get(column) for column in columns])
    raw = io.BytesIO()
    book.save(raw)
    with zipfile.ZipFile(raw) as stamped, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as still:
        for name in sorted(stamped.namelist()):
            body = stamped.read(name)
            if name == "docProps/core.xml":
                body = re.sub(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", b"2026-11-21T06:00:00Z", body)
            still.writestr(zipfile.ZipInfo(name), body, zipfile.ZIP_DEFLATED)


def make(folder: Path) -> None:
    """Writes every readings file into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    long = ["at", "metric", "site", "function", "value", "n", "source"]
    write_csv(folder / "people.csv", ["at", "metric", "site", "value", "n", "source"], leavers())
    write_csv(folder / "quality.csv", long, [*site_quality(), *function_quality()])
    write_parquet(folder / "volume.parquet", volume())
    write_jsonl(folder / "exposure.jsonl", exposures())
    columns = ["week_start", "site_code", "occupancy", "shrinkage", "adherence", "rostered_hours"]
    write_csv(folder / "workforce.csv", columns, workforce())
    write_xlsx(folder / "monthly.xlsx", monthly())


if __name__ == "__main__":
    make(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE / "readings")
