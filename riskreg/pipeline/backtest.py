"""How often each rule would have fired on the readings that there are, and what labelled periods say about it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import chain
from pathlib import Path

from riskreg.inference.evaluation import evaluate
from riskreg.inference.facts.pack import Pack, prepare
from riskreg.inference.facts.table import Facts
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
from riskreg.pipeline.facts import OVERDUE, Given
from riskreg.pipeline.labels import Labels
from riskreg.workspace.kept import Kept

WEEK = timedelta(weeks=1)
WEEKS = 52
"""How far back the pages look."""
MOST_STEPS = 2000
"""A history of more steps is refused: somebody asked for hours over years."""
NOT_KEPT = OVERDUE
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
    rules: Sequence[Rule] | Pack,
    facts: Sequence[Fact] | Facts,
    *,
    metrics: Sequence[Metric],
    moments: Sequence[datetime],
    progress: Progress = lambda _: None,
) -> Backtest:
    """`rules` judged by the reference engine as of each of `moments` (aware, ascending), and compared with the metrics' labels.

    `facts` are those of the last moment. A dated one counts from its own `at` on, which is when it could be known; a standing one
    holds at every step as it does today, except those `NOT_KEPT`. Draft rules are not run.
    """
    pack = rules if isinstance(rules, Pack) else prepare([rule for rule in rules if rule.status != "draft"])
    table = (facts if isinstance(facts, Facts) else Facts.of(facts)).without(NOT_KEPT)
    thresholds = {metric.id: metric.thresholds for metric in metrics}
    books = {ident: _Book(compiled.rule.keep_open_for) for ident, compiled in pack.compiled.items()}
    for number, moment in enumerate(moments):
        for firing in evaluate(pack, table, as_of=moment, engine="reference", thresholds=thresholds).firings:
            books[firing.rule].open(number, firing)
        progress((number + 1) / len(moments))
    told = Labels([dict(item.fact) for item in table.every()], metrics, moments)
    timeless = _timeless(pack)
    made = (_history(pack.compiled[ident], book, told, moments, stands=ident in timeless) for ident, book in sorted(books.items()))
    return Backtest(moments=tuple(moments), rules=tuple(made))


def kept_past(
    root: Path, pack: Pack, given: Given, *, metrics: Sequence[Metric], as_of: datetime, progress: Progress = lambda _: None
) -> tuple[Backtest, dict[str, str]]:
    """`backtest` of the last `WEEKS` weeks, and what is `nearest`; those that the workspace `root` keeps, where all that they
    depend on is the same."""
    rules = [compiled.rule for _, compiled in sorted(pack.compiled.items())]
    key = content_hash([_code(), rules, given.facts.content(), given.names, metrics, as_of.astimezone(UTC).isoformat()])
    keep = Kept(root, "backtest")
    if keep.value.get("key") == key:
        return Backtest.model_validate_json(keep.value["made"]), keep.value["near"]
    made = backtest(pack, given.facts, metrics=metrics, moments=weekly(as_of), progress=progress)
    near = nearest(pack, given, as_of=as_of)
    keep.write({"key": key, "made": made.model_dump_json(), "near": near})
    return made, near


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


def _history(compiled: Compiled, book: _Book, told: Labels, moments: Sequence[datetime], *, stands: bool) -> RuleHistory:
    rule = compiled.rule
    if stands:
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


def _timeless(pack: Pack) -> set[str]:
    """Rules of which nothing that they look at has a time of its own, through conclusions too."""
    moving: set[str] = set()
    made: set[str] = set()
    stands: set[str] = set()
    for layer in pack.layers:  # what a rule looks at is concluded in a layer before its own
        made.update(plan.compiled.rule.then.conclude.fact for plan in layer.rules if plan.compiled.rule.then.conclude)
        for plan in layer.rules:
            rule = plan.compiled.rule
            if all(_is_timeless(pattern, made, moving) for pattern in positives(rule.when)):
                stands.add(rule.id)
            elif rule.then.conclude:
                moving.add(rule.then.conclude.fact)
    return stands


def _is_timeless(pattern: Pattern, made: Set[str], moving: Set[str]) -> bool:
    if pattern.fact is None:
        return False
    return pattern.fact not in moving if pattern.fact in made else pattern.fact in STANDING


def nearest(pack: Pack, given: Given, *, as_of: datetime) -> dict[str, str]:
    """Rule → what is missing for it to fire where it is nearest, in one line; only rules that are silent as of a moment (aware)."""
    decided = evaluate(pack, given.facts, as_of=as_of, engine="reference", thresholds=given.thresholds)
    fired = {firing.rule for firing in decided.firings}
    items = [*given.facts.every(), *decided.concluded]
    return {
        ident: near_miss(pack, items, ident, as_of=as_of, names=given.names, thresholds=given.thresholds).text
        for ident in sorted(pack.compiled.keys() - fired)
    }
