"""Conditions that can never hold, always hold, or compare with something of another kind."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import get_close_matches

from riskreg.inference.lint.checks import Gone, Outline, Pack, Severity, Test, Told, each
from riskreg.inference.lint.fields import (
    Kind,
    Values,
    empty,
    has_field,
    kind_of,
    meet,
    operator_values,
    pattern_values,
    possible,
    value_of,
    values_of,
    within,
    words_of,
)
from riskreg.model.rule import ORDER, Condition, Named, Scalar

_WORDS = {
    "eq": "", "ne": "other than", "gt": "more than", "gte": "at least", "lt": "less than", "lte": "at most",
    "among": "one of", "not_in": "none of",
}  # fmt: skip
_KINDS = {"number": "a number", "text": "a text", "truth": "true or false"}
_SHARES = frozenset({"share", "p_value"})
_FITS: dict[Kind, str] = {"text": "text", "number": "number", "whole": "number", "truth": "truth"}


@each("rule-type", 'A comparison with a value of another kind, such as `"3"` for 3; it is never equal.', "error", fixable=True)
def wrong_type(outline: Outline, pack: Pack) -> Iterator[Told]:
    for test in outline.tests:
        for word, index, value in scalars(test.condition):
            for number in test.patterns:
                pattern = outline.patterns[number]
                kind = kind_of(pattern, test.field, pack.made)
                if kind != "unknown" and _FITS.get(kind) != value_of(value)[0]:
                    what = "a time" if kind == "time" else _KINDS.get(_FITS.get(kind, ""), "a list")
                    message = f"{test.field} of {pattern.kind} is {what}, and {say(value)} is {_KINDS[value_of(value)[0]]}"
                    hint = "Times are not compared; use within." if kind == "time" else f"Compare it with {what}."
                    where, meant = test.at(word, *index), _meant(value, kind)
                    yield Told(where, message, hint, _sample(test.field, kind), mend=None if meant is None else (where, meant))


@each("rule-never", "A condition, or several together, that can never hold, so that the pattern never matches.", "error")
def never(outline: Outline, pack: Pack) -> Iterator[Told]:
    yield from _alone(outline, pack)
    yield from _beside_scope(outline)
    yield from _different(outline, pack)
    yield from _silenced(outline, pack)


@each("rule-always", "A condition that always holds, and so says nothing.", fixable=True)
def always(outline: Outline, pack: Pack) -> Iterator[Told]:
    for test in (test for test in outline.tests if not _mistyped(outline, test, pack)):
        for word in idle_operators(outline, test, pack):
            given = getattr(test.condition, word)
            alone = len(test.condition.model_fields_set) == 1
            what = "there" if word == "exists" else f"{_WORDS[word]} {say(given)}".strip()
            message = f"{test.field} is always {what}{'' if alone else ', given the rest'}, so this condition says nothing"
            sure = test.where[0] != "exceptions" and (given != () or not _may_lack(outline, test, pack))
            hint = f"Take it out{'; `riskreg rules lint --fix` does' if sure else ''}."
            yield Told(test.at(word), message, hint, mend=(test.at(word), Gone.GONE) if sure else None)


@each("rule-threshold", "A threshold by name that no metric has, or not the metric of the same pattern.", "error")
def threshold(outline: Outline, pack: Pack) -> Iterator[Told]:
    metrics = pack.known.metrics
    for test in outline.tests:
        for word in ORDER:
            given = getattr(test.condition, word)
            if not isinstance(given, Named):
                continue
            bare = [outline.patterns[n] for n in test.patterns if not has_field(outline.patterns[n], "metric", pack)]
            known = [pattern for pattern in bare if pattern.signal or pattern.kind in pack.timeless]
            if known and len(bare) == len(test.patterns):
                message = f"a {known[0].kind} has no metric, so it has no threshold '{given.threshold}'"
                yield Told(test.at(word), message, "Write the number.", f"{test.field}: {{{word}: 3}}")
            elif metrics is not None and outline.rule.id not in pack.known.general:
                yield from _unknown_threshold(outline, pack, test, word, given.threshold)


def _unknown_threshold(outline: Outline, pack: Pack, test: Test, word: str, name: str) -> Iterator[Told]:
    metrics = pack.known.metrics or {}
    listed = {str(v) for n in test.patterns for _, v in pattern_values(outline, n, pack)("metric").among or ()} & set(metrics)
    wanted = listed or set(metrics)
    lacking = sorted(metric for metric in wanted if name not in metrics[metric].thresholds)
    if lacking and (listed or len(lacking) == len(wanted)):
        who = f"metric {lacking[0]} has" if listed else "no metric has"
        there = sorted({known for metric in wanted for known in metrics[metric].thresholds})
        hint = _near(name, there) or (f"There are {', '.join(there)}." if there else "Add it to the metric.")
        message = f"{who} {'no' if listed else 'a'} threshold '{name}'"
        yield Told(test.at(word), message, hint, "thresholds: {floor: 0.8}")


@each("rule-metric-signal", "A metric whose detector gives another signal than the pattern looks for, or that has none.", "error")
def metric_signal(outline: Outline, pack: Pack) -> Iterator[Told]:
    if pack.known.metrics is None or outline.rule.id in pack.known.general:
        return
    for test in outline.tests:
        pattern = outline.patterns[test.patterns[0]] if test.where[0] == "when" else None
        if pattern is None or pattern.signal is None or test.field != "metric":
            continue
        named = [(word, index, value) for word, index, value in scalars(test.condition) if word in ("eq", "among")]
        wrong = []
        for word, index, value in named:
            metric = pack.known.metrics.get(str(value))
            given = metric.detector.kind if metric and metric.detector else None
            if metric and given != pattern.signal:
                wrong.append(
                    (word, index, f"{value} gives {given}, not {pattern.signal}" if given else f"no detector watches {value}")
                )
        for word, index, message in wrong:
            severity: Severity = "error" if len(wrong) == len(named) else "warning"
            yield Told(test.at(word, *index), message, "Name another metric, or the signal that it gives.", severity=severity)


def idle_operators(outline: Outline, test: Test, pack: Pack) -> tuple[str, ...]:
    """The operators of a condition that always hold, or hold wherever the rest of it does; a `not_in` of nothing too."""
    kept = sorted(test.condition.model_fields_set, key=lambda word: (word != "exists", word))
    found = []
    for word in tuple(kept):
        own = operator_values(test.condition, word)
        rest = [operator_values(test.condition, other) for other in kept if other != word]
        if any(empty(_all(possible(outline.patterns[n], test.field, pack.made), own, *rest)) for n in test.patterns):
            return ()
        bases = [_all(possible(outline.patterns[n], test.field, pack.made), *rest) for n in test.patterns]
        if getattr(test.condition, word) == () or all(within(base, own) for base in bases):
            found.append(word)
            kept.remove(word)
    return tuple(found)


def scalars(condition: Condition) -> Iterator[tuple[str, tuple[int, ...], Scalar]]:
    """Every value that a condition compares for equality: the operator, its place in a list, and the value."""
    for word in ("eq", "ne", "among", "not_in"):
        given = getattr(condition, word)
        if isinstance(given, tuple):
            yield from ((word, (index,), value) for index, value in enumerate(given))
        elif given is not None:
            yield word, (), given


def _alone(outline: Outline, pack: Pack) -> Iterator[Told]:
    for test in outline.tests:
        kinds = [possible(outline.patterns[number], test.field, pack.made) for number in test.patterns]
        if _mistyped(outline, test, pack) or not all(empty(meet(kind, values_of(test.condition))) for kind in kinds):
            continue
        pattern = outline.patterns[test.patterns[0]]
        words = words_of(pattern, test.field)
        near = next((_near(str(value), words) for _, _, value in scalars(test.condition) if _near(str(value), words)), "")
        message = f"{test.field} can never be {said(test.condition)}{_because(test, kinds[0], words)}"
        yield Told(
            test.where,
            message,
            near or "Correct the condition, or take it out.",
            f"{test.field}: {words[0]}" if words else _sample(test.field, kind_of(pattern, test.field, pack.made)),
        )


def _beside_scope(outline: Outline) -> Iterator[Told]:
    for number in outline.positive:
        pattern = outline.patterns[number]
        for name, scope in outline.rule.scope.items():
            own = pattern.where.get(name)
            if own and not empty(values_of(own)) and not empty(values_of(scope)) and empty(meet(values_of(own), values_of(scope))):
                message = f"{name} is {said(scope)} by the rule's scope, and {said(own)} here, so that nothing matches"
                yield Told(
                    (*outline.places[number], "where", name), message, "Take one of the two out.", "scope: {site: {ne: BOG}}"
                )


def _different(outline: Outline, pack: Pack) -> Iterator[Told]:
    for number, pattern in outline.patterns.items():
        if pattern.different is None or pattern.at_least is None:
            continue
        where = (*outline.places[number], "different")
        if pattern.different in outline.carries[number]:
            message = f"the facts are joined on {pattern.different}, so it is the same in all of them"
            yield Told(where, message, f"Take {pattern.different} out of join, or count another field.", "join: [vendor]")
            continue
        there = (pack.known.counts or {}).get(pattern.different)
        if there is not None and there < pattern.at_least and outline.rule.id not in pack.known.general:
            message = f"at least {pattern.at_least} of {pattern.different} are asked for, and the network has {there}"
            yield Told(where, message, "Ask for fewer, or leave it until there are more.", "at_least: 2", severity="warning")
        among = pattern_values(outline, number, pack)(pattern.different).among
        if among is not None and len(among) < pattern.at_least:
            message = (
                f"at least {pattern.at_least} different values of {pattern.different} are asked for, and only {len(among)} can be"
            )
            yield Told(where, message, "Ask for fewer, or allow more values.", "at_least: 2")


def _silenced(outline: Outline, pack: Pack) -> Iterator[Told]:
    for branch in outline.branches:
        for no in branch.negative:
            denied = outline.patterns[no]
            if denied.within is not None or denied.at_least is not None:
                continue
            for number in branch.positive:
                pattern = outline.patterns[number]
                if (pattern.signal, pattern.fact) == (denied.signal, denied.fact):
                    given = pattern_values(outline, number, pack)
                    if all(within(given(name), values_of(test)) for name, test in denied.where.items()):
                        message = (
                            f"whatever {pattern.kind} this alternative looks for also meets this 'not', so that it never fires"
                        )
                        yield Told(
                            outline.places[no], message, "Say how the two differ.", "not: {signal: x, where: {strength: {gte: 4}}}"
                        )


def _mistyped(outline: Outline, test: Test, pack: Pack) -> bool:
    """Whether the condition compares with another kind of value, which is told by itself."""
    kinds = {kind_of(outline.patterns[number], test.field, pack.made) for number in test.patterns} - {"unknown"}
    values = {value_of(value)[0] for _, _, value in scalars(test.condition)}
    values |= {"number"} if any(word in test.condition.model_fields_set for word in ORDER) else set()
    return any(values - {_FITS.get(kind)} for kind in kinds)


def _meant(value: Scalar, kind: Kind) -> Scalar | None:
    """The number or the truth that a text in quotes was certainly meant as."""
    if not isinstance(value, str):
        return None
    if kind == "truth":
        return {"true": True, "false": False}.get(value)
    if kind in ("number", "whole") and re.fullmatch(r"-?(0|[1-9][0-9]{0,14})", value):
        return int(value)
    return float(value) if kind == "number" and re.fullmatch(r"-?(0|[1-9][0-9]{0,8})\.[0-9]{1,6}", value) else None


def _may_lack(outline: Outline, test: Test, pack: Pack) -> bool:
    return any(possible(outline.patterns[number], test.field, pack.made).absent is not False for number in test.patterns)


def _all(first: Values, *others: Values) -> Values:
    for other in others:
        first = meet(first, other)
    return first


def _because(test: Test, kind: Values, words: tuple[str, ...]) -> str:
    if empty(values_of(test.condition)):
        return ""
    if test.condition.exists is False:
        return ": it is always there"
    if words:
        return f": it is one of {', '.join(words)}"
    if kind.low is not None or kind.high is not None:
        ends = " and ".join(
            text
            for text in (kind.low is not None and f"at least {kind.low:g}", kind.high is not None and f"at most {kind.high:g}")
            if text
        )
        return f": it is {'a whole number, ' if kind.whole else ''}{ends}"
    return ": it is a whole number" if kind.whole else ""


def said(condition: Condition) -> str:
    """A condition in words: `more than 5 and less than 3`."""
    parts = []
    for word in (*_WORDS, "exists"):
        given = getattr(condition, word)
        if given is not None:
            parts.append(("there" if given else "missing") if word == "exists" else f"{_WORDS[word]} {say(given)}".strip())
    return " and ".join(parts)


def say(value: object) -> str:
    """A value as a rule writes it."""
    if isinstance(value, tuple):
        return ", ".join(say(item) for item in value) or "nothing"
    if isinstance(value, Named):
        return f"the threshold '{value.threshold}'"
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:.12g}" if isinstance(value, float) else f"'{value}'" if isinstance(value, str) else str(value)


def _near(word: str, known: tuple[str, ...] | list[str]) -> str:
    near = get_close_matches(word, known, n=1)
    return f"Did you mean '{near[0]}'?" if near else ""


def _sample(field: str, kind: Kind) -> str:
    return {
        "text": f"{field}: a-text",
        "number": f"{field}: {{gte: {0.2 if field in _SHARES else 5}}}",
        "whole": f"{field}: {{gte: 3}}",
        "truth": f"{field}: true",
    }.get(kind, "within: 28d")
