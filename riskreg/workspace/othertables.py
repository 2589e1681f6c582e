"""Parquet, JSON Lines and XLSX as tables."""

from __future__ import annotations

import json
import warnings
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time
from typing import Any

import polars as pl

from riskreg.workspace.codes import fault
from riskreg.workspace.sources import Source, cannot_read
from riskreg.workspace.tables import ROW, Table, Tally, as_batches, letters

SLICE = 250_000
MOST_LINE = 1024 * 1024
MOST_UNPACKED = 512 * 1024 * 1024
"""Bytes of a workbook when unpacked; more is not a table that somebody typed."""
_CUT = "It may have been cut short on its way: fetch it again."


def open_parquet(source: Source, tally: Tally) -> Table | None:
    """The table of a Parquet file. Rows count from 1."""
    try:
        lazy = pl.scan_parquet(source.file, glob=False)
        schema = lazy.collect_schema()
        height = int(lazy.select(pl.len()).collect().item())
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
        tally.add(fault("table-syntax", f"this is not a whole Parquet file: {_first_line(error)}", source.span(), hint=_CUT))
        return None
    headings = tuple(schema.names())
    nested = [name for name, dtype in schema.items() if dtype.is_nested() or dtype == pl.Binary]
    for name in nested:
        tally.add(fault("bad-value", f"column '{name}' holds {schema[name]}, not plain values", source.span()))
    return None if nested else Table(source, headings, _slices(source, tally, lazy, height), header_row=0)


def _slices(source: Source, tally: Tally, lazy: pl.LazyFrame, height: int) -> Iterator[pl.DataFrame]:
    for start in range(0, height, SLICE):
        try:
            found = lazy.slice(start, SLICE).collect()
        except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
            message = f"rows from {start + 1:,} on cannot be read: {_first_line(error)}"
            tally.add(fault("table-syntax", message, source.span(start + 1, 1), hint=_CUT))
            return
        yield found.with_columns(pl.Series(ROW, range(start + 1, start + 1 + found.height), dtype=pl.Int64))


def _first_line(error: BaseException) -> str:
    return str(error).partition("\n")[0]


def open_jsonl(source: Source, tally: Tally, headings: tuple[str, ...]) -> Table | None:
    """The table of a JSON Lines file: one object a line; a line may leave out any of `headings`."""
    try:
        with source.file.open("rb"):
            pass
    except OSError as error:
        tally.add(cannot_read(source, error))
        return None
    return Table(source, headings, as_batches(_objects(source, tally, headings), headings), header_row=0)


def _objects(source: Source, tally: Tally, headings: tuple[str, ...]) -> Iterator[tuple[int, list[str | None]]]:
    unknown: set[str] = set()
    with source.file.open("rb") as stream:
        number = 0
        while line := stream.readline(MOST_LINE):
            number += 1
            if not line.strip(b" \t\r\n\xef\xbb\xbf"):
                continue
            try:
                # Numbers stay as they are written, so that one parser judges them for every format.
                row = json.loads(line.rstrip(b"\r\n").decode("utf-8-sig"), parse_float=str, parse_int=str, parse_constant=str)
            except UnicodeDecodeError:
                tally.add(fault("encoding", "this line is not UTF-8 text", source.span(number, 1), hint="Save it as UTF-8."))
                continue
            except (json.JSONDecodeError, RecursionError) as error:
                said, column = (error.msg, error.colno) if isinstance(error, json.JSONDecodeError) else ("nested too deeply", 1)
                hint = 'Each line is one object: {"at": "2026-11-16", "metric": "csat", "value": 0.82}'
                tally.add(fault("table-syntax", f"this line is not JSON: {said}", source.span(number, column), hint=hint))
                continue
            if not isinstance(row, dict) or any(isinstance(value, (dict, list)) for value in row.values()):
                tally.add(fault("table-syntax", "this line is not an object of plain values", source.span(number, 1)))
                continue
            for name in sorted(set(row) - unknown - set(headings)):
                unknown.add(name)
                hint = f"A line may have {', '.join(headings)}."
                tally.add(fault("unknown-column", f"'{name}' is not a field of a reading", source.span(number, 1), hint=hint))
            yield number, [None if row.get(name) is None else str(row[name]) for name in headings]


def open_xlsx(source: Source, tally: Tally, first: str) -> list[Table]:
    """The tables of a workbook: its sheets with a column `first`, or its first sheet where none has it. The header is the first
    row with anything in it; hidden rows and columns are read too, other sheets are passed over with a warning.

    Nothing is evaluated: a formula is a fault, external links are not followed.
    """
    try:
        with zipfile.ZipFile(source.file) as packed:
            unpacked = sum(item.file_size for item in packed.infolist())
        if unpacked > MOST_UNPACKED:
            tally.add(fault("too-large", f"this workbook unpacks to more than {MOST_UNPACKED // 2**20} MB", source.span()))
            return []
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of styles and validations that openpyxl does not keep, and nobody asked for
            return _sheets(source, tally, first)
    except Exception as error:  # openpyxl has no error of its own for a damaged file, and lets any through
        tally.add(fault("table-syntax", f"this is not a whole workbook: {_first_line(error)}", source.span(), hint=_CUT))
        return []


def _sheets(source: Source, tally: Tally, first: str) -> list[Table]:
    from openpyxl import load_workbook

    tables = []
    book = load_workbook(source.file, read_only=True, data_only=False, keep_links=False)
    try:
        sheets = [found for sheet in book.worksheets if (found := _header(sheet)) is not None]
        holding = {found[0] for found in sheets if first in found[2]} or {found[0] for found in sheets[:1]}
        for title, number, headings, rows in sheets:
            if title in holding:
                batches = list(as_batches(_cells(source, tally, title, rows, len(headings)), headings))
                tables.append(Table(source, headings, batches, sheet=title, header_row=number))
            else:
                hint = f"A sheet of readings has a column '{first}'."
                span = source.span(cell=f"{title}!A{number}")
                tally.add(fault("ignored", f"sheet '{title}' is not read", span, hint=hint, severity="warning"))
    finally:
        book.close()
    return tables


def _header(sheet: Any) -> tuple[str, int, tuple[str, ...], Iterator[tuple[int, Any]]] | None:
    """Title, row number, headings, and the rows below; None for an empty sheet."""
    sheet.reset_dimensions()
    rows = enumerate(sheet.iter_rows(), 1)
    for number, cells in rows:
        names = [(_text(cell.value) or "").strip() for cell in cells]
        while names and not names[-1]:
            names.pop()
        if names:
            return sheet.title, number, tuple(names), rows
    return None


def _cells(
    source: Source, tally: Tally, sheet: str, rows: Iterator[tuple[int, Any]], width: int
) -> Iterator[tuple[int, list[str | None]]]:
    """Rows of text; one with a formula, or with a cell under no heading, is a fault and left out."""
    for number, cells in rows:
        texts: list[str | None] = [None] * width
        sound = True
        for cell in cells:
            if cell.value is None:
                continue
            span = source.span(cell=f"{sheet}!{letters(cell.column)}{number}")
            if cell.data_type == "f":
                hint = "Copy the column and paste it as values."
                tally.add(fault("formula", "this cell holds a formula, and formulas are not evaluated", span, hint=hint))
                sound = False
            elif cell.column > width:
                tally.add(fault("wrong-columns", "this cell stands under no heading", span, hint="Give it a heading."))
                sound = False
            else:
                texts[cell.column - 1] = _text(cell.value)
        if sound and any(texts):
            yield number, texts


def _text(value: Any) -> str | None:
    """A cell as text; a day without a time of day is a date alone, because a spreadsheet has no other way to write one."""
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat()
    if isinstance(value, date):
        return value.isoformat()
    return None if value is None else str(value)
