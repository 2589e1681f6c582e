"""Facts from a file of JSON Lines: one flat object a line, each mistake with its line and column, all of them in one pass."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from json.decoder import scanstring  # type: ignore[attr-defined]
from pathlib import Path
from typing import Any, BinaryIO

from riskreg.model.faults import Fault, Span
from riskreg.model.signal import Fact, as_utc
from riskreg.workspace.codes import fault
from riskreg.workspace.sources import strange

MOST_FAULTS = 100
"""Faults that are listed; the others are counted."""
MOST_LINE = 4 * 1024 * 1024
"""Bytes of one line."""
MOST_TEXT = 1000
"""Characters of a text in a fact."""
MOST_WHOLE = 2**53
"""Larger numbers are not exact in JSON."""
GOOD = '{"id": "s1", "signal": "attrition_spike", "at": "2026-11-16T00:00:00Z", "site": "MNL", "strength": 4}'
_BLANKS = " \t\r"
_INFINITE = (float("inf"), float("-inf"))


@dataclass(slots=True)
class FactsRead:
    """The facts that can be used, in file order; what is wrong with the others; and how many faults are counted, not listed."""

    path: str
    facts: list[Fact] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    more: int = 0
    lines: dict[str, int] = field(default_factory=dict)
    """Id of a fact → its line."""

    def add(self, code: str, message: str, line: int, col: int = 1, hint: str = "", example: str = "") -> None:
        if len(self.faults) >= MOST_FAULTS:
            self.more += 1
            return
        self.faults.append(fault(code, message, Span(path=self.path, line=line, col=col), hint=hint, example=example))

    def locate(self, faults: Iterable[Fault]) -> None:
        """Adds what the engines refuse in facts that were read, at the line of each."""
        for one in faults:
            if len(self.faults) >= MOST_FAULTS:
                self.more += 1
            else:
                span = Span(path=self.path, line=self.lines.get(one.span.cell, 0), col=1)
                self.faults.append(one.model_copy(update={"span": span}))


def read_facts(stream: BinaryIO, path: str) -> FactsRead:
    """Reads facts: `id`, `signal` or `fact`, `at` (an ISO time with its zone; without it the fact is standing), and fields.

    `path` is what faults name. A byte-order mark of UTF-8 is dropped, empty lines are passed over. A fact with a fault is left
    out. Texts have at most 1,000 characters, numbers at most 2^53, lines at most 4 MB.
    """
    found = FactsRead(path)
    empty = True
    for number, raw in _lines(stream, found):
        text = _text(raw, number, found)
        if text is None or not text.strip():
            continue
        empty = False
        if pairs := _pairs(text, raw.endswith(b"\n"), number, found):
            _take(pairs, text, number, found)
    if empty and not found.faults:
        hint = "Write one fact a line."
        found.add("facts-empty", "this file holds no fact", 1, hint=hint, example=GOOD)
    return found


def read_facts_of(file: Path) -> FactsRead:
    """The facts of a file. A pipe with a name is refused, because it may wait for ever; one that a shell made for us is read."""
    if strange(file):
        found = FactsRead(str(file))
        found.add("cannot-read", "this is not a file", 0, 0, hint="Give a file, or - for what is piped in.")
        return found
    with file.open("rb") as stream:
        return read_facts(stream, str(file))


def _lines(stream: BinaryIO, found: FactsRead) -> Iterator[tuple[int, bytes]]:
    number = 0
    while raw := stream.readline(MOST_LINE + 1):
        number += 1
        if number == 1 and raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
            found.add("encoding", "this file is UTF-16 and not UTF-8", 1, hint="Save it again as UTF-8.")
            return
        if len(raw) > MOST_LINE:
            found.add("too-large", f"this line is longer than {MOST_LINE // 2**20} MB", number, hint="Write one fact a line.")
            while raw and not raw.endswith(b"\n"):
                raw = stream.readline(MOST_LINE)
            continue
        yield number, raw


def _text(raw: bytes, number: int, found: FactsRead) -> str | None:
    try:
        return raw.rstrip(b"\r\n").decode("utf-8-sig" if number == 1 else "utf-8")
    except UnicodeDecodeError as error:
        col = len(raw[: error.start].decode("utf-8", "replace")) + 1
        found.add("encoding", "from here on this line is not UTF-8 text", number, col, hint="Save the file again as UTF-8.")
        return None


def _pairs(text: str, ended: bool, number: int, found: FactsRead) -> list[tuple[str, Any]] | None:
    """The fields of one line in their order; None, and a fault, where it is not an object."""
    try:
        value = json.loads(text, object_pairs_hook=_Pairs)
    except json.JSONDecodeError as error:
        cut = not ended and error.pos >= len(text.rstrip())
        cut |= not ended and error.msg.startswith("Unterminated")
        message = "the last line is cut short" if cut else f"this line is not JSON: {error.msg[:1].lower()}{error.msg[1:]}"
        hint = "Write the file again to its end." if cut else "Each line is one object, with every name and text in double quotes."
        found.add("fact-syntax", message, number, error.colno, hint, GOOD)
    except RecursionError:
        found.add("fact-type", "this line is nested too deeply", number, 1, "Facts are flat: one value a field.", GOOD)
    except ValueError:  # a whole number of thousands of digits
        col = next((at for _, _, at in _places(text) if _long(text, at)), 1)
        found.add("fact-number", "this number cannot be compared exactly", number, col, _NUMBER)
    else:
        if isinstance(value, _Pairs):
            if not value:
                found.add("fact-kind", "this fact is empty", number, 1, "Write a signal or a fact.", GOOD)
            return value
        found.add("fact-syntax", "this line is not an object", number, 1, "Each line is one fact in braces.", GOOD)
    return None


class _Pairs(list[tuple[str, Any]]):
    """The fields of a JSON object, a field that comes twice included."""


_NUMBER = "Leave the field out, or scale it: at most 2^53, no NaN, no infinity."


def _take(pairs: list[tuple[str, Any]], text: str, number: int, found: FactsRead) -> None:
    fact: Fact = dict(pairs)
    wrongs = [(place, wrong) for place, (name, value) in enumerate(pairs) if (wrong := _wrong(name, value))]
    if len(fact) < len(pairs):
        first: dict[str, int] = {}
        for place, (name, _) in enumerate(pairs):
            if first.setdefault(name, place) != place:
                wrongs.append((place, ("duplicate-key", f"'{_short(name)}' is written twice in this fact", "Keep one of the two.")))
    kinds = [name for name in ("signal", "fact") if fact.get(name) is not None]
    if len(kinds) != 1 or not isinstance(fact[kinds[0]], str):
        wrongs.append((-1, ("fact-kind", "a fact names either a signal or a fact, as text", "Write signal: or fact:, not both.")))
    ident = fact.get("id")
    if not isinstance(ident, str) or not ident:
        place = next((place for place, (name, _) in enumerate(pairs) if name == "id"), -1)
        wrongs.append((place, ("fact-id", "a fact needs an id, as text", "Give every fact an id of its own.")))
    elif ident in found.lines:
        place = next(place for place, (name, _) in enumerate(pairs) if name == "id")
        message = f"the id '{_short(ident)}' is taken, first in line {found.lines[ident]}"
        wrongs.append((place, ("fact-duplicate", message, "Give every fact an id of its own.")))
    else:
        found.lines[ident] = number
    if not wrongs:
        if fact.get("at") is not None:
            fact["at"] = as_utc(datetime.fromisoformat(fact["at"]))
        found.facts.append(fact)
        return
    places = _places(text)
    for place, (code, message, hint) in sorted(wrongs):
        key, value = places[place][1:] if 0 <= place < len(places) else (1, 1)
        col = key if code == "duplicate-key" else value
        found.add(code, message, number, col, hint, GOOD if code in ("fact-kind", "fact-id") else "")


def _wrong(name: str, value: Any) -> tuple[str, str, str] | None:
    """Code, message and hint of what forbids a field; None where it is sound."""
    if name == "at":
        return _wrong_time(value)
    if isinstance(value, str):
        if len(value) > MOST_TEXT:
            return "fact-too-long", f"'{_short(name)}' is {len(value):,} characters long", "A text has at most 1,000 characters."
        if not value.isascii() and not _encodable(value):
            return "not-printable", f"'{_short(name)}' holds half of a character", "Write the text again."
    elif isinstance(value, (int, float)):
        # a whole number of hundreds of digits fits no float, which `isfinite` would make of it
        if not -MOST_WHOLE <= value <= MOST_WHOLE:
            written = "not a number" if value != value else "infinite" if value in _INFINITE else "more than 2^53"  # noqa: PLR0124
            return "fact-number", f"'{_short(name)}' is {written}, which cannot be compared exactly", _NUMBER
    elif value is not None:
        what = "fields" if isinstance(value, _Pairs) else "a list"
        return "fact-type", f"'{_short(name)}' holds {what} and not one value", "Facts are flat: one value a field."
    return None


def _wrong_time(value: Any) -> tuple[str, str, str] | None:
    hint = "Write a time with its zone, 2026-11-16T00:00:00Z, or leave `at` out: then the fact always holds."
    if value is None:
        return None
    if not isinstance(value, str):
        return "fact-time", "'at' must be a time as text", hint
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return "fact-time", f"'{_short(value)}' is not a time", hint
    if moment.tzinfo is None:
        return "naive-time", f"the time '{_short(value)}' does not say its zone", hint
    try:
        as_utc(moment)
    except OverflowError:
        return "fact-time", f"'{_short(value)}' lies outside the years 1 to 9999", hint
    return None


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _short(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:57]}…"


def _long(text: str, at: int) -> bool:
    digits = text[at - 1 :].lstrip("-")
    return len(digits) - len(digits.lstrip("0123456789")) > 4000


def _places(text: str) -> list[tuple[str, int, int]]:
    """Name, and columns of name and value, of each field of an object that could be read; made only where one is wrong."""
    found: list[tuple[str, int, int]] = []
    decoder = json.JSONDecoder(parse_int=str)
    at = _skip(text, text.index("{") + 1)
    while at < len(text) and text[at] == '"':
        name, end = scanstring(text, at + 1, True)  # noqa: FBT003
        value = _skip(text, text.index(":", end) + 1)
        found.append((name, at + 1, value + 1))
        _, end = decoder.raw_decode(text, value)
        comma = _skip(text, end)
        at = _skip(text, comma + 1) if text[comma : comma + 1] == "," else len(text)
    return found


def _skip(text: str, at: int) -> int:
    while at < len(text) and text[at] in _BLANKS:
        at += 1
    return at
