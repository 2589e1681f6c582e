"""Rules beside one another: the same twice, one that another makes needless, and two that contradict each other."""

from __future__ import annotations

from collections.abc import Hashable, Iterator

from riskreg.inference.lint.likeness import covers, follows, logic, outranks, requirements
from riskreg.inference.lint.pack import LIVE, Outline, Pack
from riskreg.inference.lint.registry import Told, across
from riskreg.model.rule import Rule


@across("rule-same-logic", "Two rules look for the same, and nothing speaks for having both.")
def same_logic(pack: Pack) -> Iterator[Told]:
    for first, other in _twins(pack):
        if _contradiction(first, other) is None and (first.category == other.category or first.then == other.then):
            message = f"it looks for the same as {first.id}"
            yield Told(("when",), message, "Keep one of the two: set the other to deprecated.", "status: deprecated", rule=other.id)


@across("rule-conflict", "Two rules look for the same and contradict each other in what follows.")
def conflict(pack: Pack) -> Iterator[Told]:
    for first, other in _twins(pack):
        found = _contradiction(first, other)
        if found is not None:
            where, message = found
            yield Told(
                where, f"it looks for the same as {first.id}, but {message}", "Say it once, in one of the two.", rule=other.id
            )


@across("rule-shadowed", "Wherever the rule fires, another one fires for the same place, with as much or more that follows.")
def shadowed(pack: Pack) -> Iterator[Told]:
    live = [outline for outline in pack.outlines if outline.rule.status in LIVE and outline.branches]
    needs = {id(outline): frozenset(requirements(outline)) for outline in live}
    logics = {id(outline): logic(outline) for outline in live}
    known = _index(live, needs)
    for narrow in live:
        for wide in _candidates(narrow, known, needs):
            if wide is narrow or logics[id(wide)] == logics[id(narrow)]:
                continue
            if outranks(wide.rule, narrow.rule) and follows(wide.rule.then, narrow.rule.then) and covers(wide, narrow, pack):
                message = f"{wide.rule.id} fires wherever it does, and all that follows from it follows from there"
                yield Told(("when",), message, "Take it out, or give it more weight than the wider one.", rule=narrow.rule.id)
                break


Index = dict[Hashable, list[Outline]]
Needs = dict[int, frozenset[tuple[str, str, Hashable]]]


def _index(live: list[Outline], needs: Needs) -> Index:
    """Rules by category, join and their rarest requirement, those with the fewest conditions first."""
    spread: dict[Hashable, int] = {}
    for outline in live:
        for need in needs[id(outline)]:
            spread[need] = spread.get(need, 0) + 1
    found: Index = {}
    for outline in sorted(live, key=lambda each: (len(each.tests), each.rule.id)):
        rarest = min(needs[id(outline)], key=lambda need: (spread[need], repr(need)), default=None)
        found.setdefault((*_group(outline), rarest), []).append(outline)
    return found


def _candidates(narrow: Outline, known: Index, needs: Needs) -> Iterator[Outline]:
    for need in (None, *sorted(needs[id(narrow)], key=repr)):
        for wide in known.get((*_group(narrow), need), ()):
            if needs[id(wide)] <= needs[id(narrow)]:
                yield wide


def _group(outline: Outline) -> tuple[str, frozenset[str]]:
    return outline.rule.category, frozenset(outline.rule.join)


def _twins(pack: Pack) -> Iterator[tuple[Rule, Rule]]:
    """Each rule that looks for the same as one before it, with the first such of its category, else the first of all."""
    first: dict[Hashable, Rule] = {}
    of_category: dict[Hashable, Rule] = {}
    for outline in pack.outlines:
        if outline.rule.status not in LIVE:
            continue
        key, rule = logic(outline), outline.rule
        before = of_category.get((key, rule.category), first.get(key))
        if before is not None and before.id != rule.id:
            yield before, rule
        first.setdefault(key, rule)
        of_category.setdefault((key, rule.category), rule)


def _contradiction(a: Rule, b: Rule) -> tuple[tuple[str, ...], str] | None:
    """Where and how what follows from `b` contradicts what follows from `a`."""
    same = a.category == b.category
    if same and a.then.raises and b.then.raises:
        scores = [(one.likelihood, one.impact) for one in (a.then.raises, b.then.raises)]
        if scores[0] != scores[1]:
            said = " and ".join(f"likelihood {likelihood}, impact {impact}" for likelihood, impact in scores)
            return ("then", "raise"), f"they score {a.category} differently: {said}"
    if same and a.severity != b.severity:
        return ("severity",), f"one calls it {a.severity} and the other {b.severity}"
    if {a.then.failover, b.then.failover} == {"none", "activate"} and (same or a.then.lose == b.then.lose):
        return ("then", "failover"), f"failover is {a.then.failover} there and {b.then.failover} here"
    return None
