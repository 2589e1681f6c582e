"""What a rule joins, concludes and says: what would make it unsound to run, too large, or fail to explain itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from math import prod

from riskreg.inference.language.meaning import (
    MAX_BRANCHES,
    MAX_COMBINATIONS,
    MAX_PATTERNS,
    MAX_TEXT,
    MAX_WHOLE,
    Branch,
    carried,
    width,
)
from riskreg.inference.lint.checks import Outline, Pack, Told, across, each
from riskreg.inference.lint.fields import kind_of, pattern_values
from riskreg.inference.lint.timing import DAY, PERIODS
from riskreg.model.fact import STANDING
from riskreg.model.metric import ForecastMiss, Metric
from riskreg.model.rule import ORDER, Pattern
from riskreg.model.signal import SIGNAL_FIELDS, as_time

RESERVED = ("every", "key")
"""Names that have a meaning of their own in explain."""


@each("rule-too-wide", "More branches or patterns than the limits above.", "error", forbids=True)
def too_wide(outline: Outline, _pack: Pack) -> Iterator[Told]:
    ways = width(outline.node)
    if ways > MAX_BRANCHES:
        yield Told(("when",), f"it has {ways} alternatives, at most {MAX_BRANCHES} are possible", "Split it into several rules.")
    most = max((len(branch.positive) for branch in outline.branches), default=0)
    if most > MAX_PATTERNS:
        message = f"it asks for {most} facts at once, at most {MAX_PATTERNS} are possible"
        yield Told(("when",), message, "Let one rule conclude a fact that another matches.", "conclude: {fact: coverage_at_risk}")


@each("rule-branch-empty", "A branch has nothing but `not`.", "error", forbids=True)
def branch_empty(outline: Outline, _pack: Pack) -> Iterator[Told]:
    for branch in outline.branches:
        if not branch.positive:
            message = "one alternative has nothing but 'not', so it would hold wherever nothing is known"
            example = "all: [{signal: quality_drift}, {not: {fact: open_action}}]"
            yield Told(
                outline.places[branch.negative[0]], message, "Put the 'not' beside a signal or a fact, under 'all'.", example
            )


@each("rule-join-unbound", "A branch has no pattern that carries a join field.", "error", forbids=True)
def join_unbound(outline: Outline, pack: Pack) -> Iterator[Told]:
    for branch in _sound(outline):
        bound = frozenset[str]().union(*(outline.carries[number] for number in branch.positive))
        for index, name in enumerate(outline.rule.join):
            if name not in bound:
                message = f"it joins on {name}, but no fact of one alternative has that field ({_said(outline, branch)})"
                near = get_close_matches(name, sorted(_fields(outline, branch, pack)), n=1)
                hint = f"Did you mean '{near[0]}'?" if near else f"Take {name} out of join, or add a pattern that has it."
                yield Told(("join", index), message, hint, "join: [site]")


@each(
    "rule-unjoined",
    "Patterns of one branch share no join field; a warning where the rule has no `join` at all: any fact goes with any other.",
    "error",
    forbids=True,
)
def unjoined(outline: Outline, _pack: Pack) -> Iterator[Told]:
    for branch in _sound(outline):
        if len(branch.positive) > 1 and not outline.rule.join:
            message = f"it puts any facts together, wherever they are from ({_said(outline, branch)})"
            yield Told(("when",), message, "Say what the facts have in common.", "join: [site]", severity="warning")
        elif len(_together([outline.carries[number] for number in branch.positive])) > 1:
            message = f"it puts facts together that share no join field ({_said(outline, branch)})"
            yield Told(("join",), message, "Say what the facts have in common.", "join: [site]")


@each("rule-conclude-reserved", "A conclusion has the name of a standing fact.", "error", forbids=True)
def conclude_reserved(outline: Outline, _pack: Pack) -> Iterator[Told]:
    made = outline.rule.then.conclude
    if made and made.fact in STANDING:
        message = f"it concludes '{made.fact}', which the network itself says"
        yield Told(("then", "conclude", "fact"), message, "Choose another name.", "conclude: {fact: coverage_at_risk}")


@each("rule-alias", "A pattern is named `every` or `key`.", "error", forbids=True)
def alias(outline: Outline, _pack: Pack) -> Iterator[Told]:
    for number, pattern in outline.patterns.items():
        if pattern.alias in RESERVED:
            message = f"it names a pattern '{pattern.alias}', which has a meaning of its own in explain"
            yield Told((*outline.places[number], "as"), message, "Choose another name.", "{as: spike, signal: attrition_spike}")


@each("rule-order-on-text", "`gt`, `gte`, `lt` or `lte` on a field that is no number.", "error", forbids=True)
def order_on_text(outline: Outline, pack: Pack) -> Iterator[Told]:
    for test in outline.tests:
        ordered = [word for word in ORDER if word in test.condition.model_fields_set]
        for pattern in (outline.patterns[number] for number in test.patterns if ordered):
            if kind_of(pattern, test.field, pack.made) in ("text", "truth", "time", "texts"):
                message = f"{test.field} of {pattern.kind} is not a number, so '{ordered[0]}' has no meaning"
                hint = "Use eq, ne, in or not_in; for times, use within."
                yield Told(test.at(ordered[0]), message, hint, f"{test.field}: {{in: [a, b]}}")


@each("rule-condition-null", "A comparison with nothing; write `{exists: false}`.", "error", forbids=True)
def condition_null(outline: Outline, _pack: Pack) -> Iterator[Told]:
    for test in outline.tests:
        for word in sorted(test.condition.model_fields_set):
            if getattr(test.condition, word) is None:
                hint = "Say that the field is not there."
                yield Told(test.at(word), f"{test.field} cannot be compared with nothing", hint, f"{test.field}: {{exists: false}}")


@each(
    "rule-limit",
    "A condition on a text or a number that no fact can have: over 1,000 characters, or beyond 2^53.",
    "error",
    forbids=True,
)
def limit(outline: Outline, _pack: Pack) -> Iterator[Told]:
    for test in outline.tests:
        for word in sorted(test.condition.model_fields_set):
            given = getattr(test.condition, word)
            values = given if isinstance(given, tuple) else (given,)
            if any(isinstance(value, str) and len(value) > MAX_TEXT for value in values):
                message = f"{test.field} is compared with a text of more than {MAX_TEXT:,} characters"
                yield Told(test.at(word), message, "Compare with a shorter one.")
            if any(isinstance(value, (int, float)) and abs(value) > MAX_WHOLE for value in values):
                message = f"{test.field} is compared with a number beyond 2^53, which no fact can have exactly"
                yield Told(test.at(word), message, "Use a larger unit, or a text.")


@each("rule-due", "`raise.due` names a field that is no date.", "error", forbids=True)
def due(outline: Outline, _pack: Pack) -> Iterator[Told]:
    raises = outline.rule.then.raises
    if raises is None or (deadline := raises.deadline) is None:
        return
    name, field, _ = deadline
    for number in outline.positive:
        pattern = outline.patterns[number]
        if pattern.alias == name and not _date(pattern, field):
            message = f"{field} of {pattern.kind} is not a date, so it cannot be a deadline"
            yield Told(("then", "raise", "due"), message, "Name a field that holds a time or a date.", "due: contract.notice_by")


def _date(pattern: Pattern, field: str) -> bool:
    """Whether a field holds a time or a date, as far as its kind is described."""
    if pattern.signal is not None:
        return SIGNAL_FIELDS.get(field) == "time"
    if field == "at" or pattern.kind not in STANDING:
        return True
    try:
        as_time(STANDING[pattern.kind].get(field))
    except ValueError:
        return False
    return True


def _sound(outline: Outline) -> Iterator[Branch]:
    """Branches that something can be said about."""
    yield from (branch for branch in outline.branches if 0 < len(branch.positive) <= MAX_PATTERNS)


def _fields(outline: Outline, branch: Branch, pack: Pack) -> frozenset[str]:
    """Every field that a fact of this branch could be joined on."""
    fields = {*SIGNAL_FIELDS, *(name for fact in STANDING.values() for name in fact)} - {"id", "signal", "fact"}
    return frozenset[str]().union(*(carried(outline.patterns[number], pack.made, fields) for number in branch.positive))


def _said(outline: Outline, branch: Branch) -> str:
    return ", ".join(outline.patterns[number].kind for number in branch.positive)


def _together(parts: Sequence[frozenset[str]]) -> list[frozenset[str]]:
    """Field sets merged where they overlap: one is left where all patterns hang together. A single pattern always does."""
    groups: list[frozenset[str]] = []
    for part in parts:
        apart = [group for group in groups if not group & part]
        near = [group for group in groups if group & part]
        groups = [*apart, part.union(*near)]
    return groups


@across("rule-duplicate", "Two rules have one id.", "error", forbids=True)
def duplicate(pack: Pack) -> Iterator[Told]:
    seen: set[str] = set()
    for rule in pack.rules:
        if rule.id in seen:
            yield Told(("id",), f"two rules have the id {rule.id}", "Ids are never used twice.", "id: another-name", rule=rule.id)
        seen.add(rule.id)


@across("rule-conclude-keys", "Two rules conclude the same fact with different joins.", "error", forbids=True)
def conclude_keys(pack: Pack) -> Iterator[Told]:
    for name, makers in pack.makers.items():
        first = makers[0]
        others = [rule for rule in makers if set(rule.join) != set(first.join)]
        for rule in (first, *others) if others else ():
            other = others[0] if rule is first else first
            message = f"it concludes '{name}' and so does {other.id}, but they join on different fields"
            hint = "Rules that conclude the same fact have the same join."
            yield Told(("join",), message, hint, f"join: [{', '.join(first.join) or 'site'}]", rule=rule.id)


_HINT = "Use the names given with 'as', and fields that those facts have."


@each("rule-explain", "The explain text cannot be read, names what is not there, or fails on a sample; no run either.", "error")
def explain(outline: Outline, pack: Pack) -> Iterator[Told]:
    from riskreg.inference.words.explain import check  # carries Jinja2, which a run of rules does without

    for wrong in check(outline.rule, pack.made):
        yield Told(
            ("explain",), f"its explain text does not work: {wrong}", _HINT, "{{ spike.site }}: {{ spike.value | num }} leavers"
        )


HISTORY = 104 * 7 * DAY
"""Seconds of past that are counted with: two years."""
SHARE = 4
"""One period in so many is taken to give a signal: far more than well set detectors give."""


@each("rule-may-explode", "By the size of the workspace the rule may have to look at more combinations than the limit.")
def may_explode(outline: Outline, pack: Pack) -> Iterator[Told]:
    counts, metrics = pack.known.counts, pack.known.metrics
    if counts is None or metrics is None:
        return
    for branch in outline.branches:
        facts = {number: _facts(outline, number, pack, counts, metrics) for number in branch.positive}
        total = float(prod(facts.values()))
        for name in outline.rule.join:
            carriers = sum(name in outline.carries[number] for number in branch.positive)
            total /= counts.get(name, 1) ** max(0, carriers - 1)
        window = outline.rule.within
        dated = sum(outline.patterns[number].signal is not None for number in branch.positive)
        if window is not None and dated > 1:
            total *= min(1.0, 2 * window / HISTORY) ** (dated - 1)
        if total > MAX_COMBINATIONS:
            parts = " × ".join(f"{facts[number]:,} {outline.patterns[number].kind}" for number in branch.positive)
            message = (
                f"it may have to look at about {_round(total):,} combinations ({parts}, less what join and within keep apart), and "
                f"{MAX_COMBINATIONS:,} are possible; counted as if one period in {SHARE} of two years gave a signal in every series"
            )
            yield Told(("when",), message, "Join on more fields, shorten within, or narrow the conditions.", "join: [site]")
            return


def _facts(outline: Outline, number: int, pack: Pack, counts: Mapping[str, int], metrics: Mapping[str, Metric]) -> int:
    """Facts of a pattern in the whole workspace, where every series gives a signal in one period of `SHARE`."""
    pattern = outline.patterns[number]
    values = pattern_values(outline, number, pack)
    sites, functions, vendors = (max(1, counts.get(name, 1)) for name in ("site", "function", "vendor"))
    if pattern.signal is None:
        pairs = counts.get("served", sites * functions)
        all_of = {"site": sites, "served": pairs, "contract": vendors, "vendor": vendors, "function": functions, "cover": pairs}
        all_of |= {"pool": counts.get("pool", 1), "depends": pairs * counts.get("system", 1)}
        found = all_of.get(pattern.kind, max(sites, functions))
    else:
        among = values("metric").among
        watched = [
            (metric.detector.period if isinstance(metric.detector, ForecastMiss) else metric.grain)
            for metric in metrics.values()
            if metric.detector and metric.detector.kind == pattern.signal and (among is None or ("text", metric.id) in among)
        ]
        found = sum(max(sites, functions) * HISTORY // PERIODS.get(grain, PERIODS["week"]) // SHARE for grain in watched)
    for name in ("site", "function", "vendor"):
        listed = values(name).among
        if listed is not None:
            found = found * min(len(listed), counts.get(name, 1)) // max(1, counts.get(name, 1))
    return max(1, found)


def _round(total: float) -> int:
    digits = len(str(int(total))) - 2
    size = int(10**digits)
    return round(total / size) * size
