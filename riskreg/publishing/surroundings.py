"""What a thing needs and what needs it, on its page: a table and a map."""

from __future__ import annotations

from typing import Any

from riskreg.model.base import split_ref
from riskreg.model.network import CLIENT
from riskreg.model.plan import FailoverPlan, Verdict
from riskreg.model.times import say_duration
from riskreg.model.words import tenths
from riskreg.publishing import maps, outcomes, words
from riskreg.publishing.dependence import Dependence
from riskreg.publishing.edition import Edition
from riskreg.publishing.maps import Box
from riskreg.publishing.render import relative


def needs(edition: Edition, known: Dependence, ref: str) -> list[dict[str, Any]]:
    """A row for each thing that `ref` needs: whether its loss stops it, and what else falls with it."""
    rows = []
    for need in known.needs(ref):
        stops = known.stops(ref, need)
        also = [other for other in known.falls_with(need) if other not in (ref, need) and other.split(":")[0] in ("site", "system")]
        shown = [edition.name(other) for other in also[:4]] + ([f"{len(also) - 4} more"] if len(also) > 4 else [])
        rows.append(
            {
                "name": edition.name(need),
                "page": edition.address(need),
                "sign": "not-covered" if stops else "partly",
                "word": "Stops it" if stops else "Standby",
                "rest": "nothing stands in" if stops else "something else stands in",
                "also": f"also takes down {words.listed(shown)}" if also else "takes down nothing else",
            }
        )
    return rows


def drawn(edition: Edition, known: Dependence, ref: str, plan: FailoverPlan | None, here: str) -> dict[str, Any] | None:
    """The map around `ref`, wide and narrow, for the page at `here`; None where nothing is tied to it."""

    def href(target: str) -> str | None:
        address = edition.address(target)
        return relative(here, address) if address else None

    needs = [
        Box(need, edition.name(need), _stand_in(need, stops=known.stops(ref, need)),
            "not-covered" if known.stops(ref, need) else "partly", href(need), "stops" if known.stops(ref, need) else "standby")
        for need in known.needs(ref)
    ]  # fmt: skip
    if plan:
        needed = [
            _function_box(edition, plan, verdict, href(f"function:{verdict.function}")) for verdict in outcomes.by_notice(plan.lost)
        ]
    else:
        needed = [
            Box(item, edition.name(item), "depends on it", "not-known", href(item), "unknown") for item in known.needed_by(ref)
        ]
    if not needs and not needed:
        return None
    name = edition.name(ref)
    party = split_ref(ref)
    left = "It runs" if party[0] == "vendor" else f"{name} needs"
    if party[0] == "vendor":
        owner = CLIENT if party[1] == CLIENT else party[1]
        needs = [Box(f"site:{s.id}", s.name, f"{s.seats} seats" if s.seats else "homes", "", href(f"site:{s.id}"))
                 for s in edition.network.sites if s.party == owner]  # fmt: skip
    bad = sum(box.grave for box in needed)
    label = f"{name}: it needs {len(needs)}; {words.count(len(needed), 'function')} need it, {bad} of them not covered."
    wide, narrow = maps.around(Box(ref, name, "", ""), needs, needed, left=left, right=f"These need {name}", label=label)
    return {"wide": wide, "narrow": narrow}


def _stand_in(need: str, *, stops: bool) -> str:
    kind = "hazard, " if need.startswith("hazard:") else ""
    return f"{kind}{'nothing' if stops else 'something'} stands in"


def _function_box(edition: Edition, plan: FailoverPlan, verdict: Verdict, href: str | None) -> Box:
    said = outcomes.outcome(edition, plan, verdict)
    note = said["word"].lower()
    if verdict.outcome == "met":
        note = f"covered, {say_duration(verdict.minimum_at)}" if verdict.minimum_at else "covered, never below its minimum"
    elif verdict.short:
        note = f"{note}, short {tenths(verdict.short)}"
    line: maps.Line = {"breach": "stops", "not-known": "unknown"}.get(verdict.outcome, "standby")  # type: ignore[assignment]
    return Box(f"function:{verdict.function}", edition.name(f"function:{verdict.function}"), note, said["sign"], href, line)
