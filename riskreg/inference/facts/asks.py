"""What a pattern asks of one fact, as data that can be looked up over columns, and row by row where a single fact is judged."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from riskreg.inference.facts.columns import Column, Kind, Mask, Name, Rows, Typed, typed
from riskreg.inference.language.bounds import Thresholds, in_force, limit_at
from riskreg.model.fact import STANDING
from riskreg.model.metric import NARROWEST
from riskreg.model.rule import Condition, Named, Pattern, Rule
from riskreg.model.signal import SIGNAL_FIELDS

MISSING = "missing_data"


@dataclass(frozen=True, slots=True)
class Atom:
    """One operator on one field. `among` and `not_in` hold typed values, `eq` and `ne` one, order a number or a `Named`."""

    field: str
    operator: str
    limit: Any


@dataclass(frozen=True)
class Ask:
    """A kind and all that must hold of a fact of it; `texts` are fields in which it must have text."""

    kind: Name
    atoms: frozenset[Atom]
    texts: frozenset[str] = frozenset()

    @cached_property
    def named(self) -> bool:
        """Whether it compares with a threshold by name."""
        return any(isinstance(atom.limit, Named) for atom in self.atoms)


def asked(pattern: Pattern, rule: Rule, carries: frozenset[str], conclusions: Mapping[str, frozenset[str]]) -> Ask:
    """What a positive pattern of a rule asks: `where`, `scope` as far as the kind has the field, text in what it joins on."""
    scope = {field: test for field, test in rule.scope.items() if _has(pattern, field, conclusions)}
    there = {Atom(field, "exists", limit=True) for field in scope}
    return Ask(_kind(pattern), frozenset({*_atoms(pattern.where), *_atoms(scope), *there}), carries)


def denied(pattern: Pattern) -> Ask:
    """What a negated pattern asks of one fact; whether it speaks of the key is for the engines."""
    return Ask(_kind(pattern), frozenset(_atoms(pattern.where)))


def in_place(pattern: Pattern, rule: Rule, carries: frozenset[str]) -> Ask | None:
    """What overdue readings must be like to stand for the signal of a pattern; None where they never can."""
    fields = STANDING[MISSING]
    if pattern.signal is None or pattern.at_least is not None or not all(isinstance(fields.get(name), str) for name in carries):
        return None
    known = {field: test for field, test in pattern.where.items() if field in fields}
    scope = {field: test for field, test in rule.scope.items() if field in fields}
    there = {Atom(field, "exists", limit=True) for field in scope}
    watches = Atom("watches", "eq", typed(pattern.signal))
    return Ask(("fact", MISSING), frozenset({watches, *_atoms(known), *_atoms(scope), *there}), carries)


def atoms(where: Mapping[str, Condition]) -> frozenset[Atom]:
    """Conditions as atoms, all of which must hold."""
    return frozenset(_atoms(where))


def _kind(pattern: Pattern) -> Name:
    return ("signal" if pattern.signal is not None else "fact", pattern.kind)


def _has(pattern: Pattern, field: str, conclusions: Mapping[str, frozenset[str]]) -> bool:
    if pattern.signal is not None:
        return field in SIGNAL_FIELDS
    if pattern.kind in STANDING:
        return field in STANDING[pattern.kind]
    return pattern.kind not in conclusions or field in conclusions[pattern.kind]


def _atoms(where: Mapping[str, Condition]) -> Iterator[Atom]:
    for field, condition in where.items():
        for name in condition.model_fields_set:
            limit = getattr(condition, name)
            if limit is not None and name in ("eq", "ne"):
                limit = typed(limit)
            elif limit is not None and name in ("among", "not_in"):
                limit = frozenset(map(typed, limit))
            yield Atom(field, name if limit is not None else "never", limit)


def meets(where: Mapping[str, Condition], fact: Mapping[str, Any], thresholds: Thresholds | None = None) -> bool:
    """Whether one fact meets every condition."""
    return all(holds(condition, fact.get(field), fact, thresholds) for field, condition in where.items())


def holds(condition: Condition, value: Any, fact: Mapping[str, Any] | None = None, thresholds: Thresholds | None = None) -> bool:
    """Whether a value meets every operator of a condition; an empty one meets only `exists: false`. `fact` and `thresholds`
    say what a limit by name is; one that nobody gives is never met."""
    return all(_operator(atom, value, fact or {}, thresholds or {}) for atom in _atoms({"": condition}))


def _operator(atom: Atom, value: Any, fact: Mapping[str, Any], thresholds: Thresholds) -> bool:
    name, limit = atom.operator, atom.limit
    if name == "exists":
        return bool((value is not None) == limit)
    if value is None or name == "never":
        return False
    if name in ("eq", "ne"):
        return bool(typed(value) == limit) == (name == "eq")
    if name in ("among", "not_in"):
        return (typed(value) in limit) == (name == "among")
    number = limit_at(limit, fact, thresholds)
    if number is None or isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    return bool(_COMPARE[name](value, number))


_COMPARE: dict[str, Callable[[Any, Any], Any]] = {"gt": operator.gt, "gte": operator.ge, "lt": operator.lt, "lte": operator.le}


def mask(kind: Kind, atom: Atom, rows: Rows, thresholds: Thresholds) -> Mask:
    """Which of some rows of a kind meet an atom."""
    column, name = kind.column(atom.field), atom.operator
    if name == "never":
        return np.zeros(len(rows), dtype=bool)
    present = column.present[rows]
    if name == "exists":
        return present if atom.limit else ~present
    if name in ("eq", "ne"):
        return _equal(column, atom.limit, rows) if name == "eq" else present & ~_equal(column, atom.limit, rows)
    if name in ("among", "not_in"):
        found = np.zeros(len(rows), dtype=bool)
        for value in atom.limit:
            found |= _equal(column, value, rows)
        return found if name == "among" else present & ~found
    if column.numbers is None:
        return np.zeros(len(rows), dtype=bool)
    limit = _limits(kind, atom.limit, rows, thresholds) if isinstance(atom.limit, Named) else atom.limit
    met: Mask = _COMPARE[name](column.numbers[rows], limit)  # what is not a number compares to false
    return met


def _equal(column: Column, value: Typed, rows: Rows) -> Mask:
    codes, known = column.equal
    met: Mask = codes[rows] == known.get(value, -2)
    return met


def _limits(kind: Kind, named: Named, rows: Rows, thresholds: Thresholds) -> Any:
    """The limit for each row; not a number where the row's metric has none of that name. Wider overrides give way to narrower."""
    found = np.full(len(rows), np.nan)
    for metric, limits in thresholds.items():
        threshold = limits.get(named.threshold)
        if threshold is None:
            continue
        here = _equal(kind.column("metric"), ("str", metric), rows)
        found[here] = threshold.value
        for override in sorted(threshold.overrides, key=lambda one: [name in one.place for name in NARROWEST]):
            there = here.copy()
            for field, place in override.place.items():
                there &= _equal(kind.column(field), ("str", place), rows)
            found[there] = override.value
    return found


__all__ = ["MISSING", "Ask", "Atom", "Thresholds", "asked", "atoms", "denied", "holds", "in_force", "in_place", "mask", "meets"]
