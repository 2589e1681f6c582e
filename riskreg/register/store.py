"""Events and risks in and out of the tables, inside a transaction that the caller holds."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, update

from riskreg.model.base import canonical
from riskreg.model.risk import Event, Risk
from riskreg.register import tables
from riskreg.register.journal import GENESIS, from_row, to_row


def head(connection: Connection) -> tuple[int, str]:
    """Number and hash of the last event; 0 and `GENESIS` before the first."""
    last = select(tables.event.c.seq, tables.event.c.hash).order_by(tables.event.c.seq.desc()).limit(1)
    row = connection.execute(last).one_or_none()
    return (row.seq, row.hash) if row else (0, GENESIS)


def rows(connection: Connection) -> Generator[Mapping[str, Any]]:
    """All events as they are stored, oldest first, a few hundred in memory at a time."""
    wanted = select(tables.event).order_by(tables.event.c.seq).execution_options(yield_per=500)
    with connection.execute(wanted) as found:
        for row in found:
            yield row._asdict()


def events(connection: Connection, risk: str | None = None) -> tuple[Event, ...]:
    """The events of one risk, or all, oldest first."""
    wanted = select(tables.event).order_by(tables.event.c.seq)
    if risk is not None:
        wanted = wanted.where(tables.event.c.risk == risk)
    return tuple(from_row(row._asdict()) for row in connection.execute(wanted))


def risk(connection: Connection, id_: str) -> Risk | None:
    """One risk as the table has it."""
    body = connection.execute(select(tables.risk.c.body).where(tables.risk.c.id == id_)).scalar_one_or_none()
    return None if body is None else Risk.model_validate_json(body)


def risks(connection: Connection) -> tuple[Risk, ...]:
    """All risks as the table has them, in the order of their numbers."""
    found = [Risk.model_validate_json(body) for body in connection.execute(select(tables.risk.c.body)).scalars()]
    return tuple(sorted(found, key=lambda item: (len(item.id), item.id)))


def append(connection: Connection, new: Sequence[Event], before: Mapping[str, Risk], after: Mapping[str, Risk]) -> None:
    """Write `new` at the end of the journal and bring the risks that they are about from `before` to `after`."""
    if not new:
        return
    connection.execute(insert(tables.event), [to_row(event) for event in new])
    last = {event.risk: event.seq for event in new if event.risk is not None}
    fresh = [_risk_row(after[id_], seq) for id_, seq in last.items() if id_ not in before]
    changed = [_risk_row(after[id_], seq) | {"known": id_} for id_, seq in last.items() if id_ in before]
    if fresh:
        connection.execute(insert(tables.risk), fresh)
    if changed:
        connection.execute(update(tables.risk).where(tables.risk.c.id == bindparam("known")), changed)


def _risk_row(item: Risk, seq: int) -> dict[str, Any]:
    return {
        "id": item.id,
        "category": item.category,
        "scope": item.scope,
        "version": item.version,
        "last_event": seq,
        "body": canonical(item),
    }
