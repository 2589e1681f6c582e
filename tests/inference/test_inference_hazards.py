"""Each known hazard of durable_rules 2.0.28, and the tests that show the adapter is safe from it.

| hazard | tests |
|---|---|
| an inequality join crashes | one_shape_only |
| `$or` before a join fires across sites; `any` fires twice | alternative_fires_once, one_shape_only |
| ids with one 32-bit hash are one fact; a retract takes another | two_ids_with_one_hash, no_two_tokens, no_fact_is_retracted |
| a number such as `1e-05` ends the batch without a word | scientific_notation, cut_short |
| a batch's return code is that of its last fact | cut_short: the code is not looked at, the canary is |
| several sids run on a daemon thread; exceptions in an action are swallowed | raw_module: no host, no actions, one sid |
| empty list, `[{}]`, `delete_state` crash | nothing_to_send, crash, raw_module |
| a joined field that is missing spoils later facts | place_that_is_missing, one_shape_only |
| `"10" == 10`; 5 and 5.0 differ in a join | never_equal, one_shape_only: tokens alone |
| whole numbers from 2^63, texts past 64 KB, order on texts | refused_alone, one_shape_only |
| more than 64 rules true for one fact | hundred_rules |
| 512 or more first conditions never return | six_hundred, one_shape_only |
| `$div` by 0, `cap`, `count`, `$iany` | one_shape_only, counts_and_windows |
| names of properties are compared by hash alone | names_of_properties, two_places |
| 8.5 KB a stored fact, and nothing is given back | no_worker_holds_more, too_much_memory, spread_over_workers |
| `$not` depends on the order of facts | order_of_facts, one_shape_only |
| an unkeyed join of 4,000 facts | explodes, rule_without_join, far_apart |
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from inference_cases import AS_OF as DRAWN_AS_OF
from inference_cases import draw
from inference_rules import AS_OF, fired, keys, rule, signal, thresholds

from riskreg.inference import Decided, decide, durable_available
from riskreg.inference.engines import buckets, durable, shards, worker
from riskreg.inference.engines.shards import MAX_RULES, MAX_TOKENS, Shard
from riskreg.inference.evaluation import evaluate
from riskreg.inference.facts.pack import prepare
from riskreg.inference.facts.table import Facts
from riskreg.inference.language.compiled import Ready
from riskreg.model.faults import Fault
from riskreg.model.rule import Rule

pytestmark = pytest.mark.skipif(not durable_available(), reason="durable_rules is not installed: it needs a C compiler")

BOTH = {"all": [{"as": "a", "signal": "attrition_spike"}, {"as": "b", "signal": "quality_drift"}]}
COLLIDING = ("reading-539599", "reading-722382")
"""Two ids with the same 32-bit hash."""
Job = tuple[dict[str, Any], str]


def prepared(seed: int) -> list[Ready]:
    case = draw(seed)
    pack = prepare([Rule.model_validate(one) for one in case.rules])
    made = evaluate(pack, case.facts, as_of=DRAWN_AS_OF, engine="reference", thresholds=thresholds(case.thresholds))
    return list(made.given.values())


def ready(one: Rule, facts: list[dict[str, Any]]) -> Ready:
    """A rule with its candidates, as the engines are given it."""
    return evaluate(prepare([one]), Facts.of(facts), as_of=AS_OF, engine="reference").given[one.id]


def agreed(one: Rule, facts: list[dict[str, Any]]) -> Decided:
    """What both engines decide on more facts than the naive evaluator can try."""
    decided = decide([one], facts, as_of=AS_OF)
    assert not decided.faults, decided.faults
    return decided


def fnv1a(text: str) -> int:
    """The 32-bit FNV-1a hash by which durable_rules tells ids, properties and names apart."""
    value = 2166136261
    for byte in text.encode():
        value = (value ^ byte) * 16777619 & 0xFFFFFFFF
    return value


def raw(facts: str) -> int:
    """How many of some facts the bare engine matches with one rule, in a process of its own."""
    rules = '{"r": {"all": [{"m": {"p": "x"}}]}}'
    head = """
import durable_rules_engine as e

def out(rules, facts):
    handle = e.create_ruleset("s", rules)
    try:
        e.assert_facts(handle, facts)
    except Exception:
        pass
    number = 0
    while action := e.start_action(handle):
        match = action[1]
        while match:
            number += 1
            match = e.complete_and_start_action(handle, action[2])
    return number
"""
    command = [sys.executable, "-c", f"{head}\nprint(out({json.dumps(rules)}, {json.dumps(facts)}))"]
    return int(subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout)


def test_what_is_sent_has_one_shape_only() -> None:
    """Over many rule sets: own token first, then equality joins alone; tokens only, all fields there, no empty list, few rules."""
    joins = 0
    for seed in range(150):
        for shard in shards.shards(prepared(seed)):
            rules, sent = shard.job()
            assert len(rules) <= 60
            assert sum(len(body["all"]) for body in rules.values()) <= 241
            asked: dict[str, set[str]] = {}
            for body in rules.values():
                assert list(body) == ["all"]
                own: dict[str, str] = {}
                for place, term in enumerate(body["all"]):
                    ((alias, whole),) = term.items()
                    assert alias == f"m{place}"
                    first, *others = whole.get("$and", [whole])
                    assert list(first) == ["p"]
                    assert others or not place
                    own[alias] = first["p"]
                    for join in others:
                        ((name, right),) = join.items()
                        ((other, same),) = right.items()
                        assert name == same
                        assert int(other[1:]) < place
                        for token in (own[alias], own[other]):
                            asked.setdefault(token, set()).add(name)
                        joins += 1
            facts = json.loads(sent)
            assert len(facts) > 1
            assert facts[-1]["id"] == f"p{shard.canary}"
            for fact in facts:
                assert all(isinstance(v, str) and re.fullmatch(r"p\d+", v) for v in fact.values())
                assert asked.get(fact["p"], set()) <= fact.keys() <= {"id", "p", "w", "k", *(f"f{n}" for n in range(6))}
    assert joins > 50


def test_names_of_properties_have_hashes_of_their_own() -> None:
    names = ["id", "sid", "p", "w", "k", "$s", *(f"f{n}" for n in range(64)), *(f"m{n}" for n in range(64)), "canary"]
    names += [f"r{n}" for n in range(MAX_RULES)]
    assert len({fnv1a(name) for name in names}) == len(names)


def test_no_two_tokens_have_one_hash() -> None:
    """All that can be given: the hash of each is one step from that of the one without its last digit."""
    digits = np.arange(48, 58, dtype=np.uint32)
    longest = (np.uint32(fnv1a("p")) ^ digits) * np.uint32(16777619)
    hashes = longest
    longest = longest[1:]
    while len(hashes) < MAX_TOKENS:
        longest = ((np.repeat(longest, 10) ^ np.tile(digits, len(longest))) * np.uint32(16777619))[: MAX_TOKENS - len(hashes)]
        hashes = np.concatenate([hashes, longest])
    assert [int(hashes[n]) for n in (0, 7, 90, 1999999)] == [fnv1a(f"p{n}") for n in (0, 7, 90, 1999999)]
    assert len(np.unique(hashes)) == MAX_TOKENS


def test_more_tokens_than_are_known_to_differ_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(durable, "MAX_TOKENS", 20)
    facts = [signal("attrition_spike", f"s{n:02}") for n in range(20)]
    decided = decide([rule({"signal": "attrition_spike"})], facts, as_of=AS_OF)
    assert [(fault.code, fault.span.cell) for fault in decided.faults] == [("engine-failed", "a-rule")]
    assert "tell" in decided.faults[0].message
    assert len(decided.findings[0].facts) == 20


def test_two_ids_with_one_hash_are_one_fact_to_the_engine_and_two_to_us() -> None:
    assert fnv1a(COLLIDING[0]) == fnv1a(COLLIDING[1])
    assert raw(json.dumps([{"id": ident, "p": "x"} for ident in COLLIDING])) == 1
    assert fired(rule({"signal": "attrition_spike"}), [signal("attrition_spike", ident) for ident in COLLIDING]) == {
        "a-rule/MNL": COLLIDING
    }


def test_two_places_with_one_hash_do_not_mix() -> None:
    here, there = COLLIDING
    facts = [signal("attrition_spike", "a", site=here), signal("quality_drift", "b", site=there)]
    assert fired(rule(BOTH), facts) == {}
    assert fnv1a("costarring") == fnv1a("liquid")
    facts = [signal("attrition_spike", "a", site="costarring"), signal("quality_drift", "b", site="liquid")]
    assert fired(rule(BOTH), facts) == {}


def test_numbers_in_scientific_notation_drop_no_fact() -> None:
    assert raw('[{"id": "1", "p": "x", "v": 1e-05}, {"id": "2", "p": "x"}]') < 2
    values = [1e-05, 1e15, -1e-300, 5, 5.0, 2**53]
    given = [signal("attrition_spike", f"s{n}", value=value) for n, value in enumerate(values)]
    assert fired(rule({"signal": "attrition_spike"}), given) == {"a-rule/MNL": tuple(f"s{n}" for n in range(len(values)))}


def test_text_and_numbers_are_never_equal() -> None:
    drift = {"signal": "quality_drift", "where": {"metric": "10"}}
    assert fired(rule(drift), [signal("quality_drift", "a", metric=10), signal("quality_drift", "b", metric="")]) == {}
    assert fired(rule(drift), [signal("quality_drift", "a", metric="10")]) == {"a-rule/MNL": ("a",)}
    five = {"signal": "quality_drift", "where": {"strength": 5}}
    assert fired(rule(five), [signal("quality_drift", "a", strength=5.0), signal("quality_drift", "b", strength=True)]) == {
        "a-rule/MNL": ("a",)
    }
    assert fired(rule({"signal": "quality_drift", "where": {"strength": 1}}), [signal("quality_drift", "b", strength=True)]) == {}


def test_a_place_that_is_missing_spoils_no_later_fact() -> None:
    facts = [
        signal("attrition_spike", "a", site=None),
        signal("quality_drift", "b", site=None),
        signal("attrition_spike", "c"),
        signal("quality_drift", "d"),
    ]
    for order in (facts, facts[::-1]):
        assert fired(rule(BOTH), order) == {"a-rule/MNL": ("c", "d")}


def test_an_alternative_fires_once_and_never_across_sites() -> None:
    either = {"any": [{"signal": "attrition_spike"}, {"signal": "attrition_spike", "where": {"strength": {"gte": 1}}}]}
    when = {"all": [either, {"signal": "quality_drift"}]}
    spike = signal("attrition_spike", "a", strength=3)
    assert fired(rule(when), [spike, signal("quality_drift", "b", site="BOG")]) == {}
    decided = decide([rule(when)], [spike, signal("quality_drift", "b")], as_of=AS_OF)
    assert [one.facts for one in decided.findings] == [("a", "b")]


def test_a_negation_holds_whatever_the_order_of_facts() -> None:
    when = {"all": [{"signal": "attrition_spike"}, {"not": {"fact": "open_action"}}]}
    facts = [signal("attrition_spike", "a"), {"id": "z", "fact": "open_action", "site": "MNL", "at": AS_OF}]
    assert fired(rule(when), facts) == fired(rule(when), facts[::-1]) == {}
    assert fired(rule(when), facts[:1]) == {"a-rule/MNL": ("a",)}


def test_a_hundred_rules_that_are_true_for_one_fact_all_fire() -> None:
    rules = [rule({"signal": "attrition_spike"}, f"rule-{n}") for n in range(100)]
    assert len(fired(rules, [signal("attrition_spike", "a")])) == 100


def test_six_hundred_different_conditions_return() -> None:
    rules = [rule({"signal": "attrition_spike", "where": {"value": {"gte": n}}}, f"rule-{n}") for n in range(600)]
    assert len(fired(rules, [signal("attrition_spike", "a", value=599)])) == 600


def test_nothing_to_judge_is_nothing_to_send() -> None:
    assert fired([], []) == {}
    assert fired(rule(BOTH), []) == {}
    assert fired(rule(BOTH), [signal("attrition_spike", "a")]) == {}


@pytest.mark.parametrize(
    ("fact", "code"),
    [
        ({"value": float("nan")}, "fact-number"),
        ({"value": float("inf")}, "fact-number"),
        ({"value": 2**53 + 1}, "fact-number"),
        ({"note": "x" * 65536}, "fact-too-long"),
        ({"sid": "1"}, "fact-reserved"),
        ({"$s": 1}, "fact-reserved"),
        ({"a.b": 1}, "fact-reserved"),
        ({"id": "concluded:x"}, "fact-reserved"),
        ({"id": ""}, "fact-id"),
        ({"id": "good"}, "fact-duplicate"),
        ({"site": 10}, "fact-place"),
        ({"site": "two words"}, "fact-place"),
        ({"fact": "cover"}, "fact-kind"),
        ({"at": AS_OF.replace(tzinfo=None)}, "fact-time"),
        ({"at": "2026-11-16"}, "fact-time"),
        ({"readings": ["a", "b"]}, "fact-type"),
    ],
)
def test_a_fact_that_cannot_be_judged_is_refused_alone(fact: dict[str, Any], code: str) -> None:
    decided = decide(
        [rule({"signal": "attrition_spike"})],
        [signal("attrition_spike", "good"), signal("attrition_spike", "bad") | fact],
        as_of=AS_OF,
    )
    assert [fault.code for fault in decided.faults] == [code]
    assert decided.faults[0].hint
    assert keys(decided) == {"a-rule/MNL": ("good",)}


def test_a_join_that_explodes_is_refused_before_either_engine_sees_it() -> None:
    facts = [signal(kind, f"{kind}-{n}") for kind in ("attrition_spike", "quality_drift") for n in range(4000)]
    quick = rule({"signal": "attrition_spike", "where": {"strength": 3}}, "quick")
    decided = decide([rule(BOTH), quick], [*facts, signal("attrition_spike", "strong", strength=3)], as_of=AS_OF)
    assert [(fault.code, fault.span.cell) for fault in decided.faults] == [("rule-explodes", "a-rule")]
    assert keys(decided) == {"quick/MNL": ("strong",)}


def test_a_large_join_with_a_key_goes_through() -> None:
    facts = [
        signal(kind, f"{kind}-{site}-{n}", site=f"S{site}")
        for kind in ("attrition_spike", "quality_drift")
        for site in range(700)
        for n in range(4)
    ]
    assert len(facts) > 5 * shards.ENOUGH
    made = keys(agreed(rule(BOTH), facts))
    assert len(made) == 700
    assert {len(ids) for ids in made.values()} == {8}


def test_work_is_spread_over_workers_by_what_the_engine_can_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    whole = durable._job
    monkeypatch.setattr(durable, "MAX_FACTS", 10)
    monkeypatch.setattr(shards, "ENOUGH", 8)
    monkeypatch.setattr(durable, "_job", lambda group: asked.append(len(group)) or whole(group))
    rules = [rule({"signal": "attrition_spike"}, f"rule-{n}") for n in range(7)]
    facts = [signal("attrition_spike", f"s{n}") for n in range(4)]
    assert len(fired(rules, facts)) == 7
    assert asked == [1, 1, 1, 1]  # two rules with four facts each, and no third


def test_no_fact_is_retracted() -> None:
    """Not in the table: where three facts or more are joined and each has several partners, a retract is a segmentation fault
    (one fact at the first place, three at each of the others: every time; two at each: by chance)."""
    when = {"all": [{"signal": "attrition_spike"}, {"signal": "quality_drift"}, {"signal": "data_exposure"}]}
    given = [signal(kind, f"{kind}{n}") for kind in ("attrition_spike", "quality_drift", "data_exposure") for n in range(6)]
    assert [len(ids) for ids in fired(rule(when), given).values()] == [18]
    assert "engine.retract" not in Path(worker.__file__).read_text(encoding="utf-8")


def test_a_join_over_several_shards_loses_nothing_and_mixes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shards of two keys each: facts that can be joined stay together."""
    monkeypatch.setattr(shards, "ENOUGH", 8)
    facts = [
        signal(kind, f"{kind}-{site}-{n}", site=f"S{site}")
        for kind in ("attrition_spike", "quality_drift")
        for site in range(40)
        for n in range(2)
    ]
    sent = list(shards.shards([ready(rule(BOTH), facts)]))
    assert [len(shard.facts) for shard in sent] == [8] * 20
    made = keys(agreed(rule(BOTH), facts))
    assert len(made) == 40
    assert {len(ids) for ids in made.values()} == {4}


def test_no_worker_holds_more_than_it_can(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forty thousand facts are 340 MB in the engine; in workers of ten thousand they fit where not half of them would."""
    monkeypatch.setattr(durable, "MEMORY", 200 * 2**20)
    facts = [
        signal(kind, f"{kind}-{site}", site=f"S{site}") for kind in ("attrition_spike", "quality_drift") for site in range(20000)
    ]
    given = ready(rule(BOTH), facts)
    assert durable.fire_all([given])[1] is not None
    monkeypatch.setattr(durable, "MAX_FACTS", 10_000)
    found, failure = durable.fire_all([given])
    assert failure is None
    assert [len(some) for some in found.values()] == [20000]


def test_counts_and_windows_are_worked_out_before_or_after_the_engine_and_never_in_it() -> None:
    counted = {"signal": "attrition_spike", "at_least": 2, "different": "metric", "within": "1w"}
    facts = [signal("attrition_spike", f"s{n}", days=n, metric=f"m{n}") for n in range(3)]
    (shard,) = shards.shards([ready(rule(counted, within="2w", keep_open_for="1w"), facts)])
    rules, sent = shard.job()
    assert set(re.findall(r"[a-z$]+", json.dumps(rules) + sent)) == {"r", "all", "m", "p", "canary", "id"}
    assert fired(rule(counted, within="2w", keep_open_for="1w"), facts) == {"a-rule/MNL": ("s0", "s1", "s2")}


def test_a_rule_without_join_has_an_equality_all_the_same() -> None:
    facts = [signal("attrition_spike", "a", site="BOG"), signal("quality_drift", "b")]
    (shard,) = shards.shards([ready(rule(BOTH, join=[]), facts)])
    second = shard.rules["r0"]["all"][1]["m1"]["$and"]
    assert second[1:] == [{"k": {"m0": "k"}}]
    assert fired(rule(BOTH, join=[], explain=""), facts) == {"a-rule": ("a", "b")}


@pytest.mark.parametrize("join", [["site"], []])
def test_facts_far_apart_are_not_paired(join: list[str]) -> None:
    """Two years of days at one place would be 500,000 pairs; within two days they are 3,600, and the engine makes few more."""
    facts = [signal(kind, f"{kind}-{n}", days=n) for kind in ("attrition_spike", "quality_drift") for n in range(720)]
    near = rule(BOTH, within="2d", join=join)
    given = ready(near, facts)
    with durable.Workers() as workers:
        asked = workers.ask([given])
        answered = [future.result() for _, future in asked.groups]
    assert not any(wrong for _, wrong in answered)
    assert sum(len(answer["r0"]) // 2 for answers, _ in answered for answer in answers) < 12000
    found, failure = durable.fire_all([given])
    assert failure is None
    assert [len(one.facts) for one in found[0]] == [1440]


@pytest.mark.parametrize("join", [["site"], []])
def test_a_standing_fact_is_in_every_bucket(join: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """One kind is now dated and now standing, the other always dated: nothing is lost between buckets, and nothing found twice."""
    monkeypatch.setattr(buckets, "WORTH", 0)
    facts = [signal(kind, f"{kind}-{n}", days=n) for kind in ("attrition_spike", "quality_drift") for n in range(0, 40, 3)]
    audits: list[dict[str, Any]] = [{"id": f"z{n}", "fact": "audit", "site": "MNL"} for n in range(20)]
    for n in range(1, 20):
        audits[n]["at"] = AS_OF - timedelta(days=n)
    when = {"all": [{"signal": "attrition_spike"}, {"fact": "audit"}]}
    given = ready(rule(when, within="24h", join=join, explain=""), [*facts, *audits])
    (shard,) = shards.shards([given])
    assert any('"w"' in fact for fact in shard.facts)
    (made,) = fired(rule(when, within="24h", join=join, explain=""), [*facts, *audits]).values()
    assert set(made) == {*(f"z{n}" for n in range(20)), *(f"attrition_spike-{n}" for n in range(0, 40, 3))}


def test_the_worker_uses_the_raw_module_and_no_host() -> None:
    """One sid, no actions of ours, and none of the calls that crash."""
    text = Path(worker.__file__).read_text(encoding="utf-8")
    assert set(re.findall(r"engine\.(\w+)", text)) == {
        "create_ruleset", "assert_facts", "start_action", "complete_and_start_action",
    }  # fmt: skip
    assert "import durable_rules_engine as engine" in text
    assert "durable.lang" not in text


def broken(monkeypatch: pytest.MonkeyPatch, change: Callable[[Job], Job]) -> tuple[Fault, ...]:
    """A decision on one rule while the engine's job is changed under way; the reference's answer must stand."""
    whole = Shard.job
    monkeypatch.setattr(Shard, "job", lambda self: change(whole(self)))
    decided = decide([rule(BOTH)], [signal("attrition_spike", "a"), signal("quality_drift", "b")], as_of=AS_OF)
    assert keys(decided) == {"a-rule/MNL": ("a", "b")}
    assert "reference's answer stands" in decided.engine
    return decided.faults


def test_a_crash_of_the_engine_is_a_fault_that_names_the_rule(monkeypatch: pytest.MonkeyPatch) -> None:
    (fault,) = broken(monkeypatch, lambda job: (job[0], "[{}]"))  # a segmentation fault
    assert (fault.code, fault.span.cell) == ("engine-failed", "a-rule")
    assert "signal 11" in fault.message


def test_a_refusal_by_the_engine_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    (fault,) = broken(monkeypatch, lambda job: ({"r0": {"none": []}}, job[1]))
    assert fault.code == "engine-failed"
    assert "a-rule" in fault.message


def test_a_batch_that_is_cut_short_is_noticed_by_its_canary(monkeypatch: pytest.MonkeyPatch) -> None:
    (fault,) = broken(monkeypatch, lambda job: (job[0], json.dumps(json.loads(job[1])[:-2])))
    assert fault.code == "engine-lost-facts"


def test_an_engine_that_does_not_return_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(durable, "CLOCK", 0.001)
    (fault,) = broken(monkeypatch, lambda job: job)
    assert "did not finish" in fault.message


def test_an_engine_that_takes_too_much_memory_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(durable, "MEMORY", 4 * 2**20)
    facts = [signal("attrition_spike", f"s{n}") for n in range(20000)]
    decided = decide([rule({"signal": "attrition_spike"})], facts, as_of=AS_OF)
    assert [(fault.code, fault.span.cell) for fault in decided.faults] == [("engine-failed", "a-rule")]
    assert len(decided.findings[0].facts) == 20000


def test_rules_of_whole_shards_stand_when_another_shard_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    whole, made = Shard.job, count()
    monkeypatch.setattr(Shard, "job", lambda self: (whole(self)[0], "[{}]") if next(made) == 1 else whole(self))
    rules = [rule({"signal": "attrition_spike"}, f"rule-{n:03}") for n in range(100)]
    decided = decide(rules, [signal("attrition_spike", "a")], as_of=AS_OF)
    assert len(decided.findings) == 100
    assert [fault.span.cell for fault in decided.faults] == [f"rule-{n:03}" for n in range(MAX_RULES, 100)]


def test_a_worker_that_fails_stops_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    whole, made = Shard.job, count()
    monkeypatch.setattr(durable, "MAX_FACTS", 3)
    monkeypatch.setattr(shards, "ENOUGH", 3)
    monkeypatch.setattr(Shard, "job", lambda self: (whole(self)[0], "[{}]") if next(made) == 1 else whole(self))
    rules = [rule({"signal": "attrition_spike"}, f"rule-{n}") for n in range(9)]
    decided = decide(rules, [signal("attrition_spike", "a")], as_of=AS_OF)
    assert len(decided.findings) == 9
    assert [fault.span.cell for fault in decided.faults] == ["rule-3", "rule-4", "rule-5"]


def test_a_worker_that_nobody_waits_for_is_ended() -> None:
    workers = durable.Workers()
    (process,) = workers._processes
    assert process.poll() is None
    workers.close()
    assert process.poll() is not None


def test_the_worker_reads_no_module_from_the_folder_it_starts_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "durable_rules_engine.py").write_text("raise SystemExit(3)")
    (tmp_path / "json.py").write_text("raise SystemExit(3)")
    monkeypatch.chdir(tmp_path)
    assert fired(rule({"signal": "attrition_spike"}), [signal("attrition_spike", "a")]) == {"a-rule/MNL": ("a",)}
