"""Checks, each a function with one stable code, and what they see: rules worked out once, and what is known beside them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import Enum
from functools import cached_property
from typing import Literal

from riskreg.inference.language.meaning import MAX_BRANCHES, Branch, Node, branches, carried, concluded, patterns, tree, width
from riskreg.model.fact import STANDING
from riskreg.model.metric import Metric
from riskreg.model.rule import All, Any_, Condition, Not, Pattern, Rule, RuleTest, Scalar, When, positives

Path = tuple[str | int, ...]
"""Where in a rule, in the file's own words: ("when", "all", 1, "where", "strength")."""
Severity = Literal["error", "warning"]


class Gone(Enum):
    """Stands for a value that is taken out."""

    GONE = "gone"


Mend = tuple[Path, Scalar | Gone]
"""Where in the rule, and what is to stand there."""


@dataclass(frozen=True, slots=True)
class Told:
    """One thing that a check found: where in which rule, what is wrong, and what to do. `rule` is set for checks over all."""

    where: Path
    message: str
    hint: str
    example: str = ""
    rule: str = ""
    severity: Severity | None = None
    """Where it is another one than the check's."""
    mend: Mend | None = None
    """What certainly puts it right, if anything does."""


Each = Callable[["Outline", "Pack"], Iterator[Told]]
Across = Callable[["Pack"], Iterator[Told]]


@dataclass(frozen=True, slots=True)
class Check:
    """A check: of each rule by itself, or (`finalize`) of all rules together."""

    code: str
    meaning: str
    """One line for the table in docs/rule-language.md."""
    severity: Severity
    fixable: bool
    forbids: bool
    """A rule with this fault cannot be run soundly, so that no run begins."""
    each: Each | None = None
    finalize: Across | None = None


_CHECKS: dict[str, Check] = {}
CHECKS: Mapping[str, Check] = _CHECKS
"""Code → check, in the order in which they are written."""


def each(
    code: str, meaning: str, severity: Severity = "warning", *, fixable: bool = False, forbids: bool = False
) -> Callable[[Each], Each]:
    """Registers a check of one rule at a time."""

    def register(run: Each) -> Each:
        _add(Check(code, meaning, severity, fixable, forbids, each=run))
        return run

    return register


def across(code: str, meaning: str, severity: Severity = "warning", *, forbids: bool = False) -> Callable[[Across], Across]:
    """Registers a check over all rules, which runs after those of each."""

    def register(run: Across) -> Across:
        _add(Check(code, meaning, severity, fixable=False, forbids=forbids, finalize=run))
        return run

    return register


def _add(check: Check) -> None:
    if check.code in _CHECKS:
        raise ValueError(f"two checks have the code {check.code}")
    _CHECKS[check.code] = check


LIVE = ("test", "stable")
"""Statuses of rules that decide and are meant to stay."""


@dataclass(frozen=True)
class Known:
    """What there is beside the rules. What is None is not known, and nothing is said about it."""

    tests: Mapping[str, Sequence[RuleTest]] | None = None
    metrics: Mapping[str, Metric] | None = None
    counts: Mapping[str, int] | None = None
    """How many there are of each place (`site`, `vendor` …), and of the pairs of site and function that are `served`."""
    as_of: date | None = None
    general: frozenset[str] = frozenset()
    """Rules that are written for no workspace in particular, so that they may name what this one does not have."""


@dataclass(frozen=True, slots=True)
class Test:
    """A condition, the numbers of the patterns whose facts it judges, and where it stands."""

    patterns: tuple[int, ...]
    where: Path
    field: str
    condition: Condition

    def at(self, word: str, *below: int) -> Path:
        """Where one of its operators stands; `word` is the name in the model."""
        return (*self.where, "in" if word == "among" else word, *below)


@dataclass(frozen=True)
class Outline:
    """One rule worked out: its patterns by number, where each stands, its branches (none where there are too many)."""

    rule: Rule
    node: Node
    patterns: Mapping[int, Pattern]
    places: Mapping[int, Path]
    branches: tuple[Branch, ...]
    carries: Mapping[int, frozenset[str]]

    @cached_property
    def positive(self) -> tuple[int, ...]:
        """Numbers of the patterns that are not negated, in file order."""
        return tuple(number for number, place in self.places.items() if place[-1] != "not")

    @cached_property
    def negative(self) -> tuple[int, ...]:
        return tuple(number for number, place in self.places.items() if place[-1] == "not")

    @cached_property
    def tests(self) -> tuple[Test, ...]:
        """Every condition of the rule: those of its patterns, of its scope and of its exceptions."""
        found = [
            Test((number,), (*self.places[number], "where", name), name, condition)
            for number, pattern in self.patterns.items()
            for name, condition in pattern.where.items()
        ]
        found += [Test(self.positive, ("scope", name), name, condition) for name, condition in self.rule.scope.items()]
        return *found, *(
            Test(self.positive, ("exceptions", index, "where", name), name, condition)
            for index, one in enumerate(self.rule.exceptions)
            for name, condition in one.where.items()
        )


@dataclass(frozen=True)
class Pack:
    """All rules of one reading, in the order given."""

    rules: Sequence[Rule]
    known: Known = field(default_factory=Known)

    @cached_property
    def made(self) -> dict[str, frozenset[str]]:
        """Name of every fact that a rule concludes → the join fields that it carries."""
        return concluded(self.rules)

    @cached_property
    def makers(self) -> dict[str, list[Rule]]:
        """Name of every fact that a rule concludes → the rules that do."""
        found: dict[str, list[Rule]] = {}
        for rule in self.rules:
            if rule.then.conclude:
                found.setdefault(rule.then.conclude.fact, []).append(rule)
        return found

    @cached_property
    def outlines(self) -> tuple[Outline, ...]:
        return tuple(outline(rule, self.made) for rule in self.rules)

    @cached_property
    def matched(self) -> frozenset[str]:
        """Name of every fact that some rule looks for or denies."""
        return frozenset(p.fact for outline in self.outlines for p in outline.patterns.values() if p.fact is not None)

    @cached_property
    def by_id(self) -> dict[str, Rule]:
        return {rule.id: rule for rule in reversed(self.rules)}

    @cached_property
    def timeless(self) -> frozenset[str]:
        """Kinds of facts that never have a time: standing facts, and what is concluded from such alone."""
        found = set(STANDING)
        waiting = {name: self._kinds(makers) for name, makers in self.makers.items() if name not in STANDING}
        users: dict[str, list[str]] = {}
        for name, kinds in waiting.items():
            for kind in kinds:
                users.setdefault(kind, []).append(name)
        ready = list(found)
        while ready:
            for name in users.get(ready.pop(), ()):
                if name not in found and waiting[name] <= found:
                    found.add(name)
                    ready.append(name)
        return frozenset(found)

    def _kinds(self, makers: Sequence[Rule]) -> set[str]:
        return {"signal" if p.signal else p.kind for maker in makers for p in positives(maker.when)}


def outline(rule: Rule, made: Mapping[str, frozenset[str]]) -> Outline:
    node = tree(rule.when)
    numbered = patterns(node)
    carries = {number: carried(pattern, made, rule.join) for number, pattern in numbered.items()}
    ways = branches(node) if width(node) <= MAX_BRANCHES else ()
    return Outline(rule, node, numbered, dict(enumerate(_places(rule.when, ("when",)))), ways, carries)


def _places(when: When, here: Path) -> Iterator[Path]:
    """Where each pattern stands, in the order of their numbers."""
    if isinstance(when, Pattern):
        yield here
    elif isinstance(when, Not):
        yield (*here, "not")
    else:
        word, parts = ("all", when.all) if isinstance(when, All) else ("any", when.any)
        assert isinstance(when, All | Any_)
        for index, part in enumerate(parts):
            yield from _places(part, (*here, word, index))
