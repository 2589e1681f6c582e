"""What labelled periods say of firings: which were expected, which were false alarms, and which labels nothing found."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, time, timedelta
from itertools import chain

from riskreg.inference.facts.asks import holds, meets
from riskreg.inference.language.compiled import Compiled
from riskreg.model.backtest import Period, Verdict
from riskreg.model.fact import STANDING
from riskreg.model.metric import Label, Metric
from riskreg.model.rule import Pattern, Rule
from riskreg.model.signal import Fact

_PLACE = ("site", "vendor", "function")


class Labels:
    """Dated facts beside the labelled periods of their metrics, as far as those lie between two moments."""

    def __init__(self, facts: Iterable[Fact], metrics: Sequence[Metric], moments: Sequence[datetime]) -> None:
        self._moments, since, until = moments, moments[0], moments[-1]
        self._metrics = {metric.id: metric for metric in metrics}
        self._labels = {
            metric.id: [label for label in metric.labels if _begins(label) <= until and _ends(label) >= since] for metric in metrics
        }
        self.dated: dict[str, Fact] = {}
        self._standing: dict[str, list[Fact]] = {}
        for fact in facts:
            if isinstance(fact.get("at"), datetime):
                self.dated[str(fact["id"])] = fact
            else:
                self._standing.setdefault(str(fact.get("fact")), []).append(fact)

    def verdict(self, rule: Rule, facts: Iterable[str]) -> tuple[Verdict, str]:
        """What the labels say of an episode that rests on `facts`, and the title of the label that says it."""
        touched = [
            label
            for ident in sorted(facts)
            if (fact := self.dated.get(ident))
            for label in self._labels.get(str(fact.get("metric")), ())
            if _touches(fact, label, _slack(rule))
        ]
        for label in sorted(touched, key=lambda label: label.expect != "signal"):
            return ("expected" if label.expect == "signal" else "false-alarm"), label.title
        # Where nobody has labelled anything, nobody has said that it was wrong.
        return "unlabelled", ""

    def sought(self, compiled: Compiled, episodes: Sequence[tuple[datetime, Iterable[str]]]) -> Iterator[Period]:
        """Labels that the rule could have seen: when its episodes (first open, facts) touched them, or why they were left out."""
        dated = [(first, fact) for first, episode in episodes for ident in episode if (fact := self.dated.get(ident))]
        for metric, label in self._expected(compiled):
            open_at = [
                max(first, next((moment for moment in self._moments if moment >= fact["at"]), first))
                for first, fact in dated
                if fact.get("metric") == metric and _touches(fact, label, _slack(compiled.rule))
            ]
            after = max(0, (min(open_at).date() - label.start).days) if open_at else None
            place, why = _place(label), "" if open_at else self._left_out(compiled.rule, metric, label)
            yield Period(title=label.title, metric=metric, start=label.start, end=label.end, place=place, after=after, left_out=why)

    def _left_out(self, rule: Rule, metric: str, label: Label) -> str:
        """The reason of an exception, in force at the end of the history, that leaves the place of a label out."""
        known = {"metric": metric} | _place(label)
        today = self._moments[-1].date()
        return next((one.reason for one in rule.exceptions if one.until >= today and meets(one.where, known, {})), "")

    def _expected(self, compiled: Compiled) -> Iterator[tuple[str, Label]]:
        """Labels that expect a signal and that alone, or with another label beside them, are all that the rule waits for."""
        told: set[tuple[str, Label]] = set()
        rule = compiled.rule
        for numbers in compiled.branches:
            branch = [compiled.patterns[number] for number in numbers.positive]
            options = [list(self._seen(pattern, rule)) for pattern in branch]
            dated = [(pattern, labels) for pattern, labels in zip(branch, options, strict=True) if pattern.signal is not None]
            if not dated or any(pattern.at_least for pattern, _ in dated):
                continue
            for number, (_, labels) in enumerate(dated):
                others = [labels for other, (_, labels) in enumerate(dated) if other != number]
                for metric, label in labels:
                    beside = all(any(_beside(label, other, rule) for _, other in some) for some in others)
                    if beside and all(self._there(p, label, rule) for p in branch if p.signal is None):
                        told.add((metric, label))
        yield from sorted(told, key=lambda item: (item[1].start, item[0], item[1].title))

    def _seen(self, pattern: Pattern, rule: Rule) -> Iterator[tuple[str, Label]]:
        """Labels of the metrics that a pattern watches, at places that its conditions admit."""
        for metric in self._metrics.values():
            if metric.detector is None or metric.detector.kind != pattern.signal:
                continue
            for label in self._labels[metric.id]:
                known = {"metric": metric.id} | _place(label)
                tests = chain(pattern.where.items(), rule.scope.items())
                admitted = all(holds(condition, known[name]) for name, condition in tests if name in known)
                if label.expect == "signal" and admitted and self._same_way(pattern, metric.id, label, rule):
                    yield metric.id, label

    def _same_way(self, pattern: Pattern, metric: str, label: Label, rule: Rule) -> bool:
        """Whether the label is not about the other direction: a low forecast is nothing that a rule for high ones misses."""
        condition = pattern.where.get("direction")
        if condition is None:
            return True
        ways = {
            fact.get("direction")
            for fact in self.dated.values()
            if fact.get("metric") == metric and _touches(fact, label, _slack(rule))
        }
        return not ways or any(holds(condition, way) for way in ways)

    def _there(self, pattern: Pattern, label: Label, rule: Rule) -> bool:
        """Whether the pattern has a standing fact where the label speaks about; conclusions are not judged by labels."""
        place = _place(label)
        return pattern.kind in STANDING and any(
            all(fact.get(name, value) == value for name, value in place.items() if name in rule.join)
            and all(holds(condition, fact.get(name)) for name, condition in pattern.where.items())
            for fact in self._standing.get(pattern.kind, ())
        )


def _begins(label: Label) -> datetime:
    return datetime.combine(label.start, time(), UTC)


def _ends(label: Label) -> datetime:
    return datetime.combine(label.end, time(), UTC) + timedelta(days=1)


def _place(label: Label) -> dict[str, str]:
    return {name: value for name in _PLACE if (value := getattr(label, name)) is not None}


def _slack(rule: Rule) -> timedelta:
    """How long after a label's end a firing may still be about it."""
    return timedelta(seconds=rule.within or 0)


def _touches(fact: Fact, label: Label, slack: timedelta) -> bool:
    """Whether a signal is about a place and a time of the label; a field that one of them leaves open agrees."""
    if any(fact.get(name, value) != value for name, value in _place(label).items()):
        return False
    until: datetime = fact["at"]
    since: datetime = fact.get("since") or fact.get("from") or until
    return since <= _ends(label) + slack and until >= _begins(label)


def _beside(one: Label, other: Label, rule: Rule) -> bool:
    """Whether two labels could be seen together: the same place in the join fields, and times that the window bridges."""
    here, there = _place(one), _place(other)
    if any(here[name] != there[name] for name in rule.join if name in here and name in there):
        return False
    return _begins(one) <= _ends(other) + _slack(rule) and _begins(other) <= _ends(one) + _slack(rule)
