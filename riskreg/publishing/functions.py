"""Functions: what each promises, who serves it today, who could take it, why others cannot, and what threatens it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from riskreg.model.network import Function
from riskreg.model.plan import Move, Refusal
from riskreg.model.telling import KINDS
from riskreg.model.times import say_duration, say_positions
from riskreg.publishing import outcomes, views, words
from riskreg.publishing.edition import Edition
from riskreg.publishing.render import Page, page


def pages(edition: Edition) -> Iterator[Page]:
    """`functions/index` and a page for each function."""
    yield page("functions/index", "functions.html", _index(edition), wide=True, kind="functions")
    for function in edition.network.functions:
        path = str(edition.address(f"function:{function.id}"))
        yield page(path, "function.html", _one(edition, function), kind="function")


def _index(edition: Edition) -> dict[str, Any]:
    rows = []
    for function in sorted(edition.network.functions, key=lambda item: (item.tier, item.rto, item.id)):
        cases = [(ref, verdict) for ref, _, verdict in edition.verdicts_on(function.id) if verdict.lost]
        worst = views.worst(verdict.outcome for _, verdict in cases)
        refs = [ref for ref, verdict in cases if verdict.outcome == worst]
        rest = f"if {edition.name(refs[0])} is lost" + (f", and {len(refs) - 1} more" if len(refs) > 1 else "") if refs else ""
        if worst == "met":
            rest = f"in {words.counted(len(refs), 'loss', 'losses')} that {words.plural(len(refs), 'takes', 'take')} people from it"
        places = sorted({edition.network.site_of(part.pool).name for part in function.served_by})
        rows.append(
            {
                "name": function.name,
                "page": edition.address(f"function:{function.id}"),
                "tier": function.tier,
                "promise": f"{words.percent(function.mbco)} by {say_duration(function.rto)}",
                "served": f"by {words.listed(places)}",
                "sign": words.STATUS[worst] if cases else "not-known",
                "word": words.OUTCOME[worst] if cases else "Not computed",
                "rest": rest,
            }
        )
    bad = sum(row["sign"] == "not-covered" for row in rows)
    doubt = sum(row["sign"] in ("partly", "not-known") for row in rows)
    has = words.plural(bad, "has", "have")
    bold = f"{words.capital(words.counted(bad, 'function'))} of {len(rows)} {has} a single loss that nothing covers."
    rest = "A loss is that of one site, one system or one vendor." + (
        f" {words.capital(words.counted(doubt, 'more is', 'more are'))} late, unproven or not computed for some loss."
        if doubt
        else ""
    )
    return {"lead": {"bold": bold, "rest": rest}, "rows": rows}


def _one(edition: Edition, function: Function) -> dict[str, Any]:
    peak = max(function.demand)
    least = say_positions(round(peak * function.mbco))
    cases = sorted(
        ((ref, plan, verdict) for ref, plan, verdict in edition.verdicts_on(function.id) if verdict.lost),
        key=lambda case: (case[2].gravity, case[0]),
    )
    needs = []
    if function.certificates:
        needs.append(f"certificates {words.listed(function.certificates)}")
    if function.countries:
        needs.append(f"data only in {words.listed(function.countries, 'or')}")
    refs = [f"function:{function.id}", *(f"site:{edition.network.pool[part.pool].site}" for part in function.served_by)]
    return {
        "name": function.name,
        "stamp": f"{function.id} · {words.spaced(function.channel)} · {function.language} · {words.spaced(function.skill)} "
        f"· tier {function.tier}",
        "lead": _lead(edition, function),
        "promise": [
            ("Normal demand", f"up to {say_positions(peak)} positions, through the week in {words.place(function.time_zone)} time"),
            ("Minimum", f"{words.percent(function.mbco)} of the demand, up to {least} positions (MBCO)"),
            ("Back by", f"{say_duration(function.rto)} after a loss (RTO)"),
            ("Intolerable after", f"{say_duration(function.mtpd)} below the minimum (MTPD)"),
            ("Demands", words.listed(needs) or "nothing beyond language, channel and skill"),
            ("Impact", f"{function.impact} of 5, {edition.settings.scales.impact[function.impact - 1].lower()}"),
            ("Owner", edition.who(function.owner) if function.owner else "nobody is named"),
        ],
        "served": [_served(edition, part.pool, part.share, peak) for part in function.served_by],
        "cases": [
            outcomes.outcome(edition, plan, verdict)
            | {"name": edition.name(ref), "page": edition.address(ref), "do": verdict.binding.advice if verdict.binding else ""}
            for ref, plan, verdict in cases
        ],
        "takers": _takers(edition, function),
        "refusals": _refusals(edition, function),
        "risks": [views.risk_row(edition, risk) for risk in edition.risks_touching(*refs)],
    }  # fmt: skip


def _lead(edition: Edition, function: Function) -> dict[str, str]:
    places = sorted({edition.network.site_of(part.pool).name for part in function.served_by})
    peak = say_positions(max(function.demand))
    bold = f"{words.listed(places)} {words.plural(len(places), 'serves', 'serve')} this with up to {peak} positions."
    takers = _takers(edition, function)
    if not takers:
        return {"bold": bold, "rest": f"Only {words.listed(places)} can do this." if edition.losses else ""}
    return {
        "bold": bold,
        "rest": f"In the losses we computed, {words.counted(len(takers), 'other way', 'other ways')} to staff it came into play.",
    }


def _served(edition: Edition, pool: str, share: float, peak: int) -> dict[str, Any]:
    site = edition.network.site_of(pool)
    return {
        "name": edition.name(f"pool:{pool}"), "page": edition.address(f"pool:{pool}"), "share": share,
        "percent": words.percent(share), "site": f"at {site.name}, {edition.name(f'vendor:{site.party}')}",
        "positions": f"up to {say_positions(round(peak * share))} positions",
    }  # fmt: skip


def _takers(edition: Edition, function: Function) -> list[dict[str, Any]]:
    """Each option that some plan uses for this function: its largest use, how fast it opens, how it is known."""
    best: dict[str, Move] = {}
    for plan in edition.losses.values():
        for move in plan.moves:
            known = best.get(move.option)
            if move.function == function.id and (
                known is None or (move.positions, -move.starts) > (known.positions, -known.starts)
            ):
                best[move.option] = move
    rows = []
    for move in sorted(best.values(), key=lambda move: (move.starts, -move.positions, move.option)):
        proved = move.grade in ("tested", "used")
        rows.append(
            {
                "name": edition.name(f"pool:{move.pool}"),
                "page": edition.address(f"pool:{move.pool}"),
                "how": f"{KINDS[move.kind]}, {words.spaced(move.relation)}",
                "amount": f"up to {say_positions(move.positions)} positions",
                "when": f"after {say_duration(move.starts)}" if move.starts else "at once",
                "sign": "covered" if proved else "not-known",
                "proved": words.capital(move.grade),
            }
        )
    return rows


def _refusals(edition: Edition, function: Function) -> list[dict[str, Any]]:
    """Why other pools cannot take it, each pool and reason once; 'fallen' only says that the pool was itself lost."""
    found: dict[tuple[str, str], Refusal] = {}
    for plan in edition.losses.values():
        for refusal in plan.refusals:
            if refusal.function == function.id and refusal.code != "fallen":
                found.setdefault((refusal.pool, refusal.code), refusal)
    return [
        {"name": edition.name(f"pool:{item.pool}"), "page": edition.address(f"pool:{item.pool}"), "code": words.spaced(item.code),
         "reason": item.reason}
        for _, item in sorted(found.items())
    ]  # fmt: skip
