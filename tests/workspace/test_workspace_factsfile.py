"""Files of facts: what is read, and every mistake at its line and column, in one pass."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskreg.model.faults import Fault, Span
from riskreg.workspace.factsfile import MOST_FAULTS, MOST_LINE, FactsRead, read_facts

GOOD = {"id": "s1", "signal": "attrition_spike", "at": "2026-11-16T08:00:00+08:00", "site": "MNL", "strength": 4, "value": 3.5}
PLAIN = json.dumps(GOOD)


def read(*lines: str | bytes, end: bytes = b"\n") -> FactsRead:
    raw = b"\n".join(line.encode() if isinstance(line, str) else line for line in lines)
    return read_facts(io.BytesIO(raw + end), "facts.jsonl")


def told(found: FactsRead) -> list[tuple[str, int, int]]:
    assert all(fault.span.path == "facts.jsonl" and fault.hint for fault in found.faults)
    return [(fault.code, fault.span.line, fault.span.col) for fault in found.faults]


def test_facts_are_read_with_their_times_in_utc() -> None:
    standing = {"id": "c1", "fact": "cover", "site": "MNL", "pci": True, "short": None}
    found = read(PLAIN, "", "  ", json.dumps(standing | {"at": None}), json.dumps(GOOD | {"id": "größe"}), end=b"")
    assert (told(found), found.more) == ([], 0)
    assert found.facts[0] == GOOD | {"at": datetime(2026, 11, 16, tzinfo=UTC)}
    assert found.facts[1] == standing | {"at": None}
    assert found.lines == {"s1": 1, "c1": 4, "größe": 5}


@pytest.mark.parametrize("lines", [[b"\xef\xbb\xbf" + PLAIN.encode()], [PLAIN + "\r"], ["", PLAIN]])
def test_a_byte_order_mark_windows_line_ends_and_empty_lines_are_no_faults(lines: list[str | bytes]) -> None:
    assert len(read(*lines).facts) == 1 and not read(*lines).faults


def fact(**fields: Any) -> str:
    return json.dumps(GOOD | fields)


BROKEN: dict[str, tuple[str | bytes, str, int]] = {
    "no JSON": ("id: s2", "fact-syntax", 1),
    "a comma too many": ('{"id": "s2",}', "fact-syntax", 13),
    "two objects in one line": (PLAIN + " " + PLAIN, "fact-syntax", len(PLAIN) + 2),
    "a list": ("[1, 2]", "fact-syntax", 1),
    "a text": ('"s2"', "fact-syntax", 1),
    "nothing in braces": ("{}", "fact-kind", 1),
    "no kind": ('{"id": "s2"}', "fact-kind", 1),
    "two kinds": ('{"id": "s2", "signal": "a", "fact": "b"}', "fact-kind", 1),
    "a kind that is a number": ('{"id": "s2", "signal": 3}', "fact-kind", 1),
    "no id": ('{"signal": "a"}', "fact-id", 1),
    "an id that is a number": ('{"signal": "a", "id": 7}', "fact-id", 23),
    "a naive time": ('{"id": "s2", "signal": "a", "at": "2026-11-16T00:00:00"}', "naive-time", 35),
    "a day and no time": ('{"id": "s2", "signal": "a", "at": "2026-11-16"}', "naive-time", 35),
    "no time": ('{"id": "s2", "signal": "a", "at": "soon"}', "fact-time", 35),
    "a time as a number": ('{"id": "s2", "signal": "a", "at": 1795000000}', "fact-time", 35),
    "a day that is not": ('{"id": "s2", "signal": "a", "at": "2026-02-30T00:00:00Z"}', "fact-time", 35),
    "a time off the calendar": ('{"id": "s2", "signal": "a", "at": "0001-01-01T00:00:00+14:00"}', "fact-time", 35),
    "not a number": ('{"id": "s2", "signal": "a", "value": NaN}', "fact-number", 38),
    "infinite": ('{"id": "s2", "signal": "a", "value": -Infinity}', "fact-number", 38),
    "infinite in disguise": ('{"id": "s2", "signal": "a", "value": 1e999}', "fact-number", 38),
    "beyond 2^53": (f'{{"id": "s2", "signal": "a", "value":{2**53 + 1}}}', "fact-number", 37),
    "beyond 2^53 with a point": ('{"id": "s2", "signal": "a", "value": 9.1e15}', "fact-number", 38),
    "hundreds of digits": ('{"id": "s2", "signal": "a", "value": -1' + "0" * 400 + "}", "fact-number", 38),
    "thousands of digits": ('{"id": "s2", "signal": "a", "value": 1' + "0" * 5000 + "}", "fact-number", 38),
    "a megabyte of text": ('{"id": "s2", "signal": "a", "site": "' + "x" * 2**20 + '"}', "fact-too-long", 37),
    "a list inside": ('{"id": "s2", "signal": "a", "site": ["MNL"]}', "fact-type", 37),
    "an object inside": ('{"id": "s2", "signal": "a", "site": {"id": "MNL"}}', "fact-type", 37),
    "a pit of brackets": ('{"id": ' + "[" * 100_000, "fact-type", 1),
    "a key twice": ('{"id": "s2", "signal": "a", "site": "MNL", "site": "BOG"}', "duplicate-key", 44),
    "half a character": ('{"id": "s2", "signal": "a", "site": "\\ud800"}', "not-printable", 37),
    "latin-1": ('{"id": "s2", "signal": "a", "site": "Malmö'.encode() + b'\xf6"}', "encoding", 43),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_each_mistake_has_its_place_and_hides_no_other(name: str) -> None:
    line, code, col = BROKEN[name]
    found = read(PLAIN, line, "oops", fact(id="s9"))
    assert told(found) == [(code, 2, col), ("fact-syntax", 3, 1)]
    assert [one["id"] for one in found.facts] == ["s1", "s9"]


def test_several_mistakes_in_one_line_are_all_told() -> None:
    found = read('{"id": 7, "signal": "a", "at": "soon", "value": NaN, "value": [1]}')
    assert told(found) == [
        ("fact-id", 1, 8), ("fact-time", 1, 32), ("fact-number", 1, 49), ("duplicate-key", 1, 54), ("fact-type", 1, 63),
    ]  # fmt: skip


def test_an_id_twice_names_the_first_line() -> None:
    found = read(PLAIN, fact(id="s2"), fact(site="BOG"), fact(site="CEB"))
    assert told(found) == [("fact-duplicate", 3, 8), ("fact-duplicate", 4, 8)]
    assert all("first in line 1" in fault.message for fault in found.faults)
    assert [one["site"] for one in found.facts] == ["MNL", "MNL"]


def test_a_last_line_that_is_cut_short_is_said_to_be() -> None:
    for cut in (PLAIN[:-1], PLAIN[:40], PLAIN[:9]):
        (fault,) = read(PLAIN.replace("s1", "s0"), cut, end=b"").faults
        assert "cut short" in fault.message, cut
    (fault,) = read(PLAIN[:-1], PLAIN).faults
    assert "cut short" not in fault.message


@pytest.mark.parametrize("raw", [b"", b"\n\n", b"\xef\xbb\xbf"])
def test_an_empty_file_is_told(raw: bytes) -> None:
    assert told(read_facts(io.BytesIO(raw), "facts.jsonl")) == [("facts-empty", 1, 1)]


def test_another_encoding_is_one_fault() -> None:
    for encoding in ("utf-16", "utf-16-le"):
        found = read_facts(io.BytesIO((PLAIN + "\n").encode(encoding)), "facts.jsonl")
        assert found.faults and not found.facts
    assert told(read((PLAIN + "\n" + PLAIN).encode("utf-16"))) == [("encoding", 1, 1)]


def test_a_huge_line_is_passed_over_in_pieces() -> None:
    found = read(b" " * (3 * MOST_LINE), PLAIN)
    assert told(found) == [("too-large", 1, 1)]
    assert found.lines == {"s1": 2}


def test_a_hundred_faults_are_listed_and_the_others_counted() -> None:
    found = read(*["oops"] * 250, PLAIN)
    assert (len(found.faults), found.more, len(found.facts)) == (MOST_FAULTS, 150, 1)


def test_what_the_engines_refuse_is_told_at_its_line() -> None:
    found = read(PLAIN, fact(id="s2", site="no place!"))
    found.locate([Fault(code="fact-place", message="site is not an id", hint="…", span=Span(path="facts", cell="s2"))])
    assert told(found) == [("fact-place", 2, 1)]


@given(st.lists(st.binary(max_size=60), max_size=6))
def test_whatever_the_bytes_nothing_but_faults_comes(lines: list[bytes]) -> None:
    found = read(*lines)
    assert found.faults or found.facts
    assert all(fault.span.line >= 1 and fault.span.col >= 1 for fault in found.faults)


VALUES = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5), st.lists(st.integers(), max_size=2))


@given(st.dictionaries(st.text(max_size=4) | st.sampled_from(["id", "at", "signal", "fact"]), VALUES, max_size=5))
def test_whatever_the_object_it_is_a_fact_or_has_a_fault_in_its_line(value: dict[str, Any]) -> None:
    line = json.dumps(value)
    found = read(line)
    assert len(found.facts) == (not found.faults)
    assert all(1 <= fault.span.col <= len(line) for fault in found.faults)
