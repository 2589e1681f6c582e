"""The evaluation: layer by layer, both engines on the same candidates, and one answer that is compared."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from riskreg.inference.engines import reference
from riskreg.inference.engines.durable import Asked, EngineFailure, Workers, durable_available
from riskreg.inference.facts.accepting import conclusions
from riskreg.inference.facts.asks import MISSING, Thresholds
from riskreg.inference.facts.candidates import Candidates, Explodes, fetch
from riskreg.inference.facts.pack import Pack, Plan, uncollected
from riskreg.inference.facts.table import Facts
from riskreg.inference.language.compiled import Ready
from riskreg.inference.language.meaning import MAX_COMBINATIONS, Firing, Item
from riskreg.model.faults import Fault, Span
from riskreg.model.signal import Fact, as_utc

Engine = Literal["both", "durable", "reference"]
Key = tuple[tuple[str, str], ...]
_AT_ONCE = 5000
"""Candidates of one layer for which durable_rules is started while the reference still works on them."""


@dataclass(frozen=True)
class Case:
    """One question to the engines. `as_of` is an aware time; `names` (`site:MNL` → `Manila`) are what sentences say."""

    pack: Pack
    facts: Sequence[Fact] | Facts
    as_of: datetime
    names: Mapping[str, str] = field(default_factory=dict)
    thresholds: Thresholds = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Withheld:
    """A key that has no finding, and would have one if overdue readings counted, or if no exception were in force."""

    kind: Literal["missing-data", "exception"]
    rule: str
    key: Key
    facts: tuple[str, ...]
    """The overdue readings, or the facts that an exception leaves out, in id order."""


@dataclass(frozen=True)
class Evaluation:
    """What rules made of facts, before anything is said about it."""

    firings: tuple[Firing, ...]
    """By rule and key."""
    engine: str
    """Who decided, in one sentence."""
    faults: tuple[Fault, ...]
    given: Mapping[str, Ready]
    """Rule → what the engines were given; rules that no combination could be made for are not in it."""
    items: Mapping[str, Item]
    """Every fact that was accepted or concluded, by id."""
    concluded: tuple[Item, ...]
    withheld: tuple[Withheld, ...]


def evaluate(
    pack: Pack, facts: Sequence[Fact] | Facts, *, as_of: datetime, engine: Engine = "both", thresholds: Thresholds | None = None
) -> Evaluation:
    """The firings of prepared rules on facts as of a moment (aware; ValueError for a naive one).

    `facts` are flat dicts, or a `Facts` table where many questions are asked of the same ones. `thresholds`: metric → name →
    limit. What cannot be judged soundly is left out, each with a fault. RuntimeError where durable_rules is to decide alone and is
    not installed.
    """
    return evaluate_many([Case(pack, facts, as_of, thresholds=thresholds or {})], engine)[0]


def evaluate_many(cases: Sequence[Case], engine: Engine = "both") -> tuple[Evaluation, ...]:
    """Many questions at once, for one worker process: what `evaluate` gives for each."""
    with uncollected():
        return _evaluated(cases, engine)


def _evaluated(cases: Sequence[Case], engine: Engine) -> tuple[Evaluation, ...]:
    there = engine != "reference" and durable_available()
    if engine == "durable" and not there:
        raise RuntimeError("durable_rules is not installed, so it cannot decide alone")
    with ExitStack() as stack:
        workers = stack.enter_context(Workers()) if there and cases else None
        courses = [_Course(case) for case in cases]
        if workers is None:
            said = "durable_rules is not installed here: the reference engine decided alone."
            for course in courses:
                course.run()
            return _made(courses, said if engine == "both" else "The reference engine decided alone, as was asked.")
        if engine == "durable":
            for course in courses:
                course.run(workers, alone=True)
            return _made(courses, "durable_rules decided alone, as was asked.")
        for course in courses:
            course.run(workers if len(courses) == 1 else None)
        if _differ(courses, workers):
            said = "durable_rules and the reference engine did not agree throughout: the reference's answer stands."
        else:
            said = "durable_rules and the reference engine both decided, and agree."
    return _made(courses, said)


class _Course:
    """How one case goes: what each rule is given, and what it makes of it."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.facts = case.facts if isinstance(case.facts, Facts) else Facts.of(case.facts)
        self.faults: list[Fault] = [*case.pack.faults, *self.facts.faults]
        self.candidates = Candidates(case.pack, self.facts, as_utc(case.as_of), case.thresholds)
        self.made: dict[str, Item] = {}
        self.concluded: list[Item] = []
        self.given: dict[str, Ready] = {}
        self.firings: dict[str, tuple[Firing, ...]] = {}
        self.asked: list[Asked] = []
        self.waiting: list[Ready] = []

    def run(self, workers: Workers | None = None, *, alone: bool = False) -> None:
        """All layers, each with what the ones before it concluded. `workers`: durable_rules is asked at once about a layer with
        many candidates; `alone`: only it decides."""
        for layer in self.case.pack.layers:
            given = list(self._ready(self.candidates.of(layer, self.concluded)))
            if alone and workers is not None:
                found, failure = workers.ask(given).answer()
                firings = [found.get(number, ()) for number in range(len(given))]
                self.failed(failure, given)
            else:
                if workers is not None and sum(len(some) for one in given for some in one.takes.values()) > _AT_ONCE:
                    self.asked.append(workers.ask(given))
                else:
                    self.waiting += given
                firings = [reference.fire(one) for one in given]
            for ready, some in zip(given, firings, strict=True):
                self.given[ready.rule.id], self.firings[ready.rule.id] = ready, some
                for candidates in ready.takes.values():
                    self.made.update((one.item.id, one.item) for one in candidates)
            rules = {ready.rule.id: ready.rule for ready in given}
            new = conclusions(rules, (firing for some in firings for firing in some), self.made)
            self.concluded += new
            self.made.update((one.id, one) for one in new)

    def _ready(self, plans: Sequence[Plan]) -> Iterator[Ready]:
        drawn = []
        for plan in plans:
            with self._bounded(plan, "it was not run"):
                drawn.append(self.candidates.drawn(plan))
        some = [one for one in drawn if one is not None]
        fetch(some)
        for one in some:
            with self._bounded(one.plan, "it was not run"):
                if ready := self.candidates.ready(one):
                    yield ready

    @contextmanager
    def _bounded(self, plan: Plan, so: str) -> Iterator[None]:
        """A rule above the limit is a fault, and the others go on."""
        try:
            yield
        except Explodes:
            rule = plan.compiled.rule.id
            message = f"rule {rule} would have to look at more than {MAX_COMBINATIONS:,} combinations of facts; {so}"
            hint = "Join on a narrower field, set a shorter 'within', or ask more of each fact in 'where'."
            self.faults.append(_fault("rule-explodes", message, rule, hint))

    def failed(self, failure: EngineFailure | None, given: Sequence[Ready]) -> None:
        """Faults for the rules that durable_rules gave no whole answer for."""
        names = set(failure.rules) if failure else set()
        self.faults += [_failed(failure, one) for one in given if failure and one.rule.id in names]

    def withheld(self) -> Iterator[Withheld]:
        """What overdue readings, or an exception, keep from being found; by the reference alone."""
        for layer in self.case.pack.layers:
            for plan in self.candidates.told(layer):
                yield from self._withheld(plan.firing(), "missing-data")
            for plan in self.candidates.possible(layer):
                if plan.compiled.rule.exceptions and self.candidates.leaves_out(plan):
                    yield from self._withheld(plan, "exception")

    def _withheld(self, plan: Plan, kind: Literal["missing-data", "exception"]) -> Iterator[Withheld]:
        rule, missing = plan.compiled.rule, kind == "missing-data"
        ready = None
        with self._bounded(plan, f"what {'overdue readings' if missing else 'its exceptions'} hide was not looked for"):
            drawn = self.candidates.drawn(plan, exceptions=missing)
            ready = self.candidates.ready(drawn) if drawn else None
        if ready is None:
            return
        fired = {firing.key for firing in self.firings.get(rule.id, ())}
        items = {one.item.id: one.item for some in ready.takes.values() for one in some}
        self.made.update(items)
        for firing in reference.fire(ready):
            if firing.key not in fired:
                facts = {
                    ident
                    for number, ident in firing.taken
                    if (
                        items[ident].fact.get("fact") == MISSING and plan.compiled.patterns[number].signal is not None
                        if missing
                        else self.candidates.left_out(rule, items[ident].fact)
                    )
                }
                yield Withheld(kind, rule.id, firing.key, tuple(sorted(facts)))

    def evaluation(self, engine: str) -> Evaluation:
        withheld = tuple(sorted(self.withheld(), key=lambda one: (one.rule, one.key, one.kind)))
        return Evaluation(
            firings=tuple(firing for rule in sorted(self.firings) for firing in self.firings[rule]),
            engine=engine,
            faults=tuple(self.faults),
            given=self.given,
            items=ChainMap(self.made, self.facts),  # type: ignore[arg-type]
            concluded=tuple(sorted(self.concluded, key=lambda one: one.id)),
            withheld=withheld,
        )


def _made(courses: Sequence[_Course], engine: str) -> tuple[Evaluation, ...]:
    return tuple(course.evaluation(engine) for course in courses)


def _differ(courses: Sequence[_Course], workers: Workers) -> bool:
    """durable_rules on everything that the reference was given; differences become faults of their case."""
    owners = [course for course in courses for _ in course.waiting]
    asked = [(workers.ask([one for course in courses for one in course.waiting]), owners)]
    asked += [(one, [course] * len(one.given)) for course in courses for one in course.asked]
    different = False
    for question, owners in asked:
        found, failure = question.answer()
        different = different or failure is not None
        for number, (course, given) in enumerate(zip(owners, question.given, strict=True)):
            ours = course.firings[given.rule.id]
            if found.get(number, ours) != ours:
                different = True
                course.faults.append(_difference(given, ours, found[number]))
        if failure:
            for course in dict.fromkeys(owners):
                course.failed(failure, [given for owner, given in zip(owners, question.given, strict=True) if owner is course])
    return different


def _failed(failure: EngineFailure, given: Ready) -> Fault:
    count = len({one.item.id for some in given.takes.values() for one in some})
    return _fault(
        failure.code,
        f"durable_rules gave no answer for rule {given.rule.id} on {count} facts: {failure}",
        given.rule.id,
        "The reference engine's answer stands where both decide. Please report this with the rule and the facts.",
    )


def _difference(given: Ready, ours: Sequence[Firing], theirs: Sequence[Firing]) -> Fault:
    odd = sorted(set(ours) ^ set(theirs), key=lambda firing: (firing.key, firing.facts))
    told = "; ".join(
        f"only {'the reference' if one in ours else 'durable_rules'} has {_where(one.key)} with {', '.join(one.facts[:10])}"
        for one in odd[:4]
    )
    return _fault(
        "engines-disagree",
        f"the two engines disagree on rule {given.rule.id}: {told}",
        given.rule.id,
        "The reference engine's answer stands. Please report this with the rule and the facts.",
    )


def _where(key: Key) -> str:
    return ", ".join(f"{name} {value}" for name, value in key) or "anywhere"


def _fault(code: str, message: str, rule: str, hint: str) -> Fault:
    return Fault(code=code, message=message, hint=hint, span=Span(path="rules", cell=rule))
