"""The audit sees every event that was changed, taken out, put in, moved or cut off, and every table that was written past it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from register_cases import NOW, finding, later, score

from riskreg.model.base import canonical, content_hash
from riskreg.model.faults import Fault, FaultError
from riskreg.register import GENESIS, Register

TRIGGERS = ("event_no_update", "event_no_delete", "event_in_order")


@pytest.fixture
def kept(path: Path) -> str:
    """A register of seven events, closed; the value is its head."""
    with Register.open(path) as register:
        register.apply([finding("a", 4, 4)], as_of=NOW)
        register.note("R-001", "asked", "hr-lead", NOW, 3)
        register.assess("R-001", score(2, 2), "seen", "hr-lead", later(days=1), 4)
        register.add("data-exposure", "client", "Cards", "security-lead", None, "rumour", "security-lead", NOW)
        register.note("R-002", "so far nothing", "hr-lead", NOW, 1)
        return register.head


@contextmanager
def tampering(path: Path) -> Iterator[sqlite3.Connection]:
    """The file as somebody would open it who wants to rewrite history."""
    with closing(sqlite3.connect(path)) as connection, connection:
        for trigger in TRIGGERS:
            connection.execute(f"DROP TRIGGER {trigger}")
        yield connection


def verify(path: Path, head: str | None = None) -> tuple[Fault, ...]:
    with Register.open(path) as register:
        return register.verify(head)


def told(path: Path, head: str | None = None) -> list[tuple[str, str]]:
    return [(fault.code, fault.message) for fault in verify(path, head)]


def rehash(connection: sqlite3.Connection, first: int) -> None:
    """Seal all events from `first` on anew, as somebody would who knows how."""
    connection.row_factory = sqlite3.Row
    previous = connection.execute("SELECT hash FROM event WHERE seq = ?", (first - 1,)).fetchone()["hash"]
    for row in connection.execute("SELECT * FROM event WHERE seq >= ? ORDER BY seq", (first,)).fetchall():
        fields = {name: row[name] for name in row.keys() if name != "hash"}  # noqa: SIM118
        hashed = content_hash(fields | {"body": json.loads(fields["body"]), "previous": previous})
        connection.execute("UPDATE event SET previous = ?, hash = ? WHERE seq = ?", (previous, hashed, row["seq"]))
        previous = hashed


def test_a_whole_register_has_no_faults(path: Path, kept: str) -> None:
    assert verify(path, kept) == ()
    assert verify(path, GENESIS) == ()


def test_an_older_head_is_still_in_the_journal(path: Path, kept: str) -> None:
    with Register.open(path) as register:
        register.note("R-001", "later", "hr-lead", NOW, 5)
        assert register.verify(kept) == ()


def test_the_way_of_hashing_stays_so_that_heads_kept_years_ago_still_fit(path: Path) -> None:
    with Register.open(path) as register:
        register.add("talent-attrition", "client", "Leavers – all sites", "hr-lead", score(4, 3), "exit interviews", "hr-lead", NOW)
        register.note("R-001", "two\nlines", "hr-lead", later(microseconds=5), 1)
        register.close("R-001", "hired", "hr-lead", later(days=1), 2)
        assert register.head == "75923b1b1d58c6e30e7261230046275aba209d4774edfdf2efa09ec37f7a6eb5"


def change(column: str, value: object) -> Callable[[sqlite3.Connection], None]:
    return lambda connection: connection.execute(f"UPDATE event SET {column} = ? WHERE seq = 4", (value,)) and None


@pytest.mark.parametrize(
    ("tamper", "code", "named"),
    [
        (change("at", "2026-11-22T06:00:00Z"), "journal-event-changed", "event 4"),
        (change("actor", "somebody"), "journal-event-changed", "event 4"),
        (change("kind", "risk.closed"), "journal-event-changed", "event 4"),
        (change("risk", "R-002"), "journal-event-changed", "event 4"),
        (change("risk", None), "journal-event-changed", "event 4"),
        (change("body", b'{"text":"never asked"}'), "journal-event-changed", "event 4"),
        (change("body", b'{"state": "identified","text":"asked"}'), "journal-event-changed", "event 4"),
        (change("body", b"\xff\xfe"), "journal-event-changed", "event 4"),
        (change("body", "text, not bytes"), "journal-event-changed", "event 4"),
        (change("body", b'{"text":NaN}'), "journal-event-changed", "event 4"),
        (change("hash", "0" * 64), "journal-event-changed", "event 4"),
        (change("previous", "0" * 64), "journal-event-changed", "event 4"),
        (lambda c: c.execute("DELETE FROM event WHERE seq = 5"), "journal-event-missing", "event 5"),
        (lambda c: c.execute("DELETE FROM event WHERE seq = 1"), "journal-event-missing", "event 1"),
        (
            lambda c: c.executescript(
                "UPDATE event SET seq = 99 WHERE seq = 4; UPDATE event SET seq = 4 WHERE seq = 5;"
                "UPDATE event SET seq = 5 WHERE seq = 99"
            ),
            "journal-event-changed",
            "event 4",
        ),
        (
            lambda c: c.executescript(
                "UPDATE event SET seq = -seq WHERE seq > 3; UPDATE event SET seq = 1 - seq WHERE seq < 0;"
                "INSERT INTO event SELECT 4, at, actor, kind, risk, body, previous, 'x' FROM event WHERE seq = 3"
            ),
            "journal-event-changed",
            "event 4",
        ),
    ],
)
def test_the_first_event_that_does_not_fit_is_named(
    path: Path, kept: str, tamper: Callable[[sqlite3.Connection], object], code: str, named: str
) -> None:
    with tampering(path) as connection:
        connection.execute("PRAGMA foreign_keys=OFF")
        tamper(connection)
    (fault,) = verify(path, kept)
    assert fault.code == code
    assert fault.message.startswith(named)
    assert (str(fault.span), bool(fault.hint)) == ("register.db", True)


def test_an_event_sealed_anew_breaks_the_chain_at_the_next(path: Path, kept: str) -> None:
    with tampering(path) as connection:
        connection.execute("UPDATE event SET body = ? WHERE seq = 4", (canonical({"state": "identified", "text": "never"}),))
        rows = connection.execute("SELECT hash FROM event WHERE seq > 4 ORDER BY seq").fetchall()
        rehash(connection, 4)
        for seq, (hashed,) in enumerate(rows, start=5):
            connection.execute("UPDATE event SET hash = ? WHERE seq = ?", (hashed, seq))
    assert [code for code, _ in told(path)] == ["journal-event-changed"]


def test_a_chain_grafted_onto_another_is_named(path: Path, kept: str) -> None:
    with tampering(path) as connection:
        connection.execute("UPDATE event SET body = ? WHERE seq = 4", (canonical({"state": "identified", "text": "never"}),))
        connection.row_factory = sqlite3.Row
        row = dict(connection.execute("SELECT * FROM event WHERE seq = 4").fetchone())
        del row["hash"]
        hashed = content_hash(row | {"body": json.loads(row["body"])})
        connection.execute("UPDATE event SET hash = ? WHERE seq = 4", (hashed,))
    assert told(path) == [("journal-chain-broken", "event 5 does not follow event 4: one of the two was put there later")]


def test_a_journal_rewritten_to_its_end_is_seen_by_the_kept_head_and_the_tables(path: Path, kept: str) -> None:
    with tampering(path) as connection:
        body = canonical({"state": "identified", "text": "never asked"})
        connection.execute("UPDATE event SET body = ? WHERE seq = 4", (body,))
        rehash(connection, 4)
    assert [code for code, _ in told(path)] == ["register-risk-differs"]
    assert [code for code, _ in told(path, kept)] == ["register-risk-differs", "journal-cut"]


def test_a_tail_cut_off_with_its_tables_is_seen_by_the_kept_head_alone(path: Path, kept: str) -> None:
    with Register.open(path) as register:
        before = register.risk("R-002")
        register.note("R-002", "the note that somebody wants gone", "hr-lead", NOW, before.version)
        head = register.head
    with tampering(path) as connection:
        connection.execute(
            "UPDATE risk SET body = ?, version = ?, last_event = 7 WHERE id = 'R-002'", (canonical(before), before.version)
        )
        connection.execute("DELETE FROM event WHERE seq = 8")
    assert verify(path) == ()
    assert verify(path, kept) == ()
    ((code, message),) = told(path, head)
    assert code == "journal-cut"
    assert "ends at event 7" in message


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("DELETE FROM risk WHERE id = 'R-002'", "register-risk-missing"),
        ("UPDATE risk SET version = 9 WHERE id = 'R-002'", "register-risk-differs"),
        ("UPDATE risk SET scope = 'site:BOG' WHERE id = 'R-002'", "register-risk-differs"),
        ("UPDATE risk SET body = x'00' WHERE id = 'R-002'", "register-risk-differs"),
        ("UPDATE risk SET body = (SELECT body FROM risk WHERE id = 'R-001') WHERE id = 'R-002'", "register-risk-differs"),
        ("UPDATE risk SET id = 'R-003' WHERE id = 'R-002'", "register-risk-missing"),
    ],
)
def test_tables_that_are_not_what_the_journal_adds_up_to(path: Path, kept: str, statement: str, code: str) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(statement)
    faults = verify(path, kept)
    assert faults[0].code == code
    assert "R-002" in faults[0].message


def test_an_event_of_a_kind_that_nobody_knows_is_told_not_raised(path: Path, kept: str) -> None:
    for kind, body in (
        ("risk.sold", b"{}"),
        ("risk.noted", b"{}"),
        ("risk.raised", b"{}"),
        ("indicated.changed", b'{"findings":[]}'),
    ):
        with closing(sqlite3.connect(path)) as connection, connection:
            seq, previous = connection.execute("SELECT seq, hash FROM event ORDER BY seq DESC").fetchone()
            row = {"seq": seq + 1, "at": "2026-11-21T06:00:00Z", "actor": "x", "kind": kind, "risk": "R-002", "previous": previous}
            hashed = content_hash(row | {"body": json.loads(body)})
            values = (*row.values(), body, hashed)
            connection.execute(
                "INSERT INTO event (seq, at, actor, kind, risk, previous, body, hash) VALUES (?,?,?,?,?,?,?,?)", values
            )
        ((code, message),) = told(path)
        assert (code, message[:7]) == ("journal-event-unreadable", "event 8")
        with tampering(path) as connection:
            connection.execute("DELETE FROM event WHERE seq = 8")
            connection.executescript(
                "".join(f"CREATE TRIGGER {name} AFTER UPDATE ON risk BEGIN SELECT 1; END;" for name in TRIGGERS)
            )


def _row_in_file(data: bytes, path: Path) -> range:
    """Where the last event's whole record lies in the file: its length, its number, its header and its values."""
    with closing(sqlite3.connect(path)) as connection:
        row = connection.execute("SELECT at, actor, kind, risk, body, previous, hash FROM event WHERE seq = 7").fetchone()
    values = b"".join(value if isinstance(value, bytes) else value.encode() for value in row)
    assert data.count(values) == 1
    start = data.index(values)
    # A text or blob of up to 57 bytes has a header of one byte, a longer one of two; so has the length of the whole record.
    header = 2 + sum(1 if len(value) <= 57 else 2 for value in row)
    return range(start - header - 3, start + len(values))


def test_every_flipped_byte_of_an_event_is_seen(path: Path, kept: str, tmp_path: Path) -> None:
    data = path.read_bytes()
    where = _row_in_file(data, path)
    assert data[where[2]] == 7, "the record's number stands after its length"
    copy = tmp_path / "copy.db"
    unseen = []
    for position in where:
        copy.write_bytes(data[:position] + bytes([data[position] ^ 0x01]) + data[position + 1 :])
        try:
            faults = verify(copy, kept)
        except FaultError as error:
            faults = error.faults
        if not faults:
            unseen.append(position - where[0])
    assert unseen == []
    assert len(where) > 200
