"""What a field of a fact can hold: its kind, the values that a condition lets through, and how two such sets lie to one another."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Literal, get_args

from riskreg.inference.lint.checks import Outline, Pack
from riskreg.model.fact import STANDING
from riskreg.model.metric import Metric
from riskreg.model.risk import State
from riskreg.model.rule import ORDER, Category, Condition, Named, Pattern, Scalar
from riskreg.model.signal import SIGNAL_FIELDS, SIGNALS

Value = tuple[str, float | str]
"""A value with its kind, because 10 is not "10" and true is not 1: ("number", 10.0), ("text", "10"), ("truth", 1.0)."""
_MOST_LISTED = 64


def number(value: float) -> Value:
    return "number", float(value)


def text(value: str) -> Value:
    return "text", value


def truth(*, given: bool) -> Value:
    return "truth", float(given)


def value_of(scalar: Scalar) -> Value:
    """A value of a rule file with its kind."""
    if isinstance(scalar, bool):
        return truth(given=scalar)
    return text(scalar) if isinstance(scalar, str) else number(scalar)


@dataclass(frozen=True, slots=True)
class Values:
    """Whether a field may be missing (`absent`: None may, False must be there, True must not), and what it may hold otherwise."""

    absent: bool | None = None
    among: frozenset[Value] | None = None
    denied: frozenset[Value] = frozenset()
    low: float | None = None
    high: float | None = None
    low_open: bool = False
    high_open: bool = False
    whole: bool = False
    only: frozenset[str] | None = None
    """Kinds of values; None: any."""
    named: frozenset[tuple[str, str]] = frozenset()
    """Comparisons with thresholds by name, which are known only where a fact is."""
    torn: bool = False
    """It must be there and must not."""


ANY = Values()


def values_of(condition: Condition) -> Values:
    """What a condition lets through."""
    found = ANY
    for word in sorted(condition.model_fields_set):
        found = meet(found, operator_values(condition, word))
    return found


def operator_values(condition: Condition, word: str) -> Values:
    """What one operator of a condition lets through; `word` is the name in the model (`among` for `in`)."""
    given = getattr(condition, word)
    if given is None:
        return ANY
    if word == "exists":
        return Values(absent=not given)
    if word in ORDER:
        numbers = frozenset({"number"})
        if isinstance(given, Named):
            return Values(absent=False, only=numbers, named=frozenset({(word, given.threshold)}))
        if word in ("gt", "gte"):
            return Values(absent=False, only=numbers, low=given, low_open=word == "gt")
        return Values(absent=False, only=numbers, high=given, high_open=word == "lt")
    given_values = frozenset(value_of(item) for item in (given if isinstance(given, tuple) else (given,)))
    return Values(absent=False, among=given_values) if word in ("eq", "among") else Values(absent=False, denied=given_values)


def meet(a: Values, b: Values) -> Values:
    """What both let through."""
    low, low_open = _tighter((a.low, a.low_open), (b.low, b.low_open), max)
    high, high_open = _tighter((a.high, a.high_open), (b.high, b.high_open), min)
    return Values(
        absent=b.absent if a.absent is None else a.absent,
        among=a.among if b.among is None else b.among if a.among is None else a.among & b.among,
        denied=a.denied | b.denied,
        low=low,
        high=high,
        low_open=low_open,
        high_open=high_open,
        whole=a.whole or b.whole,
        only=a.only if b.only is None else b.only if a.only is None else a.only & b.only,
        named=a.named | b.named,
        torn=a.torn or b.torn or {a.absent, b.absent} == {True, False},
    )


def empty(values: Values) -> bool:
    """Whether nothing is let through, as far as that is certain."""
    if values.torn or any(("lt", name) in values.named and (word in ("gt", "gte")) for word, name in values.named):
        return True
    if any(("lte", name) in values.named and word == "gt" for word, name in values.named):
        return True
    if values.absent is not False:
        return False
    values = listed(values)
    if values.among is not None:
        return not values.among
    return values.only == frozenset() or _crossed(values)


def within(a: Values, b: Values) -> bool:
    """Whether all that `a` lets through, `b` lets through too, as far as that is certain."""
    if empty(a):
        return True
    if b.torn or (b.absent is not None and a.absent is not b.absent):
        return False
    if a.absent is True:
        return True
    a, b = listed(a), replace(b, absent=None)
    if not b.named <= a.named:
        return False
    if a.among is not None:
        return all(lets_through(value, b) for value in a.among)
    if b.among is not None or (b.whole and not a.whole):
        return False
    if b.only is not None and (a.only is None or not a.only <= b.only):
        return False
    return all(not lets_through(value, a) for value in b.denied) and _inside(a, b)


def _inside(a: Values, b: Values) -> bool:
    if b.low is not None and (a.low is None or a.low < b.low or (a.low == b.low and b.low_open and not a.low_open)):
        return False
    return b.high is None or not (a.high is None or a.high > b.high or (a.high == b.high and b.high_open and not a.high_open))


def lets_through(value: Value, values: Values) -> bool:
    """Whether one value is let through, named thresholds apart."""
    kind, given = value
    if value in values.denied or (values.among is not None and value not in values.among):
        return False
    if values.only is not None and kind not in values.only:
        return False
    if values.low is None and values.high is None and not values.whole:
        return True
    if kind != "number" or isinstance(given, str) or (values.whole and not given.is_integer()):
        return False
    if values.low is not None and (given < values.low or (values.low_open and given == values.low)):
        return False
    return values.high is None or not (given > values.high or (values.high_open and given == values.high))


def listed(values: Values) -> Values:
    """The same with every value that is left, where they are few."""
    among = values.among
    if among is None and values.whole and values.low is not None and values.high is not None:
        first, last = math.ceil(values.low), math.floor(values.high)
        if last - first < _MOST_LISTED:
            among = frozenset(number(step) for step in range(first, last + 1))
    if among is None:
        return values
    return replace(values, among=frozenset(value for value in among if lets_through(value, replace(values, among=None))))


def _crossed(values: Values) -> bool:
    if values.low is None or values.high is None:
        return False
    if values.whole:
        first = math.floor(values.low) + 1 if values.low_open else math.ceil(values.low)
        last = math.ceil(values.high) - 1 if values.high_open else math.floor(values.high)
        return first > last
    return values.low > values.high or (values.low == values.high and (values.low_open or values.high_open))


def _tighter(
    a: tuple[float | None, bool], b: tuple[float | None, bool], pick: Callable[[Iterable[float]], float]
) -> tuple[float | None, bool]:
    bounds = [bound for bound, _ in (a, b) if bound is not None]
    if not bounds:
        return None, False
    edge = pick(bounds)
    return edge, any(is_open for bound, is_open in (a, b) if bound == edge)


Kind = Literal["text", "texts", "time", "number", "whole", "truth", "unknown"]

_ALWAYS = {
    "signal": {"id", "signal", "at", "client", "metric", "unit", "value", "strength"},
    "site": {"id", "fact", "site", "country", "kind", "seats"},
    "served": {"id", "fact", "site", "function", "tier", "impact", "share", "channel", "language", "pci"},
    "contract": {"id", "fact", "vendor", "contract", "title", "ends", "days_left", "notice_days", "notice_by", "days_to_notice"},
    "cover": {"id", "fact", "site", "function", "tier", "impact", "outcome", "short"},
    "missing_data": {"id", "fact", "watches", "metric"},
    "risk": {"id", "fact", "category", "state"},
    "function": {"id", "fact", "function", "tier", "impact"},
    "vendor": {"id", "fact", "vendor"},
    "pool": {"id", "fact", "pool", "site"},
    "depends": {"id", "fact", "system", "function"},
}
"""Fields that whoever gives such a fact fills every time."""
_RANGES: dict[str, tuple[float, float]] = {
    "strength": (1, 5), "impact": (1, 5), "likelihood": (1, 5), "tier": (1, 6), "share": (0, 1), "p_value": (0, 1),
}  # fmt: skip
_LEAST = {"n": 0.0, "seats": 0.0, "short": 0.0, "notice_days": 0.0, "days_late": 0.0, "run_length": 0.0}
_WORDS: dict[tuple[str, str], tuple[str, ...]] = {
    ("signal", "direction"): ("down", "up"),
    ("signal", "unit"): get_args(Metric.model_fields["unit"].annotation),
    ("cover", "outcome"): ("met", "late", "breach", "not-known"),
    ("missing_data", "watches"): tuple(SIGNALS),
    ("risk", "category"): get_args(Category),
    ("risk", "state"): get_args(State),
}
"""Fields that hold one of these words and no other."""


def kind_of(pattern: Pattern, field: str, made: Mapping[str, frozenset[str]]) -> Kind:
    """The kind of value that a field holds. `made`: what rules conclude → the fields that it carries."""
    if pattern.signal is not None:
        return SIGNAL_FIELDS.get(field, "unknown")
    if field in ("id", "fact", "rule"):
        return "text"
    if field == "at":
        return "time"
    if pattern.kind not in STANDING:
        return "text" if field in made.get(pattern.kind, ()) else "unknown"
    sample = STANDING[pattern.kind].get(field)
    if isinstance(sample, bool):
        return "truth"
    if isinstance(sample, int):
        return "whole"
    return "number" if isinstance(sample, float) else "text" if isinstance(sample, str) else "unknown"


def possible(pattern: Pattern, field: str, made: Mapping[str, frozenset[str]]) -> Values:
    """Every value that the field can have, and whether it may be missing."""
    kind = kind_of(pattern, field, made)
    group = "signal" if pattern.signal is not None else pattern.kind
    absent = None if field not in _ALWAYS.get(group, ()) and not (group in made and field in made[group]) else False
    if kind == "unknown":
        return Values(absent=absent)
    if kind in ("number", "whole"):
        low, high = _RANGES.get(field, (_LEAST.get(field), None)) if group in _ALWAYS else (None, None)
        return Values(low=low, high=high, whole=kind == "whole", only=frozenset({"number"}), absent=absent)
    if kind == "truth":
        return Values(among=frozenset({truth(given=True), truth(given=False)}), only=frozenset({"truth"}), absent=absent)
    if kind == "text":
        words = (pattern.kind,) if field in ("signal", "fact") else _WORDS.get((group, field))
        among = frozenset(text(word) for word in words) if words else None
        return Values(among=among, only=frozenset({"text"}), absent=absent)
    return Values(only=frozenset({"time"}), absent=absent)


def words_of(pattern: Pattern, field: str) -> tuple[str, ...]:
    """The words that the field can hold, where they are a closed list."""
    return _WORDS.get(("signal" if pattern.signal is not None else pattern.kind, field), ())


def has_field(pattern: Pattern, field: str, pack: Pack) -> bool:
    """Whether facts of this kind carry the field, as far as their kind is described."""
    return kind_of(pattern, field, pack.made) != "unknown"


def pattern_values(outline: Outline, number: int, pack: Pack) -> Callable[[str], Values]:
    """Field → what the pattern lets through; scope counts for patterns that are not negated, in the fields that they carry."""
    pattern = outline.patterns[number]

    def of(field: str) -> Values:
        found = possible(pattern, field, pack.made)
        if field in pattern.where:
            found = meet(found, values_of(pattern.where[field]))
        if number in outline.positive and field in outline.rule.scope and has_field(pattern, field, pack):
            found = meet(found, values_of(outline.rule.scope[field]))
        return found

    return of
