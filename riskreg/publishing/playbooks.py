"""Playbooks: the library, and a page for each rendered one with the cover charts of its plan."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from riskreg.model.base import split_ref
from riskreg.model.plan import FailoverPlan, Verdict
from riskreg.model.playbook import RenderedPlaybook
from riskreg.publishing import aliases, charts, outcomes, views, words
from riskreg.publishing.edition import Edition
from riskreg.publishing.render import IN_AN_EMERGENCY, Page, fragment, heading, page

_COVER = re.compile(r"^<!-- rr:cover(?:-all| (?P<function>[A-Za-z0-9_.-]+)) -->$", re.MULTILINE)
_TITLE = re.compile(r"\A\s*# .*\n")


def pages(edition: Edition) -> Iterator[Page]:
    """`playbooks/index` and a page for each rendered playbook."""
    yield page("playbooks/index", "playbooks.html", _index(edition), wide=True, kind="playbooks")
    for playbook in edition.content.playbooks:
        yield _one(edition, playbook)


def _index(edition: Edition) -> dict[str, Any]:
    made = [playbook for playbook in edition.content.playbooks if playbook.id != playbook.playbook]
    general = [playbook for playbook in edition.content.playbooks if playbook.id == playbook.playbook]

    def rows(kind: str, found: Sequence[RenderedPlaybook]) -> list[dict[str, Any]]:
        return [_row(edition, item) for item in found if _kind(edition, item) == kind]

    groups = [
        {"id": "lost", "title": "Something is lost", "rows": rows("continuity", made),
         "text": "One plan for each thing that can be lost, made from the network as it stands."},
        {"id": "now", "title": "For what the rules found", "rows": rows("mitigation", made),
         "text": "Made for a finding that is open now."},
        {"id": "library", "title": "General forms", "rows": [_row(edition, item) for item in general],
         "text": "What each playbook says before anything has happened."},
    ]  # fmt: skip
    expired = sum(_expired(edition, playbook) for playbook in edition.content.playbooks)
    forms = words.counted(len(general), "general form")
    bold = f"{words.capital(words.counted(len(made), 'playbook'))} made for what is or may be, {forms}."
    rest = (
        f"{words.capital(words.counted(expired, 'has', 'have'))} expired: use them, and ring the owner."
        if expired
        else "None has expired."
    )
    return {"lead": {"bold": bold, "rest": rest}, "groups": groups}


def _kind(edition: Edition, playbook: RenderedPlaybook) -> str:
    template = edition.templates.get(playbook.playbook)
    return template.kind if template else "mitigation"


def _expired(edition: Edition, playbook: RenderedPlaybook) -> bool:
    return playbook.valid_until is not None and playbook.valid_until < edition.content.as_of.date()


def _row(edition: Edition, playbook: RenderedPlaybook) -> dict[str, Any]:
    expired = _expired(edition, playbook)
    until = words.day(playbook.valid_until) if playbook.valid_until else ""
    return {
        "title": playbook.title,
        "page": views.playbook_page(playbook.id),
        "scope": f"made for {edition.name(playbook.scope)}" if ":" in playbook.scope else "for any case",
        "owner": edition.who(playbook.owner),
        "expired": expired,
        "valid": f"expired {until}" if expired else f"steps valid until {until}" if until else "no end date",
    }


def _one(edition: Edition, playbook: RenderedPlaybook) -> Page:
    path = views.playbook_page(playbook.id)
    expired = _expired(edition, playbook)
    until = words.day(playbook.valid_until) if playbook.valid_until else "a date that nobody has set"
    stamp = f"{playbook.playbook} · version {playbook.version} · steps valid until {until} · owner {edition.who(playbook.owner)}"
    also = words.listed(_also(edition, playbook), "or")
    head = fragment(path, "playbook_head.html", {"expired": until if expired else "", "stamp": stamp, "also": also})
    title = heading(1, playbook.title)
    body = _TITLE.sub("", playbook.text)
    plan = edition.plan_of(playbook)
    text = "\n\n".join([title, head, _COVER.sub(lambda found: _cover(edition, plan, path, found["function"]), body)])
    made = playbook.id != playbook.playbook
    urgent = made and (_kind(edition, playbook) == "continuity" or playbook.playbook == "data-exposure")
    return Page(path, text, kind="playbook", weight=IN_AN_EMERGENCY if urgent else 1)


def _also(edition: Edition, playbook: RenderedPlaybook) -> Sequence[str]:
    kind, ident = split_ref(playbook.scope) if ":" in playbook.scope else ("", "")
    system = edition.network.system.get(ident) if kind == "system" else None
    site = edition.network.site.get(ident) if kind == "site" else None
    return aliases.of_playbook(
        playbook.playbook, system=system.kind if system else "", homes=site is not None and site.kind == "home"
    )


def _cover(edition: Edition, plan: FailoverPlan | None, path: str, function: str | None) -> str:
    """Cover charts of one function, or of all that lose work, in the order in which customers notice."""
    wanted = [v for v in plan.verdicts if (v.function == function if function else v.lost)] if plan else []
    drawn = [_chart(edition, plan, verdict) for verdict in outcomes.by_notice(wanted) if plan and verdict.cover]
    return fragment(path, "cover.html", {"charts": drawn}) if drawn else ""


def _chart(edition: Edition, plan: FailoverPlan, verdict: Verdict) -> dict[str, Any]:
    name = edition.name(f"function:{verdict.function}")
    takers = [
        f"{edition.name(f'pool:{move.pool}')} {outcomes.taken(move)}"
        for move in sorted(plan.moves, key=lambda move: (move.starts, move.pool, move.option))
        if move.function == verdict.function
    ]
    said = outcomes.outcome(edition, plan, verdict)
    open_ = any(point.proven < point.served for point in verdict.cover if point.at < charts.cover_span(verdict))
    untested = " Unfilled under the line: options that nobody has tested." if open_ else ""
    return {
        "name": name,
        "sign": said["sign"],
        "word": said["word"],
        "drawing": charts.cover(verdict, name),
        "caption": f"{words.capital(outcomes.caption(verdict))}{untested} {words.listed(takers[:4]) or 'Nobody takes it over'}."
        + (f" And {len(takers) - 4} more." if len(takers) > 4 else ""),
    }
