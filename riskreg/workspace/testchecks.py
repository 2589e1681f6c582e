"""Rule tests against what could come: names, values and times of the facts that they give, keys that they expect, tests that
would pass whatever the rule says."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from riskreg.inference.facts.accepting import PLACE, PLACES
from riskreg.inference.language.connections import Connections, connection
from riskreg.inference.language.meaning import concluded
from riskreg.inference.lint.fields import Values, kind_of, lets_through, possible, value_of
from riskreg.inference.proving.ruletests import as_of, given_facts, looked_at, moment
from riskreg.model.fact import STANDING
from riskreg.model.faults import Fault, Span
from riskreg.model.rule import Pattern, Rule, RuleTest, negatives, positives
from riskreg.model.signal import SIGNAL_FIELDS, SIGNALS
from riskreg.workspace.codes import did_you_mean, fault

if TYPE_CHECKING:
    from riskreg.workspace.yamlfile import Node

_SIGNAL_FIELDS = frozenset(SIGNAL_FIELDS) - {"readings"}
Fields = Mapping[str, frozenset[str]]
"""Name of a signal or a fact → the fields that it can have."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """A name in a rule or its tests that nothing has: where it stands, and which names there are."""

    code: str
    message: str
    word: str
    span: Span
    known: frozenset[str]
    otherwise: str
    """The hint where no name is near."""
    severity: Literal["error", "warning"] = "error"

    def fault(self) -> Fault:
        hint = did_you_mean(self.word, self.known) or self.otherwise
        return fault(self.code, self.message, self.span, hint=hint, severity=self.severity)


@dataclass(frozen=True, slots=True)
class Given:
    """A test, and the same as it stands in its file."""

    rule: str
    test: RuleTest
    node: Node
    path: str

    @property
    def span(self) -> Span:
        named = self.node.get("name") or self.node
        return Span(path=self.path, line=self.node.line or named.line, col=self.node.col or named.col)


def fields_of_facts(rules: Sequence[Rule]) -> dict[str, frozenset[str]]:
    """Name of every fact that the network, people or these rules give → the fields that it can have."""
    facts = {name: frozenset(fields) | {"id", "fact"} for name, fields in STANDING.items()}
    return facts | {name: fields | {"id", "fact", "at", "rule"} for name, fields in concluded(rules).items()}


def fields_of(
    node: Node, path: str, facts: Fields, elsewhere: Collection[str] | None = ()
) -> tuple[frozenset[str] | None, list[Unknown]]:
    """The fields that the signal or fact named in `node` can have; None, and what is unknown, where nobody gives such a thing.

    `elsewhere`: facts that come from rules which are not at hand; None where nobody knows which those are.
    """
    choices: Iterable[tuple[str, frozenset[str], str, str]] = (
        ("signal", frozenset(SIGNALS), "unknown-signal", "no detector gives"),
        ("fact", frozenset(facts), "unknown-fact", "nobody asserts or concludes"),
    )
    for word, known, code, who in choices:
        named = node.get(word)
        if named is None or not isinstance(named.value, str):
            continue
        if named.value in known:
            return _SIGNAL_FIELDS if word == "signal" else facts[named.value], []
        if word == "fact" and (elsewhere is None or named.value in elsewhere):
            return None, []
        span, hint = Span(path=path, line=named.line, col=named.col), f"There are {', '.join(sorted(known))}."
        return None, [Unknown(code, f"{who} a {word} '{named.value}'", named.value, span, known, hint)]
    return None, []


def unknown_in_test(test: Node, path: str, facts: Fields, elsewhere: Collection[str] | None = ()) -> Iterator[Unknown]:
    """Facts that a rule test gives are facts that could come: same names, same fields."""
    given = test.get("given")
    for node in given.items if given else ():
        fields, wrong = fields_of(node, path, facts, elsewhere)
        yield from wrong
        for name in sorted(set(node.fields) - (fields or set(node.fields)) - {"signal", "fact", "id", "at"}):
            line, col = node.keys[name]
            message = f"'{node.value.get('signal') or node.value.get('fact')}' has no field '{name}'"
            yield Unknown("unknown-fact-field", message, name, Span(path=path, line=line, col=col), fields or frozenset(), "")


def unknown_rules(test: Node, path: str, rules: Collection[str]) -> Iterator[Unknown]:
    """Rules that a test expects something of, and that are not there."""
    known = frozenset(rules)
    for word in ("expect", "flags"):
        expected = test.get(word)
        for node in expected.items if expected else ():
            named = node.get("rule")
            if named is not None and isinstance(named.value, str) and named.value not in known:
                span = Span(path=path, line=named.line, col=named.col)
                yield Unknown("unknown-rule", f"no rule has the id '{named.value}'", named.value, span, known, "Correct the id.")


def wrong_values(test: Node, path: str, made: Fields) -> Iterator[Fault]:
    """Values that no such fact has: of another kind, out of range, a word that is none of its words, a time that is none.
    `made`: what rules conclude → the join fields that it carries."""
    given = test.get("given")
    for node in given.items if given else ():
        kinds = [word for word in ("signal", "fact") if isinstance(node.fields.get(word, node).value, str)]
        if len(kinds) != 1:
            where, hint = Span(path=path, line=node.line, col=node.col), "Write signal: quality_drift or fact: cover."
            yield fault("bad-value", "a given fact names either a signal or a fact", where, hint=hint)
            continue
        try:
            pattern = Pattern.model_validate({kinds[0]: node.fields[kinds[0]].value})
        except ValueError:
            continue  # no name at all, which is told with the names
        for name, below in node.fields.items():
            if name not in kinds and (wrong := _wrong(pattern, name, below.value, made)):
                code, message, hint, example = wrong
                where = Span(path=path, line=below.line, col=below.col)
                yield fault(code, f"'{name}' {message}", where, hint=hint, example=example)


def wrong_keys(given: Given, rules: Mapping[str, Rule]) -> Iterator[Fault]:
    """Expectations whose key is not that of their rule, so that no finding could be it."""
    for word, expected in (("expect", given.test.expect), ("flags", given.test.flags or ())):
        for index, one in enumerate(expected):
            rule = rules.get(one.rule)
            if rule is not None and set(one.key) != set(rule.join):
                node = given.node.down(word, index)
                joins = " and ".join(rule.join) or "nothing"
                where = Span(path=given.path, line=node.line, col=node.col)
                good = ", ".join([f"rule: {rule.id}", *(f"{name}: …" for name in rule.join)])
                message = f"rule {rule.id} joins on {joins}, and this gives {' and '.join(sorted(one.key)) or 'nothing'}"
                yield fault("test-expect", message, where, hint="Give the whole key, and nothing else.", example=f"{{{good}}}")


def vacuous(given: Given, rules: Mapping[str, Rule]) -> Fault | None:
    """A warning where a test that expects silence gives nothing that its rule could look at."""
    test, rule = given.test, rules.get(given.rule)
    if rule is None or any(one.rule == rule.id or one.rule not in rules for one in test.expect) or _asks_nothing(rule):
        return None
    try:
        facts = given_facts(test)
    except (ValueError, TypeError):
        return None  # told with the values
    looked = _kinds([rule])
    if any(word == "signal" and name not in SIGNALS for word, name in looked):
        return None  # told in the rule
    seen = [fact for fact in facts if _kind(fact) <= looked]
    if not seen:  # what it gives may first lead to a conclusion that it looks at
        known = Connections({one.id: connection(one) for one in rules.values()})
        looked = _kinds([rules[ident] for ident in known.around(looked_at(rule.id, (test,)))])
        seen = [fact for fact in facts if _kind(fact) & looked]
    at = as_of(test, facts)
    if any(fact.get("at") is None or fact["at"] <= at for fact in seen):
        return None
    node = given.node.get("given") or given.node
    why = "all that it could look at is later than the test's as_of" if seen else "nothing that it gives is looked for"
    message = f"the test '{test.name}' of rule {rule.id} would pass whatever the rule says: {why}"
    hint = "Give facts that almost make it fire: one condition missed, or one fact left out."
    return fault("test-vacuous", message, Span(path=given.path, line=node.line, col=node.col), hint=hint, severity="warning")


def _asks_nothing(rule: Rule) -> bool:
    """Whether the mere presence of one fact fires a rule, so that only its absence is silence."""
    patterns = [*positives(rule.when), *negatives(rule.when)]
    return len(patterns) == 1 and not (patterns[0].where or patterns[0].at_least or rule.scope or rule.exceptions)


def _kinds(rules: Iterable[Rule]) -> set[tuple[str, str]]:
    patterns = [one for rule in rules for part in (positives, negatives) for one in part(rule.when)]
    return {("signal" if one.signal else "fact", one.kind) for one in patterns}


def _kind(fact: Mapping[str, Any]) -> set[tuple[str, str]]:
    """A fact's kind; of overdue readings also the signal that they stand for."""
    if fact.get("signal") is not None:
        return {("signal", fact["signal"])}
    return {("fact", str(fact.get("fact")))} | ({("signal", fact["watches"])} if "watches" in fact else set())


def _wrong(pattern: Pattern, name: str, value: Any, made: Fields) -> tuple[str, str, str, str] | None:
    """Code, message, hint and example of what forbids a value; None where it is sound or nobody can tell."""
    if value is None:
        return None
    kind = "time" if name == "at" else kind_of(pattern, name, made)
    if kind == "time":
        try:
            moment(value)
        except (ValueError, TypeError):
            return "bad-date", f"is no time: {_said(value)}", "Write a day, or a time with its zone.", f'{name}: "2026-11-16"'
        return None
    if kind in ("unknown", "texts"):
        return None
    if not isinstance(value, (str, bool, int, float)):
        return "wrong-type", "holds more than one value", "Facts are flat: one value a field.", ""
    values, (held, _) = possible(pattern, name, made), value_of(value)
    wanted = {"text": "text", "truth": "truth"}.get(kind, "number")
    if held != wanted:
        need = {"text": "text", "truth": "true or false", "whole": "a whole number"}.get(kind, "a number")
        return "wrong-type", f"must be {need}, not {_said(value)}", "A fact with it would meet no condition.", _good(name, values)
    if lets_through(value_of(value), values):
        if name in PLACES and not re.fullmatch(PLACE, str(value)):
            return "bad-id", f"is no id: {_said(value)}", "Letters, digits, dots, dashes and underscores, 64 at most.", ""
        return None
    if kind == "text":
        words = sorted(str(word) for _, word in values.among or ())
        hint = did_you_mean(str(value), words) or f"It is one of {', '.join(words)}."
        return "unknown-choice", f"is never {_said(value)}", hint, ""
    limits = " to ".join(f"{edge:g}" for edge in (values.low, values.high) if edge is not None)
    limits += "" if values.high is not None else " or more"
    need = f"{'a whole number, ' if kind == 'whole' else ''}{limits}"
    return "out-of-range", f"is never {_said(value)}; it is {need}", "A fact with it could not come.", _good(name, values)


def _said(value: Any) -> str:
    if isinstance(value, str):
        return f'the text "{value[:60]}"'
    return str(value).lower() if isinstance(value, bool) else str(value)[:60]


def _good(name: str, values: Values) -> str:
    if values.low is None or values.high is None:
        return ""
    return f"{name}: {round((values.low + values.high) / 2) if values.whole else values.high:g}"
