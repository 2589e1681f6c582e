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
from riskreg.publishing.words import spaced

COMPUTED = "riskreg run"
"""The actor of what the run does by itself; every other actor is a person."""
_CALL = re.compile(r'<a\b[^>]*href="tel:[^"]*"[^>]*>.*?</a>', re.DOTALL)
_GAP = r"(?:[ .()/\u00a0-]|&nbsp;|&#160;)"
_DRAWN = r'\s(?:d|points|transform|viewBox)="[^"]*"'
_PHONE = re.compile(
    # the numbers of a drawing are no phone numbers; group 1 is one
    rf"{_DRAWN}|((?<!\w)(?:\+|&\#43;)[1-9](?:{_GAP}{{0,3}}\d){{6,14}}(?!\w)|(?<![\w./#-])"
    rf"(?:00[1-9](?:{_GAP}{{0,3}}\d){{6,14}}|\(?0[1-9]\d{{1,3}}\)?(?:{_GAP}{{1,2}}\d{{2,8}}){{1,4}}|0[1-9]\d{{8,9}}"
    rf"|\(?[2-9]\d{{2}}\)?{_GAP}{{1,2}}\d{{3}}{_GAP}\d{{4}})(?!\w|[.,]\d))"
)
_MAIL = re.compile(r"[\w.+-]+(?:@|&\#64;)(?:[\w-]+\.)+[A-Za-z]{2,}")
WITHHELD = "(not in this edition)"
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
    """The content itself for an internal edition; a public one has no phones, people, reasons, notes, facilitator packs.

    Nor has it what rules leave out, cannot judge or would have found in the past.
    """
    # Frames compare times in UTC only; a moment may come with any offset.
    content = content.model_copy(update={"as_of": as_utc(content.as_of)})
    if content.workspace.settings.publishing.audience == "internal":
        return content
    roles = tuple(map(_public_role, content.workspace.roles))
    rules = tuple(rule.model_copy(update={"exceptions": ()}) for rule in content.workspace.rules)
    typed = _typed(content)
    return content.model_copy(
        update={
            "workspace": content.workspace.model_copy(update={"roles": roles, "rules": rules}),
            "findings": tuple(finding.public for finding in content.findings),
            "asides": (),
            "backtest": None,
            "near": {},
            "history": tuple(_public_event(event, typed.get(event.risk or "")) for event in content.history),
            "risks": tuple(_public_risk(risk, typed.get(risk.id)) for risk in content.risks),
            "packs": {ident: text for ident, text in content.packs.items() if not ident.endswith("-facilitator")},
        }
    )


def _typed(content: Content) -> dict[str, str]:
    """Each risk that no rule raised → what a public reader may know instead of the title that somebody typed."""
    ruled = {event.risk for event in content.history if event.kind == "risk.raised"}
    network = content.workspace.network
    return {
        risk.id: f"{spaced(risk.category).capitalize()}: {network.name_of(risk.scope) if ':' in risk.scope else 'the client'}"
        for risk in content.risks
        if risk.id not in ruled
    }


def _public_role(role: Role) -> Role:
    hidden = {"phone": "", "deputy_phone": "", "email": "", "hours": ""}
    if role.audience == "internal":
        hidden |= {"holder": role.title, "deputy": ""}
    return role.model_copy(update=hidden)


def _public_event(event: Event, title: str | None) -> Event:
    actor = event.actor if event.actor == COMPUTED else "the owner"
    body = {key: event.body[key] for key in _KEPT if key in event.body}
    if title and event.kind == "risk.added":
        body["title"] = title
    return event.model_copy(update={"actor": actor, "body": body})


def _public_risk(risk: Risk, title: str | None) -> Risk:
    assessed = risk.assessed and risk.assessed.model_copy(update={"by": "the owner", "reason": ""})
    findings = tuple(finding.public for finding in risk.findings)
    return risk.model_copy(update={"assessed": assessed, "note": "", "title": title or risk.title, "findings": findings})


class Redaction:
    """Removes from finished text what an internal edition may say and a public one may not; does nothing for an internal one."""

    def __init__(self, content: Content) -> None:
        secret: dict[str, str] = {}
        self._public = content.workspace.settings.publishing.audience == "public"
        if self._public:
            for role in content.workspace.roles:
                secret |= _secrets(role)
            people = {event.actor for event in content.history} | {risk.assessed.by for risk in content.risks if risk.assessed}
            secret |= dict.fromkeys(people - {COMPUTED}, "the owner")
        self._words = {form: said for text, said in secret.items() if text for form in _forms(text)}
        longest_first = sorted(self._words, key=lambda form: (-len(form), form))
        self._pattern = re.compile("|".join(rf"(?<!\w){re.escape(form)}(?!\w)" for form in longest_first)) if secret else None

    def __call__(self, text: str) -> str:
        """`known`, and without whatever looks like a phone number or an e-mail address, wherever it was typed."""
        if not self._public:
            return text
        dialled = _PHONE.sub(lambda found: WITHHELD if found[1] else found[0], self.known(text))
        return _MAIL.sub(WITHHELD, dialled)

    def known(self, text: str) -> str:
        """`text` with call buttons taken out and every secret replaced by what a public reader may know instead."""
        if self._pattern is None:
            return text
        return self._pattern.sub(lambda found: self._words[found[0]], _CALL.sub("", text))


def _secrets(role: Role) -> dict[str, str]:
    withheld = dict.fromkeys((role.phone, role.deputy_phone, role.email), WITHHELD)
    return withheld | (dict.fromkeys((role.holder, role.deputy), role.title) if role.audience == "internal" else {})


def _forms(text: str) -> Iterable[str]:
    """The ways in which one string is written on a page: blanks that do not break, escapes, digits alone."""
    yield from {text, text.replace(" ", NBSP), text.replace(" ", "&nbsp;"), str(escape(text)), plain_text(text)}
    digits = re.sub(r"[^\d+]", "", text)
    if len(digits) >= 7:
        yield digits
