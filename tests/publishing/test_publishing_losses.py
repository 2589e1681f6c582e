"""What a loss does, told alike on every page: who loses people, who gives some, when the minimum is there, and if what."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from publishing_fixture import AS_OF, DAY, HOUR, content, plan

from riskreg.model.content import Content
from riskreg.model.network import Network
from riskreg.model.plan import CoverPoint, Donor, FailoverPlan, Step, Verdict
from riskreg.publishing import outcomes, takeover
from riskreg.publishing.audience import visible
from riskreg.publishing.build import all_pages
from riskreg.publishing.edition import Edition


def pages(made_from: Content) -> dict[str, str]:
    """Pages by address, as text without tags."""
    return {page.path: re.sub(r"[ \n]+", " ", re.sub(r"<[^>]+>", "", page.text)) for page in all_pages(made_from)}


def edition(base: Content | None = None) -> Edition:
    return Edition(visible(base or content()))


def verdict(**changed: Any) -> Verdict:
    return plan("site:CEB", "Cebu lost").verdicts[1].model_copy(update=changed)


def with_donor(base: FailoverPlan) -> FailoverPlan:
    """A plan in which one more function, which loses nobody, gives people up."""
    giver = base.verdicts[0].model_copy(update={"function": "GIVER", "lost": 0})
    return base.model_copy(update={"verdicts": (*base.verdicts[1:], giver)})


def test_every_page_counts_the_functions_that_lose_people() -> None:
    lost = with_donor(plan("site:CEB", "Cebu lost"))
    assert (len(lost.lost), len(lost.giving), lost.count("met")) == (4, 1, 1)
    made = pages(content(plans={"site:CEB": lost}))
    assert "Four functions lose people; one more gives some up." in made["fails/site-CEB"]
    assert "of four functions that lose people" in made["index"]
    assert "1 of 4 one not covered" in made["index"]
    assert "1 of 4 one not covered" in made["fails/index"]
    assert "Would hit 4\u00a0functions" in made["register/R-001"]


def test_what_breaks_first_is_the_same_everywhere() -> None:
    lost = plan("site:CEB", "Cebu lost")
    assert [item.function for item in lost.lost] == ["TRADE-DE", "PAY-EN", "RET-EN", "SAFETY", "ORD-EN"]
    made = pages(content())
    assert "Trade accounts, German voice: short 4.8 from 8\u00a0h" in made["index"]
    assert "Trade accounts, German voice: short 4.8 from 8\u00a0h" in made["fails/index"]
    assert "Would hit 5\u00a0functions: Trade accounts (German voice)" in made["register/R-001"]
    assert made["index"].index("Cebu, up to 87") < made["index"].index("Bogotá, up to 6")


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"minimum_at": 0}, "never below its minimum"),
        ({"minimum_at": 4 * HOUR}, "minimum back after 4\u00a0h"),
        ({"minimum_at": DAY + 1800}, "minimum back after 24\u00a0h 30\u00a0min"),
        ({"minimum_at": 0, "cover": (CoverPoint(at=0, demand=0, minimum=0, served=0, proven=0),
                                     CoverPoint(at=50 * HOUR, demand=9, minimum=5, served=5, proven=5))},
         "nobody is due before Mon\u00a008:00\u00a0London"),
        ({"outcome": "not-known", "minimum_at": 4 * HOUR, "short": 56, "weakest": "Kraków home working: discussed, never tested"},
         "minimum back after 4\u00a0h if Kraków home working holds (discussed, never tested); otherwise short by up to 5.6"),
        ({"outcome": "breach", "minimum_at": None, "short": 60, "short_first": 25, "short_from": HOUR, "short_worst": 2 * HOUR},
         "short 2.5 from 1\u00a0h, worst 6 from Sat\u00a008:00\u00a0London, no end known"),
    ],
)  # fmt: skip
def test_a_verdict_says_when_the_minimum_is_there_and_on_which_condition(changed: Mapping[str, Any], says: str) -> None:
    lost = plan("site:CEB", "Cebu lost")
    assert outcomes.outcome(edition(), lost, verdict(**changed))["detail"] == says


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"minimum_at": 0}, "and never missing."),
        ({"outcome": "not-known", "minimum_at": 4 * HOUR, "short": 56},
         "is back after 4\u00a0h if untested options hold; on tested options alone it is short by up to 5.6\u00a0positions."),
    ],
)  # fmt: skip
def test_a_chart_never_says_back_after_nothing(changed: Mapping[str, Any], says: str) -> None:
    assert outcomes.caption(verdict(**changed)).endswith(says)


def test_lost_work_that_gives_way_is_told_apart_from_standing_work() -> None:
    functions = [
        item.model_copy(update={"legal_minimum": 0.9}) if item.id == "SAFETY" else item
        for item in content().workspace.network.functions
    ]
    base = content()
    network = Network.model_validate(base.workspace.network.model_copy(update={"functions": tuple(functions)}))
    base = base.model_copy(update={"workspace": base.workspace.model_copy(update={"network": network})})
    given = (
        Donor(function="PAY-EN", pool="MNL-team", gives=10, keeps=36, minimum=96, to=("SAFETY",)),
        Donor(function="ORD-EN", pool="KRK-team", gives=60, keeps=300, minimum=240, to=("SAFETY", "PAY-EN")),
    )
    said = takeover.donors(edition(base), plan("site:CEB", "x").model_copy(update={"donors": given}))
    assert said == [
        "Orders and delivery (voice) gives 6\u00a0positions at Kraków team to Safety and recalls (voice) and Payments and refunds "
        "(chat); it keeps 30, and its minimum is 24.",
        "Payments and refunds (chat) is already short at Manila team; it gives 1\u00a0position to Safety and recalls (voice), "
        "which the law puts first.",
    ]


def test_a_move_says_what_it_brings_at_first_and_at_most() -> None:
    move = plan("site:CEB", "x").moves[0]
    assert outcomes.taken(move) == "6 after 15\u00a0min"
    grows = move.model_copy(update={"starts": 0, "steps": (Step(at=0, positions=12), Step(at=HOUR, positions=60))})
    assert outcomes.taken(grows) == "2 at once, up to 6 later"


def test_a_young_journal_is_not_compared_with_last_week() -> None:
    newest = content().history[3:]
    made = pages(content(history=newest))
    assert "first run: nothing to compare with" in made["index"]
    assert "last week" not in made["index"]
    assert "there is no register of last week" in made["register/index"]
    assert "was 0 last week" in pages(content())["index"]


def test_an_empty_workspace_has_no_plans_and_no_trend() -> None:
    empty = content(risks=(), findings=(), history=(), plans={}, playbooks=(), drills=(), packs={}, tests=())
    made = pages(empty)
    assert "No plans yet." in made["index"]
    assert "was 0" not in made["index"]
    assert "nothing to compare" not in made["index"]


def test_a_risk_leads_to_the_form_or_says_where_it_is() -> None:
    by_page = {page.path: page.text for page in all_pages(content())}
    assert 'href="http://127.0.0.1:8765/app/risks/R-001">Assess this risk</a>' in by_page["register/R-001"]
    assert 'risks/R-003">Assess this risk again</a>' in by_page["register/R-003"]
    assert "app/risks" not in by_page["register/R-006"], "a closed risk is not assessed"
    static = pages(content(app_url=""))
    assert "not assessed yet. On the register’s machine: riskreg serve, then Register to edit, R-001" in static["register/R-001"]
    assert "riskreg serve" not in pages(content(app_url="", audience="public"))["register/R-001"]


def test_a_reading_is_told_once_and_a_conclusion_leads_to_its_rule_and_risk() -> None:
    base = content()
    first = base.findings[0]
    fact = {"id": "concluded:x", "fact": "coverage_at_risk", "rule": "attrition-spike", "site": "CEB"}
    signal = first.reason.below[0]
    concluded = signal.model_copy(update={"kind": "fact", "text": "coverage is at risk", "fact": "concluded:x", "below": ()})
    again = first.model_copy(
        update={"id": "f-2", "at": AS_OF + timedelta(0), "matched": (*first.matched, fact), "rule": "contract-near-notice",
                "reason": first.reason.model_copy(update={"below": (signal, concluded)})}
    )  # fmt: skip
    risks = tuple(risk.model_copy(update={"findings": (first, again)}) if risk.id == "R-001" else risk for risk in base.risks)
    text = next(page.text for page in all_pages(content(risks=risks)) if page.path == "register/R-001")
    assert text.count("Leavers 11, usual 3, limit 7") == 1
    assert "the same reading as above" in text
    assert re.search(
        r'coverage is at risk · <a href="../rules/attrition-spike.html">People leave.*?</a> · <a href="R-001.html">', text
    )
