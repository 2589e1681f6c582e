"""The outcome of a workspace's rule tests: what passed on the same files before is not run again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from riskreg.model.base import content_hash
from riskreg.workspace.kept import Kept
from riskreg.workspace.rulefiles import RuleFiles

if TYPE_CHECKING:
    from riskreg.model.ruletest import RuleTestResult


@dataclass(frozen=True, slots=True)
class Outcome:
    """A result, and whether it is known from an earlier run on the very same files."""

    result: RuleTestResult
    cached: bool


def run_kept(
    root: Path,
    only: Sequence[str] = (),
    *,
    engine: Literal["both", "durable", "reference"] = "both",
    files: RuleFiles | None = None,
) -> tuple[Outcome, ...]:
    """Runs the tests of the named rules (without names: of all), in the order of rule ids and of their files.

    What passed before is kept under a hash of everything that it depends on: the files of the rule, of its tests and of every rule
    that has a say in it, the limits that they name, the engine, and riskreg itself. What failed is always run again.
    FaultError where a rule file cannot be read; KeyError for a name that is no rule.
    """

    files = files or RuleFiles(root)
    wanted = sorted(set(only) or files.rules)
    kept = Kept(root, "rule-tests")
    keys = {ident: content_hash([engine, files.hashes(ident)]) for ident in wanted}
    known = {ident: kept.value[ident][1:] for ident in wanted if kept.value.get(ident, [""])[0] == keys[ident]}
    fresh: dict[str, list[RuleTestResult]] = {ident: [] for ident in wanted if ident not in known}
    if fresh:
        from riskreg.inference.proving.ruletests import run_tests

        read = files.read(fresh)
        for result in run_tests(read.rules, read.tests, engine=engine, thresholds=read.thresholds):
            fresh[result.rule].append(result)
    files.keep()
    sound = {ident: [keys[ident], *map(_packed, some)] for ident, some in fresh.items() if all(one.passed for one in some)}
    there = {ident: value for ident, value in kept.value.items() if ident in files.rules and ident not in fresh}
    kept.write(there | sound)
    return tuple(
        Outcome(result, ident in known)
        for ident in wanted
        for result in (fresh[ident] if ident in fresh else [_unpacked(ident, one) for one in known[ident]])
    )


def _packed(result: RuleTestResult) -> list[Any]:
    return [result.name, result.negative, list(result.expected)]


def _unpacked(rule: str, kept: list[Any]) -> RuleTestResult:
    from riskreg.model.ruletest import RuleTestResult

    name, negative, rows = kept
    return RuleTestResult(rule=rule, name=name, passed=True, negative=negative, expected=tuple(rows), got=tuple(rows))
