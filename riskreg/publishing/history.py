"""The journal as people read it: who or what changed which risk, from which score to which, told apart as computed or decided."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from riskreg.model.risk import Event, Score
from riskreg.publishing.audience import COMPUTED


@dataclass(frozen=True)
class Change:
    """One line of a risk's history. `before` and `after` are the scores that stood; equal where the line changed none."""

    at: datetime
    risk: str
    kinds: tuple[str, ...]
    human: bool
    actor: str
    said: tuple[str, ...]
    reason: str
    before: Score | None
    after: Score | None

    @property
    def moved(self) -> bool:
        return self.before != self.after

    @property
    def text(self) -> str:
        return " ".join(f"{part}." for part in self.said)


def changes(events: Iterable[Event]) -> tuple[Change, ...]:
    """Every change of a risk as a line, oldest first. What one run did to one risk is one line; what a person did stands alone."""
    indicated: dict[str, Score | None] = {}
    assessed: dict[str, Score | None] = {}
    out: list[Change] = []
    last: dict[str, int] = {}
    for event in events:
        if event.risk is None:
            continue
        risk = event.risk
        before = assessed.get(risk) or indicated.get(risk)
        if event.kind == "indicated.changed":
            indicated[risk] = _score(event.body.get("indicated"))
        elif event.kind in ("risk.added", "risk.assessed"):
            assessed[risk] = _score(event.body.get("score")) or assessed.get(risk)
        after = assessed.get(risk) or indicated.get(risk)
        human = event.actor != COMPUTED
        reason = str(event.body.get("reason") or event.body.get("text") or "")
        said = _said(event, own=bool(assessed.get(risk)))
        line = Change(event.at, risk, (event.kind,), human, event.actor, said, reason, before, after)
        index = last.get(risk)
        if index is not None and not human and not out[index].human and out[index].at == event.at:
            known = out[index]
            out[index] = replace(
                known, kinds=(*known.kinds, event.kind), said=(*known.said, *said), after=after, reason=known.reason or reason
            )
        else:
            last[risk] = len(out)
            out.append(line)
    return tuple(out)


def standing_at(history: Iterable[Change], at: datetime) -> dict[str, Score | None]:
    """Risk id → the score that stood at a moment; a risk closed by then is left out."""
    standing: dict[str, Score | None] = {}
    for change in history:
        if change.at <= at:
            standing[change.risk] = change.after
            if "risk.closed" in change.kinds:
                standing.pop(change.risk)
    return standing


def reaches(history: Sequence[Change], at: datetime) -> bool:
    """Whether the journal goes back to a moment: where it does not, nothing stood then that could be compared with."""
    return bool(history) and history[0].at <= at


def _score(value: Any) -> Score | None:
    return Score.model_validate(value) if value else None


def _said(event: Event, *, own: bool) -> tuple[str, ...]:
    """What happened in a few words, without the reason and the score: those stand beside it."""
    told = event.body.get("finding")
    name = str((told.get("title") if isinstance(told, dict) else None) or event.body.get("title") or event.body.get("rule") or "")
    match event.kind:
        case "risk.raised":
            return ("Raised by the rules",)
        case "risk.added":
            return ("Added to the register",)
        case "risk.assessed":
            return ("Assessed",)
        case "risk.closed":
            return ("Closed",)
        case "risk.reopened":
            return ("Reopened",)
        case "risk.noted":
            return ("Note",)
        case "finding.opened":
            return (f"Now true: {name}" if name else "A rule fired",)
        case "finding.closed":
            return (f"No longer true: {name}" if name else "A finding no longer holds",)
        case "indicated.changed":
            score = _score(event.body.get("indicated"))
            # Where the owner's score stands, the line would not show otherwise that the rules now say something else.
            return ((f"The rules now indicate {score.number}" if score else "The rules no longer indicate a score"),) if own else ()
