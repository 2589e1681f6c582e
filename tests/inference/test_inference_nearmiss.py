"""Near misses: what is missing, term by term, and that nothing is missing exactly where the engines say that the rule fires."""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from inference_cases import draw
from inference_rules import AS_OF, rule, signal, thresholds

from riskreg.cli import main
from riskreg.inference.evaluation import evaluate
from riskreg.inference.facts.accepting import accept
from riskreg.inference.facts.pack import prepare
from riskreg.inference.nearmiss.nearest import Miss, near_miss
from riskreg.model.finding import Step
from riskreg.model.rule import Rule

NAMES = {"site:MNL": "Manila", "site:CEB": "Cebu", "vendor:altura": "Altura", "metric:qa_score": "Quality score"}
FLOOR = {"qa_score": {"floor": {"value": 82, "overrides": [{"site": "MNL", "value": 78}]}}}
SPIKE = {"signal": "attrition_spike", "where": {"strength": {"gte": 3}}}
DRIFT = {"signal": "quality_drift"}
AWAY = {"where": {"site": "MNL"}, "until": "2027-03-31", "reason": "ramp-down", "approved_by": "operations"}
LATE = {
    "id": "late", "fact": "missing_data", "watches": "quality_drift", "site": "MNL", "metric": "qa_score",
    "last": "2026-10-18", "due": "2026-10-25", "days_late": 21,
}  # fmt: skip


def missed(when: Any, facts: list[dict[str, Any]], key: Mapping[str, str] | None = None, **fields: Any) -> Miss:
    pack = prepare([rule(when, **fields)])
    items, faults = accept(facts)
    assert not faults
    return near_miss(pack, items, "a-rule", key=key, as_of=AS_OF, names=NAMES, thresholds=thresholds(FLOOR))


def drift(ident: str, days: float = 0, **fields: Any) -> dict[str, Any]:
    return signal("quality_drift", ident, days, **{"metric": "qa_score", "value": 77.5, **fields})


def spike(ident: str, days: float = 0, **fields: Any) -> dict[str, Any]:
    return signal("attrition_spike", ident, days, **{"strength": 4, **fields})


@pytest.mark.parametrize(
    ("when", "facts", "fields", "failed", "text"),
    [
        ({"signal": "quality_drift", "where": {"value": {"gte": 0.034}}}, [drift("d", value=0.031)], {}, 1,
         "quality drift: value 0.031, the rule asks for at least 0.034: missed by 0.003"),
        ({"signal": "quality_drift", "where": {"value": {"gte": 0.034}}}, [drift("d", value=0.031, unit="share")], {}, 1,
         "quality drift: value 3.1 %, the rule asks for at least 3.4 %: missed by 0.3 percentage points"),
        ({"signal": "quality_drift", "where": {"value": {"lt": 80}}}, [drift("d", value=80)], {}, 1,
         "quality drift: value 80, the rule asks for less than 80: exactly the limit"),
        ({"signal": "quality_drift", "where": {"value": {"lt": {"threshold": "floor"}}}}, [drift("d", value=80)], {}, 1,
         "quality drift: value 80, the rule asks for less than Manila’s floor of 78: missed by 2"),
        ({"signal": "quality_drift", "where": {"metric": "csat"}}, [drift("d")], {}, 1,
         "quality drift: the measure is quality score, the rule asks for csat"),
        ({"all": [SPIKE, DRIFT]}, [spike("s", 31), drift("d")], {"within": "4w"}, 1,
         "they lie 31 days apart, the rule allows 28 days: 3 days too far"),
        ({"signal": "quality_drift", "at_least": 3}, [drift("a"), drift("b", 5), drift("c", 40)], {"within": "4w"}, 1,
         "quality drift twice within 28 days, the rule asks for at least 3: 1 too few; "
         "the nearest 3 lie 40 days apart, 12 days too far"),
        ({"signal": "quality_drift", "at_least": 3}, [], {"within": "4w"}, 1, "no quality drift anywhere"),
        ({"all": [SPIKE, {"not": {"fact": "hiring_freeze"}}]},
         [spike("s"), {"id": "F-12", "fact": "hiring_freeze", "site": "MNL", "at": spike("x", 60)["at"]}], {}, 1,
         "silenced by hiring freeze at Manila, Thu 17 Sep 2026 (F-12)"),
        (DRIFT, [drift("a", 9), drift("b")], {"for": "2w"}, 1,
         "it held from Sat 7 Nov 2026 to Mon 16 Nov 2026, when it was last judged: 9 days; "
         "the rule asks for 14 days: 5 days too short"),
        (DRIFT, [drift("a")], {"for": "2w"}, 1, "it was true only on Mon 16 Nov 2026; the rule asks for 14 days"),
        ({"fact": "served"}, [{"id": "f", "fact": "served", "site": "MNL", "function": "F"}], {"for": "2w"}, 1,
         "it rests on standing facts alone, which do not say since when; the rule asks for 14 days"),
        (DRIFT, [drift("a", 20)], {"keep_open_for": "2w"}, 1,
         "last true on Tue 27 Oct 2026, and open for 14 days after that: it closed on Tue 10 Nov 2026, 6 days ago"),
        ({"all": [SPIKE, DRIFT]}, [drift("d"), spike("s", site="CEB")], {}, 1,
         "site Cebu: no quality drift; there is one for site Manila, Mon 16 Nov 2026, but the rule asks for all at one site"),
        (DRIFT, [drift("d")], {"exceptions": [AWAY]}, 1,
         "quality drift: left out until Wed 31 Mar 2027 by operations: site Manila (ramp-down)"),
        (DRIFT, [drift("d", client="MER")], {"scope": {"client": "OTHER"}}, 1,
         "outside this rule: it looks only at client OTHER"),
        ({"all": [DRIFT, SPIKE]}, [spike("s"), LATE], {}, 1,
         "not known: the report of quality score from Manila is 21 days late, the newest is that of Sun 18 Oct 2026"),
        ({"all": [DRIFT, DRIFT]}, [drift("d")], {}, 1,
         "two patterns ask for the same, and want different facts: there are too few"),
        (DRIFT, [signal("quality_drift", "d", site=None, vendor="altura")], {}, 1,
         "no quality drift: the one that there is names no site"),
        (DRIFT, [drift("d")], {}, 0, "nothing is missing"),
    ],
)  # fmt: skip
def test_what_is_missing_is_said_with_its_distance(
    when: Any, facts: list[dict[str, Any]], fields: dict[str, Any], failed: int, text: str
) -> None:
    miss = missed(when, facts, **fields)
    assert miss.text.replace("\u00a0", " ").removeprefix("site Manila: ") == text
    assert miss.failed == failed
    assert miss.tree.holds == (not failed)


def test_the_nearest_has_the_fewest_failed_terms_then_the_smallest_distance() -> None:
    when = {"signal": "quality_drift", "where": {"value": {"lt": 70}, "strength": {"gte": 3}}}
    one_term = [drift("a", value=60, strength=1, site="CEB"), drift("b", value=71, strength=2)]
    assert missed(when, one_term).key == {"site": "CEB"}
    nearer = [drift("a", value=71, strength=3), drift("b", value=90, strength=3, site="CEB")]
    miss = missed(when, nearer)
    assert (miss.key, miss.distance) == ({"site": "MNL"}, round(1 / 71, 6))
    assert missed(when, nearer[::-1]) == miss, "the order of facts changes nothing"


def test_of_several_ways_the_nearest_is_told() -> None:
    when = {"any": [{"all": [SPIKE, {"signal": "data_exposure"}]}, {"all": [SPIKE, DRIFT]}]}
    miss = missed(when, [spike("s", strength=3), drift("d", site="CEB"), spike("t", site="CEB", strength=2)])
    assert miss.key == {"site": "CEB"}
    assert [step.text for step in miss.tree.below] == ["all of these are needed, in the nearest of 2 ways"]


def test_a_key_that_was_asked_for_is_kept() -> None:
    miss = missed(SPIKE, [spike("s", strength=2, site="CEB")], {"site": "MNL"})
    assert miss.key == {"site": "MNL"}
    assert miss.text == "site Manila: no more leavers than usual; the nearest is for site Cebu"
    with pytest.raises(ValueError, match="does not join on vendor"):
        missed(SPIKE, [], {"vendor": "altura"})
    with pytest.raises(KeyError):
        near_miss(prepare([]), [], "a-rule", as_of=AS_OF)


@pytest.mark.parametrize("seed", [*range(1, 41), 4009, 4073])
def test_nothing_is_missing_exactly_where_the_rule_fires(seed: int) -> None:
    case = draw(seed)
    rules = [Rule.model_validate(one) for one in case.rules]
    limits, pack = thresholds(case.thresholds), prepare(rules)
    made = evaluate(pack, case.facts, as_of=AS_OF, engine="reference", thresholds=limits)
    items = list(made.items.values())
    for one in rules:
        fired = {firing.key for firing in made.firings if firing.rule == one.id}
        values = [sorted({str(item.fact[name]) for item in items if isinstance(item.fact.get(name), str)}) for name in one.join]
        for combination in product(*values):
            key = dict(zip(one.join, combination, strict=True))
            miss = near_miss(pack, items, one.id, key=key, as_of=AS_OF, thresholds=limits)
            assert (miss.failed == 0) == (tuple(key.items()) in fired), (one.id, key, miss.text)
            assert all(step.holds or not step.below or any(not part.holds for part in step.below) or step.kind != "all"
                       for step in walk(miss.tree))  # fmt: skip
        assert (near_miss(pack, items, one.id, as_of=AS_OF, thresholds=limits).failed == 0) == bool(fired)


def walk(step: Step) -> list[Step]:
    return [step, *(one for part in step.below for one in walk(part))]


RULE = """
id: worn-out
version: 1
title: A site wears out
owner: operations-director
category: talent-attrition
severity: high
when: {all: [{as: spike, signal: attrition_spike, where: {strength: {gte: 3}}}, {signal: quality_drift}]}
join: [site]
within: 4w
then: {}
explain: "{{ key.site }}: {{ spike.strength }} of 5."
"""
FACTS = [
    {"id": "s", "signal": "attrition_spike", "at": "2026-11-08T00:00:00Z", "site": "MNL", "strength": 4},
    {"id": "d", "signal": "quality_drift", "at": "2026-11-15T00:00:00Z", "site": "MNL"},
    {"id": "t", "signal": "attrition_spike", "at": "2026-11-15T00:00:00Z", "site": "CEB", "strength": 2},
]


def explained(folder: Path, *more: str) -> Any:
    (folder / "rules").mkdir(exist_ok=True)
    (folder / "rules" / "worn-out.yaml").write_text(RULE)
    (folder / "facts.jsonl").write_text("".join(json.dumps(fact) + "\n" for fact in FACTS))
    asked = ["rules", "explain", "worn-out", "--facts", str(folder / "facts.jsonl"), "--rules", str(folder / "rules"), *more]
    return CliRunner().invoke(main, asked)


def test_the_command_tells_the_proof_of_a_firing(tmp_path: Path) -> None:
    result = explained(tmp_path)
    assert result.exit_code == 0, result.output
    assert result.output.replace("\u00a0", " ").splitlines() == [
        "worn-out fires once as of Sun 15 Nov 2026.",
        "",
        "MNL: 4 of 5.",
        "  yes  MNL: a site wears out",
        "    yes  all of these hold",
        "      yes  more leavers than usual at MNL, Sun 8 Nov 2026",
        "        yes  signal strength 4 of 5 (the rule asks for at least 3)",
        "      yes  quality drift at MNL, Sun 15 Nov 2026",
        "    yes  they lie 7 days apart; the rule allows 28 days between them",
    ]


def test_the_command_tells_the_nearest_miss_of_a_key(tmp_path: Path) -> None:
    result = explained(tmp_path, "--site", "CEB")
    assert result.exit_code == 0, result.output
    assert result.output.replace("\u00a0", " ").splitlines() == [
        "worn-out does not fire as of Sun 15 Nov 2026.",
        "Nearest: site CEB: more leavers than usual: signal strength 2 of 5, the rule asks for at least 3: missed by 1; "
        "no quality drift; there is one for site MNL, Sun 15 Nov 2026, but the rule asks for all at one site.",
        "",
        "no   site CEB: a site wears out",
        "  no   all of these are needed",
        "    no   more leavers than usual at CEB, Sun 15 Nov 2026",
        "      no   signal strength 2 of 5, the rule asks for at least 3: missed by 1",
        "    no   no quality drift for site CEB; there is one for site MNL, Sun 15 Nov 2026, but the rule asks for all at one site",
    ]


def test_the_command_tells_programs_the_same(tmp_path: Path) -> None:
    fires = json.loads(explained(tmp_path, "--format", "json").output)
    assert (fires["fires"][0]["key"], fires["nearest"]) == ({"site": "MNL"}, None)
    misses = json.loads(explained(tmp_path, "--key", "site=CEB", "--format", "json").output)
    assert (misses["fires"], misses["nearest"]["failed"], misses["nearest"]["key"]) == ([], 2, {"site": "CEB"})


@pytest.mark.parametrize(
    ("more", "said"),
    [(("--key", "vendor=altura"), "it joins on site"), (("--key", "site"), "write --key site=MNL"), (("--site", ""), "not a key")],
)
def test_the_command_refuses_a_key_that_the_rule_does_not_have(tmp_path: Path, more: tuple[str, ...], said: str) -> None:
    result = explained(tmp_path, *more)
    assert result.exit_code == 2
    assert said in result.output
