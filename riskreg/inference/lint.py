"""What is wrong with rules before they run, each with its place and what to do about it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import polars as pl

from riskreg.inference.explain import RESERVED, check
from riskreg.inference.meaning import (
    MAX_BRANCHES,
    MAX_PATTERNS,
    STANDING,
    Branch,
    branches,
    carried,
    concluded,
    cycles,
    links,
    patterns,
    tree,
    width,
)
from riskreg.inference.wording import as_time
from riskreg.model.faults import Fault, Span, errors, in_order
from riskreg.model.rule import ORDER, Pattern, Rule, RuleTest, positives
from riskreg.model.signal import SIGNAL_SCHEMA

Wrong = tuple[str, str, str]
"""Code, message, hint."""


def check_rules(rules: Sequence[Rule], spans: Mapping[str, Span], explains: Mapping[str, Span] | None = None) -> tuple[Fault, ...]:
    """Everything that is wrong with rules as a set: `structure`, and explain texts that would fail.

    `spans` gives the place of each rule id; a rule without one is placed at `rules:<id>`. `explains` gives that of its explain
    text; without one it is the rule's.
    """
    found = list(structure(rules, spans))
    broken = {fault.span for fault in errors(found)}
    made = concluded(rules)
    for rule in rules:
        span = _span(rule.id, spans)
        if span not in broken:
            text = (explains or {}).get(rule.id, span)
            found += [
                _fault(text, ("rule-explain", f"explain of rule {rule.id}: {wrong}", _EXPLAIN)) for wrong in check(rule, made)
            ]
        if rule.status == "deprecated" and rule.replaced_by is None:
            message = f"rule {rule.id} is deprecated, and nothing says what replaces it"
            found.append(_fault(span, ("rule-deprecated", message, "Add replaced_by: the-new-rule."), warning=True))
    return in_order(found)


def check_tests(
    rules: Sequence[Rule], tests: Mapping[str, Sequence[RuleTest]], spans: Mapping[str, Span] | None = None
) -> tuple[Fault, ...]:
    """Rules without a test that must fire, or without one that must not; and tests of a rule that does not exist."""
    found = []
    known = {rule.id for rule in rules}
    for rule in rules:
        given = tests.get(rule.id, ())
        fires = [any(expected.rule == rule.id for expected in test.expect) for test in given]
        for missing, code, what in (
            (not any(fires), "rule-untested", "fires"),
            (all(fires), "rule-no-negative-test", "stays silent"),
        ):
            if missing:
                message = f"no test shows a case in which rule {rule.id} {what}"
                hint = "Add one to rules/<id>.test.yaml: given facts, and what is expected (expect: [] for nothing)."
                found.append(_fault(_span(rule.id, spans or {}), (code, message, hint)))
    for name in sorted(set(tests) - known):
        message = f"there are tests for rule {name}, but no such rule"
        found.append(_fault(_span(name, spans or {}), ("test-unknown-rule", message, "Correct the name after rule:.")))
    return in_order(found)


def structure(rules: Sequence[Rule], spans: Mapping[str, Span]) -> tuple[Fault, ...]:
    """What would make a rule unsound to run: joins, branches, chains of conclusions."""
    found: list[Fault] = []
    made = concluded(rules)
    seen: set[str] = set()
    for rule in rules:
        wrongs = [*_chained(rule, rules), *_shape(rule, made), *_conditions(rule), *_deadline(rule)]
        if rule.id in seen:
            wrongs.append(("rule-duplicate", f"two rules have the id {rule.id}", "Ids are never used twice."))
        seen.add(rule.id)
        found += [_fault(_span(rule.id, spans), wrong) for wrong in wrongs]
    negated = links(rules)
    for chain in cycles(rules):
        back = any(negated[rule][other] for rule in chain for other in chain if other in negated[rule])
        code = "rule-cycle-negated" if back else "rule-cycle"
        way = "through a negation back to itself" if back else "back to itself"
        message = f"the conclusions of {', '.join(chain)} lead {way}"
        hint = "What a rule concludes must not, over any number of rules, decide whether it fires."
        found += [_fault(_span(rule, spans), (code, message, hint)) for rule in chain]
    return in_order(found)


_EXPLAIN = "Use the names given with 'as', and fields that those facts have: {{ spike.site }}: {{ spike.value | num }} leavers"
_JOIN = "Say what the facts have in common: join: [site]"


def _shape(rule: Rule, made: Mapping[str, frozenset[str]]) -> Iterator[Wrong]:
    """Branches, and the join over each of them."""
    node = tree(rule.when)
    numbered = patterns(node)
    carry = {number: frozenset(rule.join) & carried(pattern, made) for number, pattern in numbered.items()}
    if width(node) > MAX_BRANCHES:
        yield "rule-too-wide", f"rule {rule.id} has {width(node)} alternatives, at most {MAX_BRANCHES} are possible", "Split it."
        return
    told: set[Wrong] = set()
    for branch in branches(node):
        for wrong in _branch(rule, branch, numbered, carry):
            if wrong not in told:
                told.add(wrong)
                yield wrong
    aliases = sorted({p.alias for p in numbered.values() if p.alias} & set(RESERVED))
    for alias in aliases:
        yield (
            "rule-alias",
            f"rule {rule.id} names a pattern '{alias}', which has a meaning of its own in explain",
            "Choose another.",
        )


def _branch(rule: Rule, branch: Branch, numbered: Mapping[int, Pattern], carry: Mapping[int, frozenset[str]]) -> Iterator[Wrong]:
    if len(branch.positive) > MAX_PATTERNS:
        message = f"rule {rule.id} asks for {len(branch.positive)} facts at once, at most {MAX_PATTERNS} are possible"
        yield "rule-too-wide", message, "Let one rule conclude a fact that another matches."
        return
    if not branch.positive:
        message = f"one alternative of rule {rule.id} has nothing but 'not', so it would hold wherever nothing is known"
        yield "rule-branch-empty", message, "Put the 'not' beside a signal or a fact, under 'all'."
        return
    bound = frozenset[str]().union(*(carry[number] for number in branch.positive))
    for field in rule.join:
        if field not in bound:
            kinds = ", ".join(numbered[number].kind for number in branch.positive)
            message = f"rule {rule.id} joins on {field}, but no fact of one alternative has that field ({kinds})"
            yield "rule-join-unbound", message, f"Take {field} out of join, or add a pattern that has it."
    if len(_together([carry[number] for number in branch.positive])) > 1:
        kinds = ", ".join(numbered[number].kind for number in branch.positive)
        yield "rule-unjoined", f"rule {rule.id} puts facts together that share no join field ({kinds})", _JOIN
    for number in branch.negative:
        if rule.join and not carry[number]:
            message = (
                f"rule {rule.id}: 'not {numbered[number].kind}' has none of the join fields, so one such fact anywhere silences all"
            )
            yield "rule-not-unjoined", message, _JOIN


def _together(parts: Sequence[frozenset[str]]) -> list[frozenset[str]]:
    """Field sets merged where they overlap: one is left where all patterns hang together. A single pattern always does."""
    groups: list[frozenset[str]] = []
    for part in parts:
        apart = [group for group in groups if not group & part]
        near = [group for group in groups if group & part]
        groups = [*apart, part.union(*near)]
    return groups


def _conditions(rule: Rule) -> Iterator[Wrong]:
    for pattern in patterns(tree(rule.when)).values():
        for field, condition in pattern.where.items():
            if any(getattr(condition, name) is None for name in condition.model_fields_set):
                message = f"rule {rule.id}: {field} cannot be compared with nothing"
                yield "rule-condition-null", message, f"Write {field}: {{exists: false}}."
            ordered = sorted(set(ORDER) & condition.model_fields_set)
            if ordered and not _number(pattern, field):
                message = f"rule {rule.id}: {field} of {pattern.kind} is not a number, so '{ordered[0]}' has no meaning"
                yield "rule-order-on-text", message, "Use eq, ne, in or not_in; for times, use within."


def _deadline(rule: Rule) -> Iterator[Wrong]:
    if rule.then.raises is None or rule.then.raises.due is None:
        return
    alias, _, field = rule.then.raises.due.rpartition(".")
    for pattern in positives(rule.when):
        if pattern.alias == alias and not _date(pattern, field):
            message = f"rule {rule.id}: {field} of {pattern.kind} is not a date, so it cannot be a deadline"
            yield "rule-due", message, "Name a field that holds a time or a date, such as notice_by of a contract."


def _date(pattern: Pattern, field: str) -> bool:
    """Whether a field holds a time or a date, as far as its kind is described."""
    if pattern.signal is not None:
        return field in SIGNAL_SCHEMA and SIGNAL_SCHEMA[field].is_temporal()
    if field == "at" or pattern.kind not in STANDING:
        return True
    try:
        as_time(STANDING[pattern.kind].get(field))
    except ValueError:
        return False
    return True


def _number(pattern: Pattern, field: str) -> bool:
    """Whether a field may be a number, as far as its kind is described."""
    if pattern.signal is not None:
        return field not in SIGNAL_SCHEMA or SIGNAL_SCHEMA[field] in (pl.Float64(), pl.Int64())
    if field in ("id", "fact", "at", "rule"):
        return False
    sample = STANDING.get(pattern.kind, {}).get(field, 0)
    return isinstance(sample, (int, float)) and not isinstance(sample, bool)


def _chained(rule: Rule, rules: Sequence[Rule]) -> Iterator[Wrong]:
    if rule.then.conclude is None:
        return
    fact = rule.then.conclude.fact
    if fact in STANDING:
        yield "rule-conclude-reserved", f"rule {rule.id} concludes '{fact}', which the network itself says", "Choose another name."
    for other in rules:
        if other.then.conclude and other.then.conclude.fact == fact and set(other.join) != set(rule.join):
            message = f"rules {' and '.join(sorted((rule.id, other.id)))} conclude '{fact}' but join on different fields"
            yield "rule-conclude-keys", message, "Rules that conclude the same fact have the same join."


def _span(rule: str, spans: Mapping[str, Span]) -> Span:
    return spans.get(rule, Span(path="rules", cell=rule))


def _fault(span: Span, wrong: Wrong, *, warning: bool = False) -> Fault:
    code, message, hint = wrong
    return Fault(code=code, message=message, hint=hint, span=span, severity="warning" if warning else "error")
