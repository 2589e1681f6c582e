"""Rule tests: facts given, findings expected, run through the same engines as the real thing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time
from typing import Any

from riskreg.inference.evaluation import Case, Engine, Evaluation, evaluate_many
from riskreg.inference.facts.pack import Pack, prepare
from riskreg.inference.language.connections import Connections, connection
from riskreg.model.faults import errors
from riskreg.model.metric import Threshold
from riskreg.model.rule import Expect, Rule, RuleTest
from riskreg.model.ruletest import RuleTestResult
from riskreg.model.signal import Fact

QUIET_DAY = datetime(2026, 1, 1, tzinfo=UTC)
"""As-of of a test that gives neither a moment nor a dated fact."""
Row = dict[str, str]


def run_tests(
    rules: Sequence[Rule],
    tests: Mapping[str, Sequence[RuleTest]],
    *,
    engine: Engine = "both",
    thresholds: Mapping[str, Mapping[str, Threshold]] | None = None,
) -> tuple[RuleTestResult, ...]:
    """Every test, in the order of rule ids and of the file.

    A test judges its `given` facts by the whole rule set, drafts included, and compares the findings of its own rule and of
    every rule that `expect` names: all of them, and no others. An expectation gives the whole join key. Where it has `flags`,
    the keys for which missing data must be told are compared too. `given` facts without an id get one; times are text with a
    zone, or a date (00:00 UTC); as-of is the latest time given unless the test says otherwise. A fault (a fact refused, engines
    that disagree) fails the test and stands in `got`. `thresholds`: metric id → name → limit.
    """
    asked = [(rule, test) for rule in sorted(tests) for test in tests[rule]]
    packs = _packs(rules, {rule: tests[rule] for rule in sorted(tests)})
    cases, broken = [], []
    for rule, test in asked:
        try:
            facts, why = given_facts(test), ""
        except (ValueError, TypeError) as error:
            facts, why = (), str(error)
        cases.append(Case(packs[rule], facts, as_of(test, facts), thresholds=thresholds or {}))
        broken.append(why)
    made = evaluate_many(cases, engine) if cases else ()
    return tuple(
        _result(rule, test, case, one, why) for (rule, test), case, one, why in zip(asked, cases, made, broken, strict=True)
    )


def looked_at(rule: str, tests: Iterable[RuleTest]) -> frozenset[str]:
    """The rules whose findings a rule's tests compare."""
    return frozenset({rule} | {expected.rule for test in tests for expected in (*test.expect, *(test.flags or ()))})


def given_facts(test: RuleTest) -> tuple[Fact, ...]:
    """The facts of a test as the engines take them; ValueError where a time cannot be read."""
    return tuple(_fact(number, given) for number, given in enumerate(test.given, start=1))


def as_of(test: RuleTest, facts: Sequence[Fact]) -> datetime:
    """The moment that a test is judged at."""
    return test.as_of or max((fact["at"] for fact in facts if fact.get("at")), default=QUIET_DAY)


def _packs(rules: Sequence[Rule], tests: Mapping[str, Sequence[RuleTest]]) -> dict[str, Pack]:
    """For the tests of each rule the rules that have a say in them: of a thousand rules most have none."""
    known = Connections({rule.id: connection(rule) for rule in rules})
    named: dict[str, list[Rule]] = {}
    for rule in rules:
        named.setdefault(rule.id, []).append(rule)
    made: dict[tuple[str, ...], Pack] = {}
    packs = {}
    for rule_id, some in tests.items():
        wanted = known.around(looked_at(rule_id, some))
        if wanted not in made:
            made[wanted] = prepare([rule for ident in wanted for rule in named[ident]])
        packs[rule_id] = made[wanted]
    return packs


def _result(rule: str, test: RuleTest, case: Case, made: Evaluation, broken: str) -> RuleTestResult:
    shown = looked_at(rule, (test,))
    expected = _sorted(map(_row, test.expect))
    got = _sorted({"rule": one.rule, **dict(one.key)} for one in made.firings if one.rule in shown)
    if test.flags is not None:
        expected += _sorted(_flag(_row(one)) for one in test.flags)
        told = (one for one in made.withheld if one.kind == "missing-data" and one.rule in shown)
        got += _sorted(_flag({"rule": one.rule, **dict(one.key)}) for one in told)
    wrong = [broken] if broken else [f.message for f in errors(made.faults) if f.span.path != "rules" or f.span.cell in shown]
    got += tuple({"fault": message} for message in wrong)
    negative = not any(one.rule == rule for one in test.expect)
    near = () if expected == got else tuple(_near(expected, got, case, made))
    return RuleTestResult(
        rule=rule, name=test.name, passed=expected == got, negative=negative, expected=expected, got=got, near=near
    )


def _near(expected: Sequence[Row], got: Sequence[Row], case: Case, made: Evaluation) -> Iterator[str]:
    """What each finding that did not come misses most nearly, and which facts each unexpected one stands on."""
    from riskreg.inference.nearmiss.nearest import near_miss

    for row in expected:
        if row in got or "flag" in row or row["rule"] not in case.pack.compiled:
            continue
        rule, key = row["rule"], {name: value for name, value in row.items() if name != "rule"}
        if strange := sorted(set(key) - set(case.pack.compiled[rule].rule.join)):
            yield f"{rule} does not join on {strange[0]}, so that no finding has it"
            continue
        items = made.items.values()
        miss = near_miss(case.pack, items, rule, key=key, as_of=case.as_of, names=case.names, thresholds=case.thresholds)
        yield f"nearest of {_named(row)}: {miss.text}"
    for firing in made.firings:
        row = {"rule": firing.rule, **dict(firing.key)}
        if row in got and row not in expected:
            yield f"{_named(row)} fires on {', '.join(firing.facts)}"


def _named(row: Row) -> str:
    return ", ".join([row["rule"], *(f"{name} {value}" for name, value in sorted(row.items()) if name != "rule")])


def _row(expected: Expect) -> Row:
    return {"rule": expected.rule, **expected.key}


def _flag(row: Row) -> Row:
    return {"flag": "missing-data", **row}


def _sorted(rows: Iterable[Row]) -> tuple[Row, ...]:
    return tuple(sorted(rows, key=lambda row: sorted(row.items())))


def _fact(number: int, given: Mapping[str, Any]) -> Fact:
    fact = {"id": f"given-{number}", **given}
    if fact.get("at") is not None:
        fact["at"] = moment(fact["at"])
    return fact


def moment(value: Any) -> datetime:
    """A time of a given fact: with its zone, or a day (00:00 UTC). ValueError for anything else."""
    if isinstance(value, str):
        value = date.fromisoformat(value) if len(value) == 10 else datetime.fromisoformat(value)
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime.combine(value, time(), UTC)
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise ValueError(f"a time in 'given' needs its zone, such as 2026-11-16T00:00:00Z, not {value}")
    return value
