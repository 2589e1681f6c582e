"""The sentence that a rule says about a finding: a sandboxed Jinja2 template over the facts that matched.

In it, each name given with `as` is the fact of the combination that speaks for all (none where an `any` took another way),
`every.<name>` is every fact that matched there, oldest first, and `key` holds the join values. A counted pattern's name is its
newest fact. Missing data that stands in for a signal has the fields of a signal, all empty. A field that is not there is an error.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from jinja2 import StrictUndefined, Template, TemplateError, TemplateSyntaxError, meta, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from riskreg.inference.language.meaning import Branch, Firing, Item, branches, patterns, tree
from riskreg.inference.words.wording import MISSING, day, listed, measured, num, pct, period, time, words
from riskreg.model.fact import STANDING
from riskreg.model.rule import Pattern, Rule
from riskreg.model.signal import SIGNAL_FIELDS

RESERVED = ("every", "key")
FILTERS = (
    "abs",
    "default",
    "first",
    "join",
    "last",
    "length",
    "lower",
    "map",
    "max",
    "min",
    "round",
    "sort",
    "sum",
    "unique",
    "upper",
)
"""Jinja2's own filters that explain may use, beside our own: none that can make a short text long."""
_GROWING = (
    nodes.Assign, nodes.AssignBlock, nodes.Block, nodes.Call, nodes.CallBlock, nodes.Extends, nodes.FilterBlock, nodes.For,
    nodes.FromImport, nodes.Import, nodes.Include, nodes.Macro, nodes.Mod, nodes.Mul, nodes.Pow, nodes.With,
)  # fmt: skip
MAX_LENGTH = 2000
DEEPEST = 40
"""Levels of brackets, operators, filters and conditions in one another: more than any sentence needs."""


class ExplainError(Exception):
    """An explain text that does not work; the message says why, in one line."""


@lru_cache(maxsize=1)
def _environment() -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=False)
    own = {
        "num": num,
        "pct": pct,
        "date": day,
        "time": time,
        "words": words,
        "measured": measured,
        "listed": listed,
        "period": period,
    }
    environment.filters = {name: environment.filters[name] for name in FILTERS} | own
    return environment


def _parsed(source: str) -> nodes.Template:
    """A sentence, not a program: loops, calls, assignments and what multiplies are refused, so that it ends and stays short; so is
    what is nested deeply, which neither Jinja2 nor Python's own compiler bears."""
    try:
        parsed = _environment().parse(source)
    except RecursionError:
        raise _too_deep(1) from None
    level: list[nodes.Node] = [parsed]
    for _ in range(DEEPEST):
        level = [below for node in level for below in node.iter_child_nodes()]
    if level:
        raise _too_deep(level[0].lineno)
    if grows := next(parsed.find_all(_GROWING), None):
        raise TemplateSyntaxError(f"{type(grows).__name__.lower()} is not possible in an explain text", grows.lineno)
    return parsed


def _too_deep(line: int) -> TemplateSyntaxError:
    return TemplateSyntaxError(f"it is nested more than {DEEPEST} levels deep", line)


@lru_cache(maxsize=1024)
def _template(source: str) -> Template:
    _parsed(source)
    return _environment().from_string(source)


def render(rule: Rule, firing: Firing, items: Mapping[str, Item], key: Mapping[str, str]) -> str:
    """The explain text of a firing, the rule's title where it has none; `items` and `key` bear names for people. ExplainError
    where the template fails on them."""
    if not rule.explain.strip():
        return rule.title
    numbered = patterns(tree(rule.when))
    named = {number: pattern.alias for number, pattern in numbered.items() if pattern.alias}
    context: dict[str, Any] = dict.fromkeys(named.values())
    context |= {named[number]: _seen(numbered[number], items[fact].fact) for number, fact in firing.chosen if number in named}
    every: dict[str, list[Mapping[str, Any]]] = {alias: [] for alias in named.values()}
    for number, fact in sorted(firing.taken, key=lambda pair: (pair[0], _moment(items[pair[1]]), pair[1])):
        if number in named:
            every[named[number]].append(_seen(numbered[number], items[fact].fact))
    return _render(rule.explain, context | {"every": every, "key": key})


def check(rule: Rule, conclusions: Mapping[str, frozenset[str]]) -> tuple[str, ...]:
    """What is wrong with a rule's explain text, in words: unknown names, and failures on a sample of each branch. Where missing
    data counts as the signal, each branch is tried with it too."""
    if not rule.explain.strip():
        return ()
    numbered = patterns(tree(rule.when))
    ways = branches(tree(rule.when))
    usable = {numbered[number].alias for way in ways for number in way.positive}
    try:
        used = meta.find_undeclared_variables(_parsed(rule.explain))
    except TemplateError as error:
        return (f"the template cannot be read: {error.message}",)
    names = {alias for alias in usable if alias} | set(RESERVED)
    unknown = sorted(used - names)
    if unknown:
        listed = ", ".join(sorted(names - set(RESERVED))) or "none: name a pattern with 'as'"
        return tuple(f"'{name}' is not the name of a pattern (there are: {listed})" for name in unknown)
    return tuple(dict.fromkeys(_tried(rule, numbered, ways, conclusions)))


def _tried(
    rule: Rule, numbered: Mapping[int, Pattern], ways: Iterable[Branch], conclusions: Mapping[str, frozenset[str]]
) -> Iterator[str]:
    for way in ways:
        samples = {number: _sample(numbered[number], conclusions) for number in way.positive}
        yield from _failure(rule, numbered, samples)
        late = {number for number in way.positive if numbered[number].signal and numbered[number].at_least is None}
        if late and rule.on_missing_data == "fire":
            samples |= {number: _seen(numbered[number], {**STANDING[MISSING], "id": MISSING, "fact": MISSING}) for number in late}
            for error in _failure(rule, numbered, samples):
                yield f"where missing data stands in for a signal: {error}"


def _failure(rule: Rule, numbered: Mapping[int, Pattern], samples: Mapping[int, Mapping[str, Any]]) -> Iterator[str]:
    context: dict[str, Any] = {pattern.alias: None for pattern in numbered.values() if pattern.alias}
    named = {alias: sample for number, sample in samples.items() if (alias := numbered[number].alias)}
    every = defaultdict(list, {alias: [sample] for alias, sample in named.items()})
    try:
        _render(rule.explain, context | named | {"every": every, "key": dict.fromkeys(rule.join, "MNL")})
    except ExplainError as error:
        yield str(error)


def _sample(pattern: Pattern, conclusions: Mapping[str, frozenset[str]]) -> Mapping[str, Any]:
    """A made-up fact of this kind with every field; of a kind that nobody describes, whatever is asked for."""
    if pattern.signal:
        values = {"text": "MNL", "number": 12.5, "whole": 3, "time": datetime(2026, 1, 1, tzinfo=UTC)}
        return {name: values[kind] for name, kind in SIGNAL_FIELDS.items() if kind in values}
    name = pattern.kind
    if name in STANDING:
        return {"id": name, "fact": name, **STANDING[name]}
    if name in conclusions:
        return {"id": name, "fact": name, "rule": "a-rule", **dict.fromkeys(conclusions[name], "MNL")}
    return _Anything()


def _seen(pattern: Pattern, fact: Mapping[str, Any]) -> Mapping[str, Any]:
    """A fact as the text sees it: missing data in the place of a signal has that signal's fields too, empty."""
    if pattern.signal and fact.get("fact") == MISSING:
        return {**{name: None for name, kind in SIGNAL_FIELDS.items() if kind != "texts"}, **fact}
    return fact


class _Anything(dict[str, Any]):
    """A fact of an unknown kind: each field is a text that is also a number and a date, so that only what can never work fails."""

    def __missing__(self, key: str) -> Any:
        return _Value("2026-01-01")


class _Value(str):
    __slots__ = ()

    def __float__(self) -> float:
        return 12.5

    def __abs__(self) -> float:
        return 12.5

    def __round__(self, digits: int = 0) -> float:
        return round(12.5, digits)

    def __radd__(self, other: float) -> float:
        return other + 12.5

    def __sub__(self, other: float) -> float:
        return 12.5 - other

    def __gt__(self, other: Any) -> bool:
        return other < 12.5 if isinstance(other, (int, float)) else str(self) > str(other)

    def __ge__(self, other: Any) -> bool:
        return bool(self > other)

    def __lt__(self, other: Any) -> bool:
        return not self > other

    def __le__(self, other: Any) -> bool:
        return not self > other


def _render(source: str, context: Mapping[str, Any]) -> str:
    try:
        text = _template(source).render(context)
    except (TemplateError, TypeError, ValueError, ArithmeticError, LookupError, AttributeError) as error:
        raise ExplainError(str(error).splitlines()[0] if str(error) else type(error).__name__) from error
    return " ".join(re.split(r"[ \t\r\n]+", text)).strip()[:MAX_LENGTH]


def _moment(item: Item) -> float:
    return item.at.timestamp() if item.at else float("-inf")
