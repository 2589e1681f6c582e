"""What is wrong or doubtful in rules, each with its place and what to do about it.

`structure` is what forbids a run, `check_rules` that and the explain texts, `lint` everything. Each check is a function with one
code in a module of its own subject; `CHECKS` is the table of them all.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace

from riskreg.inference.lint import chains, conditions, ladder, shape, timing, twins, upkeep  # noqa: F401  (they add their checks)
from riskreg.inference.lint.checks import CHECKS, Check, Gone, Known, Pack, Path, Told
from riskreg.model.faults import Fault, Span, errors, in_order
from riskreg.model.rule import Rule, RuleTest, Scalar

Locate = Callable[[str, Path], Span]
"""The place of something in a rule: its id, and the path to it in the file's own words."""

_TESTS = ("rule-untested", "rule-no-negative-test", "test-unknown-rule")
_OF_STRUCTURE = tuple(code for code, check in CHECKS.items() if check.forbids)


def structure(rules: Sequence[Rule], spans: Mapping[str, Span]) -> tuple[Fault, ...]:
    """What would make rules unsound to run: errors only, in time linear in the rules."""
    return in_order(errors(_run(Pack(rules), _OF_STRUCTURE, _by_rule(spans))))


def check_rules(rules: Sequence[Rule], spans: Mapping[str, Span], explains: Mapping[str, Span] | None = None) -> tuple[Fault, ...]:
    """`structure`, and explain texts that would fail.

    `spans` gives the place of each rule id; a rule without one is placed at `rules:<id>`. `explains` gives that of its explain
    text; without one it is the rule's.
    """

    rule_of = _by_rule(spans)

    def locate(rule: str, path: Path) -> Span:
        return (explains or {}).get(rule, rule_of(rule, path)) if path == ("explain",) else rule_of(rule, path)

    return check_located(rules, locate)


def check_located(rules: Sequence[Rule], locate: Locate) -> tuple[Fault, ...]:
    """The same with the place of each very condition."""
    return in_order(errors(_run(Pack(rules), (*_OF_STRUCTURE, "rule-explain"), locate)))


def lint(rules: Sequence[Rule], locate: Locate, known: Known | None = None, *, only: Collection[str] = ()) -> tuple[Fault, ...]:
    """Everything that is wrong or doubtful in rules, alone and beside one another; with `only`, in those of these ids.

    What `known` does not say is not judged: without tests, nothing is said about missing ones.
    """
    pack = Pack(rules, known or Known())
    return in_order(_run(pack, CHECKS, locate, only))


def check_tests(
    rules: Sequence[Rule], tests: Mapping[str, Sequence[RuleTest]], spans: Mapping[str, Span] | None = None
) -> tuple[Fault, ...]:
    """Rules without a test that must fire, or without one that must not; and tests of a rule that does not exist."""
    return in_order(_run(Pack(rules, Known(tests=tests)), _TESTS, _by_rule(spans or {})))


def mends(rules: Sequence[Rule], known: Known) -> tuple[tuple[str, Path, Scalar | Gone, str], ...]:
    """What certainly puts faults right: the rule, where in it, what is to stand there, and the fault in words."""
    pack = Pack(rules, known)
    return tuple(
        (told.rule, *told.mend, told.message)
        for check in CHECKS.values()
        if check.fixable
        for told in dict.fromkeys(_found(check, pack, ()))
        if told.mend is not None
    )


def _run(pack: Pack, codes: Collection[str], locate: Locate, only: Collection[str] = ()) -> Iterator[Fault]:
    """What some of the checks find. A rule that cannot be run is spared what it would say only because of that."""
    broken: set[str] = set()
    for code in sorted(codes, key=lambda code: not CHECKS[code].forbids):
        check = CHECKS[code]
        for told in dict.fromkeys(_found(check, pack, broken)):
            if not only or told.rule in only:
                fault = _fault(check, told, locate)
                yield fault
                if check.forbids and fault.severity == "error":
                    broken.add(told.rule)
            elif check.forbids:
                broken.add(told.rule)


def _found(check: Check, pack: Pack, broken: Collection[str]) -> Iterator[Told]:
    if check.each is not None:
        for outline in pack.outlines:
            if check.forbids or outline.rule.id not in broken:
                yield from (replace(told, rule=outline.rule.id) for told in check.each(outline, pack))
    if check.finalize is not None:
        yield from check.finalize(pack)


def _fault(check: Check, told: Told, locate: Locate) -> Fault:
    return Fault(
        code=check.code,
        message=f"rule {told.rule}: {told.message}",
        hint=told.hint,
        example=told.example,
        span=locate(told.rule, told.where),
        severity=told.severity or check.severity,
    )


def _by_rule(spans: Mapping[str, Span]) -> Locate:
    return lambda rule, _path: spans.get(rule) or Span(path="rules", cell=rule)


__all__ = ["CHECKS", "Known", "Locate", "check_located", "check_rules", "check_tests", "lint", "mends", "structure"]
