"""The home page ('Now') and the page for those who are not sure what is down."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from riskreg.model.plan import FailoverPlan, Outcome
from riskreg.publishing import asides, doors, views, words
from riskreg.publishing.decisions import waiting
from riskreg.publishing.edition import Edition
from riskreg.publishing.history import changes, reaches, standing_at
from riskreg.publishing.losses import gravest_first, loss_row
from riskreg.publishing.render import IN_AN_EMERGENCY, Page, page

WEEK = timedelta(days=7)
_MOST_NEWS = 8
_MOST_DECISIONS = 5


def pages(edition: Edition) -> Iterator[Page]:
    """`index` and `unsure`."""
    yield page("index", "home.html", _home(edition), wide=True, kind="home")
    yield page("unsure", "unsure.html", doors.unsure(edition), wide=True, kind="unsure", weight=IN_AN_EMERGENCY)


def _home(edition: Edition) -> dict[str, Any]:
    content = edition.content
    history = changes(content.history)
    week_ago = content.as_of - WEEK
    rank = {risk.id: index for index, risk in enumerate(edition.standing)}
    news = [line for line in history if week_ago < line.at <= content.as_of]
    news.sort(key=lambda line: (-line.at.timestamp(), rank.get(line.risk, len(rank)), line.risk))
    decisions = list(waiting(edition))
    losses = _losses(edition)
    return {
        "title": edition.settings.title,
        "as_of": words.moment(content.as_of, edition.zone),
        "feeds": _feeds(edition),
        "doors": doors.groups(edition),
        "all_plans": len(edition.losses),
        "lead": _lead(edition, losses),
        "not_judged": asides.told(edition),
        "figures": _figures(edition, standing_at(history, week_ago) if reaches(history, week_ago) else None),
        "changed": [views.news(edition, line) for line in news[:_MOST_NEWS]],
        "more_changed": max(0, len(news) - _MOST_NEWS),
        "quiet": _quiet(edition, history[-1].at if history else None),
        "decisions": decisions[:_MOST_DECISIONS],
        "more_decisions": max(0, len(decisions) - _MOST_DECISIONS),
        "losses": [row for _, row in losses],
        "onset": words.moment(losses[0][0].disruption.onset, edition.zone) if losses else "",
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
    losing, said = len(plan.lost), []
    for outcome, text in parts.items():
        amount = plan.count(outcome)
        if amount:
            said.append(f"{words.spelled(amount)} {text.format(their='its' if amount == 1 else 'their')}")
    if losing == 1:
        return f"the one function that loses people {said[0].removeprefix('one ')}."
    return f"of {words.counted(losing, 'function')} that lose people, {words.listed(said)}."


def _figures(edition: Edition, before: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    def in_band(name: str) -> list[Any]:
        return [risk for risk in edition.standing if risk.score and edition.band(risk.score) == name]

    def figure(number: int, name: str, change: str, links: Sequence[dict[str, Any]] = ()) -> dict[str, Any]:
        return {"number": number, "name": name, "change": change, "links": list(links)}

    def trend(now: int, name: str) -> str:
        if before is None:
            return "first run: nothing to compare with" if edition.content.risks else ""
        then = sum(1 for score in before.values() if score and edition.band(score) == name)
        arrow = "=" if now == then else "↑" if now > then else "↓"
        return f"{arrow} was {then} last week"

    uncovered = sorted(
        {
            f"function:{verdict.function}"
            for ref, plan in edition.losses.items()
            for verdict in plan.lost
            if ref.startswith("site:") and verdict.outcome == "breach"
        }
    )
    overdue = [risk for risk in edition.standing if risk.review_due < edition.content.as_of]
    out = [
        figure(
            len(found := in_band(name)), f"{name} {words.plural(len(found), 'risk')}", trend(len(found), name),
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


def _losses(edition: Edition) -> list[tuple[FailoverPlan, dict[str, Any]]]:
    """A row for each whole site, the gravest first."""
    return [(plan, loss_row(edition, ref, plan)) for ref, plan in gravest_first(edition) if ref.startswith("site:")]
