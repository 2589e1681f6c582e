"""What findings would make of the register, without writing anything; and what the register tells the rules."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime

from riskreg.model.finding import Finding
from riskreg.model.risk import Changes, EventKind, Risk
from riskreg.model.settings import Settings
from riskreg.model.signal import Fact
from riskreg.register.entry import aware
from riskreg.register.intake import intake
from riskreg.register.journal import GENESIS, Draft, seal
from riskreg.register.policy import Policy
from riskreg.register.projection import step


def preview(
    risks: Sequence[Risk],
    findings: Iterable[Finding],
    *,
    as_of: datetime,
    settings: Settings | None = None,
    titles: Callable[[Finding], str] | None = None,
) -> tuple[Changes, tuple[Risk, ...]]:
    """What `Register.apply` would change in `risks` (all of them, in the order of their numbers), and the risks as they would be.

    `Changes.head` is empty: nothing is written. ValueError for an impact that is not a number.
    """
    drafts = intake(risks, findings, policy=Policy.of(settings), as_of=aware(as_of), owners={}, titles=titles)
    after = {risk.id: risk for risk in risks}
    for number, draft in enumerate(drafts, start=1):
        event = seal(draft, seq=number, at=as_of, actor="preview", previous=GENESIS)
        after[draft.risk] = step(after.get(draft.risk), event)
    return changes(risks, drafts, head=""), tuple(after.values())


def changes(before: Sequence[Risk], drafts: Sequence[Draft], head: str) -> Changes:
    """What the drafts do to the risks that were there before."""
    kinds: dict[str, set[EventKind]] = {}
    for draft in drafts:
        kinds.setdefault(draft.risk, set()).add(draft.kind)
    raised = [id_ for id_, seen in kinds.items() if "risk.raised" in seen]
    eased = [id_ for id_, seen in kinds.items() if "finding.closed" in seen and "finding.opened" not in seen]
    return Changes(
        raised=tuple(raised),
        updated=tuple(id_ for id_ in kinds if id_ not in raised and id_ not in eased),
        eased=tuple(eased),
        unchanged=sum(risk.id not in kinds and risk.state != "closed" for risk in before),
        head=head,
    )


def risk_facts(risks: Iterable[Risk], client: str) -> list[Fact]:
    """A fact `risk` for each risk that is not closed, in id order: the client, the place that its scope names, its category and
    state, and the likelihood and impact that stand (none where nobody has scored it)."""
    facts: list[Fact] = []
    for risk in risks:
        if risk.state == "closed":
            continue
        kind, _, ident = risk.scope.partition(":")
        place: Mapping[str, str] = {kind: ident} if ident else {}
        score: Mapping[str, int] = risk.score.model_dump() if risk.score else {}
        facts.append(
            {
                "id": f"risk:{risk.category}:{risk.scope}",
                "fact": "risk",
                "client": client,
                **place,
                "category": risk.category,
                "state": risk.state,
                **score,
            }
        )
    return sorted(facts, key=lambda fact: str(fact["id"]))
