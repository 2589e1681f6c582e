"""A rule in one English sentence, written from its tree."""

from __future__ import annotations

from riskreg.model.rule import All, Any_, Condition, Not, Pattern, Rule, When
from riskreg.model.times import say_duration
from riskreg.publishing import words

_SIGNAL = {
    "attrition_spike": "people leave faster than usual",
    "quality_drift": "a quality measure drifts from its usual level",
    "forecast_miss": "volume misses its forecast",
    "data_exposure": "customer data is exposed",
}
_OPERATORS = {
    "eq": "is", "ne": "is not", "gt": "is more than", "gte": "is at least", "lt": "is less than", "lte": "is at most",
}  # fmt: skip


def rule_sentence(rule: Rule) -> str:
    """`When, at one site and within 28 days, people leave faster than usual (strength is at least 3) and …, then …`"""
    where = [f"at one {field}" if field in ("site", "pool") else f"for one {field}" for field in rule.join]
    frame = words.listed([*where, *([f"within {say_duration(rule.within)}"] if rule.within else [])])
    return f"When{f', {frame},' if frame else ''} {_when(rule.when)}, then {consequence(rule)}."


def consequence(rule: Rule) -> str:
    """What follows from a firing."""
    then, parts = rule.then, []
    if then.raises:
        impact = "as large as the most critical function there" if isinstance(then.raises.impact, str) else str(then.raises.impact)
        parts.append(
            f"the risk ‘{words.spaced(rule.category)}’ is indicated with likelihood {then.raises.likelihood} and impact {impact}"
        )
    if then.conclude:
        parts.append(f"other rules may count on ‘{words.spaced(then.conclude.fact)}’")
    if then.failover != "none":
        parts.append("a failover plan is computed" if then.failover == "assess" else "the failover plan is called for")
    if then.escalate:
        parts.append(f"it goes to {words.spaced(then.escalate)}")
    if then.playbooks:
        named, many = words.listed([words.spaced(ident) for ident in then.playbooks]), len(then.playbooks)
        parts.append(f"the {words.plural(many, 'playbook')} {named} {words.plural(many, 'applies', 'apply')}")
    return words.listed(parts) or "it is noted"


def _when(when: When) -> str:
    if isinstance(when, Pattern):
        return pattern_sentence(when)
    if isinstance(when, Not):
        return f"there is no {_named(when.no)}"
    if isinstance(when, Any_):
        return f"either {words.listed([_when(part) for part in when.any], 'or')}" if len(when.any) > 1 else _when(when.any[0])
    assert isinstance(when, All)
    return words.listed([_when(part) for part in when.all])


def pattern_sentence(pattern: Pattern) -> str:
    """One pattern: `people leave faster than usual (strength is at least 3)`."""
    if pattern.signal in _SIGNAL:
        said, tests = _SIGNAL[pattern.signal or ""], _tests(pattern)
        return f"{said} ({tests})" if tests else said
    return f"there is {_article(_named(pattern))}"


def _named(pattern: Pattern) -> str:
    kind = f"signal ‘{words.spaced(pattern.kind)}’" if pattern.signal else f"‘{words.spaced(pattern.kind)}’"
    tests = _tests(pattern)
    return f"{kind} ({tests})" if tests else kind


def _article(text: str) -> str:
    return f"a {text}"


def _tests(pattern: Pattern) -> str:
    return ", ".join(f"{words.spaced(field)} {_test(condition)}" for field, condition in sorted(pattern.where.items()))


def _test(condition: Condition) -> str:
    parts = []
    for name in sorted(condition.model_fields_set):
        value = getattr(condition, name)
        if name in _OPERATORS:
            parts.append(f"{_OPERATORS[name]} {_value(value)}")
        elif name == "among":
            parts.append(f"is {words.listed([_value(item) for item in value], 'or')}")
        elif name == "not_in":
            parts.append(f"is none of {words.listed([_value(item) for item in value])}")
        elif name == "exists":
            parts.append("is known" if value else "is not known")
    return words.listed(parts)


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return words.number(value, 3) if isinstance(value, (int, float)) else words.spaced(str(value))
