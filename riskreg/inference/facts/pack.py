"""Rules made ready to run together: compiled once, in layers, with all that they ask of one fact in one index."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

import numpy as np

from riskreg.inference.facts.asks import asked, denied, in_place
from riskreg.inference.facts.columns import Mask, Name, Rows
from riskreg.inference.facts.search import Index
from riskreg.inference.language.compiled import Compiled, compile_rule
from riskreg.inference.language.meaning import concluded, strata
from riskreg.inference.lint import structure
from riskreg.model.faults import Fault, errors
from riskreg.model.rule import Rule


@dataclass(frozen=True, slots=True)
class Plan:
    """A rule by the numbers of what its patterns ask."""

    compiled: Compiled
    asks: Mapping[int, int]
    """Number of a pattern → number of its question."""
    instead: Mapping[int, int]
    """Number of a positive pattern → what overdue readings in its place must meet, where there can be any."""

    def firing(self) -> Plan:
        """The same with overdue readings that count as the signal."""
        rule = self.compiled.rule.model_copy(update={"on_missing_data": "fire"})
        return replace(self, compiled=replace(self.compiled, rule=rule))


@dataclass(frozen=True, slots=True)
class Layer:
    """Rules that look at no conclusion of one another, in id order; and their branches as arrays, one after the other."""

    rules: tuple[Plan, ...]
    kinds: frozenset[Name]
    """Every kind of fact that one of them looks at."""
    needs: Rows
    """For each positive pattern of each branch the number of its question."""
    fires: Rows
    """The question that may be met instead by overdue readings that count as the signal; -1 for none."""
    flags: Rows
    """The same for overdue readings that are told."""
    starts: Rows
    """Where each branch begins in the three above."""
    owners: Rows
    """For each branch the place of its rule."""

    def possible(self, alive: Mask, *, told: bool = False) -> tuple[Plan, ...]:
        """Rules of which one branch has a fact for each pattern, as far as single questions say. `told`: with overdue readings
        in place, also of rules that only tell them."""
        if not len(self.starts):
            return ()
        met = alive[self.needs] | alive[self.flags if told else self.fires]
        owners = self.owners[np.logical_and.reduceat(met, self.starts)]
        return tuple(self.rules[place] for place in dict.fromkeys(owners.tolist()))


@dataclass(frozen=True)
class Pack:
    """Rules that can be run, and what is wrong with the others."""

    layers: tuple[Layer, ...]
    compiled: Mapping[str, Compiled]
    index: Index
    faults: tuple[Fault, ...] = ()


@contextmanager
def uncollected() -> Iterator[None]:
    """No search for cyclic garbage meanwhile: many objects are made that all stay, and each search would walk all of them."""
    before = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if before:
            gc.enable()


def prepare(rules: Sequence[Rule]) -> Pack:
    """Compiles rules, in time linear in how many there are; one whose structure is wrong is left out, with its faults."""
    with uncollected():
        return _prepared(rules)


def _prepared(rules: Sequence[Rule]) -> Pack:
    faults = structure(rules, {})
    bad = {fault.span.cell for fault in errors(faults)}
    sound = [rule for rule in rules if rule.id not in bad]
    made = concluded(sound)
    index = Index()
    layers = tuple(_layer([_plan(rule, made, index) for rule in layer], index) for layer in strata(sound))
    index.close()
    compiled = {plan.compiled.rule.id: plan.compiled for layer in layers for plan in layer.rules}
    return Pack(layers, compiled, index, faults)


def _plan(rule: Rule, conclusions: Mapping[str, frozenset[str]], index: Index) -> Plan:
    compiled = compile_rule(rule, conclusions)
    positive = compiled.positive
    asks, instead = {}, {}
    for number, pattern in compiled.patterns.items():
        if number in positive:
            asks[number] = index.add(asked(pattern, rule, compiled.carries[number], conclusions))
            overdue = None if rule.on_missing_data == "ok" else in_place(pattern, rule, compiled.carries[number])
            if overdue is not None:
                instead[number] = index.add(overdue)
        else:
            asks[number] = index.add(denied(pattern))
    return Plan(compiled, asks, instead)


def _layer(plans: Sequence[Plan], index: Index) -> Layer:
    needs: list[int] = []
    fires: list[int] = []
    flags: list[int] = []
    starts: list[int] = []
    owners: list[int] = []
    numbers: set[int] = set()
    for place, plan in enumerate(plans):
        counts = plan.compiled.rule.on_missing_data == "fire"
        numbers.update(plan.asks.values(), plan.instead.values())
        for branch in plan.compiled.branches:
            starts.append(len(needs))
            owners.append(place)
            for number in branch.positive:
                overdue = plan.instead.get(number, -1)
                needs.append(plan.asks[number])
                flags.append(overdue)
                fires.append(overdue if counts else -1)
    arrays = (np.array(one, dtype=np.int64) for one in (needs, fires, flags, starts, owners))
    return Layer(tuple(plans), frozenset(index.asks[number].kind for number in numbers), *arrays)
