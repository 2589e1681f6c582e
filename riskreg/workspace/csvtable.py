"""CSV in bounded memory: blocks of whole rows, parsed as columns; row by row only where a block has something odd in it."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import BinaryIO

import polars as pl

from riskreg.workspace.codes import fault
from riskreg.workspace.sources import Source, cannot_read, not_utf8
from riskreg.workspace.tables import ROW, Table, Tally, frame

BLOCK = 8 * 1024 * 1024
MOST_RECORD = 4 * 1024 * 1024
"""A single row longer than this is an unclosed quote, not a row."""
_OTHERS = {";": "semicolons", "\t": "tabs", "|": "vertical bars"}


def open_csv(source: Source, tally: Tally) -> Table | None:
    """The table of a CSV file; None, and a fault, where it has no header that can be used."""
    try:
        with source.file.open("rb") as stream:
            start = stream.readline(MOST_RECORD)
    except OSError as error:
        tally.add(cannot_read(source, error))
        return None
    try:
        line = start.decode("utf-8-sig").rstrip("\r\n")
    except UnicodeDecodeError:
        tally.add(not_utf8(source, 1, start[:2]))
        return None
    if not line.strip():
        hint = "The first row names the columns: at,metric,site,value,n."
        tally.add(fault("table-empty", "this file has no header row", source.span(), hint=hint))
        return None
    other = next((mark for mark in _OTHERS if mark in line and "," not in line), None)
    if other is not None:
        message = f"the columns are separated by {_OTHERS[other]}, not by commas"
        hint = "Save it with commas, and with a dot in numbers: 12.5."
        tally.add(fault("wrong-delimiter", message, source.span(1, line.index(other) + 1), hint=hint))
        return None
    headings = tuple(cell.strip() for cell in next(csv.reader([line])))
    return Table(source, headings, _batches(source, tally, headings, len(start)))


def _batches(source: Source, tally: Tally, headings: tuple[str, ...], skip: int) -> Iterator[pl.DataFrame]:
    told = False
    with source.file.open("rb") as stream:
        stream.seek(skip)
        for line, block in _blocks(stream, source, tally):
            if not block.isascii() and not told:
                try:
                    block.decode("utf-8")
                except UnicodeDecodeError as error:
                    told = True
                    tally.add(not_utf8(source, line + block[: error.start].count(b"\n"), b""))
            quick = None if told else _quick(block, line, headings)
            yield _careful(block, line, headings, source, tally) if quick is None else quick


def _blocks(stream: BinaryIO, source: Source, tally: Tally) -> Iterator[tuple[int, bytes]]:
    """Pieces of about BLOCK bytes that end where a row ends, each with the number of its first line."""
    line, rest = 2, b""
    while data := stream.read(BLOCK):
        piece = rest + data
        end = _row_end(piece)
        rest = piece[end:]
        if end:
            yield line, piece[:end]
            line += piece.count(b"\n", 0, end)
        if len(rest) > MOST_RECORD:
            hint = 'A quotation mark that is opened and not closed is the usual cause: "Manila.'
            tally.add(fault("table-syntax", "this row does not end", source.span(line, 1), hint=hint))
            return
    if rest:
        yield line, rest


def _row_end(piece: bytes) -> int:
    """Just behind the last line break that is not within quotes; 0 where there is none."""
    odd = piece.count(b'"') % 2
    end = len(piece)
    while (cut := piece.rfind(b"\n", 0, end)) >= 0:
        odd = (odd + piece.count(b'"', cut, end)) % 2
        if not odd:
            return cut + 1
        end = cut
    return 0


def _quick(block: bytes, line: int, headings: tuple[str, ...]) -> pl.DataFrame | None:
    """The block as columns, or None where a row is ragged or spans lines, so that rows and lines would not agree."""
    lines = block.count(b"\n") + (not block.endswith(b"\n"))
    try:
        found = pl.read_csv(block, has_header=False, schema=dict.fromkeys(headings, pl.String()))
    except pl.exceptions.PolarsError:
        return None
    quoted = b'"' in block
    whole = found[headings[-1]].null_count() == 0 if quoted else block.count(b",") == lines * (len(headings) - 1)
    if found.height != lines or not whole:
        return None
    return found.with_columns(pl.Series(ROW, range(line, line + lines), dtype=pl.Int64))


def _careful(block: bytes, line: int, headings: tuple[str, ...], source: Source, tally: Tally) -> pl.DataFrame:
    """The block row by row; a row of another width is a fault and left out, an empty one is passed over."""
    numbers: list[int] = []
    cells: list[list[str | None]] = []
    reader = csv.reader(io.StringIO(block.decode("utf-8", "replace"), newline=""))
    begins = line
    try:
        for row in reader:
            if len(row) == len(headings):
                numbers.append(begins)
                cells.append(list(row))
            elif row:
                fields = f"{len(row)} field{'' if len(row) == 1 else 's'}"
                message = f"this row has {fields}, and the header has {len(headings)}"
                hint = "A comma inside a text or a number needs quotes around it."
                tally.add(fault("wrong-columns", message, source.span(begins, 1), hint=hint))
            begins = line + reader.line_num
    except csv.Error as error:
        tally.add(fault("table-syntax", f"this row cannot be read: {error}", source.span(begins, 1)))
    return frame(numbers, cells, headings)
