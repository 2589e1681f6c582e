"""Readings of every format mean the same, and every bad cell is told where it stands."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from workspace_cases import FILES, READINGS, as_jsonl, as_parquet, as_xlsx, at, changed, frame, told, with_readings, write

from riskreg.model.reading import READING_SCHEMA
from riskreg.workspace import load

HEAD = "at,metric,site,function,value,n,source\n"


def test_a_csv_becomes_the_frame(tmp_path: Path) -> None:
    found = frame(with_readings(tmp_path, READINGS))
    assert dict(found.schema) == READING_SCHEMA
    assert found.select("id", "at", "metric", "vendor", "site", "function", "value", "n", "source").rows() == [
        ("readings/weekly.csv:4", at(2026, 11, 9, 0, 30), "csat", "beacon", "BOG", None, 0.8, 210.0, None),
        ("readings/weekly.csv:6", at(2026, 11, 9), "leavers", None, "GLA", None, 0.0, 20.0, "weekly"),
        ("readings/weekly.csv:2", at(2026, 11, 2), "leavers", "altura", "MNL", None, 3.0, 100.0, "weekly"),
        ("readings/weekly.csv:3", at(2026, 11, 9), "leavers", "altura", "MNL", None, 4.0, 98.0, "weekly"),
        # A day alone begins where the metric's days begin: New York.
        ("readings/weekly.csv:5", at(2026, 11, 9, 5), "volume", None, None, "ORD-EN", 900.0, None, None),
    ]


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("weekly.csv", b"\xef\xbb\xbf" + READINGS.replace("\n", "\r\n").encode()),
        ("weekly.csv", READINGS.rstrip("\n").encode()),
        ("weekly.csv", ('"' + READINGS.rstrip("\n").replace(",", '","').replace("\n", '"\n"') + '"\n').encode()),
        ("weekly.parquet", as_parquet(READINGS)),
        ("weekly.jsonl", as_jsonl(READINGS)),
        ("weekly.xlsx", as_xlsx(READINGS)),
    ],
    ids=["windows", "no last line break", "quoted", "parquet", "jsonl", "xlsx"],
)
def test_every_format_means_the_same(tmp_path: Path, name: str, data: bytes) -> None:
    expected = frame(with_readings(tmp_path / "csv", READINGS)).drop("id")
    assert frame(with_readings(tmp_path / "other", data, f"readings/{name}")).drop("id").equals(expected)


def test_ids_name_the_row_as_a_person_sees_it(tmp_path: Path) -> None:
    text = READINGS.replace("weekly\n2026-11-09,leavers,MNL", '"weekly\n"\n\n2026-11-09,leavers,MNL')
    ids = frame(with_readings(tmp_path / "csv", text)).filter(metric="leavers")["id"].to_list()
    assert ids == ["readings/weekly.csv:8", "readings/weekly.csv:2", "readings/weekly.csv:5"]
    ids = frame(with_readings(tmp_path / "xlsx", as_xlsx(READINGS), "readings/w.xlsx"))["id"].to_list()
    assert ids[0] == "readings/w.xlsx:Week 46!4"
    ids = frame(with_readings(tmp_path / "jsonl", as_jsonl(READINGS), "readings/w.jsonl"))["id"].to_list()
    assert ids[0] == "readings/w.jsonl:3"


@pytest.mark.parametrize(
    ("row", "place", "code", "said"),
    [
        ("2026-02-30,leavers,MNL,,3,9,", "1", "bad-date", "not a date that exists"),
        ("30/11/2026,leavers,MNL,,3,9,", "1", "bad-date", "2026-11-16"),
        ("0026-11-16,leavers,MNL,,3,9,", "1", "bad-date", "not a date"),
        ("20261116,leavers,MNL,,3,9,", "1", "bad-date", "not a date"),
        ("2026-11-16T24:30:00Z,leavers,MNL,,3,9,", "1", "bad-date", "not a date"),
        ("2026-11-16T08:00:00,leavers,MNL,,3,9,", "1", "naive-time", "2026-11-16T08:00:00+00:00"),
        ("2026-11-16 08:00,leavers,MNL,,3,9,", "1", "naive-time", "offset"),
        (",leavers,MNL,,3,9,", "1", "missing-value", "'at' is empty"),
        ("2026-11-16,,MNL,,3,9,", "2", "missing-value", "'metric' is empty"),
        ("2026-11-16,leaver,MNL,,3,9,", "2", "unknown-metric", "Did you mean 'leavers'?"),
        ("2026-11-16,leavers,MNX,,3,9,", "3", "unknown-id", "Did you mean 'MNL'?"),
        ("2026-11-16,csat,,ORD-ES,0.5,9,", "4", "unknown-id", "Did you mean 'ORD-EN'?"),
        ("2026-11-16,leavers,MNL,,NaN,9,", "5", "bad-number", "'NaN' is not a finite number"),
        ("2026-11-16,leavers,MNL,,-inf,9,", "5", "bad-number", "finite"),
        ("2026-11-16,leavers,MNL,,many,9,", "5", "bad-number", "'many'"),
        ('2026-11-16,leavers,MNL,,"3,5",9,', "5", "bad-number", "a dot for the decimals"),
        ("2026-11-16,leavers,MNL,,,9,", "5", "missing-value", "Leave the whole row out"),
        ("2026-11-16,leavers,MNL,,-3,9,", "5", "out-of-range", "it is at least 0"),
        ("2026-11-16,csat,MNL,,82,9,", "5", "out-of-range", "it is at least 0 and at most 1"),
        ("2026-11-16,leavers,MNL,,3,-9,", "6", "out-of-range", "headcount is 0 or more"),
        ("2026-11-16,leavers,MNL,,3,x,", "6", "bad-number", "'x'"),
        ("2026-11-09,leavers,MNL,,5,98,", "5", "duplicate-reading", "readings/weekly.csv:3:5"),
        ("2026-11-16,leavers,MNL,3,9,", "1", "wrong-columns", "6 fields, and the header has 7"),
        ("2026-11-16,leavers,MNL,,3,5,9,", "1", "wrong-columns", "needs quotes"),
        ("2026-11-16,leavers,MNL,,3,9,\u00e9", "", "", ""),
    ],
)  # fmt: skip
def test_a_bad_row_is_one_fault_at_its_cell(tmp_path: Path, row: str, place: str, code: str, said: str) -> None:
    loaded = with_readings(tmp_path, f"{READINGS}{row}\n")
    assert told(loaded) == ([f"readings/weekly.csv:7:{place} error {code}"] if code else [])
    assert said in "".join(f"{fault.message} {fault.hint}" for fault in loaded.faults)


@pytest.mark.parametrize(
    ("text", "places", "said"),
    [
        ("", ["readings/weekly.csv error table-empty"], "names the columns"),
        ("at;metric;value\n2026-11-16;leavers;3\n", ["readings/weekly.csv:1:3 error wrong-delimiter"], "semicolons"),
        ("at\tmetric\tvalue\n", ["readings/weekly.csv:1:3 error wrong-delimiter"], "tabs"),
        ("at,metric,valeu\n", ["readings/weekly.csv:1:3 error unknown-column"], "Did you mean 'value'?"),
        ("at,metric\n", ["readings/weekly.csv:1:1 error missing-column"], "no column 'value'"),
        ("at,metric,value,value\n", ["readings/weekly.csv:1:4 error duplicate-column"], "two columns"),
        ("at,metric,value,heads\n", ["readings/weekly.csv:1:4 error unknown-column"], "The columns are at, metric"),
        ("week,leavers,csat\n2026-11-16,3,1\n", ["readings/weekly.csv:1:1 error missing-column"], "map it in riskreg.yaml"),
        (READINGS.encode("utf-16"), ["readings/weekly.csv:1:1 error encoding"], "UTF-16"),
        (READINGS.encode() + b"2026-11-16,leavers,MNL,,3,9,Bogot\xe1\n", ["readings/weekly.csv:7:1 error encoding"], "CSV UTF-8"),
        (HEAD + '"' + "x" * 5_000_000, ["readings/weekly.csv:2:1 error table-syntax"], "does not end"),
    ],
    ids=["empty", "semicolons", "tabs", "misspelt", "missing", "twice", "unknown", "wide", "utf-16", "latin-1", "unclosed"],
)  # fmt: skip
def test_a_csv_that_is_not_one_is_one_fault(tmp_path: Path, text: str | bytes, places: list[str], said: str) -> None:
    loaded = with_readings(tmp_path, text)
    assert told(loaded) == places
    assert said in f"{loaded.faults[0].message} {loaded.faults[0].hint}"


def test_the_first_hundred_faults_are_listed_and_the_rest_counted(tmp_path: Path) -> None:
    rows = "".join(f"2026-11-16,leavers,MNL,,{'x' if n % 2 else -n - 1},{n},\n" for n in range(1000))
    loaded = with_readings(tmp_path, HEAD + rows)
    assert len(loaded.faults) == 101  # with the line that counts those alike
    assert loaded.more == 405
    assert [fault.span.line for fault in loaded.faults if fault.code == "bad-number"] == [3, 5, 7, 9, 11, 11]
    assert [fault.span.line for fault in loaded.faults if fault.code == "out-of-range"] == list(range(2, 192, 2))
    assert loaded.workspace is None


def test_what_is_said_of_the_same_value_is_listed_five_times_and_counted_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("riskreg.workspace.csvtable.BLOCK", 20_000)
    rows = "".join(f"2026-11-16T{n % 24:02d}:{n // 24:02d}Z,csat,{'MNX' if n % 2 else 'BOX'},,0.5,9,\n" for n in range(1440))
    loaded = with_readings(tmp_path, HEAD + rows + "2026-11-17,csat,MNL,,7,9,\n")
    assert [fault.span.line for fault in loaded.faults] == [2, 3, 4, 5, 6, 7, 8, 9, 10, 10, 11, 11, 1442]
    alike = [fault.message for fault in loaded.faults if "more rows" in fault.message]
    assert alike == [f"… and 715 more rows of this file with the same: no site has the id '{site}'" for site in ("BOX", "MNX")]
    assert loaded.more == 0


def test_no_more_people_leave_than_there_were(tmp_path: Path) -> None:
    loaded = with_readings(tmp_path, HEAD + "2026-11-16,leavers,MNL,,900,5,\n2026-11-16,leavers,BOG,,5,5,\n")
    assert told(loaded) == ["readings/weekly.csv:2:5 error out-of-range"]
    assert "more people than n, the headcount" in loaded.faults[0].message


def test_readings_beside_the_start_of_their_period_are_one_warning(tmp_path: Path) -> None:
    rows = "2026-11-16,leavers,MNL,,1,9,\n2026-11-17,leavers,MNL,,1,9,\n2026-11-23T00:00:00+08:00,leavers,MNL,,1,9,\n"
    loaded = with_readings(tmp_path, HEAD + rows)
    assert told(loaded) == ["readings/weekly.csv:3:1 warning not-a-period"]
    assert loaded.faults[0].message == "2 readings of leavers in this file do not stand at the start of a week"
    assert "a Monday, 00:00 in UTC" in loaded.faults[0].hint
    assert loaded.workspace is not None


def test_months_begin_in_the_zone_of_their_metric(tmp_path: Path) -> None:
    metric = "metrics:\n  - {id: tool, name: T, definition: D, grain: month, time_zone: America/New_York}\n"
    rows = "2026-11-01,tool,MNL,,1,9,\n2026-12-01T05:00:00Z,tool,MNL,,1,9,\n2027-01-01T00:00:00Z,tool,MNL,,1,9,\n"
    loaded = load(write(tmp_path, {"metrics/tool.yaml": metric, "readings/tool.csv": HEAD + rows}))
    assert told(loaded) == ["readings/tool.csv:4:1 warning not-a-period"]


@pytest.mark.parametrize(
    ("source", "said"), [("a\u202eb", "RIGHT-TO-LEFT OVERRIDE"), ("\x1b]0;x\x07", "U+001B"), ("x" * 201, "200")]
)
def test_a_source_is_one_line_that_can_be_shown(tmp_path: Path, source: str, said: str) -> None:
    loaded = with_readings(tmp_path, HEAD + f"2026-11-16,leavers,MNL,,1,9,{source}\n")
    assert told(loaded) == ["readings/weekly.csv:2:7 error not-printable"]
    assert said in loaded.faults[0].message


def test_more_readings_than_memory_holds_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("riskreg.workspace.readings.MOST_ROWS", 4)
    assert told(with_readings(tmp_path, READINGS)) == ["readings error too-many-readings"]


def test_a_vendor_follows_from_the_site(tmp_path: Path) -> None:
    text = (
        "at,metric,vendor,site,value\n2026-11-02,leavers,altura,MNL,1\n2026-11-02,csat,client,,0.5\n2026-11-02,csat,beacon,,0.5\n"
    )
    assert frame(with_readings(tmp_path / "sound", text))["vendor"].to_list() == [None, "beacon", "altura"]
    loaded = with_readings(tmp_path / "wrong", text.replace("altura,MNL", "beacon,MNL"))
    assert told(loaded) == ["readings/weekly.csv:2:3 error wrong-party"]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2026-11-16", at(2026, 11, 16)),
        ("2026-11-16T08:30Z", at(2026, 11, 16, 8, 30)),
        ("2026-11-16 08:30:00+08:00", at(2026, 11, 16, 0, 30)),
        ("2026-11-16t08:30:15.5-0500", datetime(2026, 11, 16, 13, 30, 15, 500000, tzinfo=UTC)),
        (" 2026-11-16 ", at(2026, 11, 16)),
    ],
)  # fmt: skip
def test_times_are_read_in_every_sound_form(tmp_path: Path, written: str, meant: datetime) -> None:
    assert frame(with_readings(tmp_path, f"at,metric,value\n{written},csat,1\n"))["at"].to_list() == [meant]


# --- wide files ---

WIDE = "Week,Place,Leavers,Heads,Satisfied\n2026-11-02,MNL,3,100,0.8\n2026-11-09 08:00,BOG,,50,0.7\n"


def test_a_wide_file_gives_a_reading_for_every_filled_cell(tmp_path: Path) -> None:
    found = frame(with_readings(tmp_path, WIDE, "readings/wide.csv"))
    assert found.select("id", "at", "metric", "vendor", "site", "value", "n").rows() == [
        ("readings/wide.csv:2:5", at(2026, 11, 2), "csat", "altura", "MNL", 0.8, None),
        ("readings/wide.csv:3:5", at(2026, 11, 9, 8), "csat", "beacon", "BOG", 0.7, None),
        ("readings/wide.csv:2:3", at(2026, 11, 2), "leavers", "altura", "MNL", 3.0, 100.0),
    ]


@pytest.mark.parametrize(
    ("old", "new", "places"),
    [
        ("2026-11-02", "2026-11-32", ["2:1 error bad-date"]),
        ("2026-11-09 08:00", "2026-03-29 01:30", ["3:1 error bad-date"]),
        ("2026-11-09 08:00", "2026-10-25 01:30", ["3:1 error bad-date"]),
        ("MNL", "MNX", ["2:2 error unknown-id"]),
        (",100,", ",-1,", ["2:4 error out-of-range"]),
        (",0.8", ",8", ["2:5 error out-of-range"]),
        ("Satisfied", "CSAT", ["1:1 error missing-column"]),
    ],
)  # fmt: skip
def test_a_bad_cell_of_a_wide_file_is_one_fault(tmp_path: Path, old: str, new: str, places: list[str]) -> None:
    loaded = with_readings(tmp_path, WIDE.replace(old, new), "readings/wide.csv")
    assert told(loaded) == [f"readings/wide.csv:{place}" for place in places]


def test_a_mapping_with_a_fault_does_not_blame_its_file(tmp_path: Path) -> None:
    write(tmp_path, {"readings/wide.csv": WIDE})
    loaded = changed(tmp_path, "riskreg.yaml", "    at: Week\n", "")
    assert told(loaded) == ["riskreg.yaml:8:5 error missing-field"]


# --- the inbox ---


def test_the_inbox_supersedes_and_says_so(tmp_path: Path) -> None:
    first = HEAD + "2026-11-09,leavers,MNL,,7,98,corrected\n2026-11-16,leavers,MNL,,2,95,new\n"
    second = HEAD + "2026-11-09,leavers,MNL,,8,98,again\n"
    loaded = load(write(tmp_path, {"readings/inbox/1.csv": first, "readings/inbox/2.csv": second}))
    assert told(loaded) == ["readings/inbox/1.csv warning superseded", "readings/inbox/2.csv warning superseded"]
    assert loaded.faults[0].message.startswith("this file replaces 1 earlier reading, the first in readings/weekly.csv:3:5")
    assert loaded.faults[1].message.startswith("this file replaces 1 earlier reading, the first in readings/inbox/1.csv:2:5")
    assert loaded.workspace is not None
    rows = loaded.workspace.readings.filter(metric="leavers", site="MNL").select("value", "source").rows()
    assert rows == [(3.0, "weekly"), (8.0, "again"), (2.0, "new")]


def test_twice_in_one_inbox_file_is_a_fault(tmp_path: Path) -> None:
    text = HEAD + "2026-11-16,leavers,MNL,,7,98,\n2026-11-16T00:00:00Z,leavers,MNL,,8,98,\n"
    assert told(load(write(tmp_path, {"readings/inbox/1.csv": text}))) == ["readings/inbox/1.csv:3:5 error duplicate-reading"]


def test_readings_can_be_left_out(tmp_path: Path) -> None:
    loaded = load(write(tmp_path, {"readings/weekly.csv": "nonsense"}), readings=False)
    assert loaded.workspace is not None
    assert loaded.workspace.readings.is_empty()
    assert "readings/weekly.csv" not in loaded.workspace.files_read


def test_the_same_files_give_the_same_frame(tmp_path: Path) -> None:
    first = load(write(tmp_path / "a", {"readings/inbox/x.csv": FILES["readings/weekly.csv"]}))
    second = load(write(tmp_path / "b", {"readings/inbox/x.csv": FILES["readings/weekly.csv"]}))
    assert first.workspace is not None
    assert second.workspace is not None
    assert first.workspace.readings.equals(second.workspace.readings)
    assert first.workspace.files_read == second.workspace.files_read
    assert first.faults == second.faults
