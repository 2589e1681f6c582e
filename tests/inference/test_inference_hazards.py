"""Each known hazard of durable_rules 2.0.28 that rules or facts could reach, and that the adapter keeps it away."""

from __future__ import annotations

import json
import subprocess
import sys
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from inference_cases import AS_OF as DRAWN_AS_OF
from inference_cases import draw
from inference_rules import AS_OF, fired, keys, rule, signal

from riskreg.inference import decide, durable, durable_available
from riskreg.inference.candidates import Facts, Ready, ready
from riskreg.inference.decision import prepare
from riskreg.inference.durable import MAX_RULES, Shard, Tokens, fnv1a
from riskreg.inference.facts import accept
from riskreg.model.rule import Rule

pytestmark = pytest.mark.skipif(not durable_available(), reason="durable_rules is not installed: it needs a C compiler")

BOTH = {"all": [{"as": "a", "signal": "attrition_spike"}, {"as": "b", "signal": "quality_drift"}]}


def prepared(seed: int) -> list[Ready]:
    rules, facts = draw(seed)
    pack = prepare([Rule.model_validate(one) for one in rules])
    items = Facts(accept(facts)[0])
    return [ready(one, items, DRAWN_AS_OF, pack.concluded) for layer in pack.layers for one in layer]


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
    """Over many rule sets: equality joins last, own token first, strings only, no empty list, few rules and patterns."""
    joins = 0
    for seed in range(150):
        for shard in durable._shards(prepared(seed)):
            job = shard.job()
            assert len(job["rules"]) <= 60
            assert sum(len(body["all"]) for body in job["rules"].values()) <= 241
            for body in job["rules"].values():
                assert list(body) == ["all"]
                for place, term in enumerate(body["all"]):
                    ((alias, asked),) = term.items()
                    assert alias == f"m{place}"
                    terms = asked.get("$and", [asked])
                    assert list(terms[0]) == ["p"]
                    assert isinstance(terms[0]["p"], str)
                    for join in terms[1:]:
                        ((field, (right,)),) = ((name, list(value.items())) for name, value in join.items())
                        assert right[1] == field
                        assert int(right[0][1:]) < place
                        joins += 1
            texts = set()
            assert job["batches"]
            for batch in job["batches"]:
                assert batch[-1]["id"] in shard.canaries
                for fact in batch:
                    assert all(isinstance(v, str) and v.isascii() and 0 < len(v) < 12 for v in fact.values())
                    texts |= set(fact.values())
            assert len({fnv1a(text) for text in texts}) == len(texts)
    assert joins > 50


def test_names_of_properties_have_hashes_of_their_own() -> None:
    names = ["id", "sid", "p", "$s", *(f"f{n}" for n in range(6)), *(f"m{n}" for n in range(12)), "canary"]
    names += [f"r{n}" for n in range(MAX_RULES)]
    assert len({fnv1a(name) for name in names}) == len(names)


@pytest.fixture(scope="module")
def colliding() -> tuple[str, str]:
    """Two ids with the same 32-bit hash."""
    seen: dict[int, str] = {}
    for number in count():
        ident = f"reading-{number}"
        if seen.setdefault(fnv1a(ident), ident) != ident:
            return seen[fnv1a(ident)], ident
    raise AssertionError


def test_two_ids_with_one_hash_are_one_fact_to_the_engine_and_two_to_us(colliding: tuple[str, str]) -> None:
    assert raw(json.dumps([{"id": ident, "p": "x"} for ident in colliding])) == 1
    assert fired(rule({"signal": "attrition_spike"}), [signal("attrition_spike", ident) for ident in colliding]) == {
        "a-rule/MNL": tuple(sorted(colliding))
    }


def test_two_places_with_one_hash_do_not_mix(colliding: tuple[str, str]) -> None:
    here, there = colliding
    facts = [signal("attrition_spike", "a", site=here), signal("quality_drift", "b", site=there)]
    assert fired(rule(BOTH), facts) == {}
    assert fnv1a("costarring") == fnv1a("liquid")
    facts = [signal("attrition_spike", "a", site="costarring"), signal("quality_drift", "b", site="liquid")]
    assert fired(rule(BOTH), facts) == {}


def test_a_token_whose_hash_is_taken_is_passed_over() -> None:
    tokens = Tokens()
    tokens._hashes.add(fnv1a("n0"))
    assert tokens.fresh("n") == "n1"
    assert tokens.of("MNL") == tokens.of("MNL") != tokens.of("BOG")


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
    assert len(facts) > durable.BATCH
    made = fired(rule(BOTH), facts)
    assert len(made) == 700
    assert {len(ids) for ids in made.values()} == {8}


def test_work_is_spread_over_workers_by_what_the_engine_can_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    whole = durable._ask
    monkeypatch.setattr(durable, "MAX_FACTS", 10)
    monkeypatch.setattr(durable, "_ask", lambda jobs: asked.append(len(jobs)) or whole(jobs))
    rules = [rule({"signal": "attrition_spike"}, f"rule-{n}") for n in range(7)]
    facts = [signal("attrition_spike", f"s{n}") for n in range(4)]
    assert len(fired(rules, facts)) == 7
    assert asked == [1, 1, 1, 1]  # two rules with four facts each, and no third


def broken(monkeypatch: pytest.MonkeyPatch, change: Any) -> Any:
    """A decision on one rule while the engine's job is changed under way; the reference's answer must stand."""
    whole = Shard.job
    monkeypatch.setattr(Shard, "job", lambda self: change(whole(self)))
    decided = decide([rule(BOTH)], [signal("attrition_spike", "a"), signal("quality_drift", "b")], as_of=AS_OF)
    assert keys(decided) == {"a-rule/MNL": ("a", "b")}
    assert "reference's answer stands" in decided.engine
    return decided.faults


def test_a_crash_of_the_engine_is_a_fault_that_names_the_rule(monkeypatch: pytest.MonkeyPatch) -> None:
    (fault,) = broken(monkeypatch, lambda job: job | {"batches": [[{}]]})  # a segmentation fault
    assert (fault.code, fault.span.cell) == ("engine-failed", "a-rule")
    assert "signal 11" in fault.message


def test_a_refusal_by_the_engine_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    (fault,) = broken(monkeypatch, lambda job: job | {"rules": {"r0": {"none": []}}})
    assert fault.code == "engine-failed"
    assert "a-rule" in fault.message


def test_a_batch_that_is_cut_short_is_noticed_by_its_canary(monkeypatch: pytest.MonkeyPatch) -> None:
    def cut(job: dict[str, Any]) -> dict[str, Any]:
        return job | {"batches": [batch[:-2] for batch in job["batches"]]}

    (fault,) = broken(monkeypatch, cut)
    assert fault.code == "engine-lost-facts"


def test_an_engine_that_does_not_return_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(durable, "CLOCK", 0.001)
    (fault,) = broken(monkeypatch, lambda job: job)
    assert "did not finish" in fault.message


def test_an_engine_that_takes_too_much_memory_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(durable, "MEMORY", 4 * 2**20)
    (fault,) = broken(monkeypatch, lambda job: job)
    assert fault.code == "engine-failed"


def test_rules_of_whole_shards_stand_when_another_shard_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    whole, made = Shard.job, count()
    monkeypatch.setattr(Shard, "job", lambda self: whole(self) | ({"batches": [[{}]]} if next(made) == 1 else {}))
    rules = [rule({"signal": "attrition_spike"}, f"rule-{n:03}") for n in range(100)]
    decided = decide(rules, [signal("attrition_spike", "a")], as_of=AS_OF)
    assert len(decided.findings) == 100
    assert [fault.span.cell for fault in decided.faults] == [f"rule-{n:03}" for n in range(MAX_RULES, 100)]


def test_the_worker_reads_no_module_from_the_folder_it_starts_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "durable_rules_engine.py").write_text("raise SystemExit(3)")
    (tmp_path / "json.py").write_text("raise SystemExit(3)")
    monkeypatch.chdir(tmp_path)
    assert fired(rule({"signal": "attrition_spike"}), [signal("attrition_spike", "a")]) == {"a-rule/MNL": ("a",)}
