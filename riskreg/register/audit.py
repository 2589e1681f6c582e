"""The audit: the journal replayed from its first event, compared with the tables and with a head kept elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing
from typing import Any

from pydantic import ValidationError
from sqlalchemy import Connection, select

from riskreg.model.faults import Fault, Span
from riskreg.model.risk import Risk
from riskreg.register import store, tables
from riskreg.register.journal import GENESIS, from_row, misfit
from riskreg.register.projection import step

_RESTORE = "Put the register back from a copy made before this, and keep the damaged one as evidence."


def audit(connection: Connection, place: str, head: str | None = None) -> tuple[Fault, ...]:
    """Every fault of the register at `place`; none where it is whole.

    The first event that does not fit is named, and nothing is said of those after it: they stand on it. A chain cannot see that
    its own end was cut off or rewritten together with the tables; `head`, the hash of any event that was kept elsewhere, can.
    """
    risks: dict[str, Risk] = {}
    last, previous, head_seen = 0, GENESIS, head in (None, GENESIS)
    with closing(store.rows(connection)) as rows:
        for row in rows:
            wrong = misfit(row, after=last, previous=previous) or _add(risks, row)
            if wrong:
                code, message = wrong
                return (_fault(place, code, message),)
            last, previous = row["seq"], row["hash"]
            head_seen = head_seen or previous == head
    faults = list(_differences(connection, place, risks))
    if not head_seen:
        message = f"the kept head is not in the journal, which ends at event {last}: events after that were cut off or rewritten"
        faults.append(_fault(place, "journal-cut", message))
    return tuple(faults)


def _add(risks: dict[str, Risk], row: Mapping[str, Any]) -> tuple[str, str] | None:
    try:
        event = from_row(row)
        if event.risk is not None:
            risks[event.risk] = step(risks.get(event.risk), event)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"]))
        return "journal-event-unreadable", f"event {row['seq']} cannot be read: {where}: {first['msg']}"
    except ValueError as error:
        return "journal-event-unreadable", f"event {row['seq']} cannot be read: {error}"
    return None


def _differences(connection: Connection, place: str, risks: Mapping[str, Risk]) -> Iterator[Fault]:
    """Where the table of risks is not what the journal adds up to."""
    stored = {row.id: row._asdict() for row in connection.execute(select(tables.risk))}
    for id_ in sorted(stored.keys() | risks.keys()):
        if id_ not in stored:
            yield _fault(place, "register-risk-missing", f"{id_} is in the journal, but not in the table of risks")
        elif id_ not in risks:
            yield _fault(place, "register-risk-unfounded", f"{id_} is in the table of risks, but no event of the journal raised it")
        elif not _same(stored[id_], risks[id_]):
            yield _fault(place, "register-risk-differs", f"{id_} in the table of risks is not what the journal adds up to")


def _same(row: Mapping[str, Any], risk: Risk) -> bool:
    # Compared as values, not as bytes: a later riskreg may know a field that was not yet stored.
    try:
        stored = Risk.model_validate_json(row["body"])
    except ValueError:
        return False
    return stored == risk and (row["category"], row["scope"], row["version"]) == (risk.category, risk.scope, risk.version)


def _fault(place: str, code: str, message: str) -> Fault:
    return Fault(code=code, message=message, hint=_RESTORE, span=Span(path=place))
