"""The conditions of a rule in words: what a fact has in a field, what the rule asks for there, and by how much it was missed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from riskreg.inference.language.bounds import Thresholds, limit_at
from riskreg.inference.words.wording import listed, num, pct, say, words
from riskreg.model.metric import NARROWEST
from riskreg.model.rule import ORDER, Condition, Limit, Named, Pattern

_OUTCOMES = {"met": "covered", "late": "late", "breach": "not covered", "not-known": "not known"}
_TIERS = {1: "most urgent work", 2: "urgent work"}
_ORDER = {
    "gt": "more than {}",
    "gte": "at least {}",
    "lt": "less than {}",
    "lte": "at most {}",
    "ne": "anything but {}",
    "eq": "{}",
}
_AGAINST = {"gt": "is above", "gte": "is at least", "lt": "is below", "lte": "is at most"}
_PLAIN = frozenset({"eq", "exists"})
"""Operators that say nothing beyond what the fact itself has."""
_MEASURED = frozenset({"value", "baseline", "limit", "delta"})


@dataclass(frozen=True, slots=True)
class Voice:
    """What texts are told with: names as `wording.spoken` gives them, and the thresholds of the metrics."""

    names: Mapping[str, str] = field(default_factory=dict)
    thresholds: Thresholds = field(default_factory=dict)

    def name(self, field: str, value: Any) -> Any:
        """`MNL` of a site → `Manila`; the value itself where nothing is named so."""
        return self.names.get(f"{field}:{value}", value)

    def limit(self, limit: Limit, fact: Mapping[str, Any]) -> float | None:
        """The number behind a limit for a fact; None where its metric has no threshold of that name."""
        return limit_at(limit, fact, self.thresholds)


def held(pattern: Pattern, name: str, fact: Mapping[str, Any], voice: Voice) -> str:
    """What a fact has that met a condition: `signal strength 5 of 5 (the rule asks for at least 3)`, `handles card data`."""
    return " and ".join([*_thresholds(pattern.where[name], name, fact, voice, _AGAINST), *_rest(pattern, name, fact, voice)])


def missed(pattern: Pattern, name: str, fact: Mapping[str, Any], voice: Voice) -> str:
    """What a fact has that did not meet a condition, and by how much: `value 0.031, the rule asks for at least 0.034: missed by
    0.003`."""
    condition, value = pattern.where[name], fact.get(name)
    told = f"{_has(name, value, fact, voice)}, the rule asks for {asked(pattern, name, voice, fact)}"
    gap = distance(condition, value, fact, voice)[0]
    if gap is None:
        return told
    # A strict limit that was met exactly is missed by nothing that has a number.
    if not gap:
        return f"{told}: exactly the limit"
    far = f"{num(gap * 100, 1)} percentage points" if _shared(name, fact) else _value(name, gap, fact, voice)
    return f"{told}: missed by {far}"


def distance(condition: Condition, value: Any, fact: Mapping[str, Any], voice: Voice) -> tuple[float | None, float]:
    """How far a value is from meeting a condition: in its own unit (None where no number would do), and as a share, 0 to 1, of
    the larger of value and limit."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None, 1.0
    gaps = []
    for operator in (name for name in ORDER if name in condition.model_fields_set):
        limit = voice.limit(getattr(condition, operator), fact)
        if limit is None:
            return None, 1.0
        over = value - limit if operator in ("lt", "lte") else limit - value
        if over > 0 or (over == 0 and operator in ("gt", "lt")):
            gaps.append((over, min(1.0, over / (max(abs(value), abs(limit)) or 1.0))))
    return max(gaps) if gaps else (None, 1.0)


def wanted(pattern: Pattern, voice: Voice) -> str:
    """All conditions of a pattern, of which no fact is there: `strength at least 3, kind retention-plan`."""
    return ", ".join(f"{words(name)} {asked(pattern, name, voice)}" for name in pattern.where)


def asked(pattern: Pattern, name: str, voice: Voice, fact: Mapping[str, Any] | None = None) -> str:
    """What a condition asks for: `at least 3`, `late or not covered`; a threshold with its number where the fact is known."""
    condition, about = pattern.where[name], fact if fact is not None else {"signal": pattern.kind}
    parts = []
    for operator in (name for name in Condition.model_fields if name in condition.model_fields_set):
        limit = getattr(condition, operator)
        if operator == "exists":
            parts.append("known" if limit else "not known")
        elif operator in ("among", "not_in"):
            options = [_value(name, option, about, voice) for option in limit]
            parts.append(listed(options, "or") if operator == "among" else f"anything but {listed(options)}")
        elif isinstance(limit, Named):
            parts.append(_ORDER[operator].format(_threshold(limit, name, about, voice)))
        elif (name, operator, limit) == ("tier", "lte", 2):
            parts.append("tier 1 or 2")
        else:
            parts.append(_ORDER[operator].format(_value(name, limit, about, voice)))
    return " and ".join(parts)


def _thresholds(condition: Condition, name: str, fact: Mapping[str, Any], voice: Voice, signs: Mapping[str, str]) -> list[str]:
    """`quality score 79.5 is below Manila's floor of 80`."""
    told = []
    for operator in (operator for operator in ORDER if isinstance(getattr(condition, operator), Named)):
        what = voice.name("metric", fact.get("metric")) if name == "value" and fact.get("metric") else name
        value = _value(name, fact.get(name), fact, voice)
        told.append(f"{words(what)} {value} {signs[operator]} {_threshold(getattr(condition, operator), name, fact, voice)}")
    return told


def _threshold(limit: Named, name: str, fact: Mapping[str, Any], voice: Voice) -> str:
    """`Manila's floor of 80`, `the floor of 80`, `the floor`."""
    number = voice.limit(limit, fact)
    if number is None:
        return f"the {words(limit.threshold)} that its metric names"
    overrides = voice.thresholds[str(fact.get("metric"))][limit.threshold].overrides
    fitting = [o.place for o in overrides if o.value == number and o.place.items() <= fact.items()]
    narrow = next((place for place in NARROWEST if any(place in one for one in fitting)), None)
    whose = f"{voice.name(narrow, fact[narrow])}\u2019s" if narrow else "the"
    return f"{whose} {words(limit.threshold)} of {_value(name, number, fact, voice)}"


def _rest(pattern: Pattern, name: str, fact: Mapping[str, Any], voice: Voice) -> list[str]:
    """The operators of a condition that name no threshold."""
    condition = pattern.where[name]
    left = {operator for operator in condition.model_fields_set if not isinstance(getattr(condition, operator), Named)}
    if not left:
        return []
    has = _has(name, fact.get(name), fact, voice)
    if left <= _PLAIN:
        return [has]
    # A condition of these operators alone says what the rule asks for without its thresholds.
    alone = pattern.model_copy(
        update={"where": {name: Condition.model_construct(left, **{o: getattr(condition, o) for o in left})}}
    )
    return [f"{has} (the rule asks for {asked(alone, name, voice, fact)})"]


def _has(name: str, value: Any, fact: Mapping[str, Any], voice: Voice) -> str:
    """A value as half a sentence; fields that nobody has words for are told as `name value`."""
    said = _value(name, value, fact, voice)
    match name, value:
        case _, None:
            return f"{words(name)} not known"
        case "pci", bool():
            return "handles card data" if value else "handles no card data"
        case "outcome", _:
            return f"cover without the site: {said}"
        case "tier", int():
            return f"{_TIERS.get(value, 'work that can wait')}: tier {said}"
        case "strength", _:
            return f"signal strength {said} of 5"
        case "share", int() | float():
            return f"{said} of the work is done there"
        case "delta", int() | float():
            usual = "forecast" if fact.get("signal") == "forecast_miss" else "usual"
            return f"{_value(name, abs(value), fact, voice)} {'above' if value >= 0 else 'below'} the {usual}"
        case "direction", "up" | "down":
            return f"the change is {value}ward"
        case "metric", _:
            return f"the measure is {said}"
        case "days_to_notice", int() | float() if value < 0:
            return f"notice was due {num(-value)} days ago"
        case "days_to_notice", int() | float():
            return f"{said} days until notice must be given"
        case "days_left", int() | float():
            return f"{said} days until the contract ends"
    return f"{words(name)} {said}"


def _value(name: str, value: Any, fact: Mapping[str, Any], voice: Voice) -> str:
    if name == "outcome":
        return _OUTCOMES.get(str(value), str(value))
    if name == "metric":
        return words(voice.name(name, value))
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        if _shared(name, fact):
            return pct(value, 1)
        if name in _MEASURED:
            return num(value, 2 if abs(value) >= 1 else 4)
    return say(voice.name(name, value))


def _shared(name: str, fact: Mapping[str, Any]) -> bool:
    """Whether a field is a share, which people read as percent."""
    return name == "share" or (name in _MEASURED and (fact.get("signal") == "forecast_miss" or fact.get("unit") == "share"))
