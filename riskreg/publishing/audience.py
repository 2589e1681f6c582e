"""What a public edition may show. Two lines of defence: fields are emptied, then finished pages are searched for what is left."""

from __future__ import annotations

import re
from collections.abc import Iterable

from markupsafe import escape

from riskreg.model.content import Content
from riskreg.model.risk import Event, Risk
from riskreg.model.role import Role
from riskreg.model.signal import as_utc
from riskreg.model.words import NBSP, plain_text

COMPUTED = "riskreg run"
"""The actor of what the run does by itself; every other actor is a person."""
_CALL = re.compile(r'<a\b[^>]*href="tel:[^"]*"[^>]*>.*?</a>', re.DOTALL)
_KEPT = (
    "score",
    "indicated",
    "from",
    "to",
    "likelihood",
    "impact",
    "state",
    "category",
    "scope",
    "title",
    "finding",
    "rule",
    "owner",
)


def visible(content: Content) -> Content:
    """The content itself for an internal edition; a public one has no phones, people, reasons, notes, facilitator packs."""
    # Frames compare times in UTC only; a moment may come with any offset.
    content = content.model_copy(update={"as_of": as_utc(content.as_of)})
    if content.workspace.settings.publishing.audience == "internal":
        return content
    roles = tuple(map(_public_role, content.workspace.roles))
    return content.model_copy(
        update={
            "workspace": content.workspace.model_copy(update={"roles": roles}),
            "history": tuple(map(_public_event, content.history)),
            "risks": tuple(map(_public_risk, content.risks)),
            "packs": {ident: text for ident, text in content.packs.items() if not ident.endswith("-facilitator")},
        }
    )


def _public_role(role: Role) -> Role:
    hidden = {"phone": "", "deputy_phone": "", "email": "", "hours": ""}
    if role.audience == "internal":
        hidden |= {"holder": role.title, "deputy": ""}
    return role.model_copy(update=hidden)


def _public_event(event: Event) -> Event:
    actor = event.actor if event.actor == COMPUTED else "the owner"
    return event.model_copy(update={"actor": actor, "body": {key: event.body[key] for key in _KEPT if key in event.body}})


def _public_risk(risk: Risk) -> Risk:
    assessed = risk.assessed and risk.assessed.model_copy(update={"by": "the owner", "reason": ""})
    return risk.model_copy(update={"assessed": assessed, "note": ""})


class Redaction:
    """Removes from finished text what an internal edition may say and a public one may not; does nothing for an internal one."""

    def __init__(self, content: Content) -> None:
        secret: dict[str, str] = {}
        if content.workspace.settings.publishing.audience == "public":
            for role in content.workspace.roles:
                secret |= _secrets(role)
            people = {event.actor for event in content.history} | {risk.assessed.by for risk in content.risks if risk.assessed}
            secret |= dict.fromkeys(people - {COMPUTED}, "the owner")
        self._words = {form: said for text, said in secret.items() if text for form in _forms(text)}
        longest_first = sorted(self._words, key=lambda form: (-len(form), form))
        self._pattern = re.compile("|".join(rf"(?<!\w){re.escape(form)}(?!\w)" for form in longest_first)) if secret else None

    def __call__(self, text: str) -> str:
        """`text` with call buttons taken out and every secret replaced by what a public reader may know instead."""
        if self._pattern is None:
            return text
        return self._pattern.sub(lambda found: self._words[found[0]], _CALL.sub("", text))


def _secrets(role: Role) -> dict[str, str]:
    withheld = dict.fromkeys((role.phone, role.deputy_phone, role.email), "(not in this edition)")
    return withheld | (dict.fromkeys((role.holder, role.deputy), role.title) if role.audience == "internal" else {})


def _forms(text: str) -> Iterable[str]:
    """The ways in which one string is written on a page: blanks that do not break, escapes, digits alone."""
    yield from {text, text.replace(" ", NBSP), text.replace(" ", "&nbsp;"), str(escape(text)), plain_text(text)}
    digits = re.sub(r"[^\d+]", "", text)
    if len(digits) >= 7:
        yield digits
