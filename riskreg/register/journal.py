"""The journal: events, each sealed with a hash over its own content and over the hash of the one before.

What the body of each kind holds (`state` and `review_due` are recorded where they were decided, never worked out again later):
- `risk.raised`: category, scope, title, owner, state, review_due
- `risk.added`: the same, and score (or null), reason
- `risk.assessed`: score, indicated (or null), reason, state, review_due
- `risk.closed`: reason, state          `risk.reopened`: reason, state, review_due          `risk.noted`: text, state
- `finding.opened`: finding (whole), and review_due where its deadline is sooner
- `finding.closed`: finding (its id), rule, title
- `indicated.changed`: before, indicated (either may be null), proposal, review_due, findings (finding id → score, where the same
  finding now has another one because the network's criticality changed)
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from riskreg.model.base import canonical, content_hash
from riskreg.model.risk import Event, EventKind

GENESIS = "0" * 64
"""What the first event names as the hash before it; the head of an empty journal."""


class Draft(NamedTuple):
    """An event that is not yet in the journal."""

    kind: EventKind
    risk: str
    body: dict[str, Any]


def stamp(at: datetime) -> str:
    """A moment as bodies hold it: UTC, `2026-11-21T06:00:00Z`."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def seal(draft: Draft, *, seq: int, at: datetime, actor: str, previous: str) -> Event:
    """`draft` as the event number `seq`, with its time in UTC, its body as it will be read back, and its hash."""
    event = Event(
        seq=seq,
        at=at.astimezone(UTC),
        actor=actor,
        kind=draft.kind,
        risk=draft.risk,
        body=json.loads(canonical(draft.body)),
        previous=previous,
        hash="",
    )
    return event.model_copy(update={"hash": event_hash(event)})


def event_hash(event: Event) -> str:
    """SHA-256 over the canonical bytes of all fields but the hash itself: an event can be checked wherever it is read."""
    return content_hash(event.model_dump(mode="json", exclude={"hash"}))


def to_row(event: Event) -> dict[str, Any]:
    """An event as it is stored: the time as text, the body as its canonical bytes."""
    return event.model_dump(mode="json") | {"body": canonical(event.body)}


def from_row(row: Mapping[str, Any]) -> Event:
    """A stored event. ValueError where it cannot be read."""
    return Event.model_validate(dict(row) | {"body": json.loads(row["body"])})


def misfit(row: Mapping[str, Any], *, after: int, previous: str) -> tuple[str, str] | None:
    """Why a stored row cannot be the event that follows number `after`, whose hash is `previous`: code and message, or None."""
    seq = row["seq"]
    if seq != after + 1:
        return "journal-event-missing", f"event {after + 1} is missing: event {seq} comes where it should stand"
    try:
        body = json.loads(row["body"])
        content = {name: value for name, value in row.items() if name != "hash"} | {"body": body}
        whole = canonical(body) == row["body"] and content_hash(content) == row["hash"]
    except (TypeError, ValueError):
        whole = False
    if not whole:
        return "journal-event-changed", f"event {seq} is not what was written: its content does not give its hash"
    if row["previous"] != previous:
        return "journal-chain-broken", f"event {seq} does not follow event {after}: one of the two was put there later"
    return None
