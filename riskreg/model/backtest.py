"""How often rules would have fired on the readings that there are: episodes step by step, against periods that people labelled."""

from __future__ import annotations

from collections import Counter
from datetime import date
from statistics import median
from typing import Literal

from pydantic import AwareDatetime

from riskreg.model.base import Frozen

Verdict = Literal["expected", "false-alarm", "unlabelled"]


class Period(Frozen):
    """A labelled period of one metric, as the metric's file has it; both days belong to it."""

    title: str
    metric: str
    start: date
    end: date
    place: dict[str, str]
    """`site`, `vendor` and `function` as far as the label names them."""
    after: int | None = None
    """Days from its start to the first step at which an episode that touches it was open; None where none did."""
    left_out: str = ""
    """Why the rule does not look there: the reason of its exception in force."""


class Episode(Frozen):
    """One key of a rule, open at every step from `first` to `last`."""

    key: dict[str, str]
    first: AwareDatetime
    """The first step at which it was open; at the first step of the history it may have been open before."""
    last: AwareDatetime
    """The last step at which it was open; at the last step of the history it may go on."""
    steps: int
    facts: tuple[str, ...]
    """Ids of all dated facts that it rested on, sorted."""
    verdict: Verdict = "unlabelled"
    """`false-alarm` only where a label says that there was no event; `unlabelled` where nobody has said anything."""
    label: str = ""
    """The label that it touches: what was expected, or what explains a false alarm."""


class RuleHistory(Frozen):
    """What one rule would have said."""

    rule: str
    version: int
    steps: int
    """Steps at which it was judged."""
    open_steps: int = 0
    """Steps at which at least one key was open."""
    standing: bool = False
    """It looks at nothing that has a time: it speaks of the network as it is today, and has no history."""
    episodes: tuple[Episode, ...] = ()
    """By first step, then key."""
    missed: tuple[Period, ...] = ()
    """Labels that expect a signal, that this rule could have seen, and that no episode touches."""
    finds: tuple[Period, ...] = ()
    """Labels that expect a signal and that an episode touches, each with how long that took."""
    excused: tuple[Period, ...] = ()
    """Labels that no episode touches because an exception leaves them out on purpose; they are not missed."""

    @property
    def found(self) -> int:
        return len(self.finds)

    @property
    def found_after(self) -> float | None:
        """Median of the days from the start of a label to its finding; None where nothing was found."""
        days = [period.after for period in self.finds if period.after is not None]
        return median(days) if days else None

    @property
    def fired(self) -> int:
        return len(self.episodes)

    @property
    def places(self) -> int:
        """How many keys were open at some step."""
        return len({tuple(sorted(episode.key.items())) for episode in self.episodes})

    @property
    def open_share(self) -> float:
        """Share of steps at which at least one key was open, 0 to 1."""
        return self.open_steps / self.steps if self.steps else 0.0

    @property
    def last(self) -> Episode | None:
        """The episode that was open latest."""
        return max(self.episodes, key=lambda episode: (episode.last, episode.first), default=None)

    @property
    def false_alarms(self) -> tuple[Episode, ...]:
        return tuple(episode for episode in self.episodes if episode.verdict == "false-alarm")

    @property
    def judged(self) -> int:
        """Episodes that a label says something about."""
        return sum(episode.verdict != "unlabelled" for episode in self.episodes)

    @property
    def precision(self) -> float | None:
        """Share of labelled episodes that were expected; None where no label says anything."""
        return 1 - len(self.false_alarms) / self.judged if self.judged else None

    @property
    def recall(self) -> float | None:
        """Share of labels that were found; None where the rule could see none of them."""
        labels = self.found + len(self.missed)
        return self.found / labels if labels else None

    @property
    def per_year(self) -> dict[int, int]:
        """Year → episodes that began in it."""
        return dict(sorted(Counter(episode.first.year for episode in self.episodes).items()))


class Backtest(Frozen):
    """Every rule judged as of every step, with the dated facts that were known then and the standing facts of today."""

    moments: tuple[AwareDatetime, ...]
    """The steps, oldest first."""
    rules: tuple[RuleHistory, ...]
    """In the order of their ids."""

    def of(self, rule: str) -> RuleHistory | None:
        return next((one for one in self.rules if one.rule == rule), None)
