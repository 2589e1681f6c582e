"""Other engines on the benchmark's rules and facts: durable_rules by its batch API, CLIPS and zen-engine.

Each returns what it took from facts as dicts to the last match, its own form of the facts included; and (rule, fact ids) of every
match.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

from clock import Clock, Spent

from riskreg.model.rule import All, Condition, Pattern, Rule

Facts = Sequence[dict[str, Any]]
Matches = list[tuple[str, tuple[str, ...]]]
BATCH = 5000


def durable(rules: Sequence[Rule], facts: Facts) -> tuple[Spent, Matches]:
    """durable_rules as RULE_ENGINE.md has it: batches of facts, each drained. The signal stands first in every condition."""
    import durable_rules_engine as engine

    made = {}
    for rule in rules:
        terms = []
        for place, pattern in enumerate(_patterns(rule)):
            conditions: list[Any] = [{"signal": pattern.signal}]
            conditions += [part for field, test in pattern.where.items() for part in _durable(field, test)]
            conditions += [{field: {"m0": field}} for field in rule.join if place]
            terms.append({f"m{place}": {"$and": conditions}})
        made[rule.id] = {"all": terms}
    found: Matches = []
    start = Clock()
    handle = engine.create_ruleset("raw", json.dumps(made))
    for first in range(0, len(facts), BATCH):
        engine.assert_facts(handle, json.dumps(facts[first : first + BATCH]))
        while action := engine.start_action(handle):
            match = action[1]
            while match:
                ((rule_id, frame),) = json.loads(match).items()
                found.append((rule_id, tuple(one["id"] for one in (frame if isinstance(frame, dict) else {}).values())))
                match = engine.complete_and_start_action(handle, action[2])
    return start.read(), found


def clips(rules: Sequence[Rule], facts: Facts) -> tuple[Spent, Matches]:
    """CLIPS through clipspy: one template, facts asserted one by one, matches collected by a function that rules call."""
    import clips as engine

    found: Matches = []
    start = Clock()
    world = engine.Environment()
    slots = {field: "STRING" if isinstance(value, str) else "NUMBER" for field, value in facts[0].items()}
    world.build(f"(deftemplate reading {' '.join(f'(slot {field} (type {kind}))' for field, kind in slots.items())})")
    world.define_function(lambda rule, *ids: found.append((str(rule), tuple(map(str, ids)))), name="matched")
    for rule in rules:
        lines, ids = [], []
        for place, pattern in enumerate(_patterns(rule)):
            said = [f'(signal "{pattern.signal}") (id ?i{place})']
            said += [_clips(field, f"?v{place}{field}", test) for field, test in pattern.where.items()]
            said += [f"({field} ?{field})" for field in rule.join]
            lines.append(f"(reading {' '.join(said)})")
            ids.append(f"?i{place}")
        world.build(f'(defrule {rule.id} {" ".join(lines)} => (matched "{rule.id}" {" ".join(ids)}))')
    template = world.find_template("reading")
    for fact in facts:
        template.assert_fact(**fact)
    world.run()
    return start.read(), found


def zen(rules: Sequence[Rule], facts: Facts) -> tuple[Spent, Matches]:
    """zen-engine: one decision table that collects every row that hits, asked for each fact."""
    import zen as engine

    fields = [{"id": name, "name": name, "field": name, "type": "expression"} for name in ("signal", "metric", "value")]
    rows = []
    for rule in rules:
        (pattern,) = _patterns(rule)
        limit, metric = pattern.where["value"].gte, pattern.where["metric"].eq
        told = {"_id": rule.id, "rule": f'"{rule.id}"'}
        rows.append(told | {"signal": f'"{pattern.signal}"', "metric": f'"{metric}"', "value": f">= {limit}"})
    output = [{"id": "rule", "name": "rule", "field": "rule", "type": "expression"}]
    table = {"hitPolicy": "collect", "inputs": fields, "outputs": output, "rules": rows}
    nodes = [
        {"id": "in", "name": "in", "type": "inputNode"},
        {"id": "table", "name": "table", "type": "decisionTableNode", "content": table},
        {"id": "out", "name": "out", "type": "outputNode"},
    ]
    edges = [{"id": f"{a}-{b}", "sourceId": a, "targetId": b, "type": "edge"} for a, b in (("in", "table"), ("table", "out"))]
    found: Matches = []
    start = Clock()
    decision = engine.ZenEngine().create_decision(json.dumps({"nodes": nodes, "edges": edges}))
    for fact in facts:
        found += [(hit["rule"], (fact["id"],)) for hit in decision.evaluate(fact)["result"] or ()]
    return start.read(), found


RIVALS: dict[str, Callable[[Sequence[Rule], Facts], tuple[Spent, Matches]]] = {"durable": durable, "clips": clips, "zen": zen}


def _patterns(rule: Rule) -> tuple[Pattern, ...]:
    parts = rule.when.all if isinstance(rule.when, All) else (rule.when,)
    return tuple(part for part in parts if isinstance(part, Pattern))


def _durable(field: str, test: Condition) -> list[Any]:
    said: list[Any] = [{field: test.eq}] if test.eq is not None else []
    return said + ([{"$gte": {field: test.gte}}] if test.gte is not None else [])


def _clips(field: str, name: str, test: Condition) -> str:
    if test.eq is not None:
        return f'({field} "{test.eq}")'
    return f"({field} {name}&:(>= {name} {test.gte}))"
