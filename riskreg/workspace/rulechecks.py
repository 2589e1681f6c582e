"""Rules, tests and playbooks against the rest: signals, facts, fields, playbooks, roles and tiers that they name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from riskreg.inference import check_rules
from riskreg.inference.meaning import STANDING, concluded
from riskreg.model.faults import Fault, Span
from riskreg.model.signal import SIGNAL_SCHEMA, SIGNALS
from riskreg.workspace.codes import did_you_mean, fault
from riskreg.workspace.definitions import Definitions
from riskreg.workspace.references import known_ref
from riskreg.workspace.validate import Written
from riskreg.workspace.yamlfile import Node

_SIGNAL_FIELDS = frozenset(SIGNAL_SCHEMA) - {"readings"}
_SCOPES = {"metric": "metrics", "site": "sites", "vendor": "vendors", "function": "functions"}


def check_rule_references(found: Definitions) -> Iterator[Fault]:
    """Every fault between rules, tests, playbooks and roles; then those that the inference room finds in the rules as a set."""
    rules = found.rules.nouns
    facts = {name: frozenset(fields) | {"id", "fact"} for name, fields in STANDING.items()}
    facts |= {name: fields | {"id", "fact", "at", "rule"} for name, fields in concluded(rules).items()}
    sure = len(rules) == len(found.rules.declared)  # a rule that could not be read may conclude what others wait for
    for item in found.rules.declared.values():
        yield from _patterns(found, item, facts, sure)
        for playbook, span in item.texts("then", "playbooks"):
            if playbook not in found.playbooks.declared:
                hint = did_you_mean(playbook, found.playbooks.declared) or "Add a template under playbooks/, or take it out."
                yield fault("unknown-playbook", f"no playbook has the id '{playbook}'", span, hint=hint)
        for ref, span in item.texts("then", "lose", "ref"):
            if not ref.partition(":")[2].startswith("$"):
                yield from known_ref(found, ref, span)
    for tests in found.tests:
        for rule, span in tests.texts("rule"):
            if rule not in found.rules.declared:
                hint = did_you_mean(rule, found.rules.declared) or "Correct the id, or remove the tests."
                yield fault("unknown-rule", f"no rule has the id '{rule}'", span, hint=hint)
        for test in tests.node.down("tests").items:
            yield from _given(tests, test, facts, sure)
    yield from _roles(found)
    placed = found.rules.placed.items()
    explains = {ident: item.span("explain") for ident, item in placed}
    yield from check_rules(rules, {ident: item.span() for ident, item in placed}, explains)


def _patterns(found: Definitions, item: Written, facts: Mapping[str, frozenset[str]], sure: bool) -> Iterator[Fault]:
    for node in _pattern_nodes(item.node.down("when")):
        fields, faults = _fields_of(node, item.path, facts, sure)
        yield from faults
        where = node.get("where")
        if fields is None or where is None:
            continue
        for name, test in where.fields.items():
            line, col = where.keys[name]
            span = Span(path=item.path, line=line, col=col)
            if name not in fields:
                kind = node.value.get("signal") or node.value.get("fact")
                hint = did_you_mean(name, fields) or f"It has {', '.join(sorted(fields))}."
                yield fault("unknown-fact-field", f"'{kind}' has no field '{name}'", span, hint=hint)
            elif name in _SCOPES and not item.path.startswith("shipped/"):
                yield from _named(found, name, test, item.path)


def _named(found: Definitions, name: str, test: Node, path: str) -> Iterator[Fault]:
    """A warning where a workspace's own rule waits for a place or metric that is not there: it would never fire."""
    known = getattr(found, _SCOPES[name]).declared
    positive = [test] if not test.fields else [below for key, below in test.fields.items() if key in ("eq", "in")]
    for scalar in (scalar for node in positive for scalar in node.scalars()):
        if isinstance(scalar.value, str) and scalar.value not in known:
            span = Span(path=path, line=scalar.line, col=scalar.col)
            hint = did_you_mean(scalar.value, known) or "As it stands, this condition never holds."
            code = "unknown-metric" if name == "metric" else "unknown-id"
            yield fault(code, f"no {name} has the id '{scalar.value}'", span, hint=hint, severity="warning")


def _pattern_nodes(node: Node) -> Iterator[Node]:
    for key in ("all", "any"):
        if below := node.get(key):
            for part in below.items:
                yield from _pattern_nodes(part)
            return
    yield node.get("not") or node


def _fields_of(node: Node, path: str, facts: Mapping[str, frozenset[str]], sure: bool) -> tuple[frozenset[str] | None, list[Fault]]:
    """The fields that the signal or fact named in `node` can have; None, and a fault, where nobody gives such a thing."""
    for word, known, code, who in (
        ("signal", SIGNALS, "unknown-signal", "no detector gives"),
        ("fact", facts, "unknown-fact", "nobody asserts or concludes"),
    ):
        named = node.get(word)
        if named is None or not isinstance(named.value, str):
            continue
        if named.value in known:
            return _SIGNAL_FIELDS if word == "signal" else facts[named.value], []
        if word == "fact" and not sure:
            return None, []
        hint = did_you_mean(named.value, known) or f"There are {', '.join(sorted(known))}."
        span = Span(path=path, line=named.line, col=named.col)
        return None, [fault(code, f"{who} a {word} '{named.value}'", span, hint=hint)]
    return None, []


def _given(tests: Written, test: Node, facts: Mapping[str, frozenset[str]], sure: bool) -> Iterator[Fault]:
    """Facts that a rule test gives are facts that could come: same names, same fields."""
    given = test.get("given")
    for node in given.items if given else ():
        fields, faults = _fields_of(node, tests.path, facts, sure)
        yield from faults
        for name in sorted(set(node.fields) - (fields or set(node.fields)) - {"signal", "fact", "id", "at"}):
            line, col = node.keys[name]
            kind = node.value.get("signal") or node.value.get("fact")
            hint = did_you_mean(name, fields or ())
            yield fault(
                "unknown-fact-field", f"'{kind}' has no field '{name}'", Span(path=tests.path, line=line, col=col), hint=hint
            )


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
        (found.playbooks.declared, ("owner",)),
        (found.contracts.declared, ("takeover", "authority")),
        (found.contracts.declared, ("step_in", "authority")),
    )
    for items, path in fields:
        for item in items.values():
            yield from item.texts(*path)
