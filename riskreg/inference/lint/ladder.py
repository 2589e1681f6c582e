"""Rules that differ in one number and their severity: their ranges should follow one another without gap or overlap."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from math import ceil, floor, inf

from riskreg.inference.lint.checks import LIVE, Outline, Pack, Path, Told, across
from riskreg.inference.lint.fields import Values, possible, values_of
from riskreg.inference.lint.twins import SEVERITIES, shape
from riskreg.model.rule import Rule


@dataclass(frozen=True, slots=True)
class Rung:
    """One rule of a ladder: the range of the field in which it fires."""

    rule: Rule
    where: Path
    field: str
    values: Values
    whole: bool

    @property
    def low(self) -> float:
        return -inf if self.values.low is None else self.values.low

    @property
    def high(self) -> float:
        return inf if self.values.high is None else self.values.high

    @property
    def rank(self) -> int:
        return SEVERITIES.index(self.rule.severity)


@across("rule-severity-overlap", "Two rules that differ in one number and their severity both fire for some values.")
def overlap(pack: Pack) -> Iterator[Told]:
    for ladder in _ladders(pack):
        for lower, upper in _neighbours(ladder):
            end = min(lower.high, upper.high)
            shared = Values(low=upper.values.low, low_open=upper.values.low_open, high=end, high_open=_open_at(lower, upper, end))
            if _some(shared, upper.whole):
                what = f"{upper.field} {_range(shared)}"
                message = f"{what} is {upper.rule.severity} here and {lower.rule.severity} in {lower.rule.id}: both fire"
                word = "lte" if upper.values.low_open else "lt"
                example = (
                    f"{upper.field}: {{gte: {_n(lower.low)}, {word}: {_n(upper.low)}}}"
                    if lower.low > -inf
                    else f"{upper.field}: {{{word}: {_n(upper.low)}}}"
                )
                yield Told(
                    upper.where, message, f"End the range of {lower.rule.id} where this one begins.", example, rule=upper.rule.id
                )


@across("rule-severity-gap", "Between two rules that differ in one number and their severity lie values for which neither fires.")
def gap(pack: Pack) -> Iterator[Told]:
    for ladder in _ladders(pack):
        for lower, upper in _neighbours(ladder):
            between = Values(
                low=lower.values.high,
                low_open=not lower.values.high_open,
                high=upper.values.low,
                high_open=not upper.values.low_open,
            )
            if lower.high < inf and upper.low > -inf and _some(between, upper.whole):
                message = (
                    f"{upper.field} {_range(between)} is in no rule: {lower.rule.id} ({lower.rule.severity}) ends at "
                    f"{_n(lower.high)}, "
                    f"and this one ({upper.rule.severity}) begins at {_n(upper.low)}"
                )
                yield Told(
                    upper.where,
                    message,
                    "Let one range begin where the other ends.",
                    f"{upper.field}: {{{'gte' if lower.values.high_open else 'gt'}: {_n(lower.high)}}}",
                    rule=upper.rule.id,
                )


@across(
    "rule-severity-order",
    "Of rules that differ in one number and their severity, a range in the middle is graver or milder than both beside it.",
)
def order(pack: Pack) -> Iterator[Told]:
    for ladder in _ladders(pack):
        for below, here, above in zip(ladder, ladder[1:], ladder[2:], strict=False):
            if (below.rank - here.rank) * (above.rank - here.rank) > 0:
                message = (
                    f"{here.field} {_range(here.values)} is {here.rule.severity}, but {below.rule.severity} below it "
                    f"({below.rule.id}) and {above.rule.severity} above it ({above.rule.id})"
                )
                yield Told(("severity",), message, "Let the severity rise or fall with the number.", rule=here.rule.id)


def _ladders(pack: Pack) -> Iterator[list[Rung]]:
    """Rules of one category that are the same but for the range of one field, in the order of the ranges; severities differ."""
    groups: dict[Hashable, list[Rung]] = {}
    for outline in pack.outlines:
        if outline.rule.status in LIVE:
            for key, rung in _rungs(outline, pack):
                groups.setdefault(key, []).append(rung)
    for rungs in groups.values():
        if len({rung.rank for rung in rungs}) > 1:
            yield sorted(rungs, key=lambda rung: (rung.low, rung.values.low_open, rung.high, rung.rule.id))


def _rungs(outline: Outline, pack: Pack) -> Iterator[tuple[Hashable, Rung]]:
    rule = outline.rule
    for number in outline.positive:
        pattern = outline.patterns[number]
        for name, test in pattern.where.items():
            values = values_of(test)
            if (values.low is None and values.high is None) or values.among is not None or values.denied or values.named:
                continue
            key = (
                rule.category,
                frozenset(rule.join),
                (rule.within, rule.lasting),
                shape(outline.node, (number, name)),
                repr(sorted(rule.scope.items())),
            )
            yield key, Rung(rule, (*outline.places[number], "where", name), name, values, possible(pattern, name, pack.made).whole)


def _neighbours(ladder: list[Rung]) -> Iterator[tuple[Rung, Rung]]:
    """Each rung with that of those below it which reaches highest, where the two differ in severity."""
    highest = ladder[0]
    for rung in ladder[1:]:
        if rung.rank != highest.rank:
            yield highest, rung
        if (rung.high, not rung.values.high_open) > (highest.high, not highest.values.high_open):
            highest = rung


def _open_at(a: Rung, b: Rung, end: float) -> bool:
    return any(rung.high == end and rung.values.high_open for rung in (a, b))


def _some(values: Values, whole: bool) -> bool:
    """Whether a number lies in the range."""
    low, high = (-inf if values.low is None else values.low), (inf if values.high is None else values.high)
    if whole and low > -inf and high < inf:
        return (floor(low) + 1 if values.low_open else ceil(low)) <= (ceil(high) - 1 if values.high_open else floor(high))
    return low < high or (low == high and not values.low_open and not values.high_open)


def _range(values: Values) -> str:
    parts = []
    if values.low is not None and values.low > -inf:
        parts.append(f"{'more than' if values.low_open else 'from'} {_n(values.low)}")
    if values.high is not None and values.high < inf:
        parts.append(f"{'less than' if values.high_open else 'up to'} {_n(values.high)}")
    return " and ".join(parts) if len(parts) < 2 or values.low != values.high else f"of {_n(values.low or 0.0)}"


def _n(value: float) -> str:
    return f"{value:.12g}"
