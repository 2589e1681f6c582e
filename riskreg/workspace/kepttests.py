"""The outcome of a workspace's rule tests: what passed on the same files before is not run again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from riskreg.model.base import content_hash
from riskreg.model.faults import Span, in_order
from riskreg.workspace.kept import Kept
from riskreg.workspace.rulefiles import RuleFiles

if TYPE_CHECKING:
    from riskreg.model.ruletest import RuleTestResult
    from riskreg.workspace.rulefiles import Read
    from riskreg.workspace.testchecks import Given


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
    fresh: bool = False,
) -> tuple[Outcome, ...]:
    """Runs the tests of the named rules (without names: of all), in the order of rule ids and of their files.

    What passed before is kept under a hash of everything that it depends on: the files of the rule, of its tests and of every rule
    that has a say in it, the limits that they name, the engine, and riskreg itself. What failed is always run again; with `fresh`,
    everything is, whatever was kept by whomever.
    FaultError where a rule file cannot be read; KeyError for a name that is no rule.
    """

    files = files or RuleFiles(root, fresh=fresh)
    wanted = sorted(set(only) or files.rules)
    kept = Kept(root, "rule-tests", fresh=fresh)
    keys = {ident: content_hash([engine, files.hashes(ident)]) for ident in wanted}
    known = {ident: before for ident in wanted if (before := _known(ident, kept.value.get(ident), keys[ident])) is not None}
    run: dict[str, list[RuleTestResult]] = {ident: [] for ident in wanted if ident not in known}
    if run:
        from riskreg.inference.proving.ruletests import run_tests

        read = files.read(run)
        made = run_tests(read.rules, read.tests, engine=engine, thresholds=read.thresholds)
        for result, given in zip(made, _given(read), strict=True):
            run[result.rule].append(_placed(result, given, read, files))
    files.keep()
    sound = {ident: [keys[ident], *map(_packed, some)] for ident, some in run.items() if all(one.passed for one in some)}
    there = {ident: value for ident, value in kept.value.items() if ident in files.rules and ident not in run}
    kept.write(there | sound)
    return tuple(Outcome(result, ident in known) for ident in wanted for result in (run[ident] if ident in run else known[ident]))


def _known(rule: str, kept: Any, key: str) -> list[RuleTestResult] | None:
    """The results that were kept under this very key; None where there are none, or what is kept is of another shape."""
    if not isinstance(kept, list) or kept[:1] != [key]:
        return None
    try:
        return [_unpacked(rule, one) for one in kept[1:]]
    except (TypeError, ValueError):
        return None


def _given(read: Read) -> Iterator[Given]:
    """Every test that was read with its place, in the order in which they are run."""
    from riskreg.workspace.testchecks import Given

    for rule in sorted(read.tests):
        for test, (path, node) in zip(read.tests[rule], read.written[rule], strict=True):
            yield Given(rule, test, node, path)


def _placed(result: RuleTestResult, given: Given, read: Read, files: RuleFiles) -> RuleTestResult:
    """A result with its place; it fails where the test gives what could not come, whatever the engines made of it."""
    from riskreg.inference.language.meaning import concluded
    from riskreg.workspace.testchecks import fields_of_facts, unknown_in_test, unknown_rules, wrong_values

    unknown = [
        *unknown_in_test(given.node, given.path, fields_of_facts(read.rules), files.concluded),
        *unknown_rules(given.node, given.path, files.rules),
    ]
    faults = in_order([*(one.fault() for one in unknown), *wrong_values(given.node, given.path, concluded(read.rules))])
    if not faults:
        return result.model_copy(update={"span": given.span})
    told = tuple({"fault": f"{one.span}: {one.message}. {one.hint}".strip()} for one in faults)
    return result.model_copy(update={"span": given.span, "passed": False, "got": told, "near": ()})


def _packed(result: RuleTestResult) -> list[Any]:
    span = result.span or Span(path="")
    return [result.name, result.negative, list(result.expected), [span.path, span.line, span.col]]


def _unpacked(rule: str, kept: list[Any]) -> RuleTestResult:
    from riskreg.model.ruletest import RuleTestResult

    name, negative, rows, (path, line, col) = kept
    span = Span(path=path, line=line, col=col)
    return RuleTestResult(rule=rule, name=name, passed=True, negative=negative, expected=tuple(rows), got=tuple(rows), span=span)
