"""A rule without one of its parts: what its tests are measured by, and in words which test would notice."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from riskreg.inference.language.meaning import Branch, branches, patterns, tree
from riskreg.inference.words.conditions import Voice, asked
from riskreg.inference.words.wording import words
from riskreg.model.rule import All, Any_, Condition, Not, Pattern, Rule, When
from riskreg.model.times import say_duration

Kind = Literal["condition", "fact", "not", "count", "join", "time", "scope", "exception", "missing-data", "branch"]
Path = tuple[str | int, ...]
"""Where in a rule, in the file's own words: ("when", "all", 1, "where", "strength")."""


@dataclass(frozen=True, slots=True)
class Without:
    """A rule without one of its parts: which, and the test that would notice. `rule` may be unsound."""

    kind: Kind
    path: Path
    text: str
    hint: str
    rule: Rule
    dropped: str = ""
    """The join field that is gone: keys are compared without it, so that two places must mix before it counts."""


def without(rule: Rule) -> Iterator[Without]:
    """The rule without each condition, fact, `not`, count, join field, time, scope and exception, in file order."""
    for path, node, negated, put in _walk(rule.when, ("when",), rule):
        if isinstance(node, Pattern):
            yield from _of_pattern(path, node, put, negated=negated)
        elif isinstance(node, Not) and (less := put(None)):
            hint = f"a test in which all else holds and {_name(node.no)} is there, and that expects nothing"
            yield Without("not", path, f"no {_name(node.no)}", hint, less)
    for field in rule.join:
        rest = tuple(name for name in rule.join if name != field)
        hint = f"a test with facts of two {words(field)}s that must not mix" if mixes(rule) else "a test that fires"
        yield Without("join", ("join",), f"the same {words(field)}", hint, _but(rule, join=rest), field)
    yield from _times(rule)
    for field, said, scope in _wheres(Pattern(fact="any", where=rule.scope)):
        hint = f"a test with facts that would fire, of which {words(field)} is something else, and that expects nothing"
        yield Without("scope", ("scope", field), f"only where {said}", hint, _but(rule, scope=scope))
    for number, exception in enumerate(rule.exceptions):
        others = rule.exceptions[:number] + rule.exceptions[number + 1 :]
        hint = f"a test with facts that it leaves out, with as_of on {exception.until} or before, and that expects nothing"
        text = f"the exception until {exception.until}: {exception.reason}"
        yield Without("exception", ("exceptions", number), text, hint, _but(rule, exceptions=others))
    if rule.on_missing_data == "fire":
        hint = "a test with missing_data in place of the signal, in which the rule fires"
        yield Without("missing-data", ("on_missing_data",), "overdue readings fire", hint, _but(rule, on_missing_data="flag"))


def mixes(rule: Rule) -> bool:
    """Whether facts of two places could come together at all."""
    found = patterns(tree(rule.when))
    return len(found) > 1 or any(pattern.at_least for pattern in found.values())


def _times(rule: Rule) -> Iterator[Without]:
    if rule.within is not None:
        hint = f"a test with facts more than {say_duration(rule.within)} apart, and that expects nothing"
        yield Without("time", ("within",), f"within {say_duration(rule.within)}", hint, _but(rule, within=None))
    if rule.lasting is not None:
        hint = f"a test in which it lasts less than {say_duration(rule.lasting)}, and that expects nothing"
        yield Without("time", ("for",), f"for {say_duration(rule.lasting)}", hint, _but(rule, lasting=None))
    if rule.keep_open_for is not None:
        hint = f"a test with as_of more than {say_duration(rule.keep_open_for)} after the last fact, and that expects nothing"
        text = f"open for {say_duration(rule.keep_open_for)}"
        yield Without("time", ("keep_open_for",), text, hint, _but(rule, keep_open_for=None))


Put = Callable[["When | None"], "Rule | None"]
"""The rule with another node at one place, or with none; None where nothing would be left."""


def _walk(when: When, path: Path, rule: Rule) -> Iterator[tuple[Path, When, bool, Put]]:
    def top(new: When | None) -> Rule | None:
        return _but(rule, when=new) if new is not None else None

    yield from _nodes(when, path, top, negated=False)


def _nodes(when: When, path: Path, put: Put, *, negated: bool) -> Iterator[tuple[Path, When, bool, Put]]:
    yield path, when, negated, put
    if isinstance(when, Not):
        denied = when

        def within(new: When | None) -> Rule | None:
            return put(denied.model_copy(update={"no": new}) if new is not None else None)

        yield from _nodes(when.no, (*path, "not"), within, negated=True)
    elif isinstance(when, All | Any_):
        name, parts = ("all", when.all) if isinstance(when, All) else ("any", when.any)
        for number, part in enumerate(parts):
            yield from _nodes(part, (*path, name, number), _putter(when, name, parts, number, put), negated=negated)


def _putter(when: All | Any_, name: str, parts: tuple[When, ...], number: int, put: Put) -> Put:
    def at(new: When | None) -> Rule | None:
        rest = (*parts[:number], *(() if new is None else (new,)), *parts[number + 1 :])
        return put(when.model_copy(update={name: rest}) if rest else None)

    return at


def _of_pattern(path: Path, pattern: Pattern, put: Put, *, negated: bool) -> Iterator[Without]:
    name = _name(pattern)
    quiet = "in which the rule fires all the same" if negated else "that expects nothing"
    for field, said, where in _wheres(pattern):
        hint = f"a test in which all else holds and {words(field)} of {name} is something else, and {quiet}"
        yield from _part("condition", (*path, "where", field), f"{name}: {said}", hint, put(_less_of(pattern, where=where)))
    if pattern.at_least is not None:
        fewer, hint = pattern.at_least - 1, f"a test with {pattern.at_least - 1} of them, and {quiet}"
        alone: dict[str, None] = dict.fromkeys(("at_least", "different", "within"))
        less = _less_of(pattern, at_least=fewer) if fewer > 1 else _less_of(pattern, **alone)
        yield from _part("count", (*path, "at_least"), f"{name}: at least {pattern.at_least}", hint, put(less))
    if pattern.different is not None:
        hint, less = f"a test with the same {words(pattern.different)} every time, and {quiet}", _less_of(pattern, different=None)
        yield from _part("count", (*path, "different"), f"{name}: different {words(pattern.different)}s", hint, put(less))
    if pattern.within is not None:
        hint, less = f"a test with some that are older or lie further apart, and {quiet}", _less_of(pattern, within=None)
        yield from _part("time", (*path, "within"), f"{name}: within {say_duration(pattern.within)}", hint, put(less))
    if not negated and path[-2:-1] == ("all",):
        hint = f"a test in which all else holds, without {name}, and that expects nothing"
        yield from _part("fact", path, f"{name} is there", hint, put(None))


def _part(kind: Kind, path: Path, text: str, hint: str, rule: Rule | None) -> Iterator[Without]:
    if rule is not None:
        yield Without(kind, path, text, hint, rule)


def _less_of(pattern: Pattern, **fields: object) -> Pattern:
    return pattern.model_copy(update=fields)


def _wheres(pattern: Pattern) -> Iterator[tuple[str, str, dict[str, Condition]]]:
    """For each operator of each condition: the field, the operator in words, and the conditions without it."""
    for field, condition in pattern.where.items():
        others = {name: kept for name, kept in pattern.where.items() if name != field}
        operators = [name for name in type(condition).model_fields if name in condition.model_fields_set]
        for operator in operators:
            only = Condition(**{operator: getattr(condition, operator)})
            rest = {name: getattr(condition, name) for name in operators if name != operator}
            said = asked(pattern.model_copy(update={"where": {field: only}}), field, Voice())
            yield field, f"{words(field)} {said}", others | ({field: Condition(**rest)} if rest else {})


def ways(rule: Rule) -> Iterator[Without]:
    """The rule by each of its ways alone."""
    node = tree(rule.when)
    found, numbered = branches(node), patterns(node)
    for number, branch in enumerate(found):
        way = " and ".join(_name(numbered[one]) for one in branch.positive)
        text = f"it fires by {way}" if len(found) > 1 else "it fires"
        hint = f"a test that fires by {way}"
        yield Without(
            "branch", ("when", number) if len(found) > 1 else ("when",), text, hint, _but(rule, when=_way(branch, numbered))
        )


def _way(branch: Branch, numbered: Mapping[int, Pattern]) -> When:
    return All(all=(*(numbered[one] for one in branch.positive), *(Not(no=numbered[one]) for one in branch.negative)))


def _name(pattern: Pattern) -> str:
    return f"\u2018{words(pattern.alias or pattern.kind)}\u2019"


def _but(rule: Rule, **fields: object) -> Rule:
    # A copy that is not validated: what a rule must be does not bind a rule that is broken on purpose.
    return rule.model_copy(update=fields)
