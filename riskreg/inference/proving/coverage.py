"""Coverage: which parts of a rule its tests hold. A part is held when a test would notice that it is gone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from riskreg.inference.language.connections import Connections, connection
from riskreg.inference.proving.parts import Kind, mixes, ways, without
from riskreg.inference.proving.ruletests import Row, looked_at, run_tests
from riskreg.model.base import Frozen
from riskreg.model.metric import Threshold
from riskreg.model.rule import Rule, RuleTest, Then

Thresholds = Mapping[str, Mapping[str, Threshold]]


class Point(Frozen):
    """One part of a rule, and whether a test holds it. `path` is where it stands in the rule's file, `hint` the test that would."""

    kind: Kind
    path: tuple[str | int, ...]
    text: str
    hint: str
    covered: bool


class RuleCoverage(Frozen):
    """All parts of one rule, in file order; those last that have no place of their own: its branches."""

    rule: str
    points: tuple[Point, ...]


def coverage(
    rules: Sequence[Rule], tests: Mapping[str, Sequence[RuleTest]], *, thresholds: Thresholds | None = None
) -> tuple[RuleCoverage, ...]:
    """For each rule that `tests` names (sorted by id): every condition, fact, `not`, count, join field, time, scope, exception and
    branch, and whether the rule's tests hold it.

    A part is covered when without it one of the tests finds something else, whatever the test expects; a branch when a finding of
    a test comes by it. A part without which the rule could not be run (a fact that alone carries a join field) is no point. A join
    field counts as gone when two places mix, not already when its name is missing in the key. `thresholds`: metric id → name →
    limit. The reference engine decides.
    """
    near = Connections({rule.id: connection(rule) for rule in rules})
    by_id = {rule.id: rule for rule in rules}
    return tuple(_of_rule(by_id, near, ident, tests[ident], thresholds or {}) for ident in sorted(set(tests) & set(by_id)))


def _of_rule(
    by_id: Mapping[str, Rule], near: Connections, ident: str, tests: Sequence[RuleTest], thresholds: Thresholds
) -> RuleCoverage:
    around = near.around(looked_at(ident, tests))
    others = [by_id[name] for name in around if name != ident]

    def found(rule: Rule) -> list[tuple[Row, ...]]:
        """What each test finds. What follows from a finding is no part of a test, and may name what is gone."""
        bare = rule.model_copy(update={"then": Then(conclude=rule.then.conclude), "explain": ""})
        return [result.got for result in run_tests([*others, bare], {ident: tests}, engine="reference", thresholds=thresholds)]

    rule = by_id[ident]
    usual = found(rule)
    points = []
    for part in (*without(rule), *ways(rule)):
        got = found(part.rule)
        if any("fault" in row for rows in got for row in rows) and not any("fault" in row for rows in usual for row in rows):
            continue  # without this part it is no rule that could be run
        if part.kind == "branch":
            covered = any(row in ours and row["rule"] == ident for ours, theirs in zip(usual, got, strict=True) for row in theirs)
        elif part.dropped and mixes(rule):
            covered = [_less(rows, ident, part.dropped) for rows in usual] != [_less(rows, ident, part.dropped) for rows in got]
        else:
            covered = usual != got
        points.append(Point(kind=part.kind, path=part.path, text=part.text, hint=part.hint, covered=covered))
    return RuleCoverage(rule=ident, points=tuple(points))


def _less(rows: Iterable[Row], rule: str, field: str) -> list[list[tuple[str, str]]]:
    return sorted(sorted((n, v) for n, v in row.items() if n != field or row.get("rule") != rule) for row in rows)
