"""What a field means is written once, for every field, and every example is a good one."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from riskreg.model import disruption, drill, metric, network, playbook, role, rule, settings
from riskreg.workspace.fields import EXAMPLES, NOTES, example
from riskreg.workspace.schemafiles import own_words, schemas
from riskreg.workspace.yamlfile import parse

MODULES = (network, settings, role, metric, rule, playbook, drill, disruption)


def models() -> dict[str, type[BaseModel]]:
    """The nouns that stand in files: those that the schemas name."""
    named = {name for schema in schemas().values() for name in schema.get("$defs", {})}
    named |= {"Settings", "Network", "PlaybookTemplate", "DrillOrder", "Rule"}
    found = {name: getattr(module, name) for module in MODULES for name in named if hasattr(module, name)}
    assert set(found) == named
    return found


def properties() -> list[tuple[str, str, dict[str, Any]]]:
    found = []
    for kind, schema in schemas().items():
        for name, definition in [*schema.get("$defs", {}).items(), (kind, schema)]:
            found += [(name, field, body) for field, body in definition.get("properties", {}).items()]
    return found


def test_every_field_of_every_file_is_described() -> None:
    assert [f"{name}.{field}" for name, field, body in properties() if not body.get("description")] == []


def test_no_note_or_example_is_left_over() -> None:
    fields = {(name, info.alias or field) for name, model in models().items() for field, info in model.model_fields.items()}
    fields |= {("People", "roles"), ("Metrics", "metrics")}
    names = {field for _, field in fields} | {f"{name}.{field}" for name, field in fields}
    assert sorted(set(NOTES) - names) == []
    assert sorted(set(EXAMPLES) - names) == []


@pytest.mark.parametrize("name", sorted(models()))
def test_every_example_fits_its_field(name: str) -> None:
    model = models()[name]
    for field, info in model.model_fields.items():
        written = info.alias or field
        line = example(name, written, model.model_json_schema().get("properties", {}).get(written))
        if not line or (name, field) == ("PlaybookTemplate", "span"):
            continue
        node, faults = parse(line, "x.yaml")
        assert not faults
        assert node is not None
        # The rest of the model is missing, which is not what is asked here.
        try:
            model.model_validate(node.value, by_alias=True, by_name=False)
        except ValidationError as error:
            places = [detail["loc"][0] for detail in error.errors() if detail["type"] != "missing" and detail["loc"]]
            assert written not in places, f"{name}: {line}"


def test_the_words_under_a_field_are_those_of_the_model() -> None:
    assert own_words(network.Takeover)["price"] == "Extra cost of one position for one hour, in the workspace's currency."
    assert "name" not in own_words(network.Site)
