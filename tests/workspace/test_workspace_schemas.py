"""The schemas accept what `load` accepts, and refuse what it refuses."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from workspace_cases import FILES

from riskreg.resources import shipped
from riskreg.workspace import schemas, write_schemas
from riskreg.workspace.starting import STARTER
from riskreg.workspace.yamlfile import parse

KINDS = {"riskreg.yaml": "riskreg", "network": "network", "people": "people", "metrics": "metrics", "drills": "drill"}


def kind_of(path: Path) -> str:
    if path.name.endswith(".test.yaml"):
        return "rule-tests"
    return KINDS.get(path.name) or KINDS.get(path.parent.name) or "rules"


def read(text: str) -> Any:
    node, faults = parse(text, "x.yaml")
    assert node is not None
    assert not faults
    return node.value


def files() -> list[Path]:
    roots = [shipped("rules"), STARTER, *(path for path in shipped("examples").iterdir() if path.is_dir())]
    made = {"public", ".riskreg"}
    return sorted(path for root in roots for path in root.rglob("*.yaml") if not made & set(path.parts))


@pytest.mark.parametrize("name", sorted(schemas()))
def test_a_schema_is_a_closed_schema_of_its_dialect(name: str) -> None:
    schema = schemas()[name]
    Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    objects = [schema, *schema.get("$defs", {}).items()]
    for title, definition in [(name, schema), *schema.get("$defs", {}).items()]:
        if definition.get("type") == "object":
            # The findings that a test expects carry the rule's own join fields.
            assert definition.get("additionalProperties") is (title == "Expect"), title
    assert objects


def test_what_is_shipped_fits_its_schema() -> None:
    checked = 0
    for path in files():
        value = read(path.read_text(encoding="utf-8"))
        if value is None or (isinstance(value, dict) and None in value.values()):
            continue  # a starter file whose entries are comments
        errors = [error.message for error in Draft202012Validator(schemas()[kind_of(path)]).iter_errors(value)]
        assert errors == [], path
        checked += 1
    assert checked > 20


def mappings(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
    for below in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from mappings(below)


@pytest.mark.parametrize("name", [name for name in FILES if name.endswith(".yaml")])
def test_an_unknown_field_is_refused_in_every_mapping(name: str) -> None:
    value = read(FILES[name])
    validator = Draft202012Validator(schemas()[kind_of(Path(name))])
    assert validator.is_valid(value)
    free = ("columns", "n", "where", "given", "expect")
    open_ones = [below for mapping in mappings(value) for key in free if key in mapping for below in mappings(mapping[key])]
    closed = [number for number, mapping in enumerate(mappings(value)) if not any(mapping is other for other in open_ones)]
    assert closed
    for number in closed:
        spoilt = copy.deepcopy(value)
        list(mappings(spoilt))[number]["surprise"] = 1
        assert not validator.is_valid(spoilt), number


def test_bounds_are_in_the_schema() -> None:
    level = schemas()["network"]["$defs"]["Function"]["properties"]["tier"]
    assert (level["minimum"], level["maximum"]) == (1, 6)


def test_writing_twice_changes_nothing(tmp_path: Path) -> None:
    first = write_schemas(tmp_path)
    times = [path.stat().st_mtime_ns for path in first]
    assert [path.name for path in first] == sorted(f"{name}.schema.json" for name in schemas())
    assert write_schemas(tmp_path) == first
    assert [path.stat().st_mtime_ns for path in first] == times
    assert json.loads(first[0].read_text())["$id"] == first[0].name
