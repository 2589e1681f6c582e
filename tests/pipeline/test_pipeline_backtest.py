"""Rules on the days that were: nothing is known before its time, episodes are kept apart, and labels judge what they can."""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from walked import Walked

from riskreg.cli import main
from riskreg.detection import detect
from riskreg.inference import Facts, decide, prepare
from riskreg.model.backtest import Backtest, RuleHistory
from riskreg.model.metric import Metric
from riskreg.model.rule import Rule
from riskreg.model.signal import to_facts
from riskreg.pipeline.backtest import WEEKS, backtest, kept_past, nearest, steps, weekly
from riskreg.pipeline.facts import Given, gather

END = datetime(2026, 6, 29, tzinfo=UTC)
MOMENTS = weekly(END, 26)
WEEK = timedelta(weeks=1)


def rule(ident: str = "spike", **more: Any) -> Rule:
    base: dict[str, Any] = {
        "id": ident, "version": 1, "title": "t", "owner": "o", "category": "talent-attrition", "severity": "low", "join": ["site"],
        "when": {"as": "spike", "signal": "attrition_spike"}, "keep_open_for": "2w", "explain": "e",
    }  # fmt: skip
    return Rule.model_validate(base | more)


def metric(*labels: dict[str, Any], ident: str = "leavers", kind: str = "attrition_spike") -> Metric:
    detector = {"kind": kind} if kind == "attrition_spike" else {"kind": kind, "measure": "rate"}
    made = {"title": "what happened", "site": "CEB", "expect": "signal"}
    return Metric.model_validate(
        {"id": ident, "name": "n", "definition": "d", "detector": detector, "labels": [made | label for label in labels]}
    )


def spike(week: int, site: str = "CEB", signal: str = "attrition_spike", metric: str = "leavers", **more: Any) -> dict[str, Any]:
    """A signal known at the end of the week before moment `week`."""
    at = MOMENTS[week]
    ident = f"{signal}:{metric}:{site}:{week}"
    base = {"id": ident, "signal": signal, "metric": metric, "site": site, "at": at, "from": at - WEEK, "to": at, "strength": 3}
    return base | more


def run(rules: Rule | list[Rule], facts: list[dict[str, Any]], *metrics: Metric) -> Backtest:
    return backtest(rules if isinstance(rules, list) else [rules], facts, metrics=metrics, moments=MOMENTS)


def one(made: Backtest, ident: str = "spike") -> RuleHistory:
    history = made.of(ident)
    assert history is not None
    return history


def spans(history: RuleHistory) -> list[tuple[str, int, int]]:
    return [(e.key.get("site", ""), MOMENTS.index(e.first), MOMENTS.index(e.last)) for e in history.episodes]


def test_an_episode_begins_when_it_could_be_known_and_ends_when_nothing_keeps_it_open() -> None:
    history = one(run(rule(), [spike(5), spike(6), spike(20), spike(6, "MNL")]))
    assert spans(history) == [("CEB", 5, 8), ("MNL", 6, 8), ("CEB", 20, 22)]
    assert (history.fired, history.places, history.open_steps, history.steps) == (3, 2, 7, 26)
    assert history.episodes[0].facts == ("attrition_spike:leavers:CEB:5", "attrition_spike:leavers:CEB:6")
    assert history.episodes[0].steps == 4
    assert history.last == history.episodes[2]


def test_without_an_end_it_stays_open_and_is_one_episode() -> None:
    history = one(run(rule(keep_open_for=None), [spike(5), spike(20)]))
    assert spans(history) == [("CEB", 5, 25)]


def test_two_episodes_at_neighbouring_steps_are_two() -> None:
    # The first closes a day before the second begins; every weekly look finds one of them open.
    later = spike(8, at=MOMENTS[7] + timedelta(days=1), **{"from": MOMENTS[7], "to": MOMENTS[8]})
    history = one(run(rule(keep_open_for="1w"), [spike(6, at=MOMENTS[6] - timedelta(hours=12)), later]))
    assert spans(history) == [("CEB", 6, 6), ("CEB", 8, 8)]
    close = spike(7, at=MOMENTS[6] + timedelta(days=6, hours=13))
    touching = one(run(rule(keep_open_for="6d"), [spike(6), close]))
    assert spans(touching) == [("CEB", 6, 6), ("CEB", 7, 7)]


def test_a_chain_is_one_episode_though_its_conclusion_moves() -> None:
    chain = [
        rule(then={"conclude": {"fact": "worn_out"}}),
        rule("after", when={"as": "worn", "fact": "worn_out"}, keep_open_for="5w"),
    ]
    history = one(run(chain, [spike(5), spike(6), spike(7), spike(8)]), "after")
    assert [(first, last) for _, first, last in spans(history)] == [(5, 10)]


def test_each_step_says_what_a_run_would_have_said_then(meridian: Walked) -> None:
    workspace = meridian.report.content.workspace
    as_of, client = meridian.report.content.as_of, workspace.settings.client
    facts = [dict(item.fact) for item in gather(meridian.root, workspace, as_of=as_of).facts.every()]
    moments = weekly(as_of)
    made = backtest(workspace.rules, facts, metrics=workspace.metrics, moments=moments)
    standing = [fact for fact in facts if "at" not in fact and fact["fact"] != "missing_data"]
    limits = {one.id: one.thresholds for one in workspace.metrics}
    timeless = {history.rule for history in made.rules if history.standing}
    for number in (51, 47, 33, 12):
        then = to_facts(detect(workspace.readings, workspace.metrics, client=client, as_of=moments[number]))
        decided = decide(workspace.rules, [*then, *standing], as_of=moments[number], engine="reference", thresholds=limits)
        now = {(f.rule, tuple(sorted(f.key.items()))) for f in decided.findings if f.rule not in timeless}
        told = {
            (history.rule, tuple(sorted(episode.key.items())))
            for history in made.rules
            for episode in history.episodes
            if episode.first <= moments[number] <= episode.last
        }
        assert told == now


def test_a_rule_of_standing_facts_has_no_history_and_overdue_readings_play_no_part() -> None:
    site = {"id": "site:CEB", "fact": "site", "site": "CEB", "vendor": "v"}
    late = {"id": "m", "fact": "missing_data", "watches": "attrition_spike", "site": "CEB", "metric": "leavers"}
    rules = [
        rule("there", when={"as": "s", "fact": "site"}, keep_open_for=None, then={"conclude": {"fact": "is_there"}}),
        rule("chained", when={"as": "s", "fact": "is_there"}, keep_open_for=None),
        rule(on_missing_data="fire"),
        rule("own", when={"as": "s", "fact": "my_event"}, keep_open_for=None),
    ]
    made = run(rules, [site, late, {"id": "e", "fact": "my_event", "site": "CEB", "at": MOMENTS[3]}])
    assert {history.rule: history.standing for history in made.rules} == {
        "chained": True, "own": False, "spike": False, "there": True,
    }  # fmt: skip
    assert [history.fired for history in made.rules] == [0, 1, 0, 0]


def test_drafts_are_not_run() -> None:
    assert run([rule(status="draft")], [spike(5)]).rules == ()


LABEL = {"from": date(2026, 2, 2), "to": date(2026, 2, 15)}
"""The weeks that end at steps 5 and 6, and so signals of those steps."""


@pytest.mark.parametrize(
    ("labels", "verdict", "label", "found", "missed"),
    [
        ([], "unlabelled", "", 0, 0),
        ([LABEL], "expected", "what happened", 1, 0),
        ([LABEL | {"site": "MNL"}], "unlabelled", "", 0, 1),
        ([LABEL | {"site": None}], "expected", "what happened", 1, 0),
        ([LABEL | {"expect": "none"}], "false-alarm", "what happened", 0, 0),
        ([LABEL | {"expect": "none", "site": "MNL"}], "unlabelled", "", 0, 0),
        ([LABEL, LABEL | {"expect": "none", "title": "explained"}], "expected", "what happened", 1, 0),
        ([{"from": date(2026, 4, 6), "to": date(2026, 4, 12)}], "unlabelled", "", 0, 1),
        ([{"from": date(2020, 2, 2), "to": date(2020, 2, 15)}], "unlabelled", "", 0, 0),
    ],
)
def test_what_labels_say(labels: list[dict[str, Any]], verdict: str, label: str, found: int, missed: int) -> None:
    assert MOMENTS[5] == datetime(2026, 2, 9, tzinfo=UTC)
    history = one(run(rule(), [spike(5)], metric(*labels)))
    (episode,) = history.episodes
    assert (episode.verdict, episode.label) == (verdict, label)
    assert (history.found, len(history.missed)) == (found, missed)
    assert history.precision == {"unlabelled": None, "expected": 1.0, "false-alarm": 0.0}[verdict]
    assert history.recall == (found / (found + missed) if found + missed else None)


def test_the_rules_window_is_added_to_a_label() -> None:
    week_after = metric({"from": date(2026, 1, 19), "to": date(2026, 1, 25)})
    assert one(run(rule(), [spike(5)], week_after)).episodes[0].verdict == "unlabelled"
    assert one(run(rule(within="1w"), [spike(5)], week_after)).episodes[0].verdict == "expected"


def test_a_find_says_after_how_many_days_and_an_exception_explains_a_miss() -> None:
    labelled = metric(LABEL)
    (found,) = one(run(rule(), [spike(5), spike(6)], labelled)).finds
    assert found.after == (MOMENTS[5].date() - date(2026, 2, 2)).days == 7
    assert one(run(rule(), [spike(6)], labelled)).found_after == 14
    away = {"where": {"site": "CEB"}, "until": date(2030, 1, 1), "reason": "a planned ramp-down", "approved_by": "boss"}
    left = one(run(rule(exceptions=[away]), [spike(5)], labelled))
    assert (left.missed, left.found, left.recall) == ((), 0, None)
    assert [period.left_out for period in left.excused] == ["a planned ramp-down"]
    over = one(run(rule(exceptions=[away | {"until": date(2025, 1, 1)}]), [], labelled))
    assert (len(over.missed), over.excused) == (1, ())


def test_a_label_is_missed_only_by_a_rule_that_could_have_seen_it() -> None:
    labelled = metric(LABEL)
    site = {"id": "site:CEB", "fact": "site", "site": "CEB", "vendor": "v"}
    both = {"all": [{"as": "a", "signal": "attrition_spike"}, {"as": "b", "signal": "quality_drift"}]}
    quality = metric({"from": date(2026, 2, 9), "to": date(2026, 2, 20)}, ident="qa", kind="quality_drift")

    def missed(one_rule: Rule, facts: list[dict[str, Any]], *metrics: Metric) -> int:
        return len(one(run(one_rule, facts, *metrics)).missed)

    assert missed(rule(), [], labelled) == 1
    assert missed(rule(scope={"site": "MNL"}), [], labelled) == 0
    assert missed(rule(when={"as": "a", "signal": "attrition_spike", "where": {"metric": "other"}}), [], labelled) == 0
    assert missed(rule(when={"as": "a", "signal": "attrition_spike", "at_least": 2}), [], labelled) == 0
    assert missed(rule(when=both), [], labelled) == 0, "no label says that quality drifted too"
    assert missed(rule(when=both), [], labelled, quality) == 2
    assert missed(rule(when={"all": [{"as": "a", "signal": "attrition_spike"}, {"as": "s", "fact": "site"}]}), [], labelled) == 0
    assert (
        missed(rule(when={"all": [{"as": "a", "signal": "attrition_spike"}, {"as": "s", "fact": "site"}]}), [site], labelled) == 1
    )


def test_the_other_direction_is_not_missed() -> None:
    up = rule(when={"as": "a", "signal": "attrition_spike", "where": {"direction": "up"}})
    assert len(one(run(up, [spike(5, direction="down")], metric(LABEL))).missed) == 0
    assert len(one(run(up, [], metric(LABEL))).missed) == 1


def test_meridian_finds_its_labels_and_knows_its_false_alarm(meridian: Walked) -> None:
    made = meridian.report.content.backtest
    assert made is not None
    assert len(made.moments) == WEEKS
    spikes = one(made, "attrition-spike")
    assert (spikes.found, spikes.missed) == (2, ())
    (false,) = spikes.false_alarms
    assert (false.key, false.label) == ({"site": "DUR"}, "Planned ramp-down in Durban after the half-year sale")


def test_order_changes_nothing_and_twice_is_the_same() -> None:
    rules, facts = [rule("b"), rule("a")], [spike(5), spike(9, "MNL"), spike(6)]
    assert run(rules, facts, metric(LABEL)) == run(rules[::-1], facts[::-1], metric(LABEL))


def test_a_kept_history_is_taken_only_where_nothing_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import riskreg.pipeline.backtest as module

    asked = []

    def spy(*args: Any, **more: Any) -> Backtest:
        asked.append(1)
        return backtest(*args, **more)

    def kept(rules: list[Rule], facts: list[dict[str, Any]], *metrics: Metric, names: Any = None, end: datetime = END) -> Any:
        given = Given(Facts.of(facts), {one.id: one.thresholds for one in metrics}, names or {})
        return kept_past(tmp_path, prepare(rules), given, metrics=metrics, as_of=end)

    monkeypatch.setattr(module, "backtest", spy)
    rules, facts = [rule(), rule("drift", when={"as": "d", "signal": "quality_drift"})], [spike(5)]
    first = kept(rules, facts, metric(LABEL))
    assert kept(rules, facts, metric(LABEL)) == first
    assert len(asked) == 1
    assert first[1].keys() == {"drift", "spike"}
    kept([rule(keep_open_for="3w")], facts, metric())
    kept(rules, [spike(6)], metric())
    kept(rules, [spike(6)], metric(), names={"site:CEB": "Cebu"})
    kept(rules, facts, metric(LABEL), end=END + WEEK)
    assert len(asked) == 5
    (file,) = (tmp_path / ".riskreg").glob("backtest*")
    file.write_bytes(file.read_bytes()[:-20])
    assert kept(rules, facts, metric(LABEL)) == first
    assert len(asked) == 6


def test_steps() -> None:
    assert steps(END, WEEK * 3, WEEK) == (END - WEEK * 2, END - WEEK, END)
    assert len(steps(END, timedelta(days=10), WEEK)) == 2
    with pytest.raises(ValueError, match="longer step"):
        steps(END, timedelta(days=4000), timedelta(days=1))
    with pytest.raises(ValueError, match="ends before"):
        steps(END, -WEEK, WEEK)


def test_silent_rules_say_what_is_nearest(meridian: Walked) -> None:
    workspace, as_of = meridian.report.content.workspace, meridian.report.content.as_of
    given = gather(meridian.root, workspace, as_of=as_of)
    found = nearest(prepare([one for one in workspace.rules if one.status != "draft"]), given, as_of=as_of)
    firing = {finding.rule for finding in meridian.report.content.findings}
    assert found.keys() == {one.id for one in workspace.rules} - firing
    assert "15\u00a0%" in found["forecast-miss-threatens-minimum"]


def cli(*words: str) -> Any:
    return CliRunner().invoke(main, ["rules", "backtest", *words], catch_exceptions=False)


def test_the_command_tells_a_line_a_rule_and_for_one_its_episodes(meridian: Walked) -> None:
    told = cli("-w", str(meridian.root)).output
    assert "attrition-spike " in told
    said = re.search(r"fired 3 times, .*; 2 expected, 1 false alarm; missed 0 of 2 labels; found after [0-9.]+ days", told)
    assert said is not None
    assert "site-loss-uncovered" in told
    assert "which has no history" in told
    alone = cli("-w", str(meridian.root), "attrition-spike").output
    assert "●●●●" in alone
    assert "2026-07-18 to 2026-08-15, 5 steps, 3 facts; false alarm: Planned ramp-down in Durban" in alone
    assert "quality-drift" not in alone


def test_the_command_gives_data_and_takes_days_steps_and_other_rules(meridian: Walked, tmp_path: Path) -> None:
    root = str(meridian.root)
    data = json.loads(cli("-w", root, "--from", "2026-07-01", "--to", "2026-08-31", "--step", "1d", "--format", "json").output)
    assert len(data["moments"]) == 62
    assert data["moments"][-1] == "2026-09-01T00:00:00+00:00"
    (spikes,) = (one for one in data["rules"] if one["rule"] == "attrition-spike")
    assert (spikes["fired"], spikes["false_alarms"], spikes["per_year"]) == (1, 1, {"2026": 1})
    (tmp_path / "mine.yaml").write_text(
        "id: mine\nversion: 1\ntitle: Mine\nowner: workforce-lead\ncategory: talent-attrition\nseverity: low\n"
        "when: {as: s, signal: attrition_spike, where: {strength: {gte: 5}}}\njoin: [site]\nkeep_open_for: 1w\nexplain: x\n"
    )
    other = json.loads(cli("-w", root, "--rules", str(tmp_path), "--weeks", "4", "--format", "json").output)
    assert [one["rule"] for one in other["rules"]] == ["mine"]
    assert len(other["moments"]) == 4
    draft = tmp_path / "mine.yaml"
    draft.write_text(f"{draft.read_text()}status: draft\n")
    assert json.loads(cli("-w", root, "--rules", str(tmp_path), "--format", "json").output)["rules"] == []
    named = json.loads(cli("-w", root, "--rules", str(tmp_path), "mine", "--format", "json").output)["rules"]
    assert [one["rule"] for one in named] == ["mine"], "who names a draft wants to know what it would do"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("nothing-like-it",), "there is no rule"),
        (("--from", "2026-09-01", "--to", "2026-08-01"), "ends before it begins"),
        (("--step", "1m"), "longer step"),
        (("--step", "0w"), "longer than nothing"),
        (("--step", "soon"), "a duration is"),
    ],
)
def test_mistakes_in_the_command_are_told(meridian: Walked, words: tuple[str, ...], said: str) -> None:
    done = cli("-w", str(meridian.root), *words)
    assert done.exit_code == 2
    assert said in done.output
