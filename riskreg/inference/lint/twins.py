"""Rules beside one another: the same twice, one that another makes needless, and two that contradict each other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Sequence

from riskreg.inference.language.meaning import Branch, Node
from riskreg.inference.lint.checks import LIVE, Outline, Pack, Told, across
from riskreg.inference.lint.fields import ANY, Values, pattern_values, values_of, within
from riskreg.model.rule import Condition, Pattern, Rule, Then

SEVERITIES = ("low", "medium", "high", "critical")
_FAILOVER = ("none", "assess", "activate")
Place = tuple[int, str]
"""A pattern's number and a field of its conditions."""


def logic(outline: Outline) -> Hashable:
    """What a rule looks for, the same for two rules that look for the same in another order or by other names."""
    rule = outline.rule
    left_out = frozenset((_wheres(one.where.items()), one.until) for one in rule.exceptions)
    times = (rule.within, rule.lasting, rule.keep_open_for, rule.on_missing_data)
    return shape(outline.node), frozenset(rule.join), times, _wheres(rule.scope.items()), left_out


def shape(node: Node, without: Place | None = None) -> Hashable:
    """The tree of a rule without names and order; `without` leaves the values of one condition out."""
    if node.pattern is None:
        return node.kind, frozenset(Counter(shape(part, without) for part in node.below).items())
    pattern = node.pattern
    hole = without[1] if without and without[0] == node.number else None
    tests = frozenset((name, ANY if name == hole else values_of(test)) for name, test in pattern.where.items())
    return node.kind, pattern.signal, pattern.fact, tests, hole, pattern.at_least, pattern.different, pattern.within


def covers(wide: Outline, narrow: Outline, pack: Pack) -> bool:
    """Whether `wide` fires with the same key wherever `narrow` does, as far as that is certain."""
    a, b = narrow.rule, wide.rule
    if set(a.join) != set(b.join) or a.status not in LIVE or b.status not in LIVE or not narrow.branches or not wide.branches:
        return False
    if _wheres(b.scope.items()) not in (frozenset(), _wheres(a.scope.items())) or not set(b.exceptions) <= set(a.exceptions):
        return False
    if (
        b.on_missing_data != a.on_missing_data
        or not _longer(b.keep_open_for, a.keep_open_for)
        or (b.lasting or 0) > (a.lasting or 0)
    ):
        return False
    return all(any(_branch_covers(wide, each, narrow, branch, pack) for each in wide.branches) for branch in narrow.branches)


def follows(wide: Then, narrow: Then) -> bool:
    """Whether all that follows from `narrow` follows from `wide` too, at least as strongly."""
    if narrow.raises is not None:
        a, b = narrow.raises, wide.raises
        if b is None or b.likelihood < a.likelihood or (a.due is not None and a.due != b.due):
            return False
        if a.impact != b.impact and ("from-function-criticality" in (a.impact, b.impact) or int(b.impact) < int(a.impact)):
            return False
    if _FAILOVER.index(wide.failover) < _FAILOVER.index(narrow.failover):
        return False
    if narrow.escalate not in (None, wide.escalate) or narrow.conclude not in (None, wide.conclude):
        return False
    return set(narrow.playbooks) <= set(wide.playbooks) and set(narrow.lose) <= set(wide.lose)


def outranks(wide: Rule, narrow: Rule) -> bool:
    return SEVERITIES.index(wide.severity) >= SEVERITIES.index(narrow.severity)


def _branch_covers(wide: Outline, a: Branch, narrow: Outline, b: Branch, pack: Pack) -> bool:
    dated = sum(
        wide.patterns[number].kind not in pack.timeless or wide.patterns[number].signal is not None for number in a.positive
    )
    spread = dated > 1 or any(wide.patterns[number].at_least for number in a.positive)
    if spread and not _longer(wide.rule.within, narrow.rule.within):
        return False
    for no in a.negative:
        if not any(_denies(narrow, each, wide, no, pack) for each in b.negative):
            return False
    return _matched(wide, a.positive, narrow, b.positive, pack)


def _matched(wide: Outline, needs: Sequence[int], narrow: Outline, given: Sequence[int], pack: Pack) -> bool:
    """Whether each pattern that `wide` needs can be met by another one of `narrow`."""
    if not needs:
        return True
    first, *rest = needs
    return any(
        _meets(narrow, number, wide, first, pack) and _matched(wide, rest, narrow, [n for n in given if n != number], pack)
        for number in given
    )


def _meets(narrow: Outline, given: int, wide: Outline, needed: int, pack: Pack) -> bool:
    a, b = narrow.patterns[given], wide.patterns[needed]
    if (a.signal, a.fact) != (b.signal, b.fact) or _count(a) != _count(b):
        return False
    own = pattern_values(narrow, given, pack)
    return all(within(own(name), values_of(test)) for name, test in b.where.items())


def _denies(narrow: Outline, given: int, wide: Outline, needed: int, pack: Pack) -> bool:
    """Whether a 'not' of `narrow` silences at least what one of `wide` does."""
    a, b = narrow.patterns[given], wide.patterns[needed]
    if (a.signal, a.fact, _count(a), a.within) != (b.signal, b.fact, _count(b), b.within):
        return False
    silenced = pattern_values(wide, needed, pack)
    return all(within(silenced(name), values_of(test)) for name, test in a.where.items())


def _count(pattern: Pattern) -> tuple[int | None, str | None, int | None]:
    return pattern.at_least, pattern.different, pattern.within


def _longer(a: int | None, b: int | None) -> bool:
    """Whether window `a` is at least as long as `b`; None is for ever."""
    return a is None or (b is not None and a >= b)


def _wheres(items: Iterable[tuple[str, Condition]]) -> frozenset[tuple[str, Values]]:
    return frozenset((name, values_of(test)) for name, test in items)


def requirements(outline: Outline) -> Iterator[tuple[str, str, Hashable]]:
    """What every fact set that fires the rule has: kinds, and values that are asked for exactly. A rule covers another only if the
    other has all of these."""
    sets = []
    for branch in outline.branches:
        found: set[tuple[str, str, Hashable]] = set()
        for number in branch.positive:
            pattern = outline.patterns[number]
            found.add((pattern.kind, "", None))
            for name, test in pattern.where.items():
                if test.eq is not None:
                    found.add((pattern.kind, name, test.eq))
        sets.append(found)
    yield from sorted(set.intersection(*sets), key=repr) if sets else ()


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
