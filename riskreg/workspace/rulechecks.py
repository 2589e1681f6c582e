"""Rules, tests and playbooks against the rest: signals, facts, fields, playbooks, roles and tiers that they name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from riskreg.inference.language.meaning import concluded
from riskreg.inference.lint import Known, check_located, lint
from riskreg.inference.lint.checks import Path
from riskreg.model.faults import Fault, Span
from riskreg.model.rule import RuleTest
from riskreg.workspace.codes import did_you_mean, fault
from riskreg.workspace.definitions import Definitions
from riskreg.workspace.references import known_ref
from riskreg.workspace.testchecks import (
    Fields,
    Given,
    Unknown,
    fields_of,
    fields_of_facts,
    unknown_in_test,
    unknown_rules,
    vacuous,
    wrong_keys,
    wrong_values,
)
from riskreg.workspace.validate import Placed, Written
from riskreg.workspace.yamlfile import Node

_SCOPES = {"metric": "metrics", "site": "sites", "vendor": "vendors", "function": "functions", "system": "systems", "pool": "pools"}
SHIPPED = "shipped/"


def check_rule_references(found: Definitions) -> Iterator[Fault]:
    """Every fault between rules, tests, playbooks and roles; then those that the inference room finds in the rules as a set."""
    for unknown in unknown_names(found):
        yield unknown.fault()
    for item in found.rules.declared.values():
        for ref, span in item.texts("then", "lose", "ref"):
            if not ref.partition(":")[2].startswith("$"):
                yield from known_ref(found, ref, span)
    yield from _of_tests(found)
    yield from _roles(found)
    yield from check_located(found.rules.nouns, lambda ident, path: placed(found, ident, path))


def lint_rules(found: Definitions, known: Known) -> tuple[Fault, ...]:
    """What is wrong or doubtful in the rules, beyond names that nothing has."""
    return lint(found.rules.nouns, lambda ident, path: placed(found, ident, path), known)


def known_beside(found: Definitions) -> Known:
    """What a workspace tells the lint: tests, metrics, how many places there are, and which rules it did not write itself."""
    functions = found.functions.nouns
    site_of = {pool.id: pool.site for pool in found.pools.nouns}
    pairs = {(function.id, site_of.get(part.pool)) for function in functions for part in function.served_by}
    counts = {name: len(getattr(found, shelf).declared) for name, shelf in _SCOPES.items() if name != "metric"}
    return Known(
        tests=tests_of(found),
        metrics={metric.id: metric for metric in found.metrics.nouns},
        counts=counts | {"client": 1, "served": len(pairs)},
        general=frozenset(ident for ident, item in found.rules.declared.items() if item.path.startswith(SHIPPED)),
    )


def tests_of(found: Definitions) -> dict[str, tuple[RuleTest, ...]]:
    """Rule id → its tests, those in the rule and those beside it; tests of a rule that could not be read are left out."""
    tests = {rule.id: rule.tests for rule in found.rules.nouns}
    for item in found.tests:
        if isinstance(item, Placed) and item.noun.rule in tests:
            tests[item.noun.rule] += item.noun.tests
    return tests


def placed(found: Definitions, ident: str, path: Path) -> Span:
    """The place of something in a rule, by its path in the file's own words."""
    item = found.rules.placed.get(ident)
    return item.span(*path) if item is not None else Span(path="rules", cell=ident)


def unknown_names(found: Definitions) -> Iterator[Unknown]:
    """Every signal, fact, field, place, metric, playbook and rule that is named and that nothing has."""
    rules = found.rules.nouns
    facts = fields_of_facts(rules)
    sure = len(rules) == len(found.rules.declared)  # a rule that could not be read may conclude what others wait for
    playbooks = frozenset(found.playbooks.declared)
    for item in found.rules.declared.values():
        yield from _patterns(found, item, facts, sure)
        for playbook, span in item.texts("then", "playbooks"):
            if playbook not in playbooks:
                message, hint = f"no playbook has the id '{playbook}'", "Add a template under playbooks/, or take it out."
                yield Unknown("unknown-playbook", message, playbook, span, playbooks, hint)
    known = frozenset(found.rules.declared)
    for tests in found.tests:
        for rule, span in tests.texts("rule"):
            if rule not in known:
                hint = "Correct the id, or remove the tests."
                yield Unknown("unknown-rule", f"no rule has the id '{rule}'", rule, span, known, hint)
    for item, test in _written_tests(found):
        yield from unknown_in_test(test, item.path, facts, () if sure else None)
        yield from unknown_rules(test, item.path, known)
        yield from _metrics_given(found, item, test)


def _written_tests(found: Definitions) -> Iterator[tuple[Written, Node]]:
    """Every test as it is written, in its rule or in a file of tests, sound or not."""
    for item in (*found.rules.declared.values(), *found.tests):
        tests = item.node.get("tests")
        yield from ((item, test) for test in (tests.items if tests else ()))


def _metrics_given(found: Definitions, item: Written, test: Node) -> Iterator[Unknown]:
    """A warning for a metric in a given fact that a workspace with metrics does not have."""
    known, given = frozenset(found.metrics.declared), test.get("given")
    if item.path.startswith(SHIPPED) or not known:
        return
    for metric in (node.get("metric") for node in (given.items if given else ())):
        if metric is not None and isinstance(metric.value, str) and metric.value not in known:
            message, hint = f"no metric has the id '{metric.value}'", "No detector would give such a fact here."
            yield Unknown("unknown-metric", message, metric.value, item.at(metric), known, hint, "warning")


def _of_tests(found: Definitions) -> Iterator[Fault]:
    """What is wrong or doubtful in the tests of rules, names apart."""
    made = concluded(found.rules.nouns)
    for item, test in _written_tests(found):
        yield from wrong_values(test, item.path, made)
    rules = {rule.id: rule for rule in found.rules.nouns}
    for given in _given_tests(found):
        yield from wrong_keys(given, rules)
        if doubt := vacuous(given, rules):
            yield doubt


def _given_tests(found: Definitions) -> Iterator[Given]:
    """Every sound test with its place."""
    for ident, rule in found.rules.placed.items():
        tests = rule.node.get("tests")
        yield from (Given(ident, t, n, rule.path) for t, n in zip(rule.noun.tests, tests.items if tests else (), strict=True))
    for item in found.tests:
        if isinstance(item, Placed):
            nodes = item.node.down("tests").items
            yield from (Given(item.noun.rule, t, n, item.path) for t, n in zip(item.noun.tests, nodes, strict=True))


def _patterns(found: Definitions, item: Written, facts: Fields, sure: bool) -> Iterator[Unknown]:
    """Names in the patterns of a rule; then in its scope and exceptions, which may name what any of its patterns has."""
    anywhere: list[frozenset[str] | None] = []
    for node, negated in _pattern_nodes(item.node.down("when")):
        fields, wrong = fields_of(node, item.path, facts, () if sure else None)
        yield from wrong
        anywhere += [] if negated else [fields]
        if fields is None:
            continue
        kind = str(node.value.get("signal") or node.value.get("fact"))
        yield from _tests(found, item, node.get("where"), fields, f"'{kind}' has")
        different = node.get("different")
        if different is not None and isinstance(different.value, str) and different.value not in fields:
            message, hint = f"'{kind}' has no field '{different.value}'", f"It has {', '.join(sorted(fields))}."
            yield Unknown("unknown-fact-field", message, different.value, item.at(different), fields, hint)
    known = [fields for fields in anywhere if fields is not None]
    if known and len(known) == len(anywhere):
        every = frozenset[str]().union(*known)
        wheres = [item.node.get("scope"), *(one.get("where") for one in item.node.down("exceptions").items)]
        for where in wheres:
            yield from _tests(found, item, where, every, "nothing that this rule looks for has")


def _tests(found: Definitions, item: Written, where: Node | None, fields: frozenset[str], who: str) -> Iterator[Unknown]:
    """Fields that no such fact has; in a workspace's own rules also places and metrics that are not there."""
    for name, test in where.fields.items() if where else ():
        line, col = where.keys[name] if where else (0, 0)
        if name not in fields:
            span, hint = Span(path=item.path, line=line, col=col), f"It has {', '.join(sorted(fields))}."
            message = f"{who} {'a' if who.startswith('nothing') else 'no'} field '{name}'"
            yield Unknown("unknown-fact-field", message, name, span, fields, hint)
        elif name in _SCOPES and not item.path.startswith(SHIPPED):
            yield from _named(found, name, test, item)


def _named(found: Definitions, name: str, test: Node, item: Written) -> Iterator[Unknown]:
    """A warning where a workspace's own rule waits for a place or metric that is not there: it would never fire."""
    known = frozenset(getattr(found, _SCOPES[name]).declared)
    code = "unknown-metric" if name == "metric" else "unknown-id"
    positive = [test] if not test.fields else [below for key, below in test.fields.items() if key in ("eq", "in")]
    for scalar in (scalar for node in positive for scalar in node.scalars()):
        if isinstance(scalar.value, str) and scalar.value not in known:
            message, hint = f"no {name} has the id '{scalar.value}'", "As it stands, this condition never holds."
            yield Unknown(code, message, scalar.value, item.at(scalar), known, hint, "warning")


def _pattern_nodes(node: Node) -> Iterator[tuple[Node, bool]]:
    """Every pattern, and whether it is negated."""
    for key in ("all", "any"):
        if below := node.get(key):
            for part in below.items:
                yield from _pattern_nodes(part)
            return
    negated = node.get("not")
    yield negated or node, negated is not None


def _roles(found: Definitions) -> Iterator[Fault]:
    """One warning for each role or tier that nobody defines, at its first mention: a plan would name somebody who is not there."""
    mentions: dict[str, list[Span]] = {}
    for role, span in _mentions(found):
        mentions.setdefault(role, []).append(span)
    for role in sorted(set(mentions) - set(found.roles.declared)):
        count = len(mentions[role])
        hint = did_you_mean(role, found.roles.declared) or "Add it to a file under people/, with a holder and a phone."
        message = f"no role has the id '{role}'; it is named {'once' if count == 1 else f'{count} times'}"
        yield fault("unknown-role", message, mentions[role][0], hint=hint, severity="warning")
    if len(found.roles.placed) < len(found.roles.declared):
        return  # a role that could not be read may be the one that a tier reaches
    tiers = {tier for role in found.roles.nouns for tier in role.tiers}
    told: set[str] = set()
    for tier, span in (text for item in found.rules.declared.values() for text in item.texts("then", "escalate")):
        if tier not in tiers | told:
            told.add(tier)
            hint = did_you_mean(tier, tiers) or f"Give a role the tier: tiers: [{tier}]."
            yield fault("unknown-tier", f"no role is reached by '{tier}'", span, hint=hint, severity="warning")


def _mentions(found: Definitions) -> Iterator[tuple[str, Span]]:
    fields: tuple[tuple[Mapping[str, Written], tuple[str, ...]], ...] = (
        (found.vendors.declared, ("manager",)),
        (found.sites.declared, ("contact",)),
        (found.systems.declared, ("contact",)),
        (found.functions.declared, ("owner",)),
        (found.rules.declared, ("owner",)),
        (found.rules.declared, ("exceptions", "approved_by")),
        (found.playbooks.declared, ("owner",)),
        (found.contracts.declared, ("takeover", "authority")),
        (found.contracts.declared, ("step_in", "authority")),
    )
    for items, path in fields:
        for item in items.values():
            yield from item.texts(*path)
