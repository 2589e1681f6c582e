"""What a workspace's YAML files and templates define: each thing validated by itself, with its place, so that one mistake hides
no other. An id counts as defined even where the rest of its entry is wrong; otherwise one mistake would look like many.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Generic, TypeVar

from pydantic import BaseModel

from riskreg.model.drill import DrillOrder
from riskreg.model.faults import Span
from riskreg.model.metric import Metric
from riskreg.model.network import Contract, Function, Hazard, Pool, Site, System, Vendor
from riskreg.model.playbook import PlaybookTemplate
from riskreg.model.role import Role
from riskreg.model.rule import Rule, RuleTests, lifted
from riskreg.model.settings import Settings, WideMapping
from riskreg.resources import shipped
from riskreg.workspace.codes import did_you_mean, fault
from riskreg.workspace.sources import Desk, Source
from riskreg.workspace.validate import Placed, Written, validate
from riskreg.workspace.yamlfile import Node, parse

M = TypeVar("M", bound=BaseModel)
SETTINGS = "riskreg.yaml"


class Shelf(Generic[M]):
    """The things of one kind that were found, by id, in file order."""

    def __init__(self, kind: str, model: type[M]) -> None:
        self.kind, self.model = kind, model
        self.placed: dict[str, Placed[M]] = {}
        self.declared: dict[str, Written] = {}
        """Every entry that has an id, whether or not the rest of it is sound."""
        self._taken: dict[str, Span] = {}

    def add(self, desk: Desk, node: Node, path: str, also: Mapping[str, Any] | None = None) -> None:
        """Validates one entry, and refuses an id that was given before (letter case apart, because pages are files)."""
        noun, faults = validate(self.model, node, path, also)
        desk.add(*faults)
        ident = node.get("id")
        if ident is None or not isinstance(ident.value, str):
            desk.partial = True
            return
        span = Span(path=path, line=ident.line, col=ident.col)
        desk.partial |= any(item.span == span for item in faults)
        first = self._taken.setdefault(ident.value.lower(), span)
        if first is not span:
            message = f"the id '{ident.value}' of this {self.kind} is taken, first in {first}"
            hint = "Ids of one kind are unique, and differ in more than upper and lower case."
            desk.add(fault("duplicate-id", message, span, hint=hint))
            return
        self.declared[ident.value] = Written(node, path)
        if noun is not None:
            self.placed[ident.value] = Placed(node, path, noun)

    @property
    def nouns(self) -> tuple[M, ...]:
        return tuple(item.noun for item in self.placed.values())

    def over(self, below: Shelf[M]) -> Shelf[M]:
        """These, and of `below` those whose ids are not here, sorted by id."""
        merged: Shelf[M] = Shelf(self.kind, self.model)
        kept = {ident: item for ident, item in below.placed.items() if ident not in self.declared}
        merged.placed = dict(sorted((kept | self.placed).items()))
        merged.declared = below.declared | self.declared
        return merged


@dataclass
class Definitions:
    """Everything that the files of a workspace define, shipped rules and playbooks included."""

    settings: Placed[Settings] | None = None
    vendors: Shelf[Vendor] = field(default_factory=lambda: Shelf("vendor", Vendor))
    hazards: Shelf[Hazard] = field(default_factory=lambda: Shelf("hazard", Hazard))
    systems: Shelf[System] = field(default_factory=lambda: Shelf("system", System))
    sites: Shelf[Site] = field(default_factory=lambda: Shelf("site", Site))
    pools: Shelf[Pool] = field(default_factory=lambda: Shelf("pool", Pool))
    functions: Shelf[Function] = field(default_factory=lambda: Shelf("function", Function))
    contracts: Shelf[Contract] = field(default_factory=lambda: Shelf("contract", Contract))
    roles: Shelf[Role] = field(default_factory=lambda: Shelf("role", Role))
    metrics: Shelf[Metric] = field(default_factory=lambda: Shelf("metric", Metric))
    drills: Shelf[DrillOrder] = field(default_factory=lambda: Shelf("drill", DrillOrder))
    rules: Shelf[Rule] = field(default_factory=lambda: Shelf("rule", Rule))
    playbooks: Shelf[PlaybookTemplate] = field(default_factory=lambda: Shelf("playbook", PlaybookTemplate))
    tests: list[Written] = field(default_factory=list)
    """Files of rule tests, sound (`Placed[RuleTests]`) or not."""
    mappings: list[Placed[WideMapping]] = field(default_factory=list)
    wide: dict[str, WideMapping | None] = field(default_factory=dict)
    """Readings file → its mapping; None where the mapping has faults, and the file cannot be judged."""


NETWORK = ("vendors", "hazards", "systems", "sites", "pools", "functions", "contracts")


def read_definitions(root: Path, desk: Desk) -> Definitions:
    """Reads riskreg.yaml and every file of definitions under `root`; faults go to `desk`."""
    found = Definitions()
    source = Source(SETTINGS, root / SETTINGS)
    node = _tree(desk, source) if desk.inside(root, source) else None
    wants_shipped = True
    if node is not None:
        wants_shipped = (choice := node.get("shipped_rules")) is None or choice.value is not False
        settings, faults = validate(Settings, node, SETTINGS)
        desk.add(*faults)
        found.settings = Placed(node, SETTINGS, settings) if settings else None
        for item in node.down("wide").items:
            mapping = validate(WideMapping, item, SETTINGS)[0]  # its faults are told with those of the settings
            found.wide[str(item.down("file").value).removeprefix("readings/")] = mapping
            found.mappings += [Placed(item, SETTINGS, mapping)] if mapping else []
    for folder, sections in (("network", NETWORK), ("people", ("roles",)), ("metrics", ("metrics",))):
        for source in desk.files(root, folder, (".yaml",)):
            _sections(desk, source, {name: getattr(found, name) for name in sections})
    for source in desk.files(root, "drills", (".yaml",)):
        if (order := _tree(desk, source)) is not None and order.value is not None:
            found.drills.add(desk, order, source.path)
    _rules(desk, root, found, "")
    _playbooks(desk, root, found, "")
    _put_shipped_below(desk, found, wants_shipped)
    return found


def _put_shipped_below(desk: Desk, own: Definitions, wanted: bool) -> None:
    """The shipped rules and playbooks, below the workspace's own. Tests beside a rule that was replaced go with it."""
    below = Definitions()
    if wanted:
        _rules(desk, shipped("rules").parent, below, "shipped/")
        _playbooks(desk, shipped("playbooks").parent, below, "shipped/")
    own.tests = [item for item in below.tests if item.node.down("rule").value not in own.rules.declared] + own.tests
    own.rules = own.rules.over(below.rules)
    own.playbooks = own.playbooks.over(below.playbooks)


def _tree(desk: Desk, source: Source) -> Node | None:
    text = desk.text(source)
    node, faults = parse(text, source.path) if text is not None else (None, [])
    desk.add(*faults)
    desk.partial |= node is None or bool(faults)
    return node


def _sections(desk: Desk, source: Source, shelves: Mapping[str, Shelf[Any]]) -> None:
    """A file whose top level names lists; any of them, in any order; an empty one is nothing."""
    node = _tree(desk, source)
    if node is None or node.value is None:
        return
    names = ", ".join(shelves)
    if not isinstance(node.value, dict):
        desk.partial = True
        span = source.span(node.line, node.col)
        desk.add(fault("wrong-type", "this file must be lists under names", span, hint=f"The names are {names}."))
    for name, below in node.fields.items():
        if name not in shelves:
            desk.partial = True
            hint = did_you_mean(name, shelves) or f"It may have {names}."
            desk.add(fault("unknown-field", f"'{name}' is not a list of this file", source.span(*node.keys[name]), hint=hint))
        elif isinstance(below.value, list):
            for item in below.items:
                shelves[name].add(desk, item, source.path)
        elif below.value is not None:
            desk.partial = True
            hint = "Begin each entry with a dash."
            desk.add(fault("wrong-type", f"'{name}' must be a list", source.span(below.line, below.col), hint=hint))


def _rules(desk: Desk, root: Path, found: Definitions, prefix: str) -> None:
    for source in desk.files(root, "rules", (".yaml",), prefix):
        node = _tree(desk, source)
        if node is None or node.value is None:
            continue
        for item in node.items if isinstance(node.value, list) else (node,):
            if not source.path.endswith(".test.yaml"):
                found.rules.add(desk, lift_node(item), source.path)
                continue
            tests, faults = validate(RuleTests, item, source.path)
            desk.add(*faults)
            found.tests.append(Placed(item, source.path, tests) if tests else Written(item, source.path))


def lift_node(rule: Node) -> Node:
    """A rule as a tree, with what stands under `when` for the whole rule brought up to it (see `riskreg.model.rule.lift`)."""
    when = rule.get("when")
    if when is None or not (up := lifted(when.fields, rule.fields)):
        return rule
    rest = replace(
        when,
        value={name: value for name, value in when.value.items() if name not in up},
        fields={name: below for name, below in when.fields.items() if name not in up},
    )
    return replace(
        rule,
        value={**rule.value, "when": rest.value} | {name: when.value[name] for name in up},
        fields={**rule.fields, "when": rest} | {name: when.fields[name] for name in up},
        keys=rule.keys | {name: when.keys[name] for name in up},
    )


def _playbooks(desk: Desk, root: Path, found: Definitions, prefix: str) -> None:
    """Templates: a YAML head between lines of three dashes, then the body, whose line n is the file's line `span.line` + n."""
    for source in desk.files(root, "playbooks", (".md.j2",), prefix):
        text = desk.text(source)
        if text is None:
            desk.partial = True
            continue
        lines = text.split("\n")
        end = next((number for number, line in enumerate(lines[1:], 1) if line.rstrip() == "---"), None)
        if lines[0].rstrip() != "---" or end is None:
            hint = "Begin the file with ---, then id, version, title, category, owner and summary, then --- again."
            desk.add(fault("playbook-head", "this template has no head", source.span(1, 1), hint=hint))
            desk.partial = True
            continue
        node, faults = parse("\n".join(lines[1:end]), source.path, first_line=2)
        desk.add(*faults)
        if node is None:
            desk.partial = True
            continue
        for name in sorted({"body", "span"} & set(node.fields)):
            message = f"'{name}' is not a field of a playbook head"
            desk.add(fault("unknown-field", message, source.span(*node.keys[name]), hint="Leave it out."))
        also = {"body": "\n".join(lines[end + 1 :]), "span": source.span(end + 1, 1)}
        found.playbooks.add(desk, node, source.path, also)
