"""The pages of rules: how a rule decides, when it fired, what labels say, what cannot be judged, what is left out, its tests."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest
from publishing_fixture import AS_OF, EXCEPTION_REASON, LABEL, RAMP_DOWN, asides, backtest, content, findings, risks, rules

from riskreg.model.backtest import Episode, RuleHistory
from riskreg.model.content import Content
from riskreg.model.finding import Aside
from riskreg.publishing import asides as told_asides
from riskreg.publishing import fired
from riskreg.publishing.audience import visible
from riskreg.publishing.build import all_pages
from riskreg.publishing.edition import Edition

SPIKE = rules()[0]


def edition(**changed: Any) -> Edition:
    return Edition(visible(content(**changed)))


def page(name: str, **changed: Any) -> str:
    """The text of one page, without tags."""
    source = next(made.source for made in all_pages(content(**changed)) if made.path == name)
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", source))).replace("\u00a0", " ")


def spikes(*episodes: Episode, **changed: Any) -> Content:
    history = RuleHistory(rule=SPIKE.id, version=3, steps=52, episodes=episodes, **changed)
    return content(backtest=backtest().model_copy(update={"rules": (history,)}))


def at(site: str, first: int, last: int) -> Episode:
    moments = backtest().moments
    return Episode(key={"site": site}, first=moments[first], last=moments[last], steps=last - first + 1, facts=())


def test_a_year_is_said_in_one_sentence() -> None:
    past = backtest()
    said = fired.sentence(edition(), past, past.rules[0]).replace("\u00a0", " ")
    assert said == "Fired four times in 52 weeks, at three places, and was open 29 % of the time; is open now."
    assert fired.sentence(edition(), past, past.rules[2]) == "Has not fired in 52 weeks."
    once = RuleHistory(rule="r", version=1, steps=52, open_steps=2, episodes=(at("CEB", 4, 5),))
    said = fired.sentence(edition(), past, once).replace("\u00a0", " ")
    assert said == "Fired once in 52 weeks, at one place, and was open 4 % of the time; last open Sat 3 Jan."


def test_labels_say_what_was_right_what_was_false_and_what_was_missed() -> None:
    told = fired.told(edition(), SPIKE)
    assert told is not None
    said = [line.replace("\u00a0", " ") for line in told["labels"]]
    assert said == [
        "Of its four firings, one was expected, one was a false alarm and two are not labelled: nobody has said.",
        f"False alarm: Manila, Sat 27 Jun to Sat 11 Jul, labelled as no event: “{RAMP_DOWN}”.",
        "Of two labelled events that it could have seen, it found one.",
        f"Found 19 days after it began: “{LABEL}”, Cebu, Mon 12 Oct to Sun 15 Nov.",
        "Missed: “A bank hires in Kraków”, Kraków, Mon 3 Aug to Sun 30 Aug.",
    ]
    assert [row["where"] for row in told["rows"]] == ["Cebu", "Manila", "Cebu", "Kraków"]
    assert told["rows"][0]["last"] == "still open"
    assert told["rows"][3]["first"].startswith("before ")
    assert told["rows"][0]["label"] == LABEL


def test_without_labels_nothing_is_said_of_precision() -> None:
    told = fired.told(Edition(spikes(at("CEB", 3, 5))), SPIKE)
    assert told is not None
    assert told["labels"] == ["Nobody has labelled what happened at its one firing: nobody knows whether it was right."]


def test_the_drawing_has_a_mark_for_each_week_and_says_its_result() -> None:
    told = fired.told(edition(), SPIKE)
    assert told is not None
    for width in ("wide", "narrow"):
        drawing = told["charts"][0][width]
        assert drawing.count('class="rr-fired"') == 12
        assert drawing.count('class="rr-fired rr-fired--false"') == 3
        assert drawing.count('class="rr-week"') == 3 * 52 - 15
        assert "Cebu 8\u00a0weeks, Manila 3\u00a0weeks and Kraków 4\u00a0weeks" in drawing
    edges = [float(x) for x in re.findall(r'cx="([0-9.]+)"', told["charts"][0]["narrow"])]
    assert min(edges) >= 4
    assert max(edges) <= 340


def test_more_than_twelve_places_are_folded_and_none_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fired, "_MOST_ROWS", 2)
    told = fired.told(edition(), SPIKE)
    assert told is not None
    assert "Kraków" not in told["charts"][0]["wide"]
    assert "Kraków" in told["folded"][0]["wide"]
    assert told["places"] == 1


def test_a_long_name_stands_above_its_row() -> None:
    long = Episode(key={"function": "TRADE-DE"}, first=AS_OF, last=AS_OF, steps=1, facts=())
    told = fired.told(Edition(spikes(long)), SPIKE)
    assert told is not None
    assert 'x="0"' in told["charts"][0]["wide"]
    assert "Trade accounts, German voice" in told["charts"][0]["wide"]


def test_a_silent_rule_says_what_is_closest_once() -> None:
    silent = page("rules/data-exposed")
    assert "Has not fired in 52 weeks. Closest: Bogotá, 3.3 % against 3.4 %." in silent
    assert silent.count("Closest") == 1
    without = page("rules/data-exposed", backtest=None)
    assert "Nothing: it is silent. Closest: Bogotá, 3.3 % against 3.4 %." in without


def test_a_rule_of_standing_facts_has_no_history() -> None:
    assert "it speaks of the network as it is today, so it has no history" in page("rules/contract-near-notice")
    assert "has no history" in page("rules/index")


def test_the_index_says_how_often_and_what_is_not_judged() -> None:
    index = page("rules/index")
    assert "In 52 weeks" in index
    assert "fired 4 times, open now since Sat 31 Oct 1 false alarm, missed 1" in index
    assert "not judged at 2 places" in index
    assert "Not judged: one rule at two places, because readings are overdue." in index
    quiet = page("rules/index", asides=())
    assert "Not judged" not in quiet
    assert "What cannot be judged" not in quiet


@pytest.mark.parametrize("name", ["index", "register/index"])
def test_the_first_pages_say_when_something_is_not_judged(name: str) -> None:
    assert "Not judged: one rule at two places" in page(name)
    assert "Not judged" not in page(name, asides=())


def test_a_risk_is_told_what_touches_its_place() -> None:
    now = edition()
    cebu, carrier, *_ = now.standing
    assert [aside.text for aside in told_asides.touching(now, cebu)] == ["Leavers of one Cebu team are 5 days late."]
    assert told_asides.touching(now, carrier) == ()
    everywhere = Aside(kind="missing-data", rule=SPIKE.id, key={}, facts=(), text="No leavers at all.")
    with_all = edition(asides=(*asides(), everywhere))
    assert everywhere in told_asides.touching(with_all, cebu), "a rule of the risk's own category that speaks of no place"
    assert everywhere not in told_asides.touching(with_all, carrier)


def test_an_aside_of_a_rule_that_is_gone_is_no_fault() -> None:
    gone = asides()[0].model_copy(update={"rule": "gone"})
    assert "Not judged" not in page("rules/index", asides=(gone,))


def test_tests_are_told_in_plain_words() -> None:
    text = page("rules/attrition-spike")
    assert "attrition spike on Sun 15 Nov 2026: site Cebu, strength 4, value 11 expected: site Cebu Passes" in text
    assert "open action: kind retention plan, site Manila expected: must stay silent Fails came: site Manila" in text


def test_limits_by_name_are_told_with_their_places() -> None:
    assert "Floor of Leavers 6; Kraków 9" in page("rules/attrition-spike")


def test_an_exception_says_until_when_why_by_whom_and_what_it_hides() -> None:
    text = page("rules/attrition-spike")
    assert f"Site Leeds until Wed 31 Mar 2027 {EXCEPTION_REASON} approved by Priya Nairfield" in text
    assert "Left out Leeds would be found" in text
    assert "It hides nothing now." in page("rules/attrition-spike", asides=())
    over = AS_OF.replace(year=2028)
    assert "until Wed 31 Mar 2027, which is over" in page("rules/attrition-spike", as_of=over)


def test_reasons_fold_counts_and_tell_time_without_a_claim_for_what_is_missing() -> None:
    finding = findings()[0]
    step = finding.reason.below[0]
    count = step.model_copy(update={"kind": "count", "fact": None, "text": "3 exposures in 28 days", "below": (step,)})
    missing = step.model_copy(update={"kind": "missing", "text": "leavers of Bogotá are overdue", "below": ()})
    more = step.model_copy(update={"kind": "more", "text": "and 13 earlier", "fact": None, "below": ()})
    changed = finding.model_copy(update={"reason": finding.reason.model_copy(update={"below": (count, missing, more)})})
    whole = content(risks=tuple(r.model_copy(update={"findings": (changed,)}) if r.findings else r for r in risks()))
    source = next(made.source for made in all_pages(whole) if made.path == "register/R-001")
    assert re.search(
        r"<details class=\"rr-fold\"><summary><span class=\"rr-kind\">Count</span>[^\n]*3 exposures in 28 days", source
    )
    assert re.search(r"No data</span> <span class=\"rr-status rr-status--not-known\">Not known</span>", source)
    assert re.search(r"<li><span class=\"rr-kind\">More</span>\s+and 13 earlier", source)


def test_a_public_edition_says_nothing_of_history_exceptions_and_late_readings() -> None:
    text = "".join(made.source for made in all_pages(content(audience="public")))
    for secret in (EXCEPTION_REASON, LABEL, RAMP_DOWN, "Closest:", "Not judged", "When it fired", "days late", "rr-year", "Floor"):
        assert secret not in text, secret
    assert "attrition spike on" not in text
    assert "exceptions" not in text, "not even that there are some"
    internal = "".join(made.source for made in all_pages(content()))
    assert EXCEPTION_REASON in internal
    assert "rr-year" in internal
