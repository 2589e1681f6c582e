"""What rules did not say, and why a reader should know: places that cannot be judged, and findings that an exception hides."""

from __future__ import annotations

from typing import Any

from riskreg.model.finding import Aside
from riskreg.model.risk import Risk
from riskreg.publishing import fired, views, words
from riskreg.publishing.edition import Edition


def not_judged(edition: Edition) -> tuple[Aside, ...]:
    """Where data that a rule needs is missing, by rule and place."""
    return tuple(aside for aside in edition.content.asides if aside.kind == "missing-data" and aside.rule in edition.rules)


def rows(edition: Edition, asides: tuple[Aside, ...]) -> list[dict[str, Any]]:
    """What a table shows of each: the rule, the place, the sentence."""
    return [
        {
            "title": edition.rules[aside.rule].title,
            "page": views.rule_page(aside.rule),
            "where": words.capital(fired.where(edition, aside.key)),
            "text": aside.text,
        }
        for aside in asides
        if aside.rule in edition.rules
    ]


def touching(edition: Edition, risk: Risk) -> tuple[Aside, ...]:
    """Those that speak about the place of a risk, or about that of one of its findings; rules of its own category first."""
    places = {risk.scope} | {f"{field}:{value}" for finding in risk.findings for field, value in finding.key.items()}

    def touches(aside: Aside) -> bool:
        rule = edition.rules.get(aside.rule)
        here = {f"{field}:{value}" for field, value in aside.key.items()}
        return rule is not None and (bool(here & places) or (not here and rule.category == risk.category))

    found = [aside for aside in edition.content.asides if touches(aside)]
    return tuple(sorted(found, key=lambda aside: edition.rules[aside.rule].category != risk.category))


def told(edition: Edition) -> str:
    """For the first pages: how many rules cannot be judged, and at how many places; empty where all can."""
    missing = not_judged(edition)
    if not missing:
        return ""
    rules = len({aside.rule for aside in missing})
    places = len({tuple(sorted(aside.key.items())) for aside in missing})
    where = f" at {words.counted(places, 'place')}" if any(aside.key for aside in missing) else ""
    return f"{words.counted(rules, 'rule')}{where}, because readings are overdue."
