"""The page of one risk: what it says, who answers for it, the frozen reason, the readings behind it, and its history."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from riskreg.model.base import split_ref
from riskreg.model.disruption import Loss
from riskreg.model.plan import FailoverPlan
from riskreg.model.risk import Risk, Score
from riskreg.model.times import say_duration
from riskreg.publishing import asides, losses, readings, reasons, views, words
from riskreg.publishing.edition import Edition
from riskreg.publishing.history import Change
from riskreg.publishing.render import Page, page

_ASIDE = {"missing-data": "Not judged", "exception": "Left out"}


def risk_page(edition: Edition, risk: Risk, history: Sequence[Change]) -> Page:
    """`register/R-001`. `history` holds the changes of this risk, oldest first."""
    chip = views.scored(edition, risk.score) or {"band": None, "number": None}
    return page(views.risk_page(risk.id), "risk.html", {
        "id": risk.id, "title": risk.title, **chip,
        "score": _score(edition, risk),
        "change": _change(edition, history),
        "lead": _lead(risk),
        "owner": _person(edition, risk.owner),
        "scope": {"name": _scope(edition, risk.scope), "page": edition.address(risk.scope)},
        "category": words.spaced(risk.category),
        "indicated": _indicated(edition, risk),
        "assessed": _assessed(edition, risk),
        "proposal": risk.proposal,
        "hits": _hits(edition, risk),
        "assumed": list(_assumed(edition, risk)),
        "playbooks": _playbooks(edition, risk),
        "state": words.capital(words.spaced(risk.state)) + (f", treatment: {risk.treatment}" if risk.treatment else ""),
        "review": _review(edition, risk),
        "note": risk.note,
        "edit": (edit := _edit(edition, risk)),
        "edit_says": "Assess this risk again" if risk.assessed else "Assess this risk",
        "by_hand": not edit and _editable(edition, risk),
        "why_title": f"Why it is {edition.band(risk.score)}" if risk.score and risk.findings and not risk.assessed else "Why",
        "reasons": reasons.trees(edition, risk.findings),
        "no_reason": _no_reason(risk),
        "asides": _asides(edition, risk),
        "charts": readings.charts(edition, risk.findings),
        "history": [views.change(edition, line) for line in reversed(history)],
    }, kind="risk")  # fmt: skip


def _score(edition: Edition, risk: Risk) -> str:
    if risk.score is None:
        return "no score: no rule indicates one now, and the owner has given none"
    scales = edition.settings.scales
    likely, impact = scales.likelihood[risk.score.likelihood - 1].lower(), scales.impact[risk.score.impact - 1].lower()
    by = "the owner's score" if risk.assessed else "indicated by the rules, not yet assessed by the owner"
    return f"of 25 · likelihood {risk.score.likelihood} ({likely}) × impact {risk.score.impact} ({impact}) · {by}"


def _change(edition: Edition, history: Sequence[Change]) -> str:
    moves = [line for line in history if line.moved]
    if not moves:
        return ""
    last = moves[-1]
    on = words.local_day(last.at, edition.zone)
    return f"was {last.before.number} until {on}" if last.before else f"new on {on}"


def _lead(risk: Risk) -> dict[str, str]:
    if risk.findings:
        first, *more = [finding.explain.rstrip(".") for finding in risk.findings]
        return {"bold": f"{first}.", "rest": " ".join(f"{text}." for text in dict.fromkeys(more) if text != first)}
    if risk.state == "closed":
        return {"bold": "This risk is closed.", "rest": "A new finding would open it again."}
    if risk.assessed and risk.assessed.reason:
        return {"bold": f"{risk.assessed.reason.rstrip('.')}.", "rest": "No rule fires for it now."}
    return {"bold": "No rule fires for it now.", "rest": "Its history is kept below."}


def _person(edition: Edition, role: str) -> tuple[str, str, str, str, str]:
    held = edition.roles.get(role)
    if held is None:
        return edition.role_title(role), "", "", "", ""
    return held.holder, held.title, held.phone, held.deputy, held.deputy_phone


def _scope(edition: Edition, scope: str) -> str:
    return words.capital(edition.name(scope)) if ":" in scope else "The whole client"


def _indicated(edition: Edition, risk: Risk) -> str:
    if risk.indicated is None:
        return "nothing now"
    return _said(edition, risk.indicated)


def _said(edition: Edition, score: Score) -> str:
    return f"likelihood {score.likelihood} × impact {score.impact} = {score.number}, {edition.band(score)}"


def _assessed(edition: Edition, risk: Risk) -> str:
    if risk.assessed is None:
        return "not assessed yet"
    said = risk.assessed
    return f"{_said(edition, said.score)}, {words.local_day(said.at, edition.zone)}, {said.by}" + (
        f": “{said.reason}”" if said.reason else ""
    )


def _hits(edition: Edition, risk: Risk) -> str:
    """Which functions depend on what the risk speaks about, from the plan for its loss or from who serves what."""
    kind, ident = split_ref(risk.scope)
    plan: FailoverPlan | None = edition.content.plans.get(risk.scope)
    if plan:
        names = [edition.name(f"function:{verdict.function}") for verdict in plan.lost]
    elif kind == "site" and ident in edition.network.site:
        names = [function.name for function in edition.network.functions_at(ident)]
    else:
        return ""
    shown = names if len(names) <= 4 else [*names[:3], f"{len(names) - 3} more"]
    return f"{words.count(len(names), 'function')}: {words.named(shown)}" if names else "no function that we know of"


def _assumed(edition: Edition, risk: Risk) -> Iterator[str]:
    """What the rules of its findings assume to be lost, which nobody has measured, and the result of the plan for that."""
    for finding in risk.findings:
        if not finding.lose or edition.public:
            continue
        lost = words.listed([_loss(edition, loss) for loss in finding.lose])
        said = f"the rule assumes the loss of {lost}; nobody has measured this"
        plan = edition.content.plans.get(finding.id)
        if plan is not None:
            said += f". {losses.result(edition, plan)}"
        yield said


def _loss(edition: Edition, loss: Loss) -> str:
    share = f"{words.percent(loss.share)} of " if loss.share < 1 else ""
    kind = f"the {loss.kind} of " if loss.kind else ""
    length = f" for {say_duration(loss.length)}" if loss.length is not None else ""
    return f"{share}{kind}{edition.name(loss.ref)}{length}"


def _playbooks(edition: Edition, risk: Risk) -> list[dict[str, str]]:
    wanted = list(dict.fromkeys(ident for finding in risk.findings for ident in finding.playbooks))
    chosen = []
    for ident in wanted:
        mine = [playbook for playbook in edition.content.playbooks if playbook.playbook == ident]
        best = next((item for item in mine if item.scope == risk.scope), next((item for item in mine if item.id == ident), None))
        chosen += [best] if best else []
    loss = edition.continuity_playbook(risk.scope)
    chosen += [loss] if loss and loss not in chosen else []
    return [{"title": item.title, "page": views.playbook_page(item.id)} for item in chosen]


def _review(edition: Edition, risk: Risk) -> str:
    overdue = (edition.content.as_of - risk.review_due).total_seconds()
    on = words.local_day(risk.review_due, edition.zone)
    return f"overdue {words.age(overdue)}, was due {on}" if overdue > 0 else f"{on}, or sooner if a rule fires"


def _edit(edition: Edition, risk: Risk) -> str:
    """Address of the form, where settings say where the application is; `app_url` names its list, such as `https://…/app`."""
    base = edition.settings.publishing.app_url.rstrip("/")
    safe = base.startswith(("https://", "http://", "/"))
    return f"{base}/risks/{risk.id}" if base and safe and _editable(edition, risk) else ""


def _editable(edition: Edition, risk: Risk) -> bool:
    return not edition.public and risk.state != "closed"


def _asides(edition: Edition, risk: Risk) -> list[dict[str, Any]]:
    """What rules could not judge at its place, or leave out there, in the order of how near it is to the risk."""
    found = asides.touching(edition, risk)
    return [
        row | {"sign": "not-known" if aside.kind == "missing-data" else "not-true", "word": _ASIDE[aside.kind]}
        for aside, row in zip(found, asides.rows(edition, found), strict=True)
    ]


def _no_reason(risk: Risk) -> str:
    if risk.assessed:
        return "No rule fires for this risk now: its score is the owner's alone."
    return "No rule fires for this risk now, so no reason holds. What fired before stands in the history."
