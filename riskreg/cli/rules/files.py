"""Rules, facts and metrics from files, ready to be judged: what `rules eval` and `rules explain --facts` begin with."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from riskreg.inference.facts.table import Facts
    from riskreg.model.faults import Fault, Span
    from riskreg.model.metric import Threshold
    from riskreg.model.rule import Rule


class Asked(NamedTuple):
    """What the files hold; `faults` are all that is wrong with them, doubts included, and `more` how many are not listed."""

    rules: tuple[Rule, ...]
    spans: Mapping[str, Span]
    facts: Facts
    thresholds: Mapping[str, Mapping[str, Threshold]]
    as_of: datetime
    """The moment to judge: the one asked for, else the latest time of a fact."""
    faults: tuple[Fault, ...]
    more: int


def judged_files(place: Path, file: str, metrics: Path | None, as_of: datetime | None) -> Asked:
    """Reads a folder or file of rules, facts (`-`: what is piped in) and, where it is given, a folder of metrics.

    Every mistake in rules and facts is among the faults, with its line; FaultError where the metrics cannot be read.
    """
    from riskreg.inference.facts.table import Facts
    from riskreg.inference.proving.ruletests import QUIET_DAY
    from riskreg.workspace import read_facts, read_facts_of, read_folder, thresholds_of

    folder = read_folder(place)
    read = read_facts(sys.stdin.buffer, "stdin") if file == "-" else read_facts_of(Path(file))
    thresholds = thresholds_of(metrics) if metrics else {}
    facts = Facts.of(read.facts)
    read.locate(facts.faults)
    moment = as_of or max((fact["at"] for fact in read.facts if fact.get("at")), default=QUIET_DAY)
    doubts = _unknown_limits(folder.rules, folder.spans, thresholds, given=metrics is not None)
    return Asked(folder.rules, folder.spans, facts, thresholds, moment, (*folder.faults, *read.faults, *doubts), read.more)


def _unknown_limits(
    rules: Sequence[Rule], spans: Mapping[str, Span], thresholds: Mapping[str, Mapping[str, Threshold]], *, given: bool
) -> Iterator[Fault]:
    """A warning for each rule with a threshold by a name that no metric has: its condition never holds."""
    from riskreg.model.faults import Fault

    there = {name for limits in thresholds.values() for name in limits}
    for rule in rules:
        for name in sorted(_limits(rule) - there):
            yield Fault(
                code="rule-threshold",
                message=f"rule {rule.id} names the threshold {name}, and no metric here has it: this condition never holds",
                hint="Add it to the thresholds of a metric, or correct the name."
                if given
                else "Give the metrics: --metrics FOLDER.",
                span=spans[rule.id],
                severity="warning",
            )


def _limits(rule: Rule) -> set[str]:
    """The names of thresholds in a rule."""
    from riskreg.model.rule import ORDER, Named, negatives, positives

    wheres = [pattern.where for part in (positives, negatives) for pattern in part(rule.when)]
    wheres += [rule.scope, *(one.where for one in rule.exceptions)]
    limits = [getattr(condition, word) for where in wheres for condition in where.values() for word in ORDER]
    return {limit.threshold for limit in limits if isinstance(limit, Named)}
