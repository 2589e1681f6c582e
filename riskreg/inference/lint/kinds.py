"""What is known of the fields of signals and facts beforehand: their kind, the values that they can have, and whether they are
always there. What nobody describes is unknown, and nothing is concluded from it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, get_args

from riskreg.inference.lint.values import Values, text, truth
from riskreg.model.fact import STANDING
from riskreg.model.metric import Metric
from riskreg.model.risk import State
from riskreg.model.rule import Category, Pattern
from riskreg.model.signal import SIGNAL_FIELDS, SIGNALS

Kind = Literal["text", "texts", "time", "number", "whole", "truth", "unknown"]

_ALWAYS = {
    "signal": {"id", "signal", "at", "client", "metric", "unit", "value", "strength"},
    "site": {"id", "fact", "site", "country", "kind", "seats"},
    "served": {"id", "fact", "site", "function", "tier", "impact", "share", "channel", "language", "pci"},
    "contract": {"id", "fact", "vendor", "contract", "title", "ends", "days_left", "notice_days", "notice_by", "days_to_notice"},
    "cover": {"id", "fact", "site", "function", "tier", "impact", "outcome", "short"},
    "missing_data": {"id", "fact", "watches", "metric"},
    "risk": {"id", "fact", "category", "state"},
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
        words = (pattern.kind,) if field == group or (field == "fact" and group != "signal") else _WORDS.get((group, field))
        if pattern.signal is not None and field == "signal":
            words = (pattern.kind,)
        among = frozenset(text(word) for word in words) if words else None
        return Values(among=among, only=frozenset({"text"}), absent=absent)
    return Values(only=frozenset({"time"}), absent=absent)


def words_of(pattern: Pattern, field: str) -> tuple[str, ...]:
    """The words that the field can hold, where they are a closed list."""
    return _WORDS.get(("signal" if pattern.signal is not None else pattern.kind, field), ())
