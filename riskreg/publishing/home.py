"""The home page ('Now') and the page for those who are not sure what is down."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from riskreg.model.network import CLIENT
from riskreg.model.plan import FailoverPlan, Outcome, Verdict
from riskreg.model.risk import Risk
from riskreg.model.times import say_duration, say_positions
from riskreg.publishing import views, words
from riskreg.publishing.dependence import Dependence
from riskreg.publishing.edition import Edition
from riskreg.publishing.history import changes, standing_at
from riskreg.publishing.render import Page, page

WEEK = timedelta(days=7)
_MOST_NEWS = 8
_MOST_DECISIONS = 5
_CHOICE = {
    "none-needed": "nothing needs to move",
    "same-vendor": "the same vendor covers it",
    "dual-source": "a second vendor covers it",
    "client-takeover": "the client takes work over",
    "both": "a second vendor and the client",
    "not-covered": "no cover found",
}


def pages(edition: Edition) -> Iterator[Page]:
    """`index` and `unsure`."""
    yield page("index", "home.html", _home(edition), wide=True, kind="home")
    yield page("unsure", "unsure.html", _unsure(edition), wide=True, kind="unsure")


def _home(edition: Edition) -> dict[str, Any]:
    content = edition.content
    history = changes(content.history)
    week_ago = content.as_of - WEEK
    rank = {risk.id: index for index, risk in enumerate(edition.standing)}
    news = [line for line in history if week_ago < line.at <= content.as_of]
    news.sort(key=lambda line: (-line.at.timestamp(), rank.get(line.risk, len(rank)), line.risk))
    decisions = list(_decisions(edition))
    losses = _losses(edition)
    return {
        "title": edition.settings.title,
        "as_of": words.moment(content.as_of, edition.zone),
        "feeds": _feeds(edition),
        "doors": _doors(edition),
        "all_plans": len(edition.losses),
        "lead": _lead(edition, losses),
        "figures": _figures(edition, standing_at(history, week_ago)),
        "changed": [views.news(edition, line) for line in news[:_MOST_NEWS]],
        "more_changed": max(0, len(news) - _MOST_NEWS),
        "quiet": _quiet(edition, history[-1].at if history else None),
        "decisions": decisions[:_MOST_DECISIONS],
        "more_decisions": max(0, len(decisions) - _MOST_DECISIONS),
        "losses": [row for _, row in losses],
    }


def _feeds(edition: Edition) -> str:
    readings = edition.content.workspace.readings
    if readings.is_empty():
        return "no readings yet"
    at = edition.content.as_of
    newest = readings.filter(readings["at"] <= at)["at"].max()
    told = f"newest reading {words.age((at - newest).total_seconds())} old · " if isinstance(newest, datetime) else ""
    sources = readings["source"].n_unique()
    return f"{told}{words.count(len(readings), 'reading')} from {words.count(sources, 'source')}"


def _doors(edition: Edition) -> list[dict[str, Any]]:
    """Buttons for the sites, and for the systems that more than one site or no single site hangs on, where there is a playbook."""
    known = Dependence(edition.network)

    def shared(ref: str) -> bool:
        return sum(item.startswith("site:") for item in known.falls_with(ref)) != 1

    sites = [f"site:{site.id}" for site in edition.network.sites]
    systems = [ref for item in edition.network.systems if edition.continuity_playbook(ref := f"system:{item.id}") and shared(ref)]
    groups = (("A place", sites), ("A shared system", systems))
    return [{"name": name, "doors": doors} for name, refs in groups if (doors := _with_playbook(edition, refs))]


def _with_playbook(edition: Edition, refs: Sequence[str]) -> list[dict[str, str]]:
    return [_door(edition, ref) for ref in refs if edition.continuity_playbook(ref)]


def _door(edition: Edition, ref: str) -> dict[str, str]:
    playbook = edition.continuity_playbook(ref)
    return {"name": edition.name(ref), "page": views.playbook_page(playbook.id) if playbook else edition.address(ref) or "index"}


def _lead(edition: Edition, losses: Sequence[tuple[FailoverPlan, dict[str, Any]]]) -> dict[str, str]:
    critical = [risk for risk in edition.standing if risk.score and edition.band(risk.score) == "critical"]
    high = [risk for risk in edition.standing if risk.score and edition.band(risk.score) == "high"]
    if critical:
        bold = f"{words.capital(words.counted(len(critical), 'risk'))} {'is' if len(critical) == 1 else 'are'} critical: "
        bold += f"{critical[0].title}." if len(critical) == 1 else f"first {critical[0].title}."
    elif high:
        bold = f"No risk is critical; {words.counted(len(high), 'is', 'are')} high."
    else:
        bold = "No risk is critical or high."
    if not losses:
        return {"bold": bold, "rest": "No loss of a site has been computed yet."}
    plan, row = losses[0]
    if plan.holds:
        return {"bold": bold, "rest": "Whichever single site we lost now, every function would reach its minimum in time."}
    return {"bold": bold, "rest": f"If {row['name']} were lost now, {_told(plan)}"}


def _told(plan: FailoverPlan) -> str:
    parts: dict[Outcome, str] = {
        "met": "would hold or reach {their} minimum in time",
        "late": "would be late",
        "not-known": "would rest on untested options",
        "breach": "would stay below {their} minimum too long",
    }
    touched = [verdict for verdict in plan.verdicts if verdict.outcome != "untouched"]
    said = []
    for outcome, text in parts.items():
        amount = sum(verdict.outcome == outcome for verdict in touched)
        if amount:
            said.append(f"{words.spelled(amount)} {text.format(their='its' if amount == 1 else 'their')}")
    if len(touched) == 1:
        return f"the one function that it touches {said[0].removeprefix('one ')}."
    return f"of {words.counted(len(touched), 'function')} that it touches, {words.listed(said)}."


def _figures(edition: Edition, before: dict[str, Any]) -> list[dict[str, Any]]:
    def in_band(name: str) -> list[Any]:
        return [risk for risk in edition.standing if risk.score and edition.band(risk.score) == name]

    def was(name: str) -> int:
        return sum(1 for score in before.values() if score and edition.band(score) == name)

    def figure(number: int, name: str, change: str, links: Sequence[dict[str, Any]] = ()) -> dict[str, Any]:
        return {"number": number, "name": name, "change": change, "links": list(links)}

    def trend(now: int, then: int) -> str:
        arrow = "=" if now == then else "↑" if now > then else "↓"
        return f"{arrow} was {then} last week"

    uncovered = sorted(
        {
            f"function:{verdict.function}"
            for ref, plan in edition.losses.items()
            for verdict in plan.verdicts
            if ref.startswith("site:") and verdict.outcome == "breach"
        }
    )
    overdue = [risk for risk in edition.standing if risk.review_due < edition.content.as_of]
    out = [
        figure(
            len(found := in_band(name)), f"{name} {words.plural(len(found), 'risk')}", trend(len(found), was(name)),
            [{"text": risk.id, "page": views.risk_page(risk.id), "id": True} for risk in found[:3]],
        )
        for name in ("critical", "high")
    ]  # fmt: skip
    out.append(
        figure(
            len(uncovered), f"{words.plural(len(uncovered), 'function')} that the loss of one site leaves uncovered",
            f"of {words.count(len(edition.network.functions), 'function')}",
            [{"text": edition.name(ref), "page": str(edition.address(ref)), "id": False} for ref in uncovered[:2]],
        )
    )  # fmt: skip
    oldest = min((risk.review_due for risk in overdue), default=None)
    told = f"oldest {words.age((edition.content.as_of - oldest).total_seconds())}" if oldest else "every review is in time"
    links = [{"text": risk.id, "page": views.risk_page(risk.id), "id": True} for risk in overdue[:3]]
    out.append(figure(len(overdue), f"{words.plural(len(overdue), 'review')} overdue", told, links))
    return out


def _quiet(edition: Edition, last: Any) -> str:
    checked = f"{words.count(len(edition.standing), 'risk')} were checked."
    since = f"Nothing changed since {words.local_day(last, edition.zone)}. " if last else "Nothing has changed yet. "
    return since + checked


def _decisions(edition: Edition) -> Iterator[dict[str, str]]:
    """What waits for a person: scores to answer, decisions that a computed failover needs, options to test."""
    for risk in edition.standing:
        if risk.proposal and risk.indicated and risk.assessed:
            yield {
                "question": f"Is {risk.id} still {risk.assessed.score.number}?",
                "text": f"{risk.title}: the rules indicate {risk.indicated.number}, "
                f"{edition.band(risk.indicated)}; the owner said {risk.assessed.score.number}.",
                "who": f"Decision: {edition.who(risk.owner)}, {_due(edition, risk)}.",
                "page": views.risk_page(risk.id),
                "link": risk.id,
            }
    for ref, plan in _by_weight(edition):
        name = edition.name(ref)
        if plan.decision.authority and plan.decision.choice not in ("none-needed", "same-vendor"):
            clauses = f" It calls on {words.count(len(plan.decision.clauses), 'clause')}." if plan.decision.clauses else ""
            why = re.split(r"[.;] ", plan.decision.why, maxsplit=1)[0].rstrip(".")
            yield {
                "question": f"Agree now what happens if {name} is lost?",
                "text": f"{words.capital(why)}.{clauses}",
                "who": f"Decision: {words.listed([edition.who(role) for role in plan.decision.authority])}.",
                "page": str(edition.address(ref)),
                "link": f"If {name} fails",
            }
    yield from _tests(edition)


def _due(edition: Edition, risk: Risk) -> str:
    late = (edition.content.as_of - risk.review_due).total_seconds()
    return f"overdue {words.age(late)}" if late > 0 else f"by {views.short_day(edition, risk.review_due)}"


def _tests(edition: Edition) -> Iterator[dict[str, str]]:
    """Verdicts that rest on an option nobody has tested: one line for each option, with what its test would settle."""
    rests: dict[str, list[tuple[str, Verdict]]] = {}
    for ref, plan in edition.losses.items():
        for verdict in plan.verdicts:
            if verdict.outcome == "not-known" and verdict.weakest:
                rests.setdefault(verdict.weakest, []).append((ref, verdict))
    for weakest, cases in sorted(rests.items(), key=lambda item: (-len(item[1]), item[0])):
        functions = sorted({edition.name(f"function:{verdict.function}") for _, verdict in cases})
        ref = cases[0][0]
        shown = functions if len(functions) <= 2 else [*functions[:2], f"{len(functions) - 2} more"]
        yield {
            "question": "Test an option that plans rest on?",
            "text": f"{words.capital(weakest.rstrip('.'))}. A test would settle {words.listed(shown)}.",
            "who": f"Decision: {edition.who('continuity-manager')}.",
            "page": str(edition.address(ref)),
            "link": f"If {edition.name(ref)} fails",
        }


def severity(plan: FailoverPlan | None) -> tuple[int, int, int, int]:
    """Orders plans, the gravest first: breaches, lateness, doubts, positions lost; what nobody computed comes last."""
    if plan is None:
        return (1, 0, 0, 0)
    return (-plan.count("breach"), -plan.count("late"), -plan.count("not-known"), -sum(v.lost for v in plan.verdicts))


def _by_weight(edition: Edition) -> list[tuple[str, FailoverPlan]]:
    return sorted(edition.losses.items(), key=lambda item: (*severity(item[1]), item[0]))


def _losses(edition: Edition) -> list[tuple[FailoverPlan, dict[str, Any]]]:
    """A row for each whole site, the gravest first."""
    return [(plan, loss_row(edition, ref, plan)) for ref, plan in _by_weight(edition) if ref.startswith("site:")]


def loss_row(edition: Edition, ref: str, plan: FailoverPlan) -> dict[str, Any]:
    """One line of the table of losses: how many touched functions hold, what breaks first, how it would be covered."""
    touched = [verdict for verdict in plan.verdicts if verdict.outcome != "untouched"]
    hold = sum(verdict.outcome == "met" for verdict in touched)
    worst = views.worst(verdict.outcome for verdict in touched)
    amount = plan.count(worst)
    rest = {
        "met": "all in time",
        "untouched": "nothing is lost",
        "breach": f"{words.spelled(amount)} not covered",
        "late": f"{words.spelled(amount)} {words.plural(amount, 'is', 'are')} late",
        "not-known": f"{words.spelled(amount)} {words.plural(amount, 'rests', 'rest')} on untested options",
    }[worst]
    failing = sorted(
        (verdict for verdict in touched if verdict.outcome == worst), key=lambda verdict: (verdict.rto, verdict.function)
    )
    first = "nothing in this time"
    if worst in ("breach", "late", "not-known") and failing:
        case = failing[0]
        gap = f"short {say_positions(case.short)}" if case.short else "not proven"
        first = f"{edition.name(f'function:{case.function}')}: {gap} at {say_duration(case.rto)}"
    lost = max((sum(v.lost for v in touched), 0))
    return {
        "name": edition.name(ref),
        "page": edition.address(ref),
        "size": f"up to {say_positions(lost)} positions" if lost else "no positions",
        "sign": words.STATUS[worst],
        "word": {"not-known": "Not known", "untouched": "All"}.get(worst, f"{hold} of {len(touched)}"),
        "rest": rest if worst != "not-known" else f"{hold} of {len(touched)} proven",
        "first": first,
        "choice": _CHOICE[plan.decision.choice],
    }


def _unsure(edition: Edition) -> dict[str, Any]:
    network = edition.network

    def systems(*kinds: str) -> list[str]:
        return [f"system:{item.id}" for item in network.systems if item.kind in kinds]

    exposure = [playbook for playbook in edition.content.playbooks if playbook.playbook == "data-exposure"]
    sites = [f"site:{site.id}" for site in network.sites]
    telephony, desk = systems("telephony", "carrier"), systems("crm", "payments", "cloud", "identity", "network")
    vendors = [f"vendor:{vendor.id}" for vendor in network.vendors if vendor.id != CLIENT]
    questions = [
        ("Has one place gone quiet: nobody there answers, or people there cannot work?",
         "Treat it as that site lost, even if it may only be its network.", _with_playbook(edition, sites)),
        ("Do calls fail or not arrive at several places at once?",
         "It is telephony or a carrier, whatever each site reports.", _with_playbook(edition, telephony)),
        ("Are people at their desks, but cannot sign in, or cannot see customers' records?",
         "It is a shared system. Callers can still be told what happens.", _with_playbook(edition, desk)),
        ("Is customers' data where it must not be, or was somebody paid or tricked to give it away?",
         "Cut the access first, then ask. Legal clocks may already run.",
         [{"name": item.title, "page": views.playbook_page(item.id)} for item in exposure[:3]]),
        ("Do several sites of one vendor fail together, or does the vendor itself say that it cannot go on?",
         "Treat it as the vendor lost; its sites fall together.",
         _with_playbook(edition, vendors) or [_door(edition, ref) for ref in vendors]),
    ]  # fmt: skip
    duty = next((role for role in ("duty-manager", "continuity-manager") if role in edition.roles), "duty-manager")
    held = edition.roles.get(duty)
    return {
        "questions": [{"ask": ask, "means": means, "doors": found} for ask, means, found in questions],
        "fallback": edition.role_title(duty),
        "phone": held.phone if held else "",
    }
