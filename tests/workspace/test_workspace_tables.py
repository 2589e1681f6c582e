"""Parquet, JSON Lines and workbooks, and the two ways through a CSV."""

from __future__ import annotations

import io
import zipfile
from datetime import datetime
from pathlib import Path

import openpyxl
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from workspace_cases import READINGS, as_parquet, as_xlsx, at, frame, saved, told, with_readings

from riskreg.workspace import load
from riskreg.workspace.csvtable import _careful, _quick, _row_end
from riskreg.workspace.sources import Source
from riskreg.workspace.tables import Tally, letters

HEAD = "at,metric,site,function,value,n,source\n"


@pytest.mark.parametrize("cut", [0, 3, 200, -8])
def test_a_truncated_parquet_is_one_fault(tmp_path: Path, cut: int) -> None:
    loaded = with_readings(tmp_path, as_parquet(READINGS)[:cut], "readings/w.parquet")
    assert told(loaded) == ["readings/w.parquet error table-syntax"]


def test_a_parquet_that_is_damaged_inside_is_a_fault(tmp_path: Path) -> None:
    data = bytearray(as_parquet(READINGS))
    data[4:60] = bytes(56)
    assert {fault.code for fault in with_readings(tmp_path, bytes(data), "readings/w.parquet").faults} <= {
        "table-syntax",
        "encoding",
    }
    assert with_readings(tmp_path / "again", bytes(data), "readings/w.parquet").workspace is None


def test_typed_times_of_parquet(tmp_path: Path) -> None:
    out = io.BytesIO()
    times = pl.Series("at", [at(2026, 11, 2, 4), at(2026, 11, 9, 4)]).dt.convert_time_zone("Asia/Manila")
    pl.DataFrame({"at": times, "metric": "volume", "value": [1, 2]}).write_parquet(out)
    assert frame(with_readings(tmp_path, out.getvalue(), "readings/w.parquet"))["at"].to_list() == [
        at(2026, 11, 2, 4),
        at(2026, 11, 9, 4),
    ]
    out = io.BytesIO()
    pl.DataFrame({"at": times.dt.date(), "metric": "leavers", "value": [1, 2]}).write_parquet(out)
    found = frame(with_readings(tmp_path / "dates", out.getvalue(), "readings/w.parquet"))
    assert found["at"].to_list() == [at(2026, 11, 2), at(2026, 11, 9)]
    out = io.BytesIO()
    pl.DataFrame({"at": times.dt.replace_time_zone(None), "metric": "leavers", "value": [1, None]}).write_parquet(out)
    loaded = with_readings(tmp_path / "naive", out.getvalue(), "readings/w.parquet")
    assert told(loaded) == [
        f"readings/w.parquet:{place}" for place in ("1:1 error naive-time", "2:1 error naive-time", "2:3 error missing-value")
    ]


def test_bad_lines_of_jsonl(tmp_path: Path) -> None:
    lines = [
        '{"at": "2026-11-02", "metric": "leavers", "value": 3}',
        '{"at": "2026-11-09", "metric": "leavers", "value": NaN}',
        '{"at": "2026-11-16", "metric": "leavers", "value": 3',
        "",
        '{"at": "2026-11-23", "metric": "leavers", "value": 3, "heads": 4}',
        "[1]",
        '{"at": "2026-11-30", "metric": "leavers", "value": true}',
    ]
    assert told(with_readings(tmp_path, "\n".join(lines), "readings/w.jsonl")) == [
        "readings/w.jsonl:2:3 error bad-number",
        "readings/w.jsonl:3:53 error table-syntax",
        "readings/w.jsonl:5:1 error unknown-column",
        "readings/w.jsonl:6:1 error table-syntax",
        "readings/w.jsonl:7:3 error bad-number",
    ]


def test_cells_of_a_workbook(tmp_path: Path) -> None:
    book = openpyxl.load_workbook(io.BytesIO(as_xlsx(READINGS, "Week")))
    sheet = book["Week"]
    sheet["E2"] = "=1+2"
    sheet["E3"] = "#N/A"
    sheet["A4"] = datetime(2026, 11, 9, 8, 30)
    sheet["C6"] = "MNX"
    sheet["J6"] = "beside"
    notes = book.create_sheet("Notes")
    notes["B2"] = "from the vendor"
    loaded = with_readings(tmp_path, saved(book), "readings/w.xlsx")
    assert told(loaded) == [
        "readings/w.xlsx:Notes!A2 warning ignored",
        "readings/w.xlsx:Week!A4 error naive-time",
        "readings/w.xlsx:Week!E2 error formula",
        "readings/w.xlsx:Week!E3 error bad-number",
        "readings/w.xlsx:Week!J6 error wrong-columns",
    ]


def test_hidden_and_merged_cells_and_dates_are_read(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet["A1"] = "Weekly report"
    for column, name in enumerate(("at", "metric", "site", "value"), 1):
        sheet.cell(1, column, name)
        sheet.cell(2, column, (datetime(2026, 11, 2), "leavers", "MNL", 3)[column - 1])
        sheet.cell(5, column, (datetime(2026, 11, 9), "leavers", "MNL", 4)[column - 1])
    sheet.merge_cells("A3:D4")
    sheet.row_dimensions[5].hidden = True
    sheet.column_dimensions["C"].hidden = True
    found = frame(with_readings(tmp_path, saved(book), "readings/w.xlsx"))
    assert found.select("id", "at", "value").rows() == [
        ("readings/w.xlsx:Sheet!2", at(2026, 11, 2), 3.0),
        ("readings/w.xlsx:Sheet!5", at(2026, 11, 9), 4.0),
    ]


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04 not a zip", as_xlsx(READINGS)[:900]])
def test_a_workbook_that_is_not_one_is_one_fault(tmp_path: Path, data: bytes) -> None:
    assert told(with_readings(tmp_path, data, "readings/w.xlsx")) == ["readings/w.xlsx error table-syntax"]


def test_a_workbook_that_is_damaged_inside_is_one_fault(tmp_path: Path) -> None:
    packed = zipfile.ZipFile(io.BytesIO(as_xlsx(READINGS)))
    for victim in ("xl/workbook.xml", "xl/worksheets/sheet1.xml", "[Content_Types].xml"):
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as damaged:
            for name in packed.namelist():
                damaged.writestr(name, packed.read(name)[: 300 if name == victim else None])
        assert told(with_readings(tmp_path / victim, out.getvalue(), "readings/w.xlsx")) == ["readings/w.xlsx error table-syntax"]


def test_letters_of_columns() -> None:
    assert [letters(column) for column in (1, 26, 27, 52, 703)] == ["A", "Z", "AA", "AZ", "AAA"]


cell = st.text(st.sampled_from('ab1. é-"\n,'), max_size=5)


def quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if set(text) & set('",\n') or not text else text


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.lists(st.lists(cell, min_size=3, max_size=3), min_size=1, max_size=6))
def test_the_quick_way_and_the_careful_way_agree(rows: list[list[str]]) -> None:
    block = "".join(",".join(map(quoted, row)) + "\n" for row in rows).encode()
    tally = Tally()
    source = Source("x.csv", Path("x.csv"))
    careful = _careful(block, 2, ("a", "b", "c"), source, tally)
    assert not tally.faults
    assert [list(row) for row in careful.select("a", "b", "c").iter_rows()] == rows
    quick = _quick(block, 2, ("a", "b", "c"))
    if quick is not None:
        assert quick.fill_null("").equals(careful)
    assert _row_end(block) == len(block)


def test_blocks_end_where_rows_end() -> None:
    assert _row_end(b'a,b\n"x\ny",z\n"x\n') == 12
    assert _row_end(b'"never\nends\n') == 0


def test_a_file_of_many_blocks_is_read_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [
        f"2026-{m:02d}-{d:02d}T{h:02d}:00:00Z,csat,MNL,,0.{h},9,w" for m in range(1, 7) for d in range(1, 28) for h in range(24)
    ]
    rows[1000] = rows[1000].replace(",w", ',"w\n"')
    rows[2000] = rows[2000].replace(",9,w", ",x,w")
    monkeypatch.setattr("riskreg.workspace.csvtable.BLOCK", 1000)
    loaded = with_readings(tmp_path, HEAD + "\n".join(rows))
    assert told(loaded) == [f"readings/weekly.csv:{2000 + 2 + 1}:6 error bad-number"]
    progress: list[tuple[str, float]] = []
    loaded = load(tmp_path, progress=lambda what, share: progress.append((what, share)))
    assert progress == [("reading readings/weekly.csv", 0.0)]
