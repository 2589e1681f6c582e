"""One batch of readings as columns: what is sound goes on, each cell that is not becomes a fault at its place.

Every check is a mask over the whole batch; only cells that fail are looked at one by one, and of those the first hundred.

What a time means: with an offset or `Z`, itself. A date alone is the start of that day in the metric's own zone. A time of day
without an offset is refused in long form; in a wide file it is local to the mapping's `time_zone`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import polars as pl

from riskreg.model.base import LONGEST_LINE, unprintable
from riskreg.model.faults import Fault
from riskreg.model.metric import AttritionSpike, Metric
from riskreg.model.network import CLIENT
from riskreg.workspace.codes import did_you_mean, fault
from riskreg.workspace.tables import ALIKE, LISTED, ROW, Table, Tally

TEXTS = ("metric", "vendor", "site", "function")
SHARED = frozenset({"at", "vendor", "site", "function", "source"})
"""Fields that the metrics of one row of a wide file have in common."""
Told = dict[str, list[int]]
"""Shared field → rows of a batch whose fault in it was told for another metric."""
_PERIODS = {"week": "1w", "month": "1mo"}
_OFFSET = r"[+-]\d{2}:\d{2}"
_CLOCK = r"T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?"
_DAY = r"^\d{4}-\d{2}-\d{2}"
_FORMAT = "%Y-%m-%dT%H:%M:%S%.f"


@dataclass(frozen=True)
class Vocabulary:
    """Which names a reading may use. `sure` is False where definitions could not be read and a missing name proves nothing."""

    metrics: Mapping[str, Metric | None]
    sites: Mapping[str, str | None]
    """Site → the party that runs it."""
    vendors: frozenset[str]
    functions: frozenset[str]
    sure: bool = True

    def names(self, name: str) -> Iterable[str]:
        known: dict[str, Iterable[str]] = {
            "metric": self.metrics, "site": self.sites, "vendor": self.vendors | {CLIENT}, "function": self.functions,
        }  # fmt: skip
        return known[name]


@dataclass
class _Batch:
    """Masks of one batch and the faults under them; a row that fails is told once, however many columns share its cell."""

    table: Table
    raw: pl.DataFrame
    cols: Mapping[str, int]
    told: Told
    bad: pl.Series = field(init=False)
    faults: list[tuple[int, int, Fault]] = field(default_factory=list)
    alike: list[tuple[Fault, int]] = field(default_factory=list)
    """A fault of the list, and how many more rows have the same."""
    uncounted: int = 0

    def __post_init__(self) -> None:
        self.bad = pl.zeros(self.raw.height, dtype=pl.Boolean, eager=True)

    def check(self, name: str, mask: pl.Series, code: str, say: Callable[[str], tuple[str, str]]) -> None:
        """Every row under `mask` is bad in column `name`; `say` gives message and hint for the text of the cell."""
        mask = mask.fill_null(value=False)
        if not mask.any():
            return
        self.bad |= mask
        if name in SHARED:
            mask &= ~self.raw[ROW].is_in(self.told.get(name, ()))
            self.told[name] = [*self.told.get(name, ()), *self.raw[ROW].filter(mask)]
        cells = self.raw.filter(mask).select(ROW, text=pl.col(name).cast(pl.String))
        listed = cells.group_by("text", maintain_order=True).head(ALIKE).sort(ROW).head(LISTED)
        last: dict[str | None, Fault] = {}
        for text, row in listed.select("text", ROW).iter_rows():
            message, hint = say("" if text is None else text)
            last[text] = fault(code, message, self.table.span(row, self.cols[name]), hint=hint)
            self.faults.append((row, self.cols[name], last[text]))
        shown = Counter(listed["text"])
        times = cells.join(listed, on="text", how="semi", nulls_equal=True)["text"].value_counts()
        self.alike += [(last[text], count - shown[text]) for text, count in times.iter_rows()]
        self.uncounted += cells.height - int(times["count"].sum())


def judge(
    table: Table, raw: pl.DataFrame, cols: Mapping[str, int], words: Vocabulary, tally: Tally, *, zone: str | None, told: Told
) -> pl.DataFrame:
    """The sound rows of a long batch (at, metric, vendor, site, function, value, n, source, ROW); faults go to `tally`.

    `cols` are the column numbers of the fields that the file has. `told` are the faults of shared fields that were reported
    before, because the same cells were judged for another metric of a wide file; it grows.
    """
    raw = raw.with_columns(pl.col(name).cast(pl.String).str.strip_chars().replace("", None) for name in (*TEXTS, "source"))
    batch = _Batch(table, raw, cols, told)
    for name in ("at", "metric"):
        batch.check(name, raw[name].is_null() | (raw[name].cast(pl.String) == ""), "missing-value", partial(_missing, name))
    for name in TEXTS:
        known = list(words.names(name))
        if words.sure and name in cols:
            unknown = raw[name].is_not_null() & ~raw[name].is_in(known)
            code = "unknown-metric" if name == "metric" else "unknown-id"
            batch.check(name, unknown, code, partial(_unknown, name, known))
    value = _numbers(batch, "value")
    n = _numbers(batch, "n")
    batch.check(
        "value",
        raw["value"].is_null() | (raw["value"].cast(pl.String).str.strip_chars() == ""),
        "missing-value",
        partial(_missing, "value"),
    )
    batch.check("n", n < 0, "out-of-range", lambda text: (f"n cannot be {text}: a sample size or headcount is 0 or more", ""))
    _limits(batch, value, words)
    _leavers(batch, value, n, words)
    _sources(batch)
    vendor = _vendors(batch, words)
    at = _times(batch, words, zone)
    tally.add(*(item for _, _, item in sorted(batch.faults, key=lambda entry: entry[:2])), uncounted=batch.uncounted)
    for item, times in batch.alike:
        tally.count(item, times)
    _periods(batch, at, words, tally)
    return raw.with_columns(at.alias("at"), value.alias("value"), n.alias("n"), vendor.alias("vendor")).filter(~batch.bad)


def _missing(name: str, _: str) -> tuple[str, str]:
    return f"'{name}' is empty", "Leave the whole row out where nothing was measured." if name == "value" else "Fill it in."


def _unknown(name: str, known: Iterable[str], text: str) -> tuple[str, str]:
    where = "metrics/" if name == "metric" else "network/"
    return f"no {name} has the id '{text}'", did_you_mean(text, known) or f"Define it in a file under {where}, or correct the name."


def _numbers(batch: _Batch, name: str) -> pl.Series:
    """The column as floats; a fault for text, NaN and infinity."""
    raw = batch.raw[name]
    if raw.dtype.is_numeric():
        found, given = raw.cast(pl.Float64), raw.is_not_null()
    else:
        text = raw.cast(pl.String).str.strip_chars()
        found, given = text.cast(pl.Float64, strict=False), text.is_not_null() & (text != "")
    batch.check(name, given & ~found.is_finite().fill_null(value=False), "bad-number", _no_number)
    return found.alias(name)


def _no_number(text: str) -> tuple[str, str]:
    comma = "," in text and text.replace(",", "", 1).lstrip("+-").isdigit()
    hint = (
        "Write a dot for the decimals, and no separator for thousands."
        if comma
        else "Leave the row out where nothing was measured."
    )
    return f"'{text}' is not a finite number", hint


def _limits(batch: _Batch, value: pl.Series, words: Vocabulary) -> None:
    """Values outside what their metric allows."""
    for ident, metric in words.metrics.items():
        if metric is None or (metric.least is None and metric.most is None):
            continue
        out = pl.zeros(len(value), dtype=pl.Boolean, eager=True)
        if metric.least is not None:
            out |= value < metric.least
        if metric.most is not None:
            out |= value > metric.most
        mask = (batch.raw["metric"] == ident) & out & value.is_finite()
        batch.check("value", mask, "out-of-range", partial(_outside, metric))


def _outside(metric: Metric, text: str) -> tuple[str, str]:
    low = [] if metric.least is None else [f"at least {metric.least:g}"]
    high = [] if metric.most is None else [f"at most {metric.most:g}"]
    return f"{metric.id} cannot be {text}: it is {' and '.join(low + high)}", "Correct the value or its unit."


def _leavers(batch: _Batch, value: pl.Series, n: pl.Series, words: Vocabulary) -> None:
    """More people who left than there were."""
    for ident, metric in words.metrics.items():
        if metric is not None and isinstance(metric.detector, AttritionSpike):
            more = (batch.raw["metric"] == ident) & (value > n) & value.is_finite() & (n >= 0)
            batch.check("value", more, "out-of-range", partial(_too_many, ident))


def _too_many(ident: str, text: str) -> tuple[str, str]:
    return f"{ident} cannot be {text}: that is more people than n, the headcount", "Correct the one or the other."


def _sources(batch: _Batch) -> None:
    """Sources that would not print as one line."""
    source = batch.raw["source"]
    texts = source.unique().drop_nulls()
    odd = texts.filter(texts.str.contains("[^ -~]") | (texts.str.len_chars() > LONGEST_LINE))
    bad = [text for text in odd if len(text) > LONGEST_LINE or unprintable(text, lines=False)]
    batch.check("source", source.is_in(bad), "not-printable", _not_a_line)


def _not_a_line(text: str) -> tuple[str, str]:
    if len(text) > LONGEST_LINE:
        return f"this source is longer than {LONGEST_LINE} characters", "Name the report that it comes from."
    sign = unprintable(text, lines=False)
    return f"this source has a character in it that cannot be shown: {sign}", "Type the text again instead of pasting it."


def _periods(batch: _Batch, at: pl.Series, words: Vocabulary, tally: Tally) -> None:
    """Counts weekly and monthly readings that are not at the start of a week or a month of their metric's zone."""
    rows = batch.raw.select(ROW, "metric").with_columns(at=at).filter(~batch.bad)
    for (ident,), part in rows.group_by("metric", maintain_order=True):
        metric = words.metrics.get(str(ident))
        if metric is None or metric.grain not in _PERIODS:
            continue
        local = pl.col("at").dt.convert_time_zone(metric.time_zone)
        off = part.filter(local != local.dt.truncate(_PERIODS[metric.grain]))
        if off.height:
            column = batch.cols["at"]
            before, first = tally.early.get(metric.id, (0, batch.table.span(off[ROW][0], column)))
            tally.early[metric.id] = (before + off.height, first)


def _vendors(batch: _Batch, words: Vocabulary) -> pl.Series:
    """The vendor of each row: that of its site where the site has one, else the one given; none for the client itself."""
    raw = batch.raw
    parties = {site: party for site, party in words.sites.items() if party is not None}
    given = raw["vendor"]
    if not parties:
        return given.replace(CLIENT, None)
    party = raw["site"].replace_strict(list(parties), list(parties.values()), default=None, return_dtype=pl.String)
    if "vendor" in batch.cols:
        wrong = party.is_not_null() & given.is_not_null() & (party != given)
        batch.check(
            "vendor",
            wrong,
            "wrong-party",
            lambda text: (f"'{text}' does not run the site of this row", "Leave the vendor out; it follows from the site."),
        )
    return party.fill_null(given).replace(CLIENT, None)


def _times(batch: _Batch, words: Vocabulary, zone: str | None) -> pl.Series:
    """The column `at` as UTC, each different text parsed once."""
    raw = batch.raw["at"]
    if isinstance(raw.dtype, pl.Datetime) and raw.dtype.time_zone is not None:
        raw = raw.dt.convert_time_zone("UTC").dt.to_string("%Y-%m-%dT%H:%M:%S%.6f+00:00")
    text = raw.cast(pl.String).rename("text")
    parsed = _parse(text.unique().drop_nulls())
    rows = text.to_frame().with_columns(metric=batch.raw["metric"]).join(parsed, on="text", how="left", maintain_order="left")
    batch.check("at", rows["kind"] == "bad", "bad-date", _bad_date)
    if zone is None:
        batch.check("at", rows["kind"] == "naive", "naive-time", _naive)
    zones = {ident: metric.time_zone for ident, metric in words.metrics.items() if metric is not None}
    local = pl.when(pl.col("kind") == "naive").then(pl.lit(zone or "UTC"))
    own = (
        pl.col("metric").replace_strict(list(zones), list(zones.values()), default="UTC", return_dtype=pl.String)
        if zones
        else pl.lit("UTC")
    )
    rows = rows.with_columns(zone=local.otherwise(own))
    at: Any = pl.when(pl.col("kind") == "aware").then(pl.col("utc"))
    for name in sorted({*zones.values(), zone or "UTC", "UTC"}):
        there = pl.col("local").dt.replace_time_zone(name, ambiguous="null", non_existent="null").dt.convert_time_zone("UTC")
        at = at.when(pl.col("zone") == name).then(there)
    found = rows.select(at=at)["at"]
    batch.check("at", found.is_null() & rows["kind"].is_in(["date", "naive"]), "bad-date", _ambiguous)
    return found


def _parse(texts: pl.Series) -> pl.DataFrame:
    """Each text with its kind (aware, date, naive, bad), its instant where it has an offset, and its local time where not."""
    found = texts.to_frame().with_columns(
        norm=pl.col("text")
        .str.strip_chars()
        .str.replace(r"[zZ]$", "+00:00")
        .str.replace(r"^(\d{4}-\d{2}-\d{2})[ t]", "${1}T")
        .str.replace(r"(T\d{2}:\d{2})($|[+-])", "${1}:00${2}")
        .str.replace(r"([+-]\d{2})(\d{2})$", "${1}:${2}")
    )
    norm = pl.col("norm")
    aware, naive, day = (norm.str.contains(_DAY + rest + "$") for rest in (_CLOCK + _OFFSET, _CLOCK, ""))
    dated = pl.when(day).then(norm + "T00:00:00").when(naive).then(norm)
    found = found.with_columns(
        utc=pl.when(aware).then(norm).str.to_datetime(_FORMAT + "%:z", strict=False, time_unit="us", time_zone="UTC"),
        local=dated.otherwise(None).str.to_datetime(_FORMAT, strict=False, time_unit="us"),
    )
    real = pl.coalesce(pl.col("utc").dt.year(), pl.col("local").dt.year()).is_between(1900, 2199).fill_null(value=False)
    kind = pl.when(~real).then(pl.lit("bad")).when(aware).then(pl.lit("aware")).when(day).then(pl.lit("date"))
    return found.select("text", "utc", "local", kind=kind.otherwise(pl.lit("naive")))


def _bad_date(text: str) -> tuple[str, str]:
    return f"'{text}' is not a date that exists", "Write 2026-11-16, or with the time 2026-11-16T08:30:00+08:00."


def _naive(text: str) -> tuple[str, str]:
    return f"'{text}' does not say its time zone", f"Add the offset from UTC, such as {text.strip().replace(' ', 'T')}+00:00."


def _ambiguous(text: str) -> tuple[str, str]:
    return f"'{text}' happens twice or never in its time zone, where the clocks change", "Write it with its offset from UTC."
