"""Rule tests: facts given, findings expected, run through the same engines as the real thing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time
from typing import Any

from riskreg.inference.decision import Case, Decided, Engine, prepare, settle
from riskreg.model.content import RuleTestResult
from riskreg.model.faults import errors
from riskreg.model.rule import Rule, RuleTest
from riskreg.model.signal import Fact

QUIET_DAY = datetime(2026, 1, 1, tzinfo=UTC)
"""As-of of a test that gives neither a moment nor a dated fact."""


def run_tests(
    rules: Sequence[Rule], tests: Mapping[str, Sequence[RuleTest]], *, engine: Engine = "both"
) -> tuple[RuleTestResult, ...]:
    """Every test, in the order of rule ids and of the file.

    A test runs the whole rule set, drafts included, on its `given` facts, and compares the findings of its own rule and of
    every rule that `expect` names: all of them, and no others. An expectation gives the whole join key. `given` facts without
    an id get one; times are text with a zone, or a date (00:00 UTC); as-of is the latest time given unless the test says
    otherwise. A fault (a fact refused, engines that disagree) fails the test and stands in `got`.
    """
    pack = prepare(rules)
    asked = [(rule, test) for rule in sorted(tests) for test in tests[rule]]
    cases, broken = [], []
    for _, test in asked:
        try:
            facts = tuple(_fact(number, given) for number, given in enumerate(test.given, start=1))
            cases.append(Case(pack, facts, test.as_of or max((f["at"] for f in facts if f.get("at")), default=QUIET_DAY)))
            broken.append("")
        except (ValueError, TypeError) as error:
            cases.append(Case(pack, (), QUIET_DAY))
            broken.append(str(error))
    decided = settle(cases, engine) if cases else ()
    return tuple(_result(rule, test, made, why) for (rule, test), made, why in zip(asked, decided, broken, strict=True))


def _result(rule: str, test: RuleTest, decided: Decided, broken: str) -> RuleTestResult:
    looked_at = {rule} | {expected.rule for expected in test.expect}
    expected = _sorted({"rule": one.rule, **one.key} for one in test.expect)
    got = _sorted({"rule": one.rule, **one.key} for one in decided.findings if one.rule in looked_at)
    wrong = (
        [broken] if broken else [f.message for f in errors(decided.faults) if f.span.path != "rules" or f.span.cell in looked_at]
    )
    got += tuple({"fault": message} for message in wrong)
    negative = not any(one.rule == rule for one in test.expect)
    return RuleTestResult(rule=rule, name=test.name, passed=expected == got, negative=negative, expected=expected, got=got)


def _sorted(rows: Iterable[dict[str, str]]) -> tuple[dict[str, str], ...]:
    return tuple(sorted(rows, key=lambda row: sorted(row.items())))


def _fact(number: int, given: Mapping[str, Any]) -> Fact:
    fact = {"id": f"given-{number}", **given}
    if fact.get("at") is not None:
        fact["at"] = _moment(fact["at"])
    return fact


def _moment(value: Any) -> datetime:
    if isinstance(value, str):
        value = date.fromisoformat(value) if len(value) == 10 else datetime.fromisoformat(value)
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime.combine(value, time(), UTC)
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise ValueError(f"a time in 'given' needs its zone, such as 2026-11-16T00:00:00Z, not {value}")
    return value
