"""One function that a loss touches, and the teams that take its work over, in the words of a page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from riskreg.model.network import Function, Pool, Site
from riskreg.model.orders import Duty
from riskreg.model.plan import (
    CoverPoint,
    Move,
    Option,
    Outcome,
    Verdict,
)
from riskreg.model.telling import KINDS, after
from riskreg.model.times import say_duration, say_positions
from riskreg.model.words import positions

State = Literal["covered", "partly", "not-covered", "not-known"]

STATES: dict[Outcome, State] = {
    "met": "covered",
    "untouched": "covered",
    "late": "partly",
    "breach": "not-covered",
    "not-known": "not-known",
}
RELIEF = {
    "voice": "put the delay message on the line, offer a call-back, and keep the agents who are left for calls about safety, "
    "fraud and payment",
    "chat": "limit chat to customers who have signed in, and show the waiting time before they start",
    "email": "tell customers the new answer time in the automatic reply, and answer the oldest and the vulnerable first",
    "social": "pin one public notice, and answer in private only where somebody may come to harm",
    "back-office": "stop work that can wait, and do only what has a legal or payment date",
}
"""What to do where nobody can take the work: less demand, and the people who are left for what cannot wait."""


@dataclass(frozen=True)
class Taker:
    """One pool that takes work of one function over, through one option: in whole positions, from `starts` on."""

    duty: Duty
    function: Function
    pool: Pool
    site: Site
    option: Option | None

    @property
    def move(self) -> Move:
        return self.duty.move

    @property
    def starts(self) -> int:
        return self.duty.steps[0].at

    @property
    def first(self) -> int:
        """What it begins with: the amount of its first moment, not of its busiest."""
        return self.duty.steps[0].positions

    @property
    def most(self) -> int:
        return self.duty.peak.positions

    @property
    def how(self) -> str:
        return KINDS[self.move.kind]

    @property
    def proven(self) -> bool:
        return self.move.grade in ("tested", "used") and not (self.option is not None and self.option.expired)

    @property
    def when(self) -> str:
        return after(self.starts)

    @property
    def growth(self) -> str:
        """Its first amount and its largest: `2 at once, most 16 after 7 h`."""
        peak = self.duty.peak
        more = "" if peak.positions == self.first else f", most {say_positions(peak.positions)} {after(peak.at)}"
        return f"{say_positions(self.first)} {self.when}{more}"

    @property
    def evidence(self) -> str:
        """How sure: `tested: 20 signed in on 14 Jun`, `asserted, never tested`, with a word where it has expired."""
        if self.option is not None and self.option.beyond:
            return f"{self.move.grade}: beyond the {positions(self.option.beyond)} that were tested"
        if self.option is not None and self.option.expired:
            return f"{self.move.grade}, but the evidence has expired"
        if self.proven:
            note = self.option.tested if self.option is not None and self.option.tested else ""
            return f"{self.move.grade}: {note}" if note else self.move.grade
        return f"{self.move.grade}, never tested"


@dataclass(frozen=True)
class Line:
    """One function that the loss touches, with its verdict in words."""

    function: Function
    verdict: Verdict
    takers: tuple[Taker, ...]
    refusals: tuple[str, ...]
    result: str
    """Its shortage, first and worst; else the moment at which proof leaves least above the minimum."""

    @property
    def state(self) -> State:
        return STATES[self.verdict.outcome]

    @property
    def word(self) -> str:
        if self.verdict.no_margin:
            return "Covered, no margin"
        return {"covered": "Covered", "partly": "Late", "not-covered": "Not covered", "not-known": "Not known"}[self.state]

    @property
    def opens(self) -> int | None:
        """Seconds until its first contact, where the line is closed at the onset; None: it is open, or stays closed."""
        if not self.verdict.cover or self.verdict.cover[0].demand:
            return None
        return next((point.at for point in self.verdict.cover if point.demand), None)

    @property
    def needs(self) -> str:
        """`50 positions by 4 h`; where the minimum moves with the hour, `up to 50 positions, from 4 h on`."""
        point, due = self._busiest, say_duration(self.verdict.rto)
        if point is None:
            return f"its minimum by {due}"
        steady = len({step.minimum for step in self._due}) == 1
        return f"{positions(point.minimum)} by {due}" if steady else f"up to {positions(point.minimum)}, from {due} on"

    @property
    def cause(self) -> str:
        """Why it is not covered, as the proof says."""
        return sentence(self.verdict.counterexample or (self.verdict.weakest if self.state == "not-known" else ""))

    @property
    def advice(self) -> str:
        return sentence(self.verdict.binding.advice) if self.verdict.binding else ""

    @property
    def relief(self) -> str:
        return RELIEF[self.function.channel]

    @property
    def unproven(self) -> tuple[Taker, ...]:
        return tuple(taker for taker in self.takers if not taker.proven)

    @property
    def _due(self) -> tuple[CoverPoint, ...]:
        """The steps of the cover that are in force at the recovery time or begin later."""
        cover = sorted(self.verdict.cover, key=lambda point: point.at)
        before = [point for point in cover if point.at <= self.verdict.rto]
        return (*before[-1:], *(point for point in cover if point.at > self.verdict.rto))

    @property
    def _busiest(self) -> CoverPoint | None:
        return max(self._due, key=lambda point: (point.minimum, -point.at), default=None)


def sentence(text: str) -> str:
    """The text with a capital at its start and a full stop at its end."""
    text = text.strip()
    text = text[:1].upper() + text[1:]
    return text if not text or text[-1] in ".!?" else f"{text}."
