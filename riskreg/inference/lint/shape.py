"""What would make one rule unsound to run: its branches, its join, and what its conditions compare."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from riskreg.inference.facts import MAX_TEXT, MAX_WHOLE
from riskreg.inference.lint.kinds import kind_of
from riskreg.inference.lint.pack import Outline, Pack
from riskreg.inference.lint.registry import Told, each
from riskreg.inference.meaning import MAX_BRANCHES, MAX_PATTERNS, Branch, width
from riskreg.inference.wording import as_time
from riskreg.model.fact import STANDING
from riskreg.model.rule import ORDER, Pattern
from riskreg.model.signal import SIGNAL_FIELDS

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
def join_unbound(outline: Outline, _pack: Pack) -> Iterator[Told]:
    for branch in _sound(outline):
        bound = frozenset[str]().union(*(outline.carries[number] for number in branch.positive))
        for index, name in enumerate(outline.rule.join):
            if name not in bound:
                message = f"it joins on {name}, but no fact of one alternative has that field ({_said(outline, branch)})"
                yield Told(("join", index), message, f"Take {name} out of join, or add a pattern that has it.", "join: [site]")


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
    if raises is None or raises.due is None:
        return
    name, _, field = raises.due.rpartition(".")
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
