"""The decision: layer by layer, both engines on the same candidates, and one answer that is compared and explained."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, get_args

from riskreg.inference import durable, reference
from riskreg.inference.candidates import Facts, Ready, combinations, ready
from riskreg.inference.durable import EngineFailure, durable_available
from riskreg.inference.explain import ExplainError, render
from riskreg.inference.facts import accept, conclusions, deadline, latest, plain
from riskreg.inference.lint import structure
from riskreg.inference.meaning import MAX_COMBINATIONS, Firing, Item, concluded, speak, strata
from riskreg.inference.reason import place, reason
from riskreg.inference.wording import named
from riskreg.model.base import Frozen
from riskreg.model.disruption import Loss
from riskreg.model.faults import Fault, Span, errors
from riskreg.model.finding import Finding, finding_id
from riskreg.model.rule import Lose, Rule, Severity
from riskreg.model.signal import Fact, as_utc

Engine = Literal["both", "durable", "reference"]
_WORST_FIRST = {severity: -rank for rank, severity in enumerate(get_args(Severity))}


class Decided(Frozen):
    """What rules made of facts. `engine` says in one sentence who decided."""

    findings: tuple[Finding, ...]
    """Worst severity first, then by rule and key."""
    engine: str
    faults: tuple[Fault, ...] = ()
    conclusions: tuple[Fact, ...] = ()
    """What rules concluded, as facts, in id order."""


@dataclass(frozen=True)
class Pack:
    """Rules that can be run, in layers, and what is wrong with the others."""

    layers: tuple[tuple[Rule, ...], ...]
    concluded: dict[str, frozenset[str]]
    faults: tuple[Fault, ...]


@dataclass(frozen=True)
class Case:
    """One question to the engines."""

    pack: Pack
    facts: Sequence[Fact]
    as_of: datetime
    names: Mapping[str, str] = field(default_factory=dict)
    """`site:MNL` → `Manila`, as sentences say it."""


@dataclass
class _Course:
    """How one case went: what each rule was given, and what it made of it."""

    items: dict[str, Item]
    faults: list[Fault]
    names: Mapping[str, str]
    given: list[Ready] = field(default_factory=list)
    firings: list[tuple[Firing, ...]] = field(default_factory=list)
    concluded: list[Item] = field(default_factory=list)


def decide(
    rules: Sequence[Rule],
    facts: Sequence[Fact],
    *,
    as_of: datetime,
    engine: Engine = "both",
    names: Mapping[str, str] | None = None,
) -> Decided:
    """Findings of `rules` on `facts` as of a moment (aware; ValueError for a naive one).

    `facts` are flat (see `riskreg.model.signal.Fact`). Facts and rules that cannot be judged soundly are left out, each with a
    fault. Both engines decide; where they differ, or durable_rules fails, a fault names rule and facts and the reference's
    answer stands. Draft rules are not run. `names` (`site:MNL` → `Manila`) are what findings say instead of ids. The
    same rules and facts give the same findings, in whatever order they come.
    """
    live = [rule for rule in rules if rule.status != "draft"]
    spoken = {ref: named(name) if ref.startswith("function:") else name for ref, name in (names or {}).items()}
    return settle([Case(prepare(live), facts, as_of, spoken)], engine)[0]


def prepare(rules: Sequence[Rule]) -> Pack:
    """Rules in layers; a rule whose structure is wrong is left out, with its faults."""
    faults = structure(rules, {})
    bad = {fault.span.cell for fault in errors(faults)}
    sound = [rule for rule in rules if rule.id not in bad]
    return Pack(strata(sound), concluded(sound), faults)


def settle(cases: Sequence[Case], engine: Engine = "both") -> tuple[Decided, ...]:
    """Many cases at once, for one worker process: what `decide` gives for each."""
    if engine != "reference" and not durable_available():
        if engine == "durable":
            raise RuntimeError("durable_rules is not installed, so it cannot decide alone")
        courses = [_course(case, _by_reference) for case in cases]
        return _made(courses, "durable_rules is not installed here: the reference engine decided alone.")
    if engine == "durable":
        return _made([_course(case, _by_durable) for case in cases], "durable_rules decided alone, as was asked.")
    courses = [_course(case, _by_reference) for case in cases]
    if engine == "reference":
        return _made(courses, "The reference engine decided alone, as was asked.")
    differences = _compare(courses)
    said = "durable_rules and the reference engine both decided, and agree."
    if differences:
        said = "durable_rules and the reference engine did not agree throughout: the reference's answer stands."
    return _made(courses, said)


Evaluate = Callable[[Sequence[Ready], list[Fault]], list[tuple[Firing, ...]]]


def _course(case: Case, evaluate: Evaluate) -> _Course:
    """All layers of one case, each with what the ones before it concluded."""
    as_of = as_utc(case.as_of)
    accepted, refused = accept(case.facts)
    course = _Course({item.id: item for item in accepted}, [*case.pack.faults, *refused], case.names)
    for layer in case.pack.layers:
        facts = Facts(sorted(course.items.values(), key=lambda item: item.id))
        given = [found for rule in layer if _bounded(found := ready(rule, facts, as_of, case.pack.concluded), course.faults)]
        firings = evaluate(given, course.faults)
        new = conclusions({rule.id: rule for rule in layer}, (one for some in firings for one in some), course.items)
        course.given += given
        course.firings += firings
        course.concluded += new
        course.items |= {item.id: item for item in new}
    return course


def _bounded(given: Ready, faults: list[Fault]) -> bool:
    if combinations(given) <= MAX_COMBINATIONS:
        return True
    faults.append(
        _fault(
            "rule-explodes",
            f"rule {given.rule.id} would have to look at more than {MAX_COMBINATIONS:,} combinations of facts; it was not run",
            given.rule.id,
            hint="Join on a narrower field, set a shorter 'within', or ask more of each fact in 'where'.",
        )
    )
    return False


def _by_reference(given: Sequence[Ready], faults: list[Fault]) -> list[tuple[Firing, ...]]:
    del faults  # plain Python has no failure of its own to report
    return [reference.fire(one) for one in given]


def _by_durable(given: Sequence[Ready], faults: list[Fault]) -> list[tuple[Firing, ...]]:
    found, failure = durable.fire_all(given)
    if failure:
        faults.extend(_failed(failure, given))
    return [found.get(number, ()) for number in range(len(given))]


def _compare(courses: Sequence[_Course]) -> bool:
    """durable_rules on everything that the reference was given; differences become faults of their case."""
    asked = [(course, *pair) for course in courses for pair in zip(course.given, course.firings, strict=True)]
    found, failure = durable.fire_all([given for _, given, _ in asked])
    different = failure is not None
    for number, (course, given, firings) in enumerate(asked):
        if found.get(number, firings) != firings:
            different = True
            course.faults.append(_difference(given, firings, found[number]))
    if failure:
        for course in courses:
            course.faults.extend(_failed(failure, course.given))
    return different


def _failed(failure: EngineFailure, given: Sequence[Ready]) -> list[Fault]:
    return [
        _fault(
            failure.code,
            f"durable_rules gave no answer for rule {one.rule.id} on {_count(one)} facts: {failure}",
            one.rule.id,
            hint="The reference engine's answer stands where both decide. Please report this with the rule and the facts.",
        )
        for one in given
        if one.rule.id in failure.rules
    ]


def _difference(given: Ready, ours: Sequence[Firing], theirs: Sequence[Firing]) -> Fault:
    odd = sorted(set(ours) ^ set(theirs), key=lambda firing: (firing.key, firing.facts))
    told = "; ".join(
        f"only {'the reference' if firing in ours else 'durable_rules'} has {place(firing)} with {', '.join(firing.facts[:10])}"
        for firing in odd[:4]
    )
    return _fault(
        "engines-disagree",
        f"the two engines disagree on rule {given.rule.id}: {told}",
        given.rule.id,
        hint="The reference engine's answer stands. Please report this with the rule and the facts.",
    )


def _count(given: Ready) -> int:
    return len({item.id for items in given.facts.values() for item in items})


def _made(courses: Sequence[_Course], engine: str) -> tuple[Decided, ...]:
    return tuple(_decided(course, engine) for course in courses)


def _decided(course: _Course, engine: str) -> Decided:
    findings = []
    for given, firings in zip(course.given, course.firings, strict=True):
        for firing in firings:
            finding, faults = _finding(given, firing, course.items, course.names)
            findings.append(finding)
            course.faults += faults
    findings.sort(key=lambda finding: (_WORST_FIRST[finding.severity], finding.rule, tuple(finding.key.values())))
    facts: tuple[dict[str, Any], ...] = tuple(dict(item.fact) for item in sorted(course.concluded, key=lambda item: item.id))
    return Decided(findings=tuple(findings), engine=engine, faults=tuple(course.faults), conclusions=facts)


def _finding(given: Ready, firing: Firing, items: dict[str, Item], names: Mapping[str, str]) -> tuple[Finding, list[Fault]]:
    rule, key = given.rule, dict(firing.key)
    faults: list[Fault] = []
    told = {ident: items[ident].told(names) for ident in firing.facts}
    try:
        text = render(rule, firing, told, speak(key, names))
    except ExplainError as error:
        text = f"{rule.title}: {place(firing, names)}"
        faults.append(
            _fault("explain-failed", f"the explain text of rule {rule.id} failed on {text}: {error}", rule.id, warning=True)
        )
    due = None
    try:
        due = deadline(rule, firing, items)
    except ValueError as error:
        faults.append(_fault("rule-due", f"rule {rule.id} names a deadline that is no date: {error}", rule.id, warning=True))
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
        matched=tuple(plain(items[fact].fact) for fact in firing.facts),
        at=latest(firing, items) or given.as_of,
        likelihood=raised.likelihood if raised else None,
        impact=raised.impact if raised else None,
        playbooks=rule.then.playbooks,
        lose=tuple(_lost(loss, key) for loss in rule.then.lose),
        failover=rule.then.failover,
        escalate=rule.then.escalate,
        due=due,
        owner=rule.owner,
        explain=text,
        reason=reason(given, firing, told, names),
    )
    return finding, faults


def _lost(lose: Lose, key: dict[str, str]) -> Loss:
    """`site:$site` → `site:MNL`."""
    kind, _, name = lose.ref.partition(":")
    ref = f"{kind}:{key[name[1:]] if name.startswith('$') else name}"
    # A duration is read from text only; this one has been read already.
    return Loss(ref=ref, kind=lose.kind, share=lose.share).model_copy(update={"length": lose.length})


def _fault(code: str, message: str, rule: str, *, hint: str = "", warning: bool = False) -> Fault:
    span = Span(path="rules", cell=rule)
    return Fault(code=code, message=message, hint=hint, span=span, severity="warning" if warning else "error")
