"""Drill packs: the list, and each pack as its own page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from riskreg.publishing import words
from riskreg.publishing.edition import Edition, slug
from riskreg.publishing.render import Page, heading, page

_PACK = {"facilitator": "Facilitator pack", "player": "Player pack"}
_TITLE = re.compile(r"\A\s*# (.*)\n")


def pages(edition: Edition) -> Iterator[Page]:
    """`drills/index` and a page for each pack that this audience may see."""
    yield page("drills/index", "drills.html", _index(edition), wide=True, kind="drills")
    for ident, text in sorted(edition.content.packs.items()):
        drill, _, role = ident.rpartition("-")
        titled = _TITLE.match(text)
        # A pack brings its own title, escaped by the room that wrote it.
        body = text if titled else f"{heading(1, f'{drill}: {_PACK.get(role, role)}')}\n\n{text}"
        # In an emergency nobody may find an exercise where the plan is.
        yield Page(f"drills/{slug(ident)}", body, kind=f"pack pack-{role}", weight=0)


def _index(edition: Edition) -> dict[str, Any]:
    rows = []
    for drill in edition.content.drills:
        packs = [
            {"name": name, "page": f"drills/{slug(f'{drill.id}-{role}')}"}
            for role, name in _PACK.items()
            if f"{drill.id}-{role}" in edition.content.packs
        ]
        rows.append(
            {
                "title": drill.title,
                "packs": packs,
                "lost": f"loses {words.listed([edition.name(loss.ref) for loss in drill.disruption.losses])}",
                "length": f"{words.count(drill.minutes, 'minute')}, {words.count(len(drill.injects), 'inject')}",
                "players": words.listed([edition.role_title(role).lower() for role in drill.players]),
            }
        )
    bold = f"{words.capital(words.counted(len(rows), 'drill'))} ready to run." if rows else "No drill has been made yet."
    rest = (
        "Print the facilitator's pack; give players only theirs."
        if rows
        else "Make one from a plan: riskreg drill new --lose site:ID"
    )
    return {"lead": {"bold": bold, "rest": rest}, "rows": rows}
