"""The decision: what rules made of facts as findings that speak, and what a person should know that is not among them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, get_args

from riskreg.inference.evaluation import Case, Engine, Evaluation, Withheld, evaluate_many
from riskreg.inference.facts.accepting import deadline, latest, plain
from riskreg.inference.facts.asks import Thresholds, in_force, meets
from riskreg.inference.facts.pack import Pack, prepare
from riskreg.inference.facts.table import Facts
from riskreg.inference.language.meaning import Firing, Item, speak
from riskreg.inference.words.explain import ExplainError, render
from riskreg.inference.words.reason import place, reason
from riskreg.inference.words.wording import day, listed, small, spoken, words
from riskreg.model.base import Frozen
from riskreg.model.disruption import Loss
from riskreg.model.faults import Fault, Span
from riskreg.model.finding import Aside, Finding, finding_id
from riskreg.model.rule import Lose, Rule, Severity
from riskreg.model.signal import Fact

_WORST_FIRST = {severity: -rank for rank, severity in enumerate(get_args(Severity))}


class Decided(Frozen):
    """What rules made of facts. `engine` says in one sentence who decided."""

    findings: tuple[Finding, ...]
    """Worst severity first, then by rule and key."""
    engine: str
    faults: tuple[Fault, ...] = ()
    conclusions: tuple[Fact, ...] = ()
    """What rules concluded, as facts, in id order."""
    asides: tuple[Aside, ...] = ()
    """What was not found because readings are missing or an exception hides it, by rule and key."""


def decide(
    rules: Sequence[Rule] | Pack,
    facts: Sequence[Fact] | Facts,
    *,
    as_of: datetime,
    engine: Engine = "both",
    names: Mapping[str, str] | None = None,
    thresholds: Thresholds | None = None,
) -> Decided:
    """Findings of `rules` on `facts` as of a moment (aware; ValueError for a naive one).

    `facts` are flat (see `riskreg.model.signal.Fact`). Facts and rules that cannot be judged soundly are left out, each with a
    fault. Both engines decide; where they differ, or durable_rules fails, a fault names rule and facts and the reference's
    answer stands. Draft rules are not run; a pack decides as it
    was made. `names` (`site:MNL` → `Manila`) are what findings say instead of ids; `thresholds`
    (metric → name → limit) what limits by name are. The same rules and facts give the same findings, in whatever order they come.
    """
    pack = rules if isinstance(rules, Pack) else prepare([rule for rule in rules if rule.status != "draft"])
    return settle([Case(pack, facts, as_of, spoken(names), thresholds or {})], engine)[0]


def settle(cases: Sequence[Case], engine: Engine = "both") -> tuple[Decided, ...]:
    """Many cases at once, for one worker process: what `decide` gives for each, with the names of the case as they are."""
    return tuple(_decided(case, made) for case, made in zip(cases, evaluate_many(cases, engine), strict=True))


def _decided(case: Case, made: Evaluation) -> Decided:
    findings, faults = [], list(made.faults)
    for firing in made.firings:
        finding, wrong = _finding(case, made, firing)
        findings.append(finding)
        faults += wrong
    findings.sort(key=lambda finding: (_WORST_FIRST[finding.severity], finding.rule, tuple(finding.key.values())))
    facts: tuple[dict[str, Any], ...] = tuple(dict(item.fact) for item in made.concluded)
    asides = tuple(_aside(case, made, one) for one in made.withheld)
    return Decided(findings=tuple(findings), engine=made.engine, faults=tuple(faults), conclusions=facts, asides=asides)


def _finding(case: Case, made: Evaluation, firing: Firing) -> tuple[Finding, list[Fault]]:
    given, names, key = made.given[firing.rule], case.names, dict(firing.key)
    rule, items = given.rule, {ident: made.items[ident] for ident in firing.facts}
    faults: list[Fault] = []
    try:
        text = render(rule, firing, {ident: item.told(names) for ident, item in items.items()}, speak(key, names))
    except ExplainError as error:
        text = f"{rule.title}: {place(firing, names)}"
        faults.append(_warning("explain-failed", f"the explain text of rule {rule.id} failed on {text}: {error}", rule.id))
    due = None
    try:
        due = deadline(rule, firing, items)
    except ValueError as error:
        faults.append(_warning("rule-due", f"rule {rule.id} names a deadline that is no date: {error}", rule.id))
    raised = rule.then.raises
    finding = Finding(
        id=finding_id(rule.id, rule.version, key, firing.facts),
        rule=rule.id,
        version=rule.version,
        title=rule.title,
        category=rule.category,
        severity=rule.severity,
        key=key,
        facts=firing.facts,
        matched=tuple(plain(item.fact) for item in items.values()),
        at=latest(firing, items) or given.as_of,
        since=firing.since,
        likelihood=raised.likelihood if raised else None,
        impact=raised.impact if raised else None,
        playbooks=rule.then.playbooks,
        lose=tuple(_lost(loss, key) for loss in rule.then.lose),
        failover=rule.then.failover,
        escalate=rule.then.escalate,
        due=due,
        owner=rule.owner,
        explain=text,
        reason=reason(given, firing, items, names, case.thresholds),
    )
    return finding, faults


def _lost(lose: Lose, key: dict[str, str]) -> Loss:
    """`site:$site` → `site:MNL`."""
    kind, _, name = lose.ref.partition(":")
    ref = f"{kind}:{key[name[1:]] if name.startswith('$') else name}"
    # A duration is read from text only; this one has been read already.
    return Loss(ref=ref, kind=lose.kind, share=lose.share).model_copy(update={"length": lose.length})


def _aside(case: Case, made: Evaluation, one: Withheld) -> Aside:
    rule, names, key = case.pack.compiled[one.rule].rule, case.names, dict(one.key)
    items = [made.items[ident] for ident in one.facts]
    where = ", ".join(map(str, speak(key, names).values()))
    what = f"{where}: {small(rule.title)}" if where else rule.title
    if one.kind == "missing-data":
        overdue = listed(list(dict.fromkeys(_overdue(item, names) for item in items)))
        text = f"{what}: not judged, because readings are overdue: {overdue}."
    else:
        here = [
            exception
            for exception in in_force(rule, case.as_of.astimezone(UTC).date())
            if any(meets(exception.where, item.fact, case.thresholds) for item in items)
        ]
        why = "; ".join(f"{e.reason} (until {day(e.until.isoformat())}, approved by {words(e.approved_by)})" for e in here)
        text = f"{what}: left out by an exception: {why}."
    return Aside(kind=one.kind, rule=rule.id, key=key, facts=one.facts, text=text)


def _overdue(item: Item, names: Mapping[str, str]) -> str:
    """Readings that should be there: `quality score at Manila, since Sun 25 Oct 2026`."""
    fact = item.told(names).fact
    what = str(fact.get("metric", words(fact.get("watches", "readings"))))
    place = ", ".join(str(fact[name]) for name in ("function", "site") if name in fact) or str(fact.get("vendor", ""))
    since = fact.get("due")
    return f"{what}{f' at {place}' if place else ''}{f', since {day(since)}' if since is not None else ''}"


def _warning(code: str, message: str, rule: str) -> Fault:
    return Fault(code=code, message=message, span=Span(path="rules", cell=rule), severity="warning")


__all__ = ["Case", "Decided", "Engine", "Pack", "decide", "prepare", "settle"]
