"""Dual-sourcing, client takeover, both or neither: what each would give, and the simplest that gives the most."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from riskreg.continuity.allocation import Ground
from riskreg.continuity.options import KIND_WORDS, Offer
from riskreg.continuity.proof import Course, Run, course, judge, sweep, walk
from riskreg.continuity.stretch import Segment
from riskreg.model.network import Network, Triggered
from riskreg.model.plan import Alternative, Choice, Decision, Outcome, Relation
from riskreg.model.times import say_duration

ALLOWED: dict[Choice, frozenset[Relation]] = {
    "same-vendor": frozenset({"same-site", "sister-site"}),
    "dual-source": frozenset({"same-site", "sister-site", "second-vendor"}),
    "client-takeover": frozenset({"same-site", "sister-site", "client", "step-in"}),
    "both": frozenset({"same-site", "sister-site", "second-vendor", "client", "step-in"}),
}
"""The choices, simplest first, and whose people each may use. The client's own work that goes to its own sites is same-vendor."""
WORDS: dict[Choice, str] = {
    "none-needed": "no action",
    "same-vendor": "the same vendor's people and sites",
    "dual-source": "dual-sourcing to a second vendor",
    "client-takeover": "client takeover",
    "both": "dual-sourcing and client takeover together",
    "not-covered": "nothing that is firm",
}


@dataclass(frozen=True)
class Variant:
    """One choice with its plan (all firm options of the choice) and its proof (the tested ones of them)."""

    choice: Choice
    planned: Run
    proof: Run
    courses: Mapping[str, tuple[Course, Course]]
    outcomes: Mapping[str, Outcome]

    def count(self, outcome: Outcome) -> int:
        return sum(found == outcome for found in self.outcomes.values())

    @property
    def score(self) -> tuple[int, int, int]:
        """Breaches, late, not known: fewer is better, in this order."""
        return self.count("breach"), self.count("late"), self.count("not-known")

    @cached_property
    def missing(self) -> int:
        """What the plan leaves missing to the minimums after their RTO, in tenths of a position times seconds."""
        rows = [row for planned, _ in self.courses.values() for row in planned.shortages()]
        return sum(short * (segment.end - segment.start) for segment, short in rows)


def variant(
    ground: Ground,
    segments: Sequence[Segment],
    offers: Sequence[Offer],
    choice: Choice,
    relations: frozenset[Relation],
    touched: Sequence[str],
) -> Variant:
    """The plan and proof that use only people of these relations."""
    offers = [offer for offer in offers if offer.relation in relations]
    planned = sweep(ground, segments, offers)
    proof = sweep(ground, segments, [offer for offer in offers if offer.proven])
    functions = [ground.network.function[ident] for ident in touched]
    courses = {f.id: (course(ground, f, planned), course(ground, f, proof)) for f in functions}
    return Variant(choice, planned, proof, courses, {ident: judge(*pair) for ident, pair in courses.items()})


def decide(
    ground: Ground, segments: Sequence[Segment], offers: Sequence[Offer], touched: Sequence[str]
) -> tuple[Variant, Decision]:
    """The variant of record, and the decision with every alternative.

    Fewest breaches, then fewest late, then fewest not known, then least missing to the minimums; among equals the simplest.
    `none-needed` where the minimums hold without any move; `not-covered` where no choice brings any function back sooner than
    waiting would: the plan then still serves what it can.
    """
    # The widest choice first: what it solves often serves the narrower ones as it is.
    found = {choice: variant(ground, segments, offers, choice, allowed, touched) for choice, allowed in reversed(ALLOWED.items())}
    nothing = variant(ground, segments, offers, "none-needed", frozenset(), touched)
    variants = [found[choice] for choice in ALLOWED]
    best = min(variants, key=lambda v: (v.score, v.missing))
    if nothing.score == (0, 0, 0):
        chosen = nothing
    elif best.score >= nothing.score:
        chosen = replace(best, choice="not-covered")
    else:
        chosen = best
    chosen = replace(chosen, planned=walk(ground, segments, chosen.planned.offers))
    clauses, authority = calls(ground.network, chosen.planned)
    return chosen, Decision(
        choice=chosen.choice,
        why=_why(chosen, best.choice, nothing, variants, clauses),
        alternatives=tuple(_alternative(v) for v in variants),
        clauses=clauses,
        authority=authority,
    )


def calls(network: Network, run: Run) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The clauses that a plan calls on (`contract: clause`), and the roles that must give the word."""
    used = run.used()
    offers = [offer for offer in run.offers if offer.key in used]
    clauses = {_clause(offer) for offer in offers if offer.source.contract}
    roles = {offer.source.authority for offer in offers if offer.source.authority}
    for offer in offers:
        party = network.site_of(offer.pool).party
        manager = network.vendor[party].manager if party in network.vendor else None
        if offer.relation == "second-vendor" and manager is not None:
            roles.add(manager)
    return tuple(sorted(clauses)), tuple(sorted(roles))


def _clause(offer: Offer) -> str:
    number = f" {offer.source.option.clause}" if offer.source.option.clause else ""
    lever, condition = offer.source.lever, ""
    if isinstance(lever, Triggered):
        earliest = f"; not before {say_duration(lever.after)} after the loss" if lever.after else ""
        condition = f" (when: {lever.trigger}{earliest})"
    return f"{offer.source.contract}{number}, {KIND_WORDS[offer.kind]}{condition}"


def move_cost(offer: Offer, positions: int, seconds: int) -> float:
    """Extra cost of `positions` (tenths) for a time, in the workspace's currency."""
    return positions / 10 * seconds / 3600 * offer.source.option.price


def _alternative(found: Variant) -> Alternative:
    offers = {offer.key: offer for offer in found.planned.offers}
    total, most, length = 0.0, 0, found.planned.segments[-1].end
    for segment, allocation in zip(found.planned.segments, found.planned.allocations, strict=True):
        total += sum(move_cost(offers[key], units, segment.end - segment.start) for key, units in sorted(allocation.moves.items()))
        most = max(most, sum(allocation.moves.values()))
    return Alternative(
        choice=found.choice,
        met=found.count("met"),
        late=found.count("late"),
        breach=found.count("breach"),
        not_known=found.count("not-known"),
        positions=most,
        cost_per_day=round(total * 86400 / length, 2),
    )


def _why(chosen: Variant, means: Choice, nothing: Variant, variants: Sequence[Variant], clauses: Sequence[str]) -> str:
    if chosen.choice == "none-needed":
        return f"What still stands is enough: {_result(chosen)}."
    under = f" Clauses to call: {'; '.join(clauses)}." if clauses else ""
    if chosen.choice == "not-covered":
        helps = f"; the plan still serves what it can, with {WORDS[means]}" if chosen.missing < nothing.missing else ""
        return f"No firm option does better than waiting: {_result(chosen)}{helps}.{under}"
    simpler = [v for v in variants if list(ALLOWED).index(v.choice) < list(ALLOWED).index(chosen.choice)]
    instead = min(simpler, key=lambda v: v.score, default=nothing)
    return f"With {WORDS[chosen.choice]}, {_result(chosen)}; with {WORDS[instead.choice]}, {_result(instead)}.{under}"


def _result(found: Variant) -> str:
    words: dict[Outcome, str] = {"late": "late", "breach": "in breach", "not-known": "not known"}
    rest = "".join(f", {found.count(outcome)} {word}" for outcome, word in words.items() if found.count(outcome))
    return f"{found.count('met')} of {len(found.outcomes)} functions meet their minimum in time{rest}"
