"""What a run does: findings raise, update, ease and reopen risks, and the same findings again do nothing."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from register_cases import NOW, finding, later, score

from riskreg.model.settings import Cadence, Settings
from riskreg.register import GENESIS, Register


def kinds(register: Register, risk: str | None = None) -> list[str]:
    return [event.kind for event in register.events(risk)]


def test_a_finding_raises_a_risk_with_its_frozen_reason(register: Register) -> None:
    changes = register.apply([finding()], as_of=NOW)
    assert changes.raised == ("R-001",)
    assert changes.head == register.head != GENESIS
    assert kinds(register) == ["risk.raised", "finding.opened", "indicated.changed"]
    risk = register.risk("R-001")
    assert (risk.category, risk.scope, risk.state) == ("talent-attrition", "site:MNL", "identified")
    assert (risk.title, risk.owner) == ("Talent attrition at site MNL", "workforce-lead")
    assert risk.findings == (finding(),)
    assert risk.score == risk.indicated == score(4, 3)
    assert (risk.opened, risk.changed, risk.version) == (NOW, NOW, 3)


def test_the_same_findings_again_append_nothing(register: Register) -> None:
    findings = [finding("a"), finding("b", 5, 2), finding("c", category="data-exposure"), finding("d", None, None)]
    first = register.apply(findings, as_of=NOW)
    again = register.apply(list(reversed(findings)), as_of=later(days=9))
    assert (again.raised, again.updated, again.eased, again.unchanged) == ((), (), (), 2)
    assert again.head == first.head


def test_the_order_in_which_findings_come_does_not_matter(tmp_path: Path) -> None:
    findings = [finding(id_, 1 + n % 5, 3, key={"site": site}) for n, id_ in enumerate("abcdef") for site in ("MNL", "BOG")]
    heads = set()
    for name, given in (("one.db", findings), ("two.db", findings[::-1])):
        with Register.open(tmp_path / name) as register:
            heads.add(register.apply(given, as_of=NOW).head)
    assert len(heads) == 1


def test_new_risks_are_numbered_and_listed_worst_first(register: Register) -> None:
    register.apply([finding("a", 2, 2), finding("b", 5, 5, key={"site": "BOG"}), finding("c", 3, 3, key={})], as_of=NOW)
    assert [(risk.id, risk.scope) for risk in register.risks()] == [
        ("R-001", "site:BOG"),
        ("R-002", "client"),
        ("R-003", "site:MNL"),
    ]


def test_indicated_is_the_largest_likelihood_and_the_largest_impact(register: Register) -> None:
    register.apply([finding("a", 5, 2), finding("b", 2, 4), finding("c", 5, 3)], as_of=NOW)
    risk = register.risk("R-001")
    assert risk.indicated == score(5, 4)
    assert [item.id for item in risk.findings] == ["c", "a", "b"]


def test_findings_without_likelihood_raise_nothing(register: Register) -> None:
    changes = register.apply([finding(likelihood=None, impact=None)], as_of=NOW)
    assert (changes.raised, changes.head) == ((), GENESIS)
    assert register.risks() == ()


def test_an_impact_that_nobody_resolved_is_refused_and_changes_nothing(register: Register) -> None:
    register.apply([finding("a")], as_of=NOW)
    head = register.head
    with pytest.raises(ValueError, match="a number is needed"):
        register.apply([finding("b"), finding("c", impact="from-function-criticality")], as_of=NOW)
    with pytest.raises(ValueError, match="a number is needed"):
        register.apply([finding("c", impact=None)], as_of=NOW)
    assert register.head == head


def test_a_time_without_its_zone_is_refused(register: Register) -> None:
    with pytest.raises(ValueError, match="zone"):
        register.apply([finding()], as_of=NOW.replace(tzinfo=None))


def test_findings_that_no_longer_hold_ease_the_risk_and_leave_it_open(register: Register) -> None:
    register.apply([finding("a", 4, 4), finding("b", 2, 3)], as_of=NOW)
    some = register.apply([finding("b", 2, 3)], as_of=later(days=7))
    assert some.eased == ("R-001",)
    assert register.risk("R-001").indicated == score(2, 3)
    none = register.apply([], as_of=later(days=14))
    assert none.eased == ("R-001",)
    risk = register.risk("R-001")
    assert (risk.indicated, risk.score, risk.findings, risk.state) == (None, None, (), "identified")
    assert risk.changed == later(days=14)
    assert register.apply([], as_of=later(days=21)).unchanged == 1


def test_a_finding_with_more_facts_takes_the_place_of_the_one_before(register: Register) -> None:
    register.apply([finding("a")], as_of=NOW)
    changes = register.apply([finding("b")], as_of=later(days=7))
    assert (changes.updated, changes.eased, changes.raised) == (("R-001",), (), ())
    assert kinds(register)[3:] == ["finding.closed", "finding.opened"]


def test_a_finding_keeps_its_reason_but_follows_the_criticality(register: Register) -> None:
    register.apply([finding("a", 4, 3, explain="as it was")], as_of=NOW)
    changes = register.apply([finding("a", 4, 5, explain="worded anew")], as_of=later(days=7))
    assert changes.updated == ("R-001",)
    (held,) = register.risk("R-001").findings
    assert (held.explain, held.impact) == ("as it was", 5)
    assert register.risk("R-001").indicated == score(4, 5)
    assert register.apply([finding("a", 4, 5)], as_of=later(days=7)).unchanged == 1


def test_a_smaller_finding_that_moves_under_the_maximum_is_told_too(register: Register) -> None:
    register.apply([finding("a", 5, 5), finding("b", 2, 2)], as_of=NOW)
    assert register.apply([finding("a", 5, 5), finding("b", 3, 2)], as_of=NOW).updated == ("R-001",)
    assert [item.likelihood for item in register.risk("R-001").findings] == [5, 3]
    assert register.risk("R-001").indicated == score(5, 5)


def test_a_closed_risk_is_reopened_by_a_new_finding_only(register: Register) -> None:
    register.apply([finding("a")], as_of=NOW)
    register.close("R-001", "team was hired", "workforce-lead", later(days=1), 3)
    assert register.apply([finding("a")], as_of=later(days=2)).head == register.head
    assert register.risk("R-001").state == "closed"
    eased = register.apply([], as_of=later(days=3))
    assert eased.eased == ("R-001",)
    assert register.risk("R-001").state == "closed"
    changes = register.apply([finding("a")], as_of=later(days=4))
    risk = register.risk("R-001")
    assert (changes.updated, risk.state, risk.indicated) == (("R-001",), "reopened", score(4, 3))
    assert risk.review_due == later(days=34)
    assert "Attrition spike" in register.events("R-001")[-3].body["reason"]


def test_owners_and_titles_can_be_given(register: Register) -> None:
    findings = [finding("a"), finding("b", key={"site": "BOG"}), finding("c", category="site-loss", key={"site": "CEB"})]
    register.apply(
        findings,
        as_of=NOW,
        owners={"site:MNL": "altura-duty-manager", "talent-attrition": "hr-lead"},
        titles=lambda item: f"{item.title} in {item.key['site']}",
    )
    by_scope = {risk.scope: (risk.owner, risk.title) for risk in register.risks()}
    assert by_scope == {
        "site:MNL": ("altura-duty-manager", "Attrition spike in MNL"),
        "site:BOG": ("hr-lead", "Attrition spike in BOG"),
        "site:CEB": ("workforce-lead", "Attrition spike in CEB"),
    }


def test_reviews_come_as_soon_as_the_band_asks(register: Register) -> None:
    cadence = Cadence.model_validate({"critical": "2d", "high": "10d", "moderate": "20d", "low": "30d"})
    settings = Settings(title="Test", client="acme", cadence=cadence)
    register.apply([finding("a", 1, 1)], as_of=NOW, settings=settings)
    assert register.risk("R-001").review_due == later(days=30)
    register.apply([finding("a", 5, 5)], as_of=later(days=1), settings=settings)
    assert register.risk("R-001").review_due == later(days=3)
    register.apply([finding("a", 1, 1)], as_of=later(days=2), settings=settings)
    assert register.risk("R-001").review_due == later(days=3), "a run is not a review: it never puts one off"


class TestDeadline:
    """A finding with a deadline is reviewed by that day, however slow the cadence of its band is."""

    DUE = date(2026, 12, 1)
    NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)

    def test_the_review_is_the_earlier_of_cadence_and_deadline(self, register: Register) -> None:
        register.apply([finding("a", 3, 3, due=self.DUE), finding("b", 5, 5, key={"site": "BOG"}, due=self.DUE)], as_of=NOW)
        reviews = {risk.scope: risk.review_due for risk in register.risks()}
        assert reviews == {"site:MNL": self.NOON, "site:BOG": later(days=7)}

    def test_the_day_is_the_workspaces(self, register: Register) -> None:
        settings = Settings(title="Test", client="acme", time_zone="America/New_York")
        register.apply([finding("a", 3, 3, due=self.DUE)], as_of=NOW, settings=settings)
        assert register.risk("R-001").review_due == datetime(2026, 12, 1, 17, tzinfo=UTC)

    def test_a_deadline_that_has_passed_asks_at_once(self, register: Register) -> None:
        register.apply([finding("a", 3, 3, due=date(2026, 11, 1))], as_of=NOW)
        assert register.risk("R-001").review_due == NOW

    def test_a_later_finding_brings_the_review_forward_though_the_score_stays(self, register: Register) -> None:
        register.apply([finding("a", 3, 3)], as_of=NOW)
        assert register.risk("R-001").review_due == later(days=90)
        register.apply([finding("a", 3, 3), finding("b", 3, 3, due=self.DUE)], as_of=later(days=1))
        assert register.risk("R-001").review_due == self.NOON
        assert kinds(register)[3:] == ["finding.opened"]

    def test_the_owners_review_before_the_deadline_is_not_the_last(self, register: Register) -> None:
        register.apply([finding("a", 3, 3, due=self.DUE)], as_of=NOW)
        register.assess("R-001", score(3, 3), "we stay", "vendor-manager", later(days=2), 3)
        assert register.risk("R-001").review_due == self.NOON
        register.assess("R-001", score(3, 3), "notice was given", "vendor-manager", later(days=11), 4)
        assert register.risk("R-001").review_due == later(days=101)

    def test_a_closed_risk_that_opens_again_has_its_deadline(self, register: Register) -> None:
        register.apply([finding("a", 3, 3)], as_of=NOW)
        register.close("R-001", "left", "vendor-manager", later(days=1), 3)
        register.apply([finding("a", 3, 3), finding("b", 3, 3, due=self.DUE)], as_of=later(days=2))
        assert register.risk("R-001").review_due == self.NOON
        assert register.verify() == ()


class TestProposal:
    """An owner's score stands; a materially different indication later on asks them to look again."""

    def assessed(self, register: Register, indicated: tuple[int, int], own: tuple[int, int]) -> None:
        register.apply([finding("a", *indicated)], as_of=NOW)
        register.assess("R-001", score(*own), "seen on site", "workforce-lead", later(days=1), 3)

    def test_the_owners_score_stands_beside_the_indicated(self, register: Register) -> None:
        self.assessed(register, (4, 3), (2, 2))
        risk = register.risk("R-001")
        assert (risk.score, risk.indicated, risk.state, risk.proposal) == (score(2, 2), score(4, 3), "assessed", False)
        assert risk.assessed
        assert risk.assessed.indicated == score(4, 3)

    @pytest.mark.parametrize(
        ("seen", "now", "proposes"),
        [
            ((4, 3), (5, 5), True),
            ((4, 3), (4, 4), True),  # the same band would be enough: 16 against 12
            ((4, 3), (3, 2), True),  # smaller, yet neither what was seen nor the owner's band
            ((5, 4), (4, 5), False),  # critical and 20, as it was
            ((5, 4), (5, 5), True),  # critical as it was, but 25
            ((4, 3), (1, 2), False),  # what the owner said all along
        ],
    )
    def test_what_is_materially_different_proposes(
        self, register: Register, seen: tuple[int, int], now: tuple[int, int], proposes: bool
    ) -> None:
        self.assessed(register, seen, (1, 1))
        register.apply([finding("a", *now)], as_of=later(days=8))
        risk = register.risk("R-001")
        assert (risk.score, risk.indicated, risk.proposal) == (score(1, 1), score(*now), proposes)

    def test_what_the_owner_has_answered_is_not_asked_again(self, register: Register) -> None:
        self.assessed(register, (5, 4), (2, 2))
        register.apply([finding("b", 5, 4)], as_of=later(days=8))
        assert not register.risk("R-001").proposal
        register.apply([], as_of=later(days=9))
        register.apply([finding("b", 5, 4)], as_of=later(days=10))
        assert not register.risk("R-001").proposal

    def test_a_first_indication_after_the_owner_proposes(self, register: Register) -> None:
        register.add("talent-attrition", "site:MNL", "Leavers", "hr-lead", score(1, 2), "exit interviews", "hr-lead", NOW)
        register.apply([finding("a", 4, 3)], as_of=later(days=1))
        risk = register.risk("R-001")
        assert (risk.proposal, risk.score, risk.title) == (True, score(1, 2), "Leavers")

    def test_a_proposal_brings_the_review_forward_and_an_answer_ends_it(self, register: Register) -> None:
        self.assessed(register, (1, 1), (1, 1))
        assert register.risk("R-001").review_due == later(days=181)
        register.apply([finding("a", 5, 5)], as_of=later(days=8))
        risk = register.risk("R-001")
        assert (risk.proposal, risk.review_due) == (True, later(days=15))
        register.assess("R-001", score(1, 2), "known and agreed", "workforce-lead", later(days=9), risk.version)
        assert not register.risk("R-001").proposal

    def test_nothing_indicated_proposes_nothing(self, register: Register) -> None:
        self.assessed(register, (1, 1), (1, 1))
        register.apply([finding("a", 5, 5)], as_of=later(days=8))
        register.apply([], as_of=later(days=9))
        risk = register.risk("R-001")
        assert (risk.proposal, risk.indicated, risk.score) == (False, None, score(1, 1))
