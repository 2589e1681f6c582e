"""Rules on many facts: riskreg beside the raw batch API of durable_rules, CLIPS and zen-engine, in one run.

    python benchmarks/bench_inference.py [--facts 1000000] [--links 100000] [--rounds 3]

Each engine runs in a process of its own, from facts that are loaded (riskreg: columns; others: dicts) to all firings; the engines
take turns, and of the rounds of each the quickest counts. `checked` is both engines of riskreg, `reference` the second of them
alone. Answers are rule, key and fact ids, and all must be equal. Ratios are those of the wall clock; seconds of the processor,
other processes included, stand beside it. The load of the machine stands above the tables: a figure from a machine with other
work is worth little.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable, Sequence
from hashlib import sha256
from importlib.util import find_spec
from typing import Any

import packs
import polars as pl
from clock import Clock, Spent

from riskreg.inference import Facts, durable_available, evaluate, prepare
from riskreg.model.rule import Rule

MODULES = {"durable": "durable_rules_engine", "clips": "clips", "zen": "zen"}
Answer = Iterable[tuple[str, str, Iterable[str]]]


def ask(engine: str, case: str, count: int, rules: int) -> dict[str, Any]:
    """One engine on one case, in this process: seconds, a digest of the answer, how much it is, and the most memory in MB."""
    asked = {
        "thresholds": packs.thresholds,
        "joins": lambda: packs.joins(5),
        "dense": lambda: packs.joins(4),
        "many": lambda: packs.many(rules),
    }[case]()
    frame = packs.links(count) if case in ("joins", "dense") else packs.readings(count)
    spent, answer, extra = _riskreg(engine, asked, frame) if engine in ("reference", "both") else _rival(engine, asked, frame)
    lines = sorted(f"{rule} {site} {' '.join(sorted(ids))}" for rule, site, ids in answer)
    digest = sha256("\n".join(lines).encode()).hexdigest()
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {**spent._asdict(), "digest": digest, "firings": len(lines), "memory": memory, **extra}


def _riskreg(engine: str, rules: list[Rule], frame: pl.DataFrame) -> tuple[Spent, Answer, dict[str, float]]:
    clock = Clock()
    pack = prepare(rules)
    compiled, clock = clock.read(), Clock()
    facts = Facts.from_frame(frame)
    loaded, clock = clock.read(), Clock()
    made = evaluate(pack, facts, as_of=packs.AS_OF, engine="both" if engine == "both" else "reference")
    spent = clock.read()
    assert not made.faults, made.faults[:3]
    answer = ((firing.rule, dict(firing.key)["site"], firing.facts) for firing in made.firings)
    return spent, answer, {"compile": compiled.cpu, "load": loaded.wall}


def _rival(engine: str, rules: list[Rule], frame: pl.DataFrame) -> tuple[Spent, Answer, dict[str, float]]:
    from rivals import RIVALS

    spent, matches = RIVALS[engine](rules, packs.flat(frame))
    sites = dict(zip(frame["id"], frame["site"], strict=True))
    keys: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for rule, ids in matches:
        keys[rule, sites[ids[0]]].update(ids)
    return spent, ((rule, site, ids) for (rule, site), ids in keys.items()), {}


def in_turn(asked: Sequence[tuple[str, str, int, int]], rounds: int = 1) -> list[dict[str, Any]]:
    """Of each question (engine, case, facts, rules) the quickest round. Each is asked in a process of its own, and all of them in
    every round, so that other work on the machine slows none of them alone."""
    made: list[list[dict[str, Any]]] = [[] for _ in asked]
    for _ in range(rounds):
        for found, one in zip(made, asked, strict=True):
            command = [sys.executable, __file__, "--ask", *map(str, one)]
            found.append(json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout))
    assert all(len({one["digest"] for one in found}) == 1 for found in made)
    return [min(found, key=lambda one: float(one["wall"])) for found in made]


def beside(title: str, case: str, count: int, rounds: int, rivals: dict[str, int], wanted: str) -> None:
    """A table of one case: facts a second of every engine, as multiples of raw durable_rules."""
    print(f"\n{title} (to reach: {wanted})")
    print(f"{'':<26}{'facts':>10}{'firings':>9}{'seconds':>9}{'CPU s':>8}{'facts/s':>12}{'× raw':>8}{'MB':>7}")
    names = {"durable": "durable_rules, raw batch", "reference": "riskreg, reference", "both": "riskreg, checked"}
    if not durable_available():
        del names["durable"]
    found = in_turn([(engine, case, count, 0) for engine in names], rounds)
    assert len({made["digest"] for made in found}) == 1, f"{', '.join(names)} differ"
    raw = found[0] if "durable" in names else None
    rows = [(name, count, made) for name, made in zip(names.values(), found, strict=True)]
    for name, few in rivals.items():
        if find_spec(MODULES[name]) is None:
            print(f"{name} is not installed here (pip install -e .[bench])")
            continue
        made, ours = in_turn([(name, case, few, 0), ("reference", case, few, 0)])
        assert made["digest"] == ours["digest"], f"{name} differs from riskreg"
        rows.append((name, few, made))
    for name, facts, made in rows:
        speed = facts / made["wall"]
        ratio = f"{speed / (count / raw['wall']):.2f}" if raw else "–"
        print(
            f"{name:<26}{facts:>10,}{made['firings']:>9,}{made['wall']:>9.3f}{made['cpu']:>8.2f}{speed:>12,.0f}{ratio:>8}{made['memory']:>7.0f}"
        )


def grown(count: int, rounds: int) -> None:
    """Ten thousand rules beside a thousand, of which the same hundred fire."""
    print(f"\nRules that stay silent cost little, {count:,} facts (to reach: 10,000 rules under 1.5 × the time of 1,000)")
    few, lots = in_turn([("reference", "many", count, rules) for rules in (1000, 10_000)], rounds)
    assert few["digest"] == lots["digest"]
    print(f"{'1,000 rules':<26}{few['wall']:>9.3f} s\n{'10,000 rules':<26}{lots['wall']:>9.3f} s")
    print(f"{'ratio':<26}{lots['wall'] / few['wall']:>9.2f}")


def compiled() -> None:
    """Seconds of the processor to prepare rules, by how many there are."""
    print("\nCompiling (to reach: linear)")
    sizes = (1000, 2000, 4000, 10_000)
    for rules, made in zip(sizes, in_turn([("reference", "many", 1000, rules) for rules in sizes]), strict=True):
        seconds = made["compile"]
        print(f"{f'{rules:,} rules':<26}{seconds:>9.3f} s{1e6 * seconds / rules:>9.0f} µs a rule")


def machine() -> None:
    """Where and beside what else this ran."""
    load = f"; load {os.getloadavg()[0]:.1f} before it began" if hasattr(os, "getloadavg") else ""
    print(f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}{load}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--facts", type=int, default=1_000_000)
    parser.add_argument("--links", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--ask", nargs=4, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.ask:
        engine, case, count, rules = args.ask
        print(json.dumps(ask(engine, case, int(count), int(rules))))
        return
    machine()
    title = f"100 threshold rules × {args.facts:,} facts of which 1 % match"
    rivals = {"clips": args.facts // 10, "zen": args.facts // 200}
    beside(title, "thresholds", args.facts, args.rounds, rivals, "reference 20, checked 8, under 1,000 MB")
    title = f"20 join rules × {args.links:,} facts"
    beside(f"{title}, one in twenty joins", "joins", args.links, args.rounds, {"clips": args.links}, "reference 5, checked 0.67")
    beside(f"{title}, one in six joins", "dense", args.links, args.rounds, {}, "reference 5, checked 0.67")
    grown(args.links, args.rounds)
    compiled()


if __name__ == "__main__":
    main()
