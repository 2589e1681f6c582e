"""The database of a register: opened only if it is one, brought up to date, and written to by one at a time."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

from sqlalchemy import URL, Column, Connection, Engine, MetaData, String, Table, create_engine, event, inspect, make_url, select
from sqlalchemy.exc import ArgumentError, DBAPIError

from riskreg.model.faults import Fault, FaultError, Span
from riskreg.register.tables import VERSION_TABLE

REVISIONS = ("v0001",)
"""The schema's revisions, oldest first; the last is the one that this code reads and writes."""

WAIT_SECONDS = 30
"""How long a writer waits for the one before it."""

_LOCK = 7_249_001_153  # any number, so long as every writer of a register asks PostgreSQL for the same
_MAGIC = b"SQLite format 3\x00"
_MIGRATING = threading.Lock()  # Alembic keeps its context in globals: two threads in it at once crash the process
_VERSION = Table(VERSION_TABLE, MetaData(), Column("version_num", String(32)))

_NO_ROOM = ("register-disk-full", "there is no room left on the register's disk", "Make room and do it again; nothing was changed.")
_TOLD = {
    "SQLITE_NOTADB": (
        "register-not-a-register",
        "this is not a register",
        "Name another file, or put the register back from a copy.",
    ),
    "SQLITE_CORRUPT": ("register-damaged", "the register is damaged", "Put it back from a copy; this file was left as it is."),
    "SQLITE_FULL": _NO_ROOM,
    "SQLITE_IOERR": (
        "register-disk-fails",
        "the register's disk refuses",
        "Look at the disk and do it again; nothing was changed.",
    ),
    "SQLITE_READONLY": ("register-read-only", "the register cannot be written to", "Allow writing to the file and to its folder."),
    "SQLITE_CANTOPEN": (
        "register-cannot-open",
        "the register cannot be opened",
        "Allow reading and writing the file and its folder.",
    ),
    "SQLITE_BUSY": ("register-busy", "the register is in use", f"Another program has held it for {WAIT_SECONDS} s; try again."),
    "53100": _NO_ROOM,
    "25006": ("register-read-only", "the register cannot be written to", "Name the address of the server that takes writes."),
    "unreachable": (
        "register-out-of-reach",
        "the register cannot be reached",
        "Look at address, password and network.",
    ),
}
"""SQLite's error name or PostgreSQL's SQLSTATE → code, message and hint."""


class Database:
    """Connections to one register. `reading` and `writing` are its only doors; each is one transaction."""

    def __init__(self, url: URL, place: str) -> None:
        self.place = place
        self._file = Path(url.database or "") if url.get_backend_name() == "sqlite" else None
        try:
            self._engine = create_engine(url, pool_pre_ping=self._file is None)
        except ModuleNotFoundError as error:
            hint = "Install it: pip install 'psycopg[binary]'."
            raise self.fault("register-driver-missing", f"the driver for this address is missing: {error.name}", hint) from error
        if self._file:
            _prepare_sqlite(self._engine)

    @classmethod
    def open(cls, address: str | Path) -> Database:
        """The register at a SQLAlchemy address (SQLite file or PostgreSQL) or at a file's path, made if there is none.

        FaultError where it is not a register, damaged, of a newer riskreg, or out of reach; it is then left as it was.
        """
        url, place = _locate(address)
        if url.get_backend_name() == "sqlite":
            try:
                _look(Path(url.database or ""), url, place)
            except OSError as error:
                raise _fault(place, *_TOLD["SQLITE_CANTOPEN"]) from error
        database = cls(url, place)
        try:
            database._bring_up_to_date()
        except BaseException:
            database.dispose()
            raise
        return database

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that sees one state of the register."""
        # PostgreSQL would otherwise show each statement another state; SQLite never does.
        options = {} if self._file else {"isolation_level": "REPEATABLE READ"}
        with self._telling(), self._engine.connect().execution_options(**options) as connection, connection.begin():
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that writes, after those before it; undone as a whole by any exception."""
        with (
            self._telling(),
            self._engine.connect().execution_options(riskreg_writes=True) as connection,
            connection.begin(),
        ):
            if not self._file:
                connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")
            yield connection

    def damage(self, connection: Connection) -> tuple[Fault, ...]:
        """What SQLite finds wrong with its file, indexes included, which no query may have touched; PostgreSQL minds its own."""
        if not self._file or connection.exec_driver_sql("PRAGMA integrity_check(1)").scalar() == "ok":
            return ()
        return self.fault(*_TOLD["SQLITE_CORRUPT"]).faults

    def dispose(self) -> None:
        """Let go of the file or the server."""
        self._engine.dispose()

    def fault(self, code: str, message: str, hint: str, example: str = "") -> FaultError:
        """A fault of this register, ready to be raised."""
        return _fault(self.place, code, message, hint, example)

    def _bring_up_to_date(self) -> None:
        with self.reading() as connection:
            current = self._revision(connection) == REVISIONS[-1]
        if not current:
            with self.writing() as connection:
                self._revision(connection)
                _upgrade(connection)

    def _revision(self, connection: Connection) -> str | None:
        names = inspect(connection).get_table_names()
        if VERSION_TABLE not in names:
            if names:
                hint = "Name another file or schema; riskreg writes only to a register of its own."
                raise self.fault("register-not-a-register", f"this holds something else: a table named '{sorted(names)[0]}'", hint)
            return None
        found = connection.execute(select(_VERSION.c.version_num)).scalar_one_or_none()
        if found is not None and found not in REVISIONS:
            message = f"the register was written by a newer riskreg (schema {found}; this one knows {REVISIONS[-1]})"
            raise self.fault("register-newer", message, "Install the newer riskreg; this file was left as it is.")
        return found

    @contextmanager
    def _telling(self) -> Iterator[None]:
        """What the database says, as a fault that a person can act on; what is nobody's doing goes on as it is."""
        try:
            yield
        except (DBAPIError, sqlite3.Error) as error:
            told = _TOLD.get(_code(getattr(error, "orig", error)))
            if told is None:
                raise
            code, message, hint = told
            raise self.fault(code, message, hint) from error


def _code(error: Any) -> str:
    """SQLite's primary error name, PostgreSQL's SQLSTATE, or `unreachable` where a server did not answer at all."""
    if isinstance(error, sqlite3.Error):
        return "_".join(getattr(error, "sqlite_errorname", "").split("_")[:2])
    return getattr(error, "sqlstate", None) or ("unreachable" if type(error).__name__ == "OperationalError" else "")


def _fault(place: str, code: str, message: str, hint: str, example: str = "") -> FaultError:
    return FaultError([Fault(code=code, message=message, hint=hint, example=example, span=Span(path=place))])


def _locate(address: str | Path) -> tuple[URL, str]:
    if isinstance(address, Path):
        return URL.create("sqlite", database=str(address)), address.name
    example = "sqlite:///register.db"
    hint = "Write sqlite:/// and a file's path, or postgresql+psycopg:// and a server's address."
    try:
        url = make_url(address)
    except ArgumentError as error:
        raise _fault("database address", "register-address", "the address cannot be read", hint, example) from error
    backend = url.get_backend_name()
    if backend == "sqlite" and url.database not in (None, "", ":memory:") and not str(url.database).startswith("file:"):
        return url, Path(str(url.database)).name
    if backend == "postgresql":
        return url, url.set(query={}).render_as_string(hide_password=True)
    raise _fault("database address", "register-address", f"a register cannot be kept in '{backend}' at this address", hint, example)


def _prepare_sqlite(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def connected(connection: sqlite3.Connection, _: object) -> None:
        connection.isolation_level = None  # transactions are begun below, not guessed by the driver
        # A damaged text is then read, and found by its hash, instead of ending the audit.
        connection.text_factory = lambda raw: raw.decode(errors="replace")
        for pragma in (f"busy_timeout={WAIT_SECONDS * 1000}", "foreign_keys=ON", "synchronous=FULL"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begun(connection: Connection) -> None:
        writes = connection.get_execution_options().get("riskreg_writes")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _look(path: Path, url: URL, place: str) -> None:
    """Make the file if there is none; refuse what SQLite would take for a new register, or would read past its end."""
    wal = path.with_name(path.name + "-wal")
    left_over = wal.exists()  # asked before the next line, or a file that is made meanwhile looks left over
    if path.is_file():
        size, header = path.stat().st_size, _first_bytes(path)
        if size == 0:
            hint = "Put the register back from a copy, or delete the file to begin a new one."
            raise _fault(place, "register-empty-file", "the file is empty: a register never is", hint)
        if not header.startswith(_MAGIC) or size < 100:
            raise _fault(place, *_TOLD["SQLITE_NOTADB"])
        page = int.from_bytes(header[16:18], "big") or 1
        # A process killed while it moved pages from the -wal file leaves part of one; they are all still in there.
        if size % (65536 if page == 1 else page) and not (left_over and wal.stat().st_size):
            raise _fault(place, *_TOLD["SQLITE_CORRUPT"])
    if path.exists():
        return
    if not path.parent.is_dir():
        raise _fault(place, "register-no-folder", f"there is no folder '{path.parent.name}'", "Make the folder first.")
    if left_over:
        hint = f"Put {place} back beside it, or move {place}-wal away if its changes are not wanted."
        raise _fault(place, "register-left-over", f"the register is gone, but {place}-wal still holds changes to it", hint)
    _make_file(path, url, place)


def _first_bytes(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(18)


def _make_file(path: Path, url: URL, place: str) -> None:
    """Make a new register beside its place and move it there whole: a killed process leaves no half-made one."""
    draft = path.with_name(f"{path.name}.new-{uuid4().hex[:8]}")
    database = Database(url.set(database=str(draft)), place)
    try:
        with database._telling(), closing(sqlite3.connect(draft)) as raw:
            raw.execute("PRAGMA journal_mode=WAL")  # kept in the file: readers never wait for a writer
        database._bring_up_to_date()
        database.dispose()
        try:
            os.link(draft, path)
        except FileExistsError:
            return  # somebody else made it in the meantime; theirs stands
        except OSError:
            draft.rename(path)  # a file system without links
        _sync_folder(path.parent)
    finally:
        database.dispose()
        draft.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    """Put the new name itself on disk, or a power cut may take the file with all that was acknowledged in it."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _upgrade(connection: Connection) -> None:
    # Alembic takes half a second to import, and is needed only when the schema has changed.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", "riskreg.register:migrations")
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    with _MIGRATING:
        command.upgrade(config, "head")
