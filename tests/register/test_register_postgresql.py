"""The same register on PostgreSQL. Set RISKREG_TEST_POSTGRESQL to the address of a database in which schemas may be made."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from uuid import uuid4

import pytest
import sqlalchemy
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from register_cases import NOW, codes, finding, later, score
from sqlalchemy import text

from riskreg.model.faults import FaultError
from riskreg.register import Conflict, Register, fold
from riskreg.register.tables import VERSION_TABLE, metadata

ADDRESS = os.environ.get("RISKREG_TEST_POSTGRESQL", "")
pytestmark = [
    pytest.mark.postgresql,
    pytest.mark.skipif(not ADDRESS, reason="needs PostgreSQL: RISKREG_TEST_POSTGRESQL names no server"),
]


@pytest.fixture
def address() -> Iterator[str]:
    """A schema of its own, dropped afterwards."""
    schema = f"riskreg_{uuid4().hex[:12]}"
    server = sqlalchemy.create_engine(ADDRESS, isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(text(f"CREATE SCHEMA {schema}"))
        url = sqlalchemy.make_url(ADDRESS).update_query_dict({"options": f"-csearch_path={schema}"})
        yield url.render_as_string(hide_password=False)
        connection.execute(text(f"DROP SCHEMA {schema} CASCADE"))
    server.dispose()


@pytest.fixture
def engine(address: str) -> Iterator[sqlalchemy.Engine]:
    engine = sqlalchemy.create_engine(address)
    yield engine
    engine.dispose()


def test_runs_and_people_write_the_same_register(address: str) -> None:
    with Register.open(address) as register:
        first = register.apply([finding("a", key={"site": "BOG"}), finding("b")], as_of=NOW)
        assert first.raised == ("R-001", "R-002")
        register.assess("R-001", score(1, 1), "gesehen – 見た", "workforce-lead", later(microseconds=3), 3)
    with Register.open(address) as register:
        assert register.apply([finding("a", key={"site": "BOG"}), finding("b")], as_of=NOW).unchanged == 2
        assert register.apply([finding("a", 5, 5, key={"site": "BOG"})], as_of=later(days=7)).eased == ("R-002",)
        risk = register.risk("R-001")
        assert (risk.proposal, risk.score, risk.indicated) == (True, score(1, 1), score(5, 5))
        with pytest.raises(Conflict):
            register.close("R-001", "late", "hr-lead", NOW, 3)
        assert fold(register.events()) == {risk.id: risk for risk in register.risks()}
        assert register.verify(register.head) == ()


def test_the_chain_is_the_same_on_every_database(address: str, register: Register) -> None:
    with Register.open(address) as other:
        for each in (register, other):
            each.apply([finding("a"), finding("b", 2, 2)], as_of=NOW)
            each.note("R-001", "asked", "hr-lead", NOW, 4)
        assert other.head == register.head


def test_writers_at_once_lose_nothing(address: str) -> None:
    faults: list[BaseException] = []

    def write(name: str) -> None:
        try:
            with Register.open(address) as register:
                register.apply([finding()], as_of=NOW)
                for turn in range(8):
                    while True:
                        try:
                            register.note("R-001", f"{name}{turn}", name, NOW, register.risk("R-001").version)
                            break
                        except Conflict:
                            continue
        except BaseException as error:
            faults.append(error)

    writers = [threading.Thread(target=write, args=(f"w{n}",)) for n in range(6)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert faults == []
    with Register.open(address) as register:
        said = [event.body["text"] for event in register.events() if event.kind == "risk.noted"]
        assert sorted(said) == sorted(f"w{n}{turn}" for n in range(6) for turn in range(8))
        assert register.verify() == ()


def test_the_database_refuses_to_change_or_drop_events(address: str, engine: sqlalchemy.Engine) -> None:
    with Register.open(address) as register:
        register.apply([finding()], as_of=NOW)
        for statement in ("UPDATE event SET actor = 'me'", "DELETE FROM event WHERE seq = 3", "TRUNCATE event CASCADE"):
            with pytest.raises(sqlalchemy.exc.DBAPIError, match="append-only"), engine.begin() as connection:
                connection.execute(text(statement))
        assert register.verify() == ()


def test_a_changed_event_is_named(address: str, engine: sqlalchemy.Engine) -> None:
    with Register.open(address) as register:
        register.apply([finding()], as_of=NOW)
        with engine.begin() as connection:
            connection.execute(text("ALTER TABLE event DISABLE TRIGGER USER"))
            connection.execute(text("UPDATE event SET actor = 'me' WHERE seq = 2"))
        assert [(fault.code, fault.message[:7]) for fault in register.verify()] == [("journal-event-changed", "event 2")]


def test_the_migrations_lead_to_the_tables_that_the_code_uses(address: str, engine: sqlalchemy.Engine) -> None:
    Register.open(address).dispose()
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE, "compare_type": True})
        assert compare_metadata(context, metadata) == []


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("CREATE TABLE bookmarks (url TEXT)", "register-not-a-register"),
        (f"CREATE TABLE {VERSION_TABLE} AS SELECT 'v0999' AS version_num", "register-newer"),
    ],
)
def test_what_is_not_a_register_is_left_as_it_is(address: str, engine: sqlalchemy.Engine, statement: str, code: str) -> None:
    with engine.begin() as connection:
        connection.execute(text(statement))
    with pytest.raises(FaultError) as told:
        Register.open(address)
    assert codes(told.value) == [code]
    assert len(sqlalchemy.inspect(engine).get_table_names()) == 1
