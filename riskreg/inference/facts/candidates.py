"""The candidates of each rule: what its patterns can take and what could silence it, found for all rules together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np

from riskreg.inference.facts.asks import Atom, Thresholds, atoms, in_force, meets
from riskreg.inference.facts.columns import NO_TIME, Kind, Name, Rows, micros
from riskreg.inference.facts.counting import stretched
from riskreg.inference.facts.joining import Taken, combinations, numbered, pruned
from riskreg.inference.facts.pack import Layer, Pack, Plan
from riskreg.inference.facts.search import Search, narrowed
from riskreg.inference.facts.table import Facts
from riskreg.inference.language.compiled import Compiled, Ready
from riskreg.inference.language.meaning import MAX_COMBINATIONS, Branch, Candidate, Item
from riskreg.model.rule import Rule

_FEW = 64
"""So many negating facts are handed on without a look at whether they speak of any key."""

Parts = list[tuple[Kind, Rows]]


class Explodes(Exception):
    """A rule would have to look at more than `MAX_COMBINATIONS` combinations of facts."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """A rule with the rows that its patterns can take, and the branches that can hold with them."""

    plan: Plan
    taken: Mapping[int, Taken]
    branches: list[Branch]


def fetch(drawn: Iterable[Drawn]) -> None:
    """Makes the facts of all these rows, each table once."""
    wanted: dict[Kind, list[Rows]] = {}
    for one in drawn:
        for taken in one.taken.values():
            for kind, rows in taken.parts:
                wanted.setdefault(kind, []).append(rows)
    for kind, parts in wanted.items():
        kind.candidates(np.concatenate(parts))


class Candidates:
    """All that the rules of a pack can take of some facts, layer by layer as conclusions come in."""

    def __init__(self, pack: Pack, facts: Facts, as_of: datetime, thresholds: Thresholds) -> None:
        self._facts, self._as_of, self._thresholds = facts, as_of, thresholds
        self._today = as_of.astimezone(UTC).date()
        self._search = Search(pack.index, thresholds, micros(as_of))
        self._seen: set[Name] = set()
        self._words = facts.words

    def of(self, layer: Layer, concluded: Sequence[Item]) -> tuple[Plan, ...]:
        """Rules of a layer that may have a combination. `concluded`: all that the layers before it made."""
        new = layer.kinds - self._seen
        names = {item.fact["fact"] for item in concluded} & {name for word, name in new if word == "fact"}
        made = Facts.made(sorted((item for item in concluded if item.fact["fact"] in names), key=lambda item: item.id)).kinds
        for name in new:
            self._search.look(name, [*self._facts.kinds.get(name, ()), *made.get(name, ())])
        self._seen |= new
        return self.possible(layer)

    def possible(self, layer: Layer) -> tuple[Plan, ...]:
        """The same once more, with nothing new."""
        return layer.possible(self._search.alive)

    def told(self, layer: Layer) -> tuple[Plan, ...]:
        """Rules of a layer that overdue readings could make fire, and which only tell them."""
        names = [plan for plan in layer.possible(self._search.alive, told=True) if plan.compiled.rule.on_missing_data == "flag"]
        return tuple(plan for plan in names if any(self._search.rows(number) for number in plan.instead.values()))

    def leaves_out(self, plan: Plan) -> bool:
        """Whether an exception in force leaves out any fact of a rule."""
        return any(
            len(narrowed(kind, rows, exception, self._thresholds))
            for exception in self._exceptions(plan)
            for number in plan.compiled.positive
            for kind, rows in self._parts(plan, number)
        )

    def left_out(self, rule: Rule, fact: Mapping[str, Any]) -> bool:
        """Whether an exception in force leaves out a fact."""
        return any(meets(one.where, fact, self._thresholds) for one in in_force(rule, self._today))

    def drawn(self, plan: Plan, *, exceptions: bool = True) -> Drawn | None:
        """The rows that a rule's patterns can take; None where no branch has one for each. `Explodes` above the limit.

        `exceptions`: those in force leave facts out.
        """
        compiled = plan.compiled
        left_out = self._exceptions(plan) if exceptions else ()
        taken: dict[int, Taken] = {}
        for number in sorted(compiled.positive):
            parts = self._parts(plan, number)
            for exception in left_out:
                parts = [(kind, _without(rows, narrowed(kind, rows, exception, self._thresholds))) for kind, rows in parts]
            taken[number] = Taken(parts, compiled.carries[number], self._words)
        taken, branches = _joinable(compiled, taken)
        if combinations(branches, taken, compiled.rule.within) > MAX_COMBINATIONS:
            raise Explodes
        return Drawn(plan, taken, branches) if branches else None

    def ready(self, drawn: Drawn) -> Ready | None:
        """The rule with its candidates; None where no pattern that counts has enough. `Explodes` above the limit."""
        compiled, taken, branches = drawn.plan.compiled, dict(drawn.taken), drawn.branches
        takes: dict[int, list[Candidate]] = {}
        counted = [number for number in taken if compiled.patterns[number].at_least is not None]
        for number, one in taken.items():
            if number in counted:
                takes[number], taken[number] = _counted(compiled, number, one)
            else:
                takes[number] = one.candidates()
        if counted:
            branches = [branch for branch in branches if all(takes[number] for number in branch.positive)]
            if combinations(branches, taken, compiled.rule.within) > MAX_COMBINATIONS:
                raise Explodes
        if not branches:
            return None
        denies = {number: self._denies(drawn.plan, number, taken) for branch in branches for number in branch.negative}
        return Ready(
            compiled,
            self._as_of,
            {number: tuple(sorted(some, key=_place)) for number, some in takes.items()},
            {number: denies.get(number, ()) for number in sorted(compiled.patterns.keys() - compiled.positive)},
        )

    def _exceptions(self, plan: Plan) -> tuple[frozenset[Atom], ...]:
        return tuple(atoms(one.where) for one in in_force(plan.compiled.rule, self._today))

    def _parts(self, plan: Plan, number: int) -> Parts:
        parts = list(self._search.rows(plan.asks[number]))
        if number in plan.instead and plan.compiled.rule.on_missing_data == "fire":
            parts += self._search.rows(plan.instead[number])
        return parts

    def _denies(self, plan: Plan, number: int, taken: Mapping[int, Taken]) -> tuple[Item, ...]:
        within = plan.compiled.patterns[number].within
        oldest = None if within is None else micros(self._as_of) - within * 1_000_000
        found: list[Candidate] = []
        for kind, rows in self._search.rows(plan.asks[number]):
            at = kind.at[rows]
            kept = rows if oldest is None else rows[(at == NO_TIME) | (at >= oldest)]
            if len(kept) > _FEW:
                kept = self._speaking(plan.compiled, kind, kept, taken)
            found += kind.candidates(kept)
        return tuple(sorted((one.item for one in found), key=lambda item: item.id))

    def _speaking(self, compiled: Compiled, kind: Kind, rows: Rows, taken: Mapping[int, Taken]) -> Rows:
        """Without the facts that have a value in a join field that no key can have."""
        for field in compiled.rule.join:
            values = np.concatenate([one.codes(field) for one in taken.values() if field in one.fields])
            rows = rows[~kind.column(field).present[rows] | np.isin(self._words.of(kind, field)[rows], values)]
        return rows


def _without(rows: Rows, others: Rows) -> Rows:
    return rows[~np.isin(rows, others, assume_unique=True)] if len(others) else rows


def _joinable(compiled: Compiled, taken: Mapping[int, Taken]) -> tuple[dict[int, Taken], list[Branch]]:
    """Branches with a candidate for each pattern, and the candidates that can take part in one of them."""
    part = {number: np.zeros(len(one), dtype=bool) for number, one in taken.items()}
    branches = []
    for branch in compiled.branches:
        if all(len(taken[number]) for number in branch.positive) and (left := pruned(branch, taken)):
            branches.append(branch)
            for number, one in left.items():
                part[number][one.place] = True
    return {number: one.where(part[number]) for number, one in taken.items()}, branches


def _counted(compiled: Compiled, number: int, taken: Taken) -> tuple[list[Candidate], Taken]:
    """Of a counted pattern one candidate for each shortest stretch; and the same as arrays, each at the end of its stretch."""
    pattern = compiled.patterns[number]
    within = pattern.within if pattern.within is not None else compiled.rule.within
    all_of_them = taken.candidates()
    groups: dict[int, list[int]] = {}
    for place, code in enumerate(numbered(taken.keys(), len(taken)).tolist()):
        groups.setdefault(code, []).append(place)
    found: list[Candidate] = []
    places: list[int] = []
    for group in groups.values():
        where = {all_of_them[place].item.id: place for place in group}
        some = stretched([all_of_them[place] for place in group], pattern, within, MAX_COMBINATIONS - len(found))
        if some is None:
            raise Explodes
        found += some
        places += [where[one.item.id] for one in some]
    ends = np.array([micros(one.end) for one in found], dtype=np.int64)
    return found, taken.repeated(np.array(places, dtype=np.int64), ends)


def _place(candidate: Candidate) -> tuple[str, datetime | None, datetime | None]:
    return candidate.item.id, candidate.start, candidate.end
