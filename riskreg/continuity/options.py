"""An option, an offer of it to one function, and when its evidence counts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property

from riskreg.model.network import Evidence, Grade, Lever, Routing
from riskreg.model.plan import Option, OptionKind, Relation

RELATIONS: tuple[Relation, ...] = ("same-site", "sister-site", "second-vendor", "client", "step-in")
"""From the nearest to the farthest: the order in which equals are taken."""
KIND_WORDS: dict[OptionKind, str] = {
    "home": "home working",
    "idle": "routing",
    "overtime": "overtime",
    "surge": "surge",
    "standby": "standby",
    "takeover": "client takeover",
    "step-in": "step-in",
}
GRADES: tuple[Grade, ...] = ("asserted", "discussed", "tested", "used")
"""From the weakest to the strongest."""
PROVING = ("tested", "used")
DAILY = Routing.model_construct(opens=0, evidence=Evidence(grade="used", at=date(1970, 1, 1)))
"""A pool takes more of what it serves every day: no switch, no new skill."""


@dataclass(frozen=True)
class Source:
    """An option and how large it is: a `share` of the pool's own positions, or `fixed` tenths of a position, or neither (idle);
    of that, what lies above `beyond` and up to `upto` tenths (None: all)."""

    option: Option
    lever: Lever
    contract: str = ""
    share: float = 0.0
    fixed: int = 0
    authority: str = ""
    upto: int | None = None

    @property
    def beyond(self) -> int:
        """What its evidence has shown, which is an option of its own; this one is what comes on top of it."""
        return self.option.beyond

    def part(self, size: int) -> int:
        """What of the whole size belongs to this option, in tenths."""
        return max(0, (size if self.upto is None else min(size, self.upto)) - self.beyond)


def parts(source: Source) -> tuple[Source, ...]:
    """The option as far as its evidence goes, and what it gives beyond that, which is only asserted."""
    shown = source.lever.evidence.positions
    if shown is None or source.lever.evidence.grade not in PROVING or 0 < source.fixed <= shown:
        return (source,)
    asserted = {"id": f"{source.option.id}:beyond", "grade": "asserted", "tested": None, "expired": False, "beyond": shown}
    return replace(source, upto=shown), replace(source, option=source.option.model_copy(update=asserted))


@dataclass(frozen=True)
class Offer:
    """An option as it is open to one function. `opens` and `closes` are seconds after the onset; `limit` in tenths."""

    function: str
    source: Source
    relation: Relation
    opens: int
    closes: int | None
    proven: bool
    grade: Grade
    """The weaker of what is known of the lever and of the routing that it needs."""
    limit_of: str | None = None
    """The party whose lost work alone may go this way; None: any of the function's work."""

    @cached_property
    def pool(self) -> str:
        return self.source.option.pool

    @cached_property
    def kind(self) -> OptionKind:
        return self.source.option.kind

    @cached_property
    def ident(self) -> str:
        """The id of the option."""
        return self.source.option.id

    @cached_property
    def key(self) -> tuple[str, str]:
        return self.function, self.source.option.id

    @cached_property
    def costs(self) -> tuple[int, int]:
        """The order of preference among ways that serve as much, as the cost of a new move and of one that was made before:
        proven, already under way, cheap, near in time, near in place."""
        price = round(self.source.option.price * 100)
        tail = (price * 10**7 + self.opens) * 10 + 1 + RELATIONS.index(self.relation)
        rank = 2 * int(not self.proven)
        return (rank + 1) * 10**15 + tail, rank * 10**15 + tail

    def open_at(self, time: int) -> bool:
        """True from when it opens until it closes."""
        return self.opens <= time and (self.closes is None or time < self.closes)


@dataclass(frozen=True)
class Evidenced:
    """When evidence counts: the day it is asked, and for how many seconds a test is good."""

    as_of: datetime
    expires: int

    def expired(self, lever: Lever) -> bool:
        """True where it was tested or used, but too long ago (or on a day that is still to come)."""
        if lever is DAILY or lever.evidence.grade not in PROVING or lever.evidence.at is None:
            return False
        age = self.as_of - datetime.combine(lever.evidence.at, time(), tzinfo=UTC)
        return not timedelta(days=-1) < age <= timedelta(seconds=self.expires + 86400)

    def proven(self, *levers: Lever) -> bool:
        """True where every one was tested or used, not too long ago."""
        return all(lever.evidence.grade in PROVING and not self.expired(lever) for lever in levers)
