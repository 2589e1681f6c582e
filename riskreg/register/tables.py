"""The tables: `event` is the truth, `risk` is what it adds up to, kept in the same transaction so that reading is quick."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, LargeBinary, MetaData, String, Table, UniqueConstraint

VERSION_TABLE = "riskreg_version"

metadata = MetaData()

event = Table(
    "event",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("at", String(40), nullable=False),
    Column("actor", String(200), nullable=False),
    Column("kind", String(40), nullable=False),
    Column("risk", String(64)),
    Column("body", LargeBinary, nullable=False),
    Column("previous", String(64), nullable=False),
    Column("hash", String(64), nullable=False, unique=True),
    Index("event_of_risk", "risk", "seq"),
)

risk = Table(
    "risk",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("category", String(64), nullable=False),
    Column("scope", String(128), nullable=False),
    Column("version", Integer, nullable=False),
    Column("last_event", Integer, ForeignKey("event.seq"), nullable=False),
    Column("body", LargeBinary, nullable=False),
    UniqueConstraint("category", "scope", name="risk_key"),
)
