"""The file: what is refused and left as it was, how the schema came to be, and what the database itself forbids."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from register_cases import NOW, codes, finding

from riskreg.model.faults import FaultError
from riskreg.register import GENESIS, Register
from riskreg.register.database import REVISIONS
from riskreg.register.tables import VERSION_TABLE, metadata


def refused(address: str | Path) -> str:
    with pytest.raises(FaultError) as told:
        Register.open(address)
    (fault,) = told.value.faults
    assert fault.message
    assert fault.hint
    return fault.code


def filled(path: Path) -> bytes:
    """A register with enough in it to span many pages."""
    with Register.open(path) as register:
        register.apply([finding(f"f{n}", key={"site": f"S{n}"}) for n in range(40)], as_of=NOW)
    return path.read_bytes()


def test_a_register_is_made_where_there_is_none(path: Path) -> None:
    with Register.open(f"sqlite:///{path}") as register:
        assert (register.head, register.risks(), register.events(), register.verify()) == (GENESIS, (), (), ())
        register.apply([finding()], as_of=NOW)
    with Register.open(path) as register:
        assert len(register.risks()) == 1
    assert [item.name for item in path.parent.iterdir()] == ["register.db"]


def test_the_room_is_light_until_a_register_is_opened() -> None:
    check = "import sys, riskreg.register; sys.exit('sqlalchemy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", check], check=False).returncode == 0


def test_a_path_may_hold_any_sign(tmp_path: Path) -> None:
    folder = tmp_path / "50% of #1? ünïted"
    folder.mkdir()
    with Register.open(folder / "a b.db") as register:
        assert register.verify() == ()
    assert (folder / "a b.db").is_file()


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "register-empty-file"),
        (b"title: not a register\n", "register-not-a-register"),
        (b"SQLite format 3\x00" + b"\x00" * 84, "register-damaged"),
        (b"PK\x03\x04" + bytes(range(256)) * 40, "register-not-a-register"),
    ],
    ids=["empty", "text", "header only", "archive"],
)
def test_a_file_that_is_not_a_register_is_left_as_it_is(path: Path, content: bytes, code: str) -> None:
    path.write_bytes(content)
    assert refused(path) == code
    assert path.read_bytes() == content


def test_a_truncated_register_is_refused_wherever_it_was_cut(path: Path) -> None:
    whole = filled(path)
    for length in (1, 15, 16, 50, 100, 101, 511, 512, 1000, 4095, 4096, 4097, len(whole) // 2, len(whole) - 4096, len(whole) - 1):
        path.write_bytes(whole[:length])
        assert refused(path) in ("register-damaged", "register-not-a-register")
        assert path.read_bytes() == whole[:length]
    path.write_bytes(whole)
    with Register.open(path) as register:
        assert register.verify() == ()


def test_a_page_that_was_overwritten_is_told_whatever_it_held(path: Path) -> None:
    whole = filled(path)
    for page in range(1, len(whole) // 4096):
        path.write_bytes(whole[: page * 4096] + b"\xa5" * 4096 + whole[(page + 1) * 4096 :])
        try:
            with Register.open(path) as register:
                seen = [fault.code for fault in register.verify()]
        except FaultError as error:
            seen = codes(error)
        assert seen
        assert path.read_bytes()[page * 4096 : (page + 1) * 4096] == b"\xa5" * 4096


def test_a_newer_register_is_left_as_it_is(path: Path) -> None:
    filled(path)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(f"UPDATE {VERSION_TABLE} SET version_num = 'v0999'")
    content = path.read_bytes()
    assert refused(path) == "register-newer"
    assert path.read_bytes() == content


def test_a_database_of_another_program_is_left_as_it_is(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE bookmarks (url TEXT)")
    content = path.read_bytes()
    assert refused(path) == "register-not-a-register"
    assert path.read_bytes() == content


def test_changes_left_over_from_a_lost_file_are_not_taken_for_a_new_one(path: Path) -> None:
    path.with_name("register.db-wal").write_bytes(b"\x37\x7f\x06\x82" + b"\x00" * 28)
    assert refused(path) == "register-left-over"
    assert not path.exists()


def test_addresses_that_cannot_be_a_register(tmp_path: Path) -> None:
    assert refused(tmp_path) == "register-cannot-open"
    assert refused(tmp_path / "nowhere" / "register.db") == "register-no-folder"
    for address in ("", "register.db", "mysql://localhost/x", "sqlite://", "sqlite:///:memory:", "sqlite:///file:x?uri=true"):
        assert refused(address) == "register-address"


def test_a_password_is_never_told() -> None:
    with pytest.raises(FaultError) as told:
        Register.open("postgresql+psycopg://me:secret@127.0.0.1:1/x")
    assert codes(told.value)[0] in ("register-out-of-reach", "register-driver-missing")
    assert "secret" not in str(told.value)


def test_many_may_open_a_new_register_at_once(path: Path) -> None:
    faults: list[BaseException] = []

    def open_it() -> None:
        try:
            with Register.open(path) as register:
                register.apply([finding()], as_of=NOW)
        except BaseException as error:
            faults.append(error)

    threads = [threading.Thread(target=open_it) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    with Register.open(path) as register:
        assert (len(register.risks()), len(register.events()), register.verify()) == (1, 3, ())
    assert [item.name for item in path.parent.iterdir()] == ["register.db"]


def test_the_database_refuses_to_change_or_drop_events(path: Path) -> None:
    filled(path)
    with closing(sqlite3.connect(path)) as connection:
        for statement in (
            "UPDATE event SET actor = 'me' WHERE seq = 1",
            "DELETE FROM event WHERE seq = 120",
            "DELETE FROM event",
            "INSERT OR REPLACE INTO event SELECT seq, at, 'me', kind, risk, body, previous, hash FROM event WHERE seq = 2",
            "INSERT INTO event SELECT seq + 500, at, actor, kind, risk, body, previous, 'x' FROM event WHERE seq = 2",
            "INSERT INTO event SELECT NULL, at, actor, kind, risk, body, previous, 'x' FROM event WHERE seq = 2",
        ):
            with pytest.raises(sqlite3.IntegrityError, match="append-only"):
                connection.execute(statement)
    with Register.open(path) as register:
        assert register.verify() == ()


def test_the_file_is_set_up_to_lose_nothing(path: Path) -> None:
    filled(path)
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    with Register.open(path) as register, register._database.reading() as connection:
        asked = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in ("synchronous", "foreign_keys", "busy_timeout")
        }
    assert asked == {"synchronous": 2, "foreign_keys": 1, "busy_timeout": 30_000}


def test_the_migrations_lead_to_the_tables_that_the_code_uses(path: Path) -> None:
    filled(path)
    engine = sqlalchemy.create_engine(f"sqlite:///{path}")
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE, "compare_type": True})
        assert compare_metadata(context, metadata) == []
    engine.dispose()


def test_every_migration_is_known() -> None:
    import riskreg.register.migrations as folder

    script = ScriptDirectory(folder.__path__[0])
    assert tuple(revision.revision for revision in script.walk_revisions())[::-1] == REVISIONS


def test_a_full_database_changes_nothing_and_goes_on_when_there_is_room(path: Path) -> None:
    filled(path)
    with Register.open(path) as register:
        head, engine = register.head, register._database._engine
        with register._database.reading() as connection:
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
        engine.dispose()

        def no_room(connection: sqlite3.Connection, _: object) -> None:
            connection.execute(f"PRAGMA max_page_count={pages}")

        sqlalchemy.event.listen(engine, "connect", no_room)
        with pytest.raises(FaultError) as told:
            register.apply([finding(f"g{n}", key={"site": f"T{n}"}) for n in range(200)], as_of=NOW)
        assert codes(told.value) == ["register-disk-full"]
        assert register.head == head
        assert register.verify(head) == ()
        sqlalchemy.event.remove(engine, "connect", no_room)
        engine.dispose()
        assert len(register.apply([finding(f"g{n}", key={"site": f"T{n}"}) for n in range(200)], as_of=NOW).raised) == 200
        assert register.verify(head) == ()
