"""Facts as columns: what is accepted, and that looking many questions up together finds what each finds by itself."""

from __future__ import annotations

import math
import time
from datetime import UTC, date, datetime, timedelta
from itertools import product
from random import Random
from typing import Any

import numpy as np
import polars as pl
import pytest

from riskreg.inference import Facts, decide, evaluate, prepare
from riskreg.inference.facts.asks import meets
from riskreg.inference.facts.candidates import Candidates
from riskreg.inference.facts.columns import micros
from riskreg.inference.facts.joining import Taken, combinations
from riskreg.inference.facts.search import Search
from riskreg.inference.language.meaning import Branch
from riskreg.model.metric import Threshold
from riskreg.model.rule import Rule

AS_OF = datetime(2026, 11, 21, tzinfo=UTC)
RULE = {"version": 1, "title": "A rule", "owner": "quality-lead", "category": "quality-drift", "severity": "low"}


def rule(ident: str, when: dict[str, Any], **fields: Any) -> Rule:
    return Rule.model_validate({"id": ident, **RULE, "when": when, **fields})


def signal(ident: str, days: float = 0, **fields: Any) -> dict[str, Any]:
    return {"id": ident, "signal": "quality_drift", "at": AS_OF - timedelta(days=days), **fields}


GOOD = {"id": "a", "signal": "quality_drift", "at": AS_OF, "site": "MNL", "value": 1.0}
ODD: dict[str, tuple[Any, ...]] = {
    "id": (None, "", "x" * 1001, "concluded:r:MNL", "b", "ü/ä"),
    "signal": (None, "forecast_miss"),
    "fact": (None, "cover"),
    "site": (None, "a b", "MNL\n", "-x", "x" * 65, "x" * 1001, "10"),
    "note": (None, "x" * 1000, "x" * 1001, "ä" * 1000, ""),
    "value": (None, 2.0**53, 2.0**53 + 2, -(2.0**60), math.inf, -math.inf, math.nan, 1e-300),
    "count": (None, 2**53, 2**53 + 1, -(2**53) - 1),
    "pci": (None, True, False),
    "at": (None, AS_OF - timedelta(days=400)),
}


@pytest.mark.parametrize("seed", range(60))
def test_a_frame_is_judged_as_its_rows_are(seed: int) -> None:
    random = Random(seed)
    rows = []
    for number in range(40):
        row = dict.fromkeys(ODD, None) | GOOD | {"id": f"f{random.randint(0, 60)}"}
        for field in random.sample(sorted(ODD), random.choice((0, 0, 1, 2))):
            row[field] = random.choice(ODD[field])
        rows.append(row | ({"id": f"g{number}"} if random.random() < 0.3 else {}))
    schema = {name: pl.String() for name in ODD} | {"value": pl.Float64(), "count": pl.Int64(), "pci": pl.Boolean()}
    one, other = Facts.of(rows), Facts.from_frame(pl.DataFrame(rows, schema | {"at": pl.Datetime("us", "UTC")}))
    assert list(one) == list(other)
    assert [dict(one[name].fact) for name in one] == [dict(other[name].fact) for name in other]
    assert [one[name].at for name in one] == [other[name].at for name in other]
    assert [fault.message.partition("which cannot")[0] for fault in one.faults] == [
        fault.message.partition("which cannot")[0] for fault in other.faults
    ]
    assert len(one) + len(one.faults) == len(rows)
    assert 0 < len(one.faults) < len(rows)


@pytest.mark.parametrize(
    ("column", "code"),
    [
        (pl.Series("at", [datetime(2026, 11, 1)]), "fact-time"),
        (pl.Series("at", ["2026-11-01"]), "fact-time"),
        (pl.Series("until", [datetime(2026, 11, 1)]), "fact-time"),
        (pl.Series("until", [date(2026, 11, 1)]), "fact-type"),
        (pl.Series("readings", [["a", "b"]]), "fact-type"),
        (pl.Series("Name", ["a"]), "fact-reserved"),
        (pl.Series("sid", ["a"]), "fact-reserved"),
        (pl.Series("site", [5]), "fact-place"),
        (pl.Series("id", [5]), "fact-id"),
        (pl.Series("fact", ["cover"]), "fact-kind"),
        (pl.Series("count", [2**62]), "fact-number"),
    ],
)
def test_a_column_that_no_rule_can_judge_is_refused_with_its_facts(column: pl.Series, code: str) -> None:
    frame = pl.DataFrame({"id": ["a"], "signal": ["quality_drift"]}).with_columns(column)
    facts = Facts.from_frame(frame)
    assert not len(facts)
    assert [fault.code for fault in facts.faults] == [code]
    assert [fault.code for fault in Facts.of(frame.to_dicts()).faults] == [code]


def test_columns_of_other_types_are_read_as_what_they_say() -> None:
    frame = pl.DataFrame(
        {
            "id": ["b", "a"],
            "signal": pl.Series(["quality_drift"] * 2, dtype=pl.Categorical),
            "at": pl.Series([AS_OF] * 2).dt.convert_time_zone("Asia/Manila").cast(pl.Datetime("ms", "Asia/Manila")),
            "strength": pl.Series([3, 4], dtype=pl.UInt8),
            "nothing": [None, None],
        }
    )
    facts = Facts.from_frame(frame)
    assert [(item.id, item.at, dict(item.fact)) for item in facts.values()] == [
        (name, AS_OF, {"id": name, "signal": "quality_drift", "at": AS_OF, "strength": strength})
        for name, strength in (("a", 4), ("b", 3))
    ]


@pytest.mark.parametrize("framed", [False, True])
def test_a_hundred_refusals_are_told_and_the_others_counted(framed: bool) -> None:
    rows = [{"id": "same", "signal": "quality_drift"} for _ in range(1001)]
    facts = Facts.from_frame(pl.DataFrame(rows)) if framed else Facts.of(rows)
    assert list(facts) == ["same"]
    assert [fault.code for fault in facts.faults] == ["fact-duplicate"] * 100 + ["facts-refused"]
    assert "900 more" in facts.faults[-1].message


VALUES: tuple[Any, ...] = (None, 1, 1.0, 2, 2.5, -3, "1", "2", "a", "b", "", True, False, 2**53, 2**53 - 1, 1e-300, AS_OF)
LIMITS = (1, 2, 2.5, -3, 0, 2**53, 2**53 - 1)
PLAIN = tuple(value for value in VALUES if value is not None and not isinstance(value, datetime))


def draw_where(random: Random) -> dict[str, Any]:
    where: dict[str, Any] = {}
    for field in random.sample(["x", "y", "z", "site", "metric"], random.randint(0, 3)):
        said: dict[str, Any] = {}
        for operator in random.sample(["eq", "ne", "gt", "gte", "lt", "lte", "in", "not_in", "exists"], random.choice((1, 1, 2))):
            if operator in ("eq", "ne"):
                said[operator] = random.choice(PLAIN)
            elif operator in ("in", "not_in"):
                said[operator] = random.sample(PLAIN, random.randint(1, 4))
            elif operator == "exists":
                said[operator] = random.random() < 0.7
            else:
                said[operator] = {"threshold": "floor"} if random.random() < 0.3 else random.choice(LIMITS)
        where[field] = said
    return where


THRESHOLDS = {
    "a": {
        "floor": Threshold.model_validate(
            {
                "value": 2,
                "overrides": [{"site": "b", "value": -3}, {"site": "b", "vendor": "v", "value": 1}, {"vendor": "v", "value": 2.5}],
            }
        )
    },
    "1": {"floor": Threshold(value=1), "ceiling": Threshold(value=9)},
}


@pytest.mark.parametrize("framed", [False, True])
@pytest.mark.parametrize("seed", range(40))
def test_many_questions_together_find_what_each_finds_alone(seed: int, framed: bool) -> None:
    random = Random(seed)
    rules = [rule(f"r{number}", {"fact": "thing", "where": draw_where(random)}) for number in range(60)]
    rows = []
    for number in range(80):
        row = {name: random.choice(VALUES) for name in ("x", "y", "z")} | {"metric": random.choice((None, "a", "1", "2"))}
        row |= {"site": random.choice((None, "a", "b", "1")), "vendor": random.choice((None, "v", "w"))}
        if framed:  # a column of a frame has values of one type
            row |= {"x": random.choice((None, 1.0, 2.5, -3.0, 2.0**53)), "y": random.choice((None, "1", "a", ""))}
            row |= {"z": random.choice((None, True, False))}
        rows.append({"id": f"f{number:02}", "fact": "thing", "at": AS_OF - timedelta(days=random.choice((-1, 0, 3))), **row})
    facts = Facts.from_frame(pl.DataFrame(rows, infer_schema_length=None)) if framed else Facts.of(rows)
    pack = prepare(rules)
    assert len(pack.compiled) == len(rules)
    search = Search(pack.index, THRESHOLDS, micros(AS_OF))
    for name, kinds in facts.kinds.items():
        search.look(name, kinds)
    for layer in pack.layers:
        for plan in layer.rules:
            number = plan.asks[0]
            found = [one.item.id for kind, some in search.rows(number) for one in kind.candidates(some)]
            where = plan.compiled.patterns[0].where
            alone = [item.id for item in facts.values() if item.at <= AS_OF and meets(where, item.fact, THRESHOLDS)]  # type: ignore[operator]
            assert found == alone, where
            assert search.alive[number] or not found


def test_a_table_can_be_asked_again_as_of_another_day() -> None:
    pack = prepare([rule("r", {"all": [{"signal": "quality_drift"}, {"fact": "made"}]}, join=["site"]), MAKER])
    rows = [signal(str(number), number, site=f"s{number % 3}") for number in range(12)]
    rows += [signal(f"x{number}", number, site=f"s{number % 2}", metric="a") for number in range(12)]
    table = Facts.from_frame(pl.DataFrame(rows))
    sizes = set()
    for back in (0, 3, 9, 1, 20, 0):
        moment = AS_OF - timedelta(days=back)
        made = evaluate(pack, table, as_of=moment, engine="reference")
        assert made.firings == evaluate(pack, rows, as_of=moment, engine="reference").firings
        sizes.add(sum(len(firing.facts) for firing in made.firings))
    assert len(sizes) == 5


MAKER = rule("maker", {"signal": "quality_drift", "where": {"metric": "a"}}, join=["site"], then={"conclude": {"fact": "made"}})


def test_a_hundred_thousand_facts_that_all_join_are_refused_at_once() -> None:
    frame = pl.DataFrame(
        {
            "id": [str(n) for n in range(100_000)],
            "signal": ["quality_drift", "data_exposure"] * 50_000,
            "at": [AS_OF] * 100_000,
            "site": "MNL",
        }
    )
    pair = {"all": [{"signal": "quality_drift"}, {"signal": "data_exposure"}]}
    rules = [
        rule("all-of-them", pair, join=["site"]),
        rule("in-a-window", pair, join=["site"], within="4w"),
        rule("anywhere", pair),
        rule("counted", {"signal": "quality_drift", "at_least": 1000}, join=["site"]),
        rule("one", {"signal": "quality_drift", "where": {"id": "1234"}}, join=["site"]),
    ]
    facts = Facts.from_frame(frame)
    start = time.process_time()
    made = decide(rules, facts, as_of=AS_OF, engine="reference")
    assert time.process_time() - start < 10  # under a second where nothing else runs
    assert sorted((fault.code, fault.span.cell) for fault in made.faults) == [
        ("rule-explodes", name) for name in ("all-of-them", "anywhere", "in-a-window")
    ]
    assert {finding.rule: len(finding.facts) for finding in made.findings} == {"counted": 50_000, "one": 1}


@pytest.mark.parametrize("seed", range(40))
def test_combinations_are_counted_as_they_would_be_made(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    random = Random(seed)
    monkeypatch.setattr("riskreg.inference.facts.joining._at_most", lambda *_: math.inf)
    kinds = ["quality_drift", "data_exposure", "forecast_miss"]
    places = {"quality_drift": ["site"], "data_exposure": ["site", "vendor"], "forecast_miss": ["vendor"]}
    rows = []
    for number in range(random.randint(3, 40)):
        kind = random.choice(kinds)
        row = {"id": str(number), "signal": kind, "site": random.choice("abc"), "vendor": random.choice("vw")}
        rows.append(row | ({} if random.random() < 0.3 else {"at": AS_OF - timedelta(hours=random.randint(0, 60))}))
    facts = Facts.of(rows)
    within = random.choice((None, 6 * 3600, 86400))
    empty = np.array([], dtype=np.int64)
    taken = {}
    for number, name in enumerate(kinds):
        parts = [(kind, np.arange(len(kind))) for kind in facts.kinds.get(("signal", name), ())]
        taken[number] = Taken(parts, frozenset(places[name]), facts.words) if parts else Taken([], frozenset(), facts.words, empty)
    if not all(map(len, taken.values())):
        return
    expected = windowed = 0
    items = [[one.item for one in taken[number].candidates()] for number in range(3)]
    for size in (1, 2, 3):
        for some in product(*items[:size]):
            keys: dict[str, set[Any]] = {}
            for number, item in enumerate(some):
                for field in places[kinds[number]]:
                    keys.setdefault(field, set()).add(item.fact[field])
            if any(len(values) > 1 for values in keys.values()):
                continue
            expected += 1
            times = [item.at for item in some if item.at]
            windowed += within is None or not times or (max(times) - min(times)).total_seconds() <= within
    counted = combinations([Branch((0, 1, 2), ())], taken, within)
    if within is None:
        assert counted == expected
    else:
        assert windowed <= counted <= 2 * expected


def test_only_what_can_join_is_handed_to_the_engines() -> None:
    both = rule(
        "both",
        {"all": [{"signal": "quality_drift"}, {"signal": "data_exposure"}, {"not": {"fact": "plan"}}]},
        join=["site", "client"],
    )
    rows = [signal(f"q{n}", site=f"s{n}", client="MER") for n in range(10)]
    rows += [
        {"id": f"e{n}", "signal": "data_exposure", "site": f"s{n}", "client": "MER" if n < 13 else "ORB"} for n in range(8, 15)
    ]
    rows += [{"id": f"p{n:02}", "fact": "plan", "site": f"s{n}"} for n in range(80)] + [
        {"id": "wide", "fact": "plan", "client": "ORB"}
    ]
    pack = prepare([both])
    candidates = Candidates(pack, Facts.of(rows), AS_OF, {})
    (plan,) = candidates.of(pack.layers[0], [])
    drawn = candidates.drawn(plan)
    assert drawn is not None
    ready = candidates.ready(drawn)
    assert ready is not None
    assert [[one.item.id for one in ready.takes[number]] for number in (0, 1)] == [["q8", "q9"], ["e8", "e9"]]
    assert [item.id for item in ready.denies[2]] == ["p08", "p09"]
