"""A JSON Schema (2020-12) for each YAML file, so that an editor completes and checks it while it is written."""

from __future__ import annotations

import ast
import inspect
import json
import sys
from collections.abc import Iterator
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel, TypeAdapter
from pydantic.json_schema import GenerateJsonSchema

from riskreg.model.base import Frozen
from riskreg.model.drill import DrillOrder
from riskreg.model.metric import Metric
from riskreg.model.network import Network
from riskreg.model.playbook import PlaybookTemplate
from riskreg.model.role import Role
from riskreg.model.rule import LIFTED, Rule, RuleTests
from riskreg.model.settings import Settings
from riskreg.workspace.fields import describe
from riskreg.workspace.storage import write_atomic

DIALECT = "https://json-schema.org/draft/2020-12/schema"
HEAD_EXCLUDES = ("body", "span")
"""Fields of a playbook template that its file gives otherwise than in the head."""


_SHORT = {"Condition": ("string", "number", "boolean"), "Threshold": ("number",)}


class People(Frozen):
    """A file under people/: who acts."""

    roles: tuple[Role, ...] = ()


class Metrics(Frozen):
    """A file under metrics/: what is measured."""

    metrics: tuple[Metric, ...] = ()


_FILES: dict[str, tuple[str, Any]] = {
    "riskreg": ("riskreg.yaml: the settings of a workspace", Settings),
    "network": ("network/*.yaml: sites, vendors, functions, pools, systems, contracts", Network),
    "people": ("people/*.yaml: roles", People),
    "metrics": ("metrics/*.yaml: what is measured, and which detector watches it", Metrics),
    "rules": ("rules/*.yaml: a list of rules, or one rule", tuple[Rule, ...] | Rule),
    "rule-tests": ("rules/*.test.yaml: tests of one rule, or of several", RuleTests | tuple[RuleTests, ...]),
    "playbook": ("The head of playbooks/*.md.j2", PlaybookTemplate),
    "drill": ("drills/*.yaml: a drill that is wanted", DrillOrder),
}


def schemas() -> dict[str, dict[str, Any]]:
    """Name of a file kind → its schema. Closed: a field that it does not name is refused, as `load` refuses it."""
    return {name: deepcopy(schema_of(name)) for name in _FILES}


def write_schemas(folder: Path) -> tuple[Path, ...]:
    """Writes `<name>.schema.json` for every kind of file into `folder`, and returns the paths, sorted."""
    paths = []
    for name, schema in schemas().items():
        path = folder / f"{name}.schema.json"
        write_atomic(path, (json.dumps(schema, indent=2, ensure_ascii=False) + "\n").encode())
        paths.append(path)
    return tuple(sorted(paths))


@cache
def schema_of(name: str) -> dict[str, Any]:
    """The schema of one kind of file. The value is shared: do not change it."""
    title, kind = _FILES[name]
    schema = _described(TypeAdapter(kind), kind)
    if name == "playbook":
        for field in HEAD_EXCLUDES:
            del schema["properties"][field]
            schema["required"].remove(field)
        schema["$defs"].pop("Span", None)
    return {"$schema": DIALECT, "$id": f"{name}.schema.json", **schema, "title": title}


@cache
def model_schema(model: type[BaseModel]) -> dict[str, Any]:
    """The schema of one noun, as a loader needs it for hints. The value is shared: do not change it."""
    return _described(TypeAdapter(model), model)


class _Generate(GenerateJsonSchema):
    schema_dialect = DIALECT


def _described(adapter: TypeAdapter[Any], kind: Any) -> dict[str, Any]:
    """The schema of `kind` with a description on every field."""
    schema: dict[str, Any] = _bounds(adapter.json_schema(by_alias=True, mode="validation", schema_generator=_Generate))
    nouns = {model.__name__: model for model in _nouns()}
    if rule := schema.get("$defs", {}).get("Rule") or (schema if kind is Rule else None):
        for under in ("All", "Any_", "Pattern"):  # what speaks of the whole `when` may stand in it
            if under in schema.get("$defs", {}):
                own = schema["$defs"][under]["properties"]
                own |= {name: deepcopy(rule["properties"][name]) for name in LIFTED if name not in own}
    for name, definition in [*schema.get("$defs", {}).items(), (getattr(kind, "__name__", ""), schema)]:
        own = _own(nouns[name]) if name in nouns else {}
        for field, body in definition.get("properties", {}).items():
            _add_short_forms(body)
            body["description"] = describe(name, field, own.get(field, ""))
            body.pop("title", None)
    return schema


def _add_short_forms(field: dict[str, Any]) -> None:
    """`metric: leavers` is short for `metric: {eq: leavers}`, and `floor: 85` for `floor: {value: 85}`."""
    below = field.get("additionalProperties")
    short = _SHORT.get(str(below.get("$ref", "")).rpartition("/")[2], ()) if isinstance(below, dict) else ()
    if short:
        field["additionalProperties"] = {"anyOf": [below, *({"type": kind} for kind in short)]}


def _own(noun: type[BaseModel]) -> dict[str, str]:
    words = own_words(noun)
    return {info.alias or field: words.get(field, "") for field, info in noun.model_fields.items()}


def _nouns() -> Iterator[type[BaseModel]]:
    """Every noun of the model room, and the two file models here; their names are unique."""
    pending: list[type[BaseModel]] = [Frozen]
    while pending:
        for below in pending.pop().__subclasses__():
            pending.append(below)
            if below.__module__.startswith("riskreg.model.") or below in (People, Metrics):
                yield below


def _bounds(schema: Any) -> Any:
    # Where a validator of ours runs before the bound, pydantic writes its own word for it into the schema.
    words = {"ge": "minimum", "le": "maximum", "gt": "exclusiveMinimum", "lt": "exclusiveMaximum"}
    if isinstance(schema, dict):
        # Validators divide floats, for which 0.7 is no multiple of 0.1; `load` judges decimals.
        kept = {key: value for key, value in schema.items() if key != "multipleOf"}
        return {words.get(key, key) if isinstance(value, (int, float)) else key: _bounds(value) for key, value in kept.items()}
    return [_bounds(item) for item in schema] if isinstance(schema, list) else schema


@cache
def own_words(model: type[BaseModel]) -> dict[str, str]:
    """Field name → the text under it in the model's source, its base models included."""
    words: dict[str, str] = {}
    for base in reversed(model.__mro__):
        if issubclass(base, BaseModel) and base.__module__.startswith("riskreg."):
            words |= _module_words(base.__module__).get(base.__name__, {})
    return words


@cache
def _module_words(module: str) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for item in ast.parse(inspect.getsource(sys.modules[module])).body:
        if not isinstance(item, ast.ClassDef):
            continue
        for field, below in zip(item.body, item.body[1:], strict=False):
            if (
                isinstance(field, ast.AnnAssign)
                and isinstance(field.target, ast.Name)
                and isinstance(below, ast.Expr)
                and isinstance(below.value, ast.Constant)
            ):
                found.setdefault(item.name, {})[field.target.id] = inspect.cleandoc(str(below.value.value))
    return found
