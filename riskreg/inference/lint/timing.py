"""Windows: how far apart, how old, how long, and for how long a finding stays open."""

from __future__ import annotations

from collections.abc import Iterator

from riskreg.inference.lint.checks import Outline, Pack, Told, each
from riskreg.inference.lint.fields import pattern_values
from riskreg.model.metric import ForecastMiss
from riskreg.model.rule import Pattern
from riskreg.model.times import say_duration

DAY = 86_400
PERIODS = {"interval": 1800, "day": DAY, "week": 7 * DAY, "month": 31 * DAY}
"""Seconds of one period that a detector judges; events have none."""


@each("rule-not-for-ever", "A `not` on a signal without its own `within`: one such signal silences the rule for ever.")
def not_for_ever(outline: Outline, _pack: Pack) -> Iterator[Told]:
    for number in outline.negative:
        pattern = outline.patterns[number]
        if pattern.signal and pattern.within is None:
            message = f"a single {pattern.signal}, however old, silences it for ever"
            yield Told(outline.places[number], message, "Say how old it may be.", f"not: {{signal: {pattern.signal}, within: 4w}}")


@each("rule-not-unjoined", "A negated kind carries none of the join fields, so that one such fact silences everything.")
def not_unjoined(outline: Outline, _pack: Pack) -> Iterator[Told]:
    for number in outline.negative:
        if outline.rule.join and not outline.carries[number]:
            message = (
                f"'not {outline.patterns[number].kind}' has none of the join fields, so that one such fact anywhere silences all"
            )
            yield Told(
                outline.places[number], message, "Deny a fact that has one of them, or leave it if that is meant.", "join: [vendor]"
            )


@each("rule-open-for-ever", "A rule on signals without `keep_open_for`: once fired, its finding stays open for ever.")
def open_for_ever(outline: Outline, _pack: Pack) -> Iterator[Told]:
    if outline.rule.keep_open_for is None and any(outline.patterns[number].signal for number in outline.positive):
        message = "once it has fired it stays open for ever, because nothing says when a signal is too old"
        yield Told((), message, "Say for how long a firing counts.", "keep_open_for: 5w")


@each("rule-no-window", "Several signals, or a count of them, without `within`: years may lie between them.")
def no_window(outline: Outline, pack: Pack) -> Iterator[Told]:
    if outline.rule.within is not None:
        return
    for branch in outline.branches:
        signals = [number for number in branch.positive if outline.patterns[number].signal]
        open_counts = [
            n
            for n in branch.positive
            if outline.patterns[n].at_least and outline.patterns[n].within is None and _dated(outline, n, pack)
        ]
        if open_counts:
            pattern = outline.patterns[open_counts[0]]
            message = f"it counts {pattern.at_least} of {pattern.kind}, however many years lie between them"
            yield Told(outline.places[open_counts[0]], message, "Say how far apart they may be.", "within: 4w")
        elif len(signals) > 1:
            said = " and ".join(dict.fromkeys(outline.patterns[number].kind for number in signals))
            yield Told(("when",), f"years may lie between its signals ({said})", "Say how far apart they may be.", "within: 4w")


@each("rule-for-never", "`for` asks for longer than an episode can last, so that the rule never fires.", "error")
def for_never(outline: Outline, pack: Pack) -> Iterator[Told]:
    rule = outline.rule
    if not rule.lasting:
        return
    for branch in outline.branches:
        if branch.positive and not any(_dated(outline, number, pack) for number in branch.positive):
            kinds = ", ".join(outline.patterns[number].kind for number in branch.positive)
            message = f"standing facts alone ({kinds}) have no time, so that they never last {say_duration(rule.lasting)}"
            yield Told(("for",), message, "Take 'for' out, or add a pattern that has a time.", "{as: drift, signal: quality_drift}")
    periods = _periods(outline, pack)
    if rule.keep_open_for is not None and len(set(periods)) == 1 and rule.keep_open_for < periods[0] - DAY and rule.lasting > DAY:
        message = (
            f"an episode ends after {say_duration(rule.keep_open_for)}, and its signals come every {say_duration(periods[0])}, so "
            "that "
            f"none lasts {say_duration(rule.lasting)}"
        )
        yield Told(("for",), message, "Keep it open for longer than one period.", f"keep_open_for: {2 * periods[0] // DAY}d")


@each(
    "rule-flaps",
    "`keep_open_for` is shorter than one period of the metric, so that the finding closes before the next reading can come.",
)
def flaps(outline: Outline, pack: Pack) -> Iterator[Told]:
    keep, periods = outline.rule.keep_open_for, _periods(outline, pack)
    if keep is not None and periods and keep < min(periods):
        message = (
            f"it stays open for {say_duration(keep)}, and its signals come every {say_duration(min(periods))}: it closes in between"
        )
        yield Told(
            ("keep_open_for",), message, "Keep it open for one period at least.", f"keep_open_for: {max(1, min(periods) // DAY)}d"
        )


@each("rule-no-effect", "`within`, `keep_open_for` or `on_missing_data` where there is nothing that it could change.")
def no_effect(outline: Outline, pack: Pack) -> Iterator[Told]:
    rule = outline.rule
    dated = {number for number in outline.positive if _dated(outline, number, pack)}
    if rule.keep_open_for is not None and not dated:
        message = "keep_open_for says nothing here: facts without a time hold as long as they hold"
        yield Told(("keep_open_for",), message, "Take it out.")
    spread = any(
        len(dated & set(branch.positive)) > 1
        or any(outline.patterns[n].at_least and outline.patterns[n].within is None for n in dated)
        for branch in outline.branches
    )
    if rule.within is not None and outline.branches and not spread:
        message = "within says nothing here: it is about how far apart facts are, and no alternative has two with a time"
        yield Told(("within",), message, "Take it out; how long a finding stays open is keep_open_for.", "keep_open_for: 4w")
    plain = any(outline.patterns[number].signal and not outline.patterns[number].at_least for number in outline.positive)
    if "on_missing_data" in rule.model_fields_set and not plain:
        message = "on_missing_data says nothing here: it stands in for a signal that is neither counted nor negated"
        yield Told(("on_missing_data",), message, "Take it out.")


def _dated(outline: Outline, number: int, pack: Pack) -> bool:
    pattern = outline.patterns[number]
    return pattern.signal is not None or pattern.kind not in pack.timeless


def _periods(outline: Outline, pack: Pack) -> list[int]:
    """The period of every metric that the rule's signals may come from; nothing where that is not known, or one has none."""
    metrics = pack.known.metrics
    if metrics is None or outline.rule.id in pack.known.general:
        return []
    found: list[int] = []
    for number in outline.positive:
        pattern: Pattern = outline.patterns[number]
        if pattern.signal is None:
            if pattern.kind not in pack.timeless:
                return []  # a conclusion comes when its own signals do
            continue
        among = pattern_values(outline, number, pack)("metric").among
        for metric in metrics.values():
            watch = metric.detector
            if watch and watch.kind == pattern.signal and (among is None or ("text", metric.id) in among):
                grain = watch.period if isinstance(watch, ForecastMiss) else metric.grain
                if grain not in PERIODS:
                    return []
                found.append(PERIODS[grain])
    return found
