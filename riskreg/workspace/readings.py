"""Readings files → one frame: every row judged, vendors filled in, corrections put over what they correct.

Files lie in readings/ and readings/inbox/, as CSV, Parquet, JSON Lines or XLSX, in long form (at, metric, value, and any of vendor,
site, function, n, source) or wide with a mapping in riskreg.yaml. The id of a reading is `file:row`, with the column behind it
where one row holds several.

The identity of a reading is (metric, vendor, site, function, at). Twice in the ordinary files is a fault. A file in the inbox
supersedes what came before it, the ordinary files first, then the inbox by file name: the newest counts, both are kept in their
files, and a warning says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from riskreg.model.faults import Fault
from riskreg.model.network import CLIENT
from riskreg.model.reading import READING_SCHEMA, no_readings
from riskreg.model.settings import WideMapping
from riskreg.workspace.codes import did_you_mean, fault
from riskreg.workspace.csvtable import open_csv
from riskreg.workspace.definitions import Definitions
from riskreg.workspace.judging import TEXTS, Told, Vocabulary, judge
from riskreg.workspace.othertables import open_jsonl, open_parquet, open_xlsx
from riskreg.workspace.sources import Desk, Source, cannot_read
from riskreg.workspace.tables import ROW, Table, Tally

LONG = ("at", "metric", "value", "vendor", "site", "function", "n", "source")
NEEDED = ("at", "metric", "value")
MOST_ROWS = 5_000_000
"""Readings of one workspace that are held in memory at once."""
_KEY = ("metric", "vendor", "site", "function", "at")
_SUFFIXES = (".csv", ".parquet", ".jsonl", ".ndjson", ".xlsx")
Progress = Callable[[str, float], None]


@dataclass
class _Gathered:
    """Sound rows so far, with the table and the column that each came from."""

    frames: list[pl.DataFrame] = field(default_factory=list)
    tables: list[tuple[Table, Tally, bool]] = field(default_factory=list)
    """Table, the tally of its file, and whether it lies in the inbox."""
    rows: int = 0


def read_readings(root: Path, found: Definitions, desk: Desk, progress: Progress | None = None) -> tuple[pl.DataFrame, int]:
    """All readings of a workspace in READING_SCHEMA, sorted by (metric, vendor, site, function, at, id), and the number of faults
    that were counted but not listed. Memory is bounded by MOST_ROWS, not by the size of the files."""
    sources = [*desk.files(root, "readings", _SUFFIXES), *desk.files(root, "readings/inbox", _SUFFIXES)]
    words = _vocabulary(found, sure=not desk.partial)
    gathered, tallies = _Gathered(), []
    for number, source in enumerate(sources):
        if progress:
            progress(f"reading {source.path}", number / len(sources))
        tally = Tally()
        tallies.append(tally)
        try:
            desk.hash_file(source)
        except OSError as error:
            tally.add(cannot_read(source, error))
            continue
        mapping = next((name for name in found.wide if source.path == f"readings/{name}"), None)
        wide = found.wide[mapping] if mapping is not None else None
        if mapping is not None and not _sound(wide, words):
            continue
        for table in _tables(source, tally, wide):
            _read(table, wide, words, tally, gathered)
    frame = _together(gathered)
    for tally in tallies:
        desk.add(*tally.told(), *_early(tally, words))
    if gathered.rows > MOST_ROWS:
        hint = "Add them up to longer periods, or keep older ones outside readings/."
        message = f"there are {gathered.rows:,} readings, and at most {MOST_ROWS:,} are held in memory"
        desk.add(fault("too-many-readings", message, Source("readings", root).span(), hint=hint))
    return frame, sum(tally.more for tally in tallies)


def _early(tally: Tally, words: Vocabulary) -> Iterator[Fault]:
    """One warning for each metric with readings that are not at the start of their period."""
    for ident, (count, span) in sorted(tally.early.items()):
        if (metric := words.metrics[ident]) is None:
            continue
        start = "a Monday" if metric.grain == "week" else "the first of a month"
        many = f"{_count(count)} of {ident} in this file {'does' if count == 1 else 'do'}"
        message = f"{many} not stand at the start of a {metric.grain}"
        hint = f"A period is named by its start: {start}, 00:00 in {metric.time_zone}."
        yield fault("not-a-period", message, span, hint=hint, severity="warning")


def _count(amount: int, what: str = "reading") -> str:
    return f"{amount:,} {what}{'' if amount == 1 else 's'}"


def _vocabulary(found: Definitions, *, sure: bool) -> Vocabulary:
    metrics = {
        ident: found.metrics.placed[ident].noun if ident in found.metrics.placed else None for ident in found.metrics.declared
    }
    vendors = frozenset(found.vendors.declared)
    parties = {ident: item.noun.party for ident, item in found.sites.placed.items() if item.noun.party in vendors | {CLIENT}}
    sites = dict.fromkeys(found.sites.declared) | parties
    return Vocabulary(metrics, sites, vendors, frozenset(found.functions.declared), sure)


def _sound(mapping: WideMapping | None, words: Vocabulary) -> bool:
    """False where riskreg.yaml has a fault in the mapping, without which the file means nothing."""
    if mapping is None:
        return False
    fixed = {name: source[1:] for name, source in mapping.scope.items() if source.startswith("=") and name != "client"}
    return set(mapping.columns.values()) <= set(words.metrics) and all(ident in words.names(name) for name, ident in fixed.items())


def _tables(source: Source, tally: Tally, mapping: WideMapping | None) -> Iterator[Table]:
    """The tables of a file that hold readings, their headings checked."""
    needed = (mapping.at, *mapping.columns) if mapping else NEEDED
    if source.path.endswith(".xlsx"):
        found: Sequence[Table | None] = open_xlsx(source, tally, needed[0])
    elif source.path.endswith(".csv"):
        found = [open_csv(source, tally)]
    elif source.path.endswith(".parquet"):
        found = [open_parquet(source, tally)]
    else:
        allowed = tuple(dict.fromkeys((*needed, *mapping.n.values(), *_headings(mapping)))) if mapping else LONG
        found = [open_jsonl(source, tally, allowed)]
    for table in found:
        if table is not None and _sound_headings(table, tally, mapping, needed):
            yield table


def _headings(mapping: WideMapping) -> tuple[str, ...]:
    """The columns that a mapping takes the scope from."""
    return tuple(name for name in mapping.scope.values() if not name.startswith("="))


def _sound_headings(table: Table, tally: Tally, mapping: WideMapping | None, needed: tuple[str, ...]) -> bool:
    """True where the table has the columns that it needs and no other; each that is wrong is one fault."""
    row = table.header_row
    whole = table.span(row, 1) if row else table.source.span()
    wanted = (*needed, *mapping.n.values(), *_headings(mapping)) if mapping else needed
    missing = [name for name in dict.fromkeys(wanted) if name not in table.headings]
    faults = []
    if mapping is None and missing == list(needed):
        message = f"this is not a table of readings: it has no columns {', '.join(needed)}"
        hint = "Where it has a column a metric, map it in riskreg.yaml under wide."
        faults.append(fault("missing-column", message, whole, hint=hint))
    else:
        for column, name in enumerate(table.headings, 1):
            span = table.span(row, column) if row else whole
            if name in table.headings[: column - 1]:
                faults.append(
                    fault("duplicate-column", f"two columns are called '{name}'", span, hint="Rename one, or take it out.")
                )
            elif mapping is None and name not in LONG:
                hint = did_you_mean(name, missing or LONG) or f"The columns are {', '.join(LONG)}."
                faults.append(fault("unknown-column", f"'{name}' is not a column of readings", span, hint=hint))
        misspelt = {item.hint for item in faults}
        for name in missing:
            if f"Did you mean '{name}'?" not in misspelt:
                hint = (
                    "riskreg.yaml maps it; correct one of the two."
                    if mapping
                    else f"Name the columns in the first row: {','.join(LONG)}."
                )
                faults.append(fault("missing-column", f"there is no column '{name}'", whole, hint=hint))
    tally.add(*faults)
    return not faults


def _read(table: Table, mapping: WideMapping | None, words: Vocabulary, tally: Tally, gathered: _Gathered) -> None:
    """Judges every batch of a table and keeps the sound rows while there is room."""
    number = len(gathered.tables)
    gathered.tables.append((table, tally, table.source.path.startswith("readings/inbox/")))
    enums = {name: pl.Enum(sorted(words.names(name))) for name in TEXTS}
    for batch in table.batches:
        told: Told = {}
        for raw, cols in _long(table, batch, mapping):
            sound = judge(table, raw, cols, words, tally, zone=mapping.time_zone if mapping else None, told=told)
            gathered.rows += sound.height
            if words.sure and gathered.rows <= MOST_ROWS:
                place = pl.lit(number, pl.Int32).alias("_table"), pl.lit(cols["value"], pl.Int32).alias("_col")
                kept = sound.select("at", *(pl.col(name).cast(enums[name]) for name in TEXTS), "value", "n", "source", ROW, *place)
                gathered.frames.append(kept)
            elif gathered.rows > MOST_ROWS:
                gathered.frames.clear()


def _long(table: Table, batch: pl.DataFrame, mapping: WideMapping | None) -> Iterator[tuple[pl.DataFrame, dict[str, int]]]:
    """A batch in long form with the column number of each field; a wide one gives a part for each of its metrics."""
    numbers = {name: column for column, name in enumerate(table.headings, 1)}
    empty = {name: pl.lit(None, pl.String).alias(name) for name in LONG}
    if mapping is None:
        present = [name for name in LONG if name in numbers]
        batch = batch.filter(pl.any_horizontal(pl.col(name).is_not_null() for name in table.headings))
        yield batch.with_columns(empty[name] for name in LONG if name not in numbers), {name: numbers[name] for name in present}
        return
    scope = {name: source for name, source in mapping.scope.items() if name != "client"}
    for heading, metric in mapping.columns.items():
        size = mapping.n.get(metric)
        columns = empty | {"at": pl.col(mapping.at), "value": pl.col(heading), "metric": pl.lit(metric)}
        columns |= {"n": pl.col(size)} if size else {}
        columns |= {
            name: pl.lit(source[1:]) if source.startswith("=") else pl.col(source) for name, source in mapping.scope.items()
        }
        cols = {"at": numbers[mapping.at], "value": numbers[heading], "metric": numbers[heading]}
        cols |= {"n": numbers[size]} if size else {}
        cols |= {name: numbers.get(source, numbers[heading]) for name, source in scope.items()}
        part = batch.select(ROW, *(column.alias(name) for name, column in columns.items()))
        # An empty cell of a wide table is a reading that was not taken.
        yield part.filter(pl.col("value").cast(pl.String).str.strip_chars().replace("", None).is_not_null()), cols


def _together(gathered: _Gathered) -> pl.DataFrame:
    """One sorted frame; identities that come twice become faults, or give way to the inbox."""
    if not gathered.frames:
        return no_readings()
    # The sort is stable, so that of equal identities the later file, and in it the later row, comes last.
    frame = pl.concat(gathered.frames, rechunk=False).sort(_KEY, nulls_last=False, maintain_order=True)
    gathered.frames.clear()
    inbox = [number for number, (_, _, later) in enumerate(gathered.tables) if later]
    source_of = [table.source.path for table, _, _ in gathered.tables]
    same = pl.all_horizontal(pl.col(name).eq_missing(pl.col(name).shift(1)) for name in _KEY) & (pl.int_range(pl.len()) > 0)
    file = pl.col("_table").replace_strict(list(range(len(source_of))), source_of, return_dtype=pl.String)
    frame = frame.with_columns(_same=same, _over=same & pl.col("_table").is_in(inbox) & (file != file.shift(1)))
    _tell(frame, gathered)
    frame = frame.filter(~pl.col("_over").shift(-1, fill_value=False))
    idents = [table.ident for table, _, _ in gathered.tables]
    wide = pl.col("_table").is_in(
        [number for number, (table, _, _) in enumerate(gathered.tables) if "metric" not in table.headings]
    )
    ident = pl.col("_table").replace_strict(list(range(len(idents))), idents, return_dtype=pl.String) + pl.col(ROW).cast(pl.String)
    ident = pl.when(wide).then(ident + ":" + pl.col("_col").cast(pl.String)).otherwise(ident)
    return frame.select(pl.col(name).cast(dtype) if name != "id" else ident.alias("id") for name, dtype in READING_SCHEMA.items())


def _tell(frame: pl.DataFrame, gathered: _Gathered) -> None:
    """A fault for each repeated identity, and one warning for each file that supersedes others."""
    before = frame.select(pl.col("_table", ROW, "_col").shift(1).name.prefix("before "))
    repeated = pl.concat([frame, before], how="horizontal").filter("_same")
    told: dict[int, list[str]] = {}
    for row in repeated.sort("_table", ROW, "_col").iter_rows(named=True):
        table, tally, _ = gathered.tables[row["_table"]]
        earlier = gathered.tables[row["before _table"]][0].span(row[f"before {ROW}"], row["before _col"])
        if row["_over"]:
            told.setdefault(row["_table"], []).append(str(earlier))
            continue
        scope = ", ".join(str(row[name]) for name in ("vendor", "site", "function") if row[name] is not None) or "the client"
        message = f"{row['metric']} of {scope} at {row['at']:%Y-%m-%d %H:%M} UTC was given before, in {earlier}"
        hint = "Keep one of the two; a correction goes into readings/inbox/."
        tally.add(fault("duplicate-reading", message, table.span(row[ROW], row["_col"]), hint=hint))
    for number, places in told.items():
        table, tally, _ = gathered.tables[number]
        count = _count(len(places), "earlier reading")
        message = f"this file replaces {count}, the first in {places[0]}; both are kept, the newest counts"
        tally.add(fault("superseded", message, table.source.span(), severity="warning"))
