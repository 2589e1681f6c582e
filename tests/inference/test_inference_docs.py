"""docs/rule-language.md: its examples load, hold and pass, and it names every field, filter, command, option, code and limit."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from riskreg import inference
from riskreg.cli.rules import rules as commands
from riskreg.inference import check_rules, run_tests
from riskreg.inference.language import meaning
from riskreg.inference.lint import CHECKS
from riskreg.inference.words.explain import FILTERS
from riskreg.model.fact import STANDING
from riskreg.model.metric import Metric, Override, Threshold
from riskreg.model.rule import (
    Conclude,
    Condition,
    Expect,
    Lose,
    Named,
    Pattern,
    Raise,
    Rule,
    RuleException,
    RuleTest,
    RuleTests,
    Then,
)
from riskreg.model.signal import SIGNAL_FIELDS, SIGNALS
from riskreg.resources import shipped

COMMON = {
    "id": "a-rule", "version": 1, "title": "A rule", "owner": "quality-lead", "category": "quality-drift", "severity": "low",
}  # fmt: skip
"""What the parts of rules on the page leave out."""
ROOT = shipped("rules").parent
PAGE = ROOT / "docs" / "rule-language.md"
pytestmark = pytest.mark.skipif(not PAGE.exists(), reason="the documentation is not part of a wheel")


@pytest.fixture(scope="module")
def text() -> str:
    return PAGE.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def blocks(text: str) -> list[Any]:
    return [yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)]


@pytest.fixture(scope="module")
def limits(blocks: list[Any]) -> dict[str, dict[str, Threshold]]:
    """The thresholds of the page, as those of the metric that its examples use."""
    (block,) = [block for block in blocks if isinstance(block, dict) and set(block) == {"thresholds"}]
    metric = {"id": "qa_score", "name": "Quality score", "definition": "Points", **block}
    return {"qa_score": dict(Metric.model_validate(metric).thresholds)}


def parts(blocks: list[Any]) -> list[dict[str, Any]]:
    return [block for block in blocks if isinstance(block, dict) and "when" in block and "id" not in block]


def test_every_block_of_the_page_is_an_example_that_is_tested(blocks: list[Any]) -> None:
    kinds = [
        "rules" if isinstance(block, list) or "id" in block else "part" if "when" in block else "".join(sorted(block))
        for block in blocks
    ]
    assert sorted(set(kinds)) == ["part", "rules", "ruletests", "thresholds"]
    assert kinds.count("rules") == 2
    assert kinds.count("part") >= 10


def test_every_rule_of_the_page_is_sound(blocks: list[Any]) -> None:
    for block in [block for block in blocks if isinstance(block, list) or "id" in block]:
        models = [Rule.model_validate(one) for one in (block if isinstance(block, list) else [block])]
        assert check_rules(models, {}) == ()


def test_every_part_of_the_page_is_sound_and_its_tests_pass(blocks: list[Any], limits: dict[str, dict[str, Threshold]]) -> None:
    for part in parts(blocks):
        one = Rule.model_validate(COMMON | part)
        assert one.tests, part
        assert check_rules([one], {}) == ()
        results = run_tests([one], {one.id: one.tests}, thresholds=limits)
        assert [(made.name, made.got) for made in results if not made.passed] == []


def test_the_tests_of_the_page_pass(blocks: list[Any]) -> None:
    (tests,) = [RuleTests.model_validate(block) for block in blocks if isinstance(block, dict) and "rule" in block]
    (example,) = [Rule.model_validate(block) for block in blocks if isinstance(block, dict) and block.get("id") == tests.rule]
    results = run_tests([example], {tests.rule: tests.tests})
    assert [(one.name, one.passed) for one in results] == [(one.name, True) for one in tests.tests]


def test_every_field_of_the_language_has_an_example(blocks: list[Any]) -> None:
    """Not only named in a sentence: each field of a rule, of its parts and of a condition is written in some example."""

    def keys(value: Any) -> set[str]:
        if isinstance(value, dict):
            return {str(key) for key in value}.union(*map(keys, value.values()))
        return set().union(*map(keys, value)) if isinstance(value, list) else set()

    models = (Rule, Then, Raise, Lose, Conclude, Named, Pattern, RuleException, RuleTest, RuleTests, Expect, Threshold, Override)
    wanted = {field.alias or name for model in models for name, field in model.model_fields.items()}
    shown = keys(blocks)
    assert wanted - shown == {"due", "function"}, "these stand in the tables: due, and an override for a function"
    assert {field.alias or name for name, field in Condition.model_fields.items()} - shown == {
        "eq",
        "ne",
        "gt",
        "not_in",
        "exists",
    }


def test_every_field_signal_fact_and_filter_is_named(text: str) -> None:
    models = (Rule, Then, Raise, Lose, Conclude, Pattern, Condition, RuleException, RuleTest, Named)
    names = {field.alias or name for model in models for name, field in model.model_fields.items()}
    names |= {*SIGNALS, *STANDING, *FILTERS, *(field for fact in STANDING.values() for field in fact)}
    names |= set(SIGNAL_FIELDS) - {"readings", "id"}
    assert sorted(name for name in names if not re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", text)) == []


def test_every_command_and_option_is_named(text: str) -> None:
    table = {
        command: line for line in text.splitlines() if (command := "".join(re.findall(r"^\| `riskreg rules (\S+?)[ `]", line)))
    }
    context = click.Context(commands)
    assert isinstance(commands, click.Group)
    assert set(table) == set(commands.list_commands(context))
    common = {"--workspace", "--format", "--help"}
    for name, line in table.items():
        command = commands.get_command(context, name)
        assert command is not None
        options = {
            next(word for word in one.opts if word.startswith("--")) for one in command.params if isinstance(one, click.Option)
        }
        assert {option for option in options - common if f"`{option}" not in line and f" {option} " not in line} == set(), name


def test_every_fault_code_is_explained_and_no_other(text: str) -> None:
    source = "".join(path.read_text(encoding="utf-8") for path in sorted(Path(inference.__file__).parent.rglob("*.py")))
    emitted = set(re.findall(r"\"((?:rule|facts?|engines?|explain)-[a-z-]+)\"", source)) | set(CHECKS)
    explained = {
        code for row in re.findall(r"^\| (`.*?`) \|", text.split("## Faults")[1], re.M) for code in re.findall("`(.*?)`", row)
    }
    assert explained == emitted


def test_the_table_of_checks_is_that_of_the_lint(text: str) -> None:
    for check in CHECKS.values():
        kind = "no run" if check.forbids else check.severity
        assert f"| `{check.code}` | {kind}{', mended' if check.fixable else ''} | {check.meaning} |\n" in text


def test_limits_are_those_of_the_code(text: str) -> None:
    assert f"{meaning.MAX_BRANCHES} branches" in text
    assert f"{meaning.MAX_PATTERNS} patterns" in text
    assert f"{meaning.MAX_COMBINATIONS:,} combinations" in text
