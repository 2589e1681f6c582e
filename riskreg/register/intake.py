"""From findings to events: what a run changes in the register, decided without touching it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from riskreg.model.finding import Finding
from riskreg.model.risk import Risk, Score
from riskreg.register.journal import Draft, stamp
from riskreg.register.policy import Policy, indicated_by, score_of, worst_first
from riskreg.register.states import next_state

Key = tuple[str, str]
"""Category and scope: what a risk is known by."""


def intake(
    risks: Sequence[Risk],
    findings: Iterable[Finding],
    *,
    policy: Policy,
    as_of: datetime,
    owners: Mapping[str, str],
    titles: Callable[[Finding], str] | None,
) -> list[Draft]:
    """The events that bring `risks` in line with the findings that hold at `as_of`; none where they already are.

    Known risks come first, in the order given; new ones follow, worst first, numbered on from the last. A finding without a
    likelihood raises nothing and is left out. ValueError where an impact is not a number.
    """
    present = _by_key(findings)
    drafts = [draft for risk in risks for draft in _known(risk, present.pop((risk.category, risk.scope), ()), policy, as_of)]
    new = sorted(present.items(), key=lambda item: (-_indicated(item[1]).number, item[0]))
    for number, (_, group) in enumerate(new, start=len(risks) + 1):
        drafts += _new(risk_id(number), group, policy, as_of, owners=owners, titles=titles)
    return drafts


def risk_id(number: int) -> str:
    """1 → `R-001`. Numbers are counted up and never used again, because no risk is ever deleted."""
    return f"R-{number:03d}"


def plain_title(category: str, scope: str) -> str:
    """`talent-attrition`, `site:MNL` → `Talent attrition at site MNL`."""
    words = category.replace("-", " ").capitalize()
    return words if scope == "client" else f"{words} at {scope.replace(':', ' ')}"


def _by_key(findings: Iterable[Finding]) -> dict[Key, tuple[Finding, ...]]:
    groups: dict[Key, dict[str, Finding]] = {}
    for finding in findings:
        if score_of(finding):
            groups.setdefault((finding.category, finding.scope), {})[finding.id] = finding
    return {key: worst_first(group.values()) for key, group in groups.items()}


def _indicated(group: Sequence[Finding]) -> Score:
    score = indicated_by(group)
    assert score is not None  # a group holds only findings with a score
    return score


def _new(
    risk: str,
    group: tuple[Finding, ...],
    policy: Policy,
    as_of: datetime,
    *,
    owners: Mapping[str, str],
    titles: Callable[[Finding], str] | None,
) -> Iterator[Draft]:
    worst, indicated = group[0], _indicated(group)
    due = _sooner(policy.due(as_of, indicated), policy.call(as_of, group))
    yield Draft(
        "risk.raised",
        risk,
        {
            "category": worst.category,
            "scope": worst.scope,
            "title": titles(worst) if titles else plain_title(worst.category, worst.scope),
            "owner": owners.get(worst.scope) or owners.get(worst.category) or worst.owner,
            "state": "identified",
            "review_due": stamp(due),
        },
    )
    yield from (Draft("finding.opened", risk, {"finding": finding}) for finding in group)
    yield _indication(risk, None, indicated, due, proposal=False, findings={})


def _known(risk: Risk, group: tuple[Finding, ...], policy: Policy, as_of: datetime) -> Iterator[Draft]:
    was, now = {finding.id: finding for finding in risk.findings}, {finding.id: finding for finding in group}
    opened, gone = [finding for finding in group if finding.id not in was], [was[id_] for id_ in sorted(was.keys() - now.keys())]
    indicated, due = indicated_by(group), risk.review_due
    reopened = next_state(risk.state, "reopen") if opened else None
    if reopened:
        due = policy.due(as_of, indicated, group)
    due = _sooner(due, policy.call(as_of, opened))
    if reopened:
        reason = f"A new finding after it was closed: {opened[0].title}"
        yield Draft("risk.reopened", risk.id, {"reason": reason, "state": reopened, "review_due": stamp(due)})
    for finding in gone:
        yield Draft("finding.closed", risk.id, {"finding": finding.id, "rule": finding.rule, "title": finding.title})
    earlier = {"review_due": stamp(due)} if due < risk.review_due and not reopened else {}
    yield from (Draft("finding.opened", risk.id, {"finding": finding} | (earlier if finding.due else {})) for finding in opened)
    rescored = {id_: now[id_] for id_ in was.keys() & now.keys() if score_of(was[id_]) != score_of(now[id_])}
    if indicated != risk.indicated or rescored:
        proposal = policy.proposes(indicated, risk.assessed)
        if indicated and (proposal or risk.assessed is None):
            due = min(due, policy.due(as_of, indicated))
        yield _indication(risk.id, risk.indicated, indicated, due, proposal=proposal, findings=rescored)


def _sooner(due: datetime, call: datetime | None) -> datetime:
    return min(due, call) if call else due


def _indication(
    risk: str, before: Score | None, indicated: Score | None, due: datetime, *, proposal: bool, findings: Mapping[str, Finding]
) -> Draft:
    scores = {id_: score_of(finding) for id_, finding in findings.items()}
    body = {"before": before, "indicated": indicated, "proposal": proposal, "review_due": stamp(due), "findings": scores}
    return Draft("indicated.changed", risk, body)
