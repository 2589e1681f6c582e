"""Packs: what the facilitator and the players hold in their hands, as Markdown that also prints."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from riskreg.drills.reading import Scene, scene
from riskreg.model import words
from riskreg.model.drill import Drill, Inject
from riskreg.model.network import Network
from riskreg.model.plan import FailoverPlan, Outcome
from riskreg.model.role import Role
from riskreg.model.settings import Settings

_PLAYBOOK = {"site": "site-lost", "system": "system-lost", "vendor": "vendor-exit"}
_WORDS: dict[Outcome, str] = {
    "met": "Covered",
    "untouched": "Untouched",
    "late": "Late",
    "breach": "Not covered",
    "not-known": "Not known",
}


def packs(drill: Drill, *, plan: FailoverPlan, network: Network, roles: Sequence[Role], settings: Settings) -> dict[str, str]:
    """`<drill id>-facilitator` and `<drill id>-player` → Markdown that begins with its title.

    The player's pack holds the opening inject and no other, no expected action and no rating.
    """
    told = scene(plan, network, roles)
    shared = {
        "drill": drill,
        "lost": told.lost,
        "people": [
            (told.title(role), told.roles[role].holder if role in told.roles else "nobody is named") for role in drill.players
        ],
        "playbooks": _playbooks(drill, told),
        "fictional": settings.fictional,
        "hot_wash": drill.minutes - round(drill.minutes * 0.8),
        "briefing": round(drill.minutes * 0.1),
    }
    facilitator = shared | {
        "injects": [_row(inject, told, settings) for inject in drill.injects],
        "verdicts": [
            (told.function(v.function), _WORDS[v.outcome], v.counterexample or (v.weakest and f"rests on {v.weakest}"))
            for v in told.touched
        ],
    }
    player = shared | {"opening": drill.injects[0].text}
    return {
        f"{drill.id}-facilitator": _text("facilitator.md.j2", facilitator),
        f"{drill.id}-player": _text("player.md.j2", player),
    }


def _row(inject: Inject, told: Scene, settings: Settings) -> dict[str, Any]:
    at = (told.onset + timedelta(seconds=inject.scenario)).astimezone(told.local)
    return {
        "it": inject,
        "target": told.title(inject.target),
        "after": words.elapsed(inject.scenario),
        "clock": f"{words.day(at, told.onset.year)}, {words.clock(at, told.zone, settings.time_zone)}",
    }


def _playbooks(drill: Drill, told: Scene) -> list[tuple[str, str]]:
    """Title and address of the playbook of each thing that is lost; the library where there is none."""
    known = [
        (f"{told.network.name_of(loss.ref)}: what to do", f"../playbooks/{_PLAYBOOK[kind]}--{loss.ref.replace(':', '-')}.html")
        for loss in drill.disruption.losses
        if (kind := loss.ref.partition(":")[0]) in _PLAYBOOK
    ]
    return known or [("All playbooks", "../playbooks/index.html")]


@cache
def _environment() -> Environment:
    here = FileSystemLoader(Path(__file__).parent / "templates")
    return Environment(
        loader=here, autoescape=True, finalize=_plain, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )


def _plain(value: Any) -> Markup:
    return value if isinstance(value, Markup) else Markup(words.plain_text(value))  # noqa: S704 - plain_text has escaped it


def _text(name: str, values: dict[str, Any]) -> str:
    return _environment().get_template(name).render(values).strip() + "\n"
