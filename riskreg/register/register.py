"""The register: what findings and people write, one transaction a change, and what it adds up to."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Self

from sqlalchemy import Connection

from riskreg.model.faults import Fault, FaultError
from riskreg.model.finding import Finding
from riskreg.model.risk import Changes, Event, EventKind, Risk, Score
from riskreg.model.settings import Settings
from riskreg.register import store
from riskreg.register.audit import audit
from riskreg.register.database import Database
from riskreg.register.entry import Entry, aware
from riskreg.register.intake import intake, risk_id
from riskreg.register.journal import Draft, seal, stamp
from riskreg.register.outlook import changes
from riskreg.register.policy import Policy
from riskreg.register.projection import step
from riskreg.register.states import Verb, allowed, next_state

_KIND: Mapping[Verb, EventKind] = {
    "assess": "risk.assessed",
    "close": "risk.closed",
    "reopen": "risk.reopened",
    "note": "risk.noted",
}


class Conflict(Exception):
    """Somebody changed the risk after it was read: carries it as it is now and the events since. Nothing was written."""

    def __init__(self, current: Risk, since: Sequence[Event]) -> None:
        self.current, self.since = current, tuple(since)
        by = ", ".join(dict.fromkeys(event.actor for event in self.since)) or "nobody"
        super().__init__(f"{current.id} is at version {current.version} now; changed since by {by}")


class Register:
    """An open register; a context manager. Safe to share between threads; every method is one transaction.

    Every method may raise FaultError where the database fails (full, busy, out of reach); nothing is changed then. Edits raise
    FaultError for what cannot be accepted, `Conflict` where `based_on` is no longer the risk's version, ValueError for a time
    without a zone, and return the risk as it is afterwards.
    """

    def __init__(self, database: Database, policy: Policy) -> None:
        self._database, self._policy = database, policy

    @classmethod
    def open(cls, url: str | Path, settings: Settings | None = None) -> Self:
        """The register at a SQLAlchemy address, or at a file's path; made where there is none, and migrated to this version.

        `settings` gives the matrix and the review cadence for people's edits; without it the shipped ones hold. FaultError where
        there is something else, something damaged or something newer; it is left as it was.
        """
        return cls(Database.open(url), Policy.of(settings))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.dispose()

    def dispose(self) -> None:
        """Let go of the database."""
        self._database.dispose()

    @property
    def head(self) -> str:
        """Hash of the last event; 64 zeros before the first. Keep it elsewhere, and `verify` sees a journal that was cut."""
        with self._database.reading() as connection:
            return store.head(connection)[1]

    def risks(self, *, include_closed: bool = True) -> tuple[Risk, ...]:
        """All risks, worst first by the score that stands (see `Policy.rank`), then by id; closed ones at the end."""
        with self._database.reading() as connection:
            found = store.risks(connection)
        wanted = (risk for risk in found if include_closed or risk.state != "closed")
        return tuple(sorted(wanted, key=lambda risk: (risk.state == "closed", -self._policy.rank(risk.score))))

    def risk(self, id: str) -> Risk:
        """One risk. FaultError (`unknown-risk`) where there is none."""
        with self._database.reading() as connection:
            return self._known(connection, id)

    def events(self, risk: str | None = None) -> tuple[Event, ...]:
        """The journal, or the history of one risk, oldest first. FaultError (`unknown-risk`) where there is no such risk."""
        with self._database.reading() as connection:
            if risk is not None:
                self._known(connection, risk)
            return store.events(connection, risk)

    def verify(self, head: str | None = None) -> tuple[Fault, ...]:
        """Every fault of journal and tables, none where they are whole. `head` is the hash of an event that was kept elsewhere."""
        try:
            with self._database.reading() as connection:
                return audit(connection, self._database.place, head) or self._database.damage(connection)
        except FaultError as error:
            return error.faults

    def apply(
        self,
        findings: Sequence[Finding],
        *,
        as_of: datetime,
        settings: Settings | None = None,
        actor: str = "riskreg run",
        owners: Mapping[str, str] | None = None,
        titles: Callable[[Finding], str] | None = None,
    ) -> Changes:
        """Bring the register in line with all the findings that hold at `as_of`; the same findings again change nothing.

        Findings that are not among them are closed. `owners` maps a scope, or else a category, to a role; without an entry the
        finding's own owner takes the risk. `titles` names a new risk from its worst finding. ValueError for an impact that is not
        a number.
        """
        entry = Entry(self._database.place)
        actor = entry.text("actor", actor)
        entry.done()
        with self._database.writing() as connection:
            before = store.risks(connection)
            drafts = intake(
                before,
                findings,
                policy=Policy.of(settings) if settings else self._policy,
                as_of=aware(as_of),
                owners=owners or {},
                titles=titles,
            )
            self._append(connection, drafts, {risk.id: risk for risk in before}, as_of, actor)
            return changes(before, drafts, store.head(connection)[1])

    def add(
        self, category: str, scope: str, title: str, owner: str, score: Score | None, reason: str, actor: str, at: datetime
    ) -> Risk:
        """A risk that a person saw; assessed where `score` is given. FaultError where category and scope already have one."""
        entry = Entry(self._database.place)
        body = {
            "category": entry.category(category),
            "scope": entry.scope(scope),
            "title": entry.text("title", title),
            "owner": entry.text("owner", owner),
            "score": score,
            "reason": entry.text("reason", reason),
            "state": "assessed" if score else "identified",
            "review_due": stamp(self._policy.due(aware(at), score)),
        }
        actor = entry.text("actor", actor)
        entry.done()
        with self._database.writing() as connection:
            known = store.risks(connection)
            if same := next((risk for risk in known if (risk.category, risk.scope) == (category, scope)), None):
                message = f"{same.id} ({same.state}) is already the register's entry for {category}, {scope}"
                hint = f"{_say(allowed(same.state))} {same.id} instead."
                raise self._database.fault("risk-exists", message, hint)
            id_ = risk_id(len(known) + 1)
            return self._append(connection, [Draft("risk.added", id_, body)], {}, at, actor)[id_]

    def assess(self, id: str, score: Score, reason: str, actor: str, at: datetime, based_on: int) -> Risk:
        """The owner's score, with the reason; answers a proposal and sets the next review."""

        def more(risk: Risk) -> dict[str, Any]:
            return {"score": score, "indicated": risk.indicated, "review_due": stamp(self._policy.due(at, score, risk.findings))}

        return self._edit(id, "assess", {"reason": reason}, actor=actor, at=at, based_on=based_on, more=more)

    def close(self, id: str, reason: str, actor: str, at: datetime, based_on: int) -> Risk:
        """Close a risk. A finding that is new after this opens it again."""
        return self._edit(id, "close", {"reason": reason}, actor=actor, at=at, based_on=based_on)

    def reopen(self, id: str, reason: str, actor: str, at: datetime, based_on: int) -> Risk:
        """Open a closed risk again; its score stands, and its next review is set."""

        def more(risk: Risk) -> dict[str, Any]:
            return {"review_due": stamp(self._policy.due(at, risk.score, risk.findings))}

        return self._edit(id, "reopen", {"reason": reason}, actor=actor, at=at, based_on=based_on, more=more)

    def note(self, id: str, text: str, actor: str, at: datetime, based_on: int) -> Risk:
        """A remark, in any state; the earlier ones stay in the history."""
        return self._edit(id, "note", {"text": text}, actor=actor, at=at, based_on=based_on)

    def _edit(
        self,
        id_: str,
        verb: Verb,
        said: Mapping[str, str],
        *,
        actor: str,
        at: datetime,
        based_on: int,
        more: Callable[[Risk], dict[str, Any]] = lambda _: {},
    ) -> Risk:
        """One event about one risk, if it is still the one that was read and its state allows the verb."""
        aware(at)
        entry = Entry(self._database.place)
        words = {field: entry.text(field, value) for field, value in said.items()}
        actor = entry.text("actor", actor)
        entry.done()
        with self._database.writing() as connection:
            current = self._known(connection, id_)
            if current.version != based_on:
                raise Conflict(current, store.events(connection, id_)[max(based_on, 0) :])
            state = next_state(current.state, verb)
            if state is None:
                message = f"{id_} is {current.state}: '{verb}' does not lead on from there"
                raise self._database.fault("state-does-not-allow", message, f"Allowed now: {', '.join(allowed(current.state))}.")
            draft = Draft(_KIND[verb], id_, words | {"state": state} | more(current))
            return self._append(connection, [draft], {id_: current}, at, actor)[id_]

    def _append(
        self, connection: Connection, drafts: Sequence[Draft], before: Mapping[str, Risk], at: datetime, actor: str
    ) -> dict[str, Risk]:
        """Seal the drafts onto the journal; the risks as they are afterwards."""
        seq, previous = store.head(connection)
        events, after = [], dict(before)
        for number, draft in enumerate(drafts, start=seq + 1):
            event = seal(draft, seq=number, at=at, actor=actor, previous=previous)
            after[draft.risk] = step(after.get(draft.risk), event)
            events.append(event)
            previous = event.hash
        store.append(connection, events, before, after)
        return after

    def _known(self, connection: Connection, id_: str) -> Risk:
        found = store.risk(connection, id_)
        if found is None:
            known = [risk.id for risk in store.risks(connection)]
            hint = f"There {'is' if len(known) == 1 else 'are'} {_some(known)}." if known else _EMPTY
            raise self._database.fault("unknown-risk", f"there is no risk {id_[:64]!r}", hint)
        return found


_EMPTY = "The register is empty: `riskreg run` raises risks from findings, `riskreg risk add` adds one of your own."


def _some(ids: Sequence[str]) -> str:
    """`R-001`, `R-001 and R-002`, `R-001, R-002 … R-011`: enough to see what ids look like and how far they go."""
    return " and ".join(ids) if len(ids) < 3 else f"{ids[0]}, {ids[1]} … {ids[-1]}"


def _say(verbs: Sequence[str]) -> str:
    words = f"{', '.join(verbs[:-1])} or {verbs[-1]}" if len(verbs) > 1 else verbs[0]
    return words.capitalize()
