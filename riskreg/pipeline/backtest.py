"""How often each rule would have fired on the readings that there are, and what labelled periods say about it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import chain
from pathlib import Path

from riskreg.inference.evaluation import evaluate
from riskreg.inference.facts.columns import Facts
from riskreg.inference.facts.pack import prepare
from riskreg.inference.language.compiled import Compiled
from riskreg.inference.language.meaning import Firing
from riskreg.inference.nearmiss.nearest import near_miss
from riskreg.model.backtest import Backtest, Episode, RuleHistory
from riskreg.model.base import content_hash
from riskreg.model.fact import STANDING
from riskreg.model.metric import Metric
from riskreg.model.rule import Pattern, Rule, positives
from riskreg.model.signal import Fact
from riskreg.pipeline import labels
from riskreg.pipeline.facts import Given
from riskreg.pipeline.labels import Labels
from riskreg.workspace.kept import Kept

WEEK = timedelta(weeks=1)
WEEKS = 52
"""How far back the pages look."""
MOST_STEPS = 2000
"""A history of more steps is refused: somebody asked for hours over years."""
NOT_KEPT = frozenset({"missing_data"})
"""Standing facts that say nothing about an earlier day: what is overdue today was not overdue a year ago."""

Progress = Callable[[float], None]
Key = tuple[tuple[str, str], ...]


def weekly(as_of: datetime, weeks: int = WEEKS) -> tuple[datetime, ...]:
    """The same moment of each of the last `weeks` weeks, `as_of` (aware) itself last."""
    return steps(as_of, WEEK * weeks, WEEK)


def steps(end: datetime, length: timedelta, step: timedelta) -> tuple[datetime, ...]:
    """Moments from `end` (aware) back over `length`, `step` apart, oldest first; ValueError where there are none or too many."""
    amount = -(-length // step)
    if not 0 < amount <= MOST_STEPS:
        raise ValueError(
            f"{amount:,} steps are more than {MOST_STEPS:,}: take a longer step" if amount > 0 else "it ends before it begins"
        )
    return tuple(end.astimezone(UTC) - step * back for back in reversed(range(amount)))


def backtest(
    rules: Sequence[Rule],
    facts: Iterable[Fact],
    *,
    metrics: Sequence[Metric],
    moments: Sequence[datetime],
    progress: Progress = lambda _: None,
) -> Backtest:
    """`rules` judged by the reference engine as of each of `moments` (aware, ascending), and compared with the metrics' labels.

    `facts` are those of the last moment. A dated one counts from its own `at` on, which is when it could be known; a standing one
    holds at every step as it does today, except those `NOT_KEPT`. Draft rules are not run.
    """
    known = [fact for fact in facts if fact.get("fact") not in NOT_KEPT]
    live = sorted((rule for rule in rules if rule.status != "draft"), key=lambda rule: rule.id)
    pack, table = prepare(live), Facts.of(known)
    thresholds = {metric.id: metric.thresholds for metric in metrics}
    books = {ident: _Book(compiled.rule.keep_open_for) for ident, compiled in pack.compiled.items()}
    for number, moment in enumerate(moments):
        for firing in evaluate(pack, table, as_of=moment, engine="reference", thresholds=thresholds).firings:
            books[firing.rule].open(number, firing)
        progress((number + 1) / len(moments))
    told = Labels(known, metrics, moments)
    made = (_history(pack.compiled[ident], book, pack.compiled, told, moments) for ident, book in sorted(books.items()))
    return Backtest(moments=tuple(moments), rules=tuple(made))


def kept_backtest(
    root: Path,
    rules: Sequence[Rule],
    facts: Sequence[Fact],
    *,
    metrics: Sequence[Metric],
    as_of: datetime,
    progress: Progress = lambda _: None,
) -> Backtest:
    """`backtest` of the last `WEEKS` weeks; the one that the workspace `root` keeps, where all that it depends on is the same."""
    flat = [{name: value.isoformat() if isinstance(value, datetime) else value for name, value in fact.items()} for fact in facts]
    key = content_hash([_code(), rules, flat, metrics, as_of.astimezone(UTC).isoformat()])
    keep = Kept(root, "backtest")
    if keep.value.get("key") == key:
        return Backtest.model_validate_json(keep.value["made"])
    made = backtest(rules, facts, metrics=metrics, moments=weekly(as_of), progress=progress)
    keep.write({"key": key, "made": made.model_dump_json()})
    return made


@lru_cache(maxsize=1)
def _code() -> str:
    """Hash of this code, so that a history made by other code is never taken for one of it; `Kept` looks after the other rooms."""
    files = (Path(__file__), Path(labels.__file__))
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()


@dataclass
class _Run:
    """An episode as it grows: the numbers of its first and last step, its latest firing, and what it rested on."""

    key: Key
    first: int
    last: int
    until: datetime | None
    facts: set[str]


@dataclass
class _Book:
    """The episodes of one rule while the steps go by."""

    keep_open_for: int | None
    runs: list[_Run] = field(default_factory=list)
    _open: dict[Key, _Run] = field(default_factory=dict)

    def open(self, step: int, firing: Firing) -> None:
        run = self._open.get(firing.key)
        if run is None or run.last < step - 1 or self._anew(run, firing.since):
            run = self._open[firing.key] = _Run(firing.key, step, step, None, set())
            self.runs.append(run)
        run.last, run.until = step, firing.until
        run.facts.update(firing.facts)

    def _anew(self, run: _Run, since: datetime | None) -> bool:
        """Two episodes of one key may lie at neighbouring steps: the gap between their firings tells them apart."""
        if self.keep_open_for is None or since is None or run.until is None:
            return False
        return since - run.until > timedelta(seconds=self.keep_open_for)


def _history(
    compiled: Compiled, book: _Book, pack: Mapping[str, Compiled], told: Labels, moments: Sequence[datetime]
) -> RuleHistory:
    rule = compiled.rule
    if _stands(rule, pack):
        return RuleHistory(rule=rule.id, version=rule.version, steps=len(moments), standing=True)
    runs = sorted(book.runs, key=lambda run: (run.first, run.key))
    sought = tuple(told.sought(compiled, [(moments[run.first], run.facts) for run in runs]))
    return RuleHistory(
        rule=rule.id,
        version=rule.version,
        steps=len(moments),
        open_steps=len(set(chain.from_iterable(range(run.first, run.last + 1) for run in runs))),
        episodes=tuple(_episode(rule, run, told, moments) for run in runs),
        missed=tuple(one for one in sought if one.after is None and not one.left_out),
        finds=tuple(one for one in sought if one.after is not None),
        excused=tuple(one for one in sought if one.left_out),
    )


def _episode(rule: Rule, run: _Run, told: Labels, moments: Sequence[datetime]) -> Episode:
    verdict, label = told.verdict(rule, run.facts)
    return Episode(
        key=dict(run.key),
        first=moments[run.first],
        last=moments[run.last],
        steps=run.last - run.first + 1,
        facts=tuple(sorted(fact for fact in run.facts if fact in told.dated or fact.startswith("concluded:"))),
        verdict=verdict,
        label=label,
    )


def _stands(rule: Rule, pack: Mapping[str, Compiled]) -> bool:
    """Whether nothing that the rule looks at has a time of its own, through conclusions too."""
    makers: dict[str, list[Rule]] = {}
    for compiled in pack.values():
        if compiled.rule.then.conclude:
            makers.setdefault(compiled.rule.then.conclude.fact, []).append(compiled.rule)

    def stands(pattern: Pattern) -> bool:
        if pattern.signal is not None:
            return False
        if pattern.kind in makers:
            return all(_stands(maker, pack) for maker in makers[pattern.kind])
        return pattern.kind in STANDING

    return all(map(stands, positives(rule.when)))


def nearest(rules: Sequence[Rule], given: Given, *, as_of: datetime) -> dict[str, str]:
    """Rule → what is missing for it to fire where it is nearest, in one line; only rules that are silent as of a moment (aware)."""
    live = [rule for rule in rules if rule.status != "draft"]
    pack = prepare(live)
    decided = evaluate(pack, given.facts, as_of=as_of, engine="reference", thresholds=given.thresholds)
    items = tuple(decided.items.values())
    silent = sorted(pack.compiled.keys() - {firing.rule for firing in decided.firings})
    return {
        ident: near_miss(pack, items, ident, as_of=as_of, names=given.names, thresholds=given.thresholds).text for ident in silent
    }
