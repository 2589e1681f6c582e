"""The proof: one function after the other against RTO, MBCO and MTPD, over every stretch of the horizon."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from riskreg.continuity.allocation import Allocation, Book, Ground
from riskreg.continuity.options import Offer
from riskreg.continuity.stretch import Segment
from riskreg.model.network import Function
from riskreg.model.plan import CoverPoint, Outcome


@dataclass(frozen=True)
class Run:
    """One allocation per stretch, found with these offers."""

    offers: tuple[Offer, ...]
    segments: tuple[Segment, ...]
    allocations: tuple[Allocation, ...]

    def served(self, function: str) -> tuple[int, ...]:
        """Positions served in each stretch."""
        return tuple(allocation.served[function] for allocation in self.allocations)

    def used(self) -> frozenset[tuple[str, str]]:
        """(function, option) pairs that carry work at some time."""
        return frozenset(key for allocation in self.allocations for key in allocation.moves)


def sweep(ground: Ground, segments: Sequence[Segment], offers: Sequence[Offer]) -> Run:
    """Allocate every stretch by itself: enough to say how much is served, which does not depend on the stretch before."""
    book = Book(offers)
    return Run(book.offers, tuple(segments), tuple(ground.solve(segment, book) for segment in segments))


def walk(ground: Ground, segments: Sequence[Segment], offers: Sequence[Offer]) -> Run:
    """Allocate every stretch, first to last; ways that were once opened are preferred to new ones.

    It serves as much as `sweep`, by fewer changes: the plan that people follow.
    """
    book, kept = Book(offers), frozenset[tuple[str, str]]()
    found = []
    for segment in segments:
        found.append(ground.solve(segment, book, kept))
        kept = kept.union(found[-1].moves)
    return Run(book.offers, tuple(segments), tuple(found))


@dataclass(frozen=True)
class Course:
    """How one function fares in one run: the course of its shortage."""

    function: Function
    segments: tuple[Segment, ...]
    demand: tuple[int, ...]
    minimum: tuple[int, ...]
    served: tuple[int, ...]

    @property
    def minimum_at(self) -> int | None:
        """From when on the minimum is served to the end of the horizon, seconds after the onset; None: not in the horizon."""
        return self._from(self.minimum)

    @property
    def full_at(self) -> int | None:
        """From when on all of the demand is served to the end of the horizon."""
        return self._from(self.demand)

    @property
    def outcome(self) -> Outcome:
        """`met` by RTO, `late` by MTPD, else `breach`; the minimum counts as back only when it stays back."""
        if self.minimum_at is None or self.minimum_at > self.function.mtpd:
            return "breach"
        return "met" if self.minimum_at <= self.function.rto else "late"

    def shortages(self) -> list[tuple[Segment, int]]:
        """Stretches that reach past the RTO and serve less than the minimum, with what is missing."""
        rows = zip(self.segments, self.minimum, self.served, strict=True)
        return [(segment, least_ - got) for segment, least_, got in rows if got < least_ and segment.end > self.function.rto]

    def _from(self, wanted: Sequence[int]) -> int | None:
        short = [segment.end for segment, need, got in zip(self.segments, wanted, self.served, strict=True) if got < need]
        last = short[-1] if short else 0
        return None if short and last == self.segments[-1].end else last


def course(ground: Ground, function: Function, run: Run) -> Course:
    """The course of one function in a run."""
    stretches = [ground.at(segment) for segment in run.segments]
    demand = tuple(stretch.demand[function.id] for stretch in stretches)
    minimum = tuple(stretch.minimum(function.id) for stretch in stretches)
    return Course(function, run.segments, demand, minimum, run.served(function.id))


RANK: dict[Outcome, int] = {"met": 0, "late": 1, "breach": 2}


def judge(planned: Course, proven: Course) -> Outcome:
    """What the plan may claim: what tested options alone achieve; `not-known` where only untested ones would achieve more."""
    return proven.outcome if RANK[planned.outcome] >= RANK[proven.outcome] else "not-known"


def cover(planned: Course, proven: Course) -> tuple[CoverPoint, ...]:
    """The steps of the cover; a stretch that repeats the one before is left out."""
    points: list[CoverPoint] = []
    rows = zip(planned.segments, planned.demand, planned.minimum, planned.served, proven.served, strict=True)
    for segment, demand, minimum, served, sure in rows:
        if not points or (points[-1].demand, points[-1].minimum, points[-1].served, points[-1].proven) != (
            demand,
            minimum,
            served,
            sure,
        ):
            points.append(CoverPoint(at=segment.start, demand=demand, minimum=minimum, served=served, proven=sure))
    return tuple(points)
