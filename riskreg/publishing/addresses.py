"""Where a link may lead: pages that are there whatever the rules find, known before any of them is made."""

from __future__ import annotations

from collections.abc import Iterator

from riskreg.model.content import Workspace
from riskreg.publishing.edition import slug
from riskreg.resources import shipped

_ALWAYS = (
    "index", "unsure", "made-from", "fails/map",
    *(f"{folder}/index" for folder in ("register", "playbooks", "fails", "functions", "drills", "rules")),
)  # fmt: skip


def page_addresses(workspace: Workspace) -> frozenset[str]:
    """Addresses, without ending, of all pages but those of single risks and of playbooks made for one situation."""
    return frozenset([*_ALWAYS, *_guide(), *_named(workspace)])


def _guide() -> Iterator[str]:
    return (f"guide/{path.stem}" for path in (shipped("site") / "guide").glob("*.md"))


def _named(workspace: Workspace) -> Iterator[str]:
    network = workspace.network
    packs = ("player",) if workspace.settings.publishing.audience == "public" else ("player", "facilitator")
    for kind, things in (("site", network.sites), ("system", network.systems), ("vendor", network.vendors)):
        yield from (f"fails/{kind}-{slug(thing.id)}" for thing in things)
    for function in network.functions:
        yield f"functions/{slug(function.id)}"
    for rule in workspace.rules:
        yield f"rules/{slug(rule.id)}"
    for drill in workspace.drills:
        yield from (f"drills/{slug(f'{drill.id}-{pack}')}" for pack in packs)
    for template in workspace.playbooks:
        yield f"playbooks/{slug(template.id)}"
