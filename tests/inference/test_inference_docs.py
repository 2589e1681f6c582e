"""docs/rule-language.md: its examples load, hold and pass, and it names every field, filter, code and limit."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from inference_rules import rule

from riskreg.inference import check_rules, meaning, run_tests
from riskreg.inference.explain import FILTERS
from riskreg.inference.lint import CHECKS
from riskreg.model.rule import Conclude, Condition, Lose, Pattern, Raise, Rule, RuleTest, RuleTests, Then
from riskreg.model.signal import SIGNAL_SCHEMA, SIGNALS
from riskreg.resources import shipped

ROOT = shipped("rules").parent
PAGE = ROOT / "docs" / "rule-language.md"
pytestmark = pytest.mark.skipif(not PAGE.exists(), reason="the documentation is not part of a wheel")


@pytest.fixture(scope="module")
def text() -> str:
    return PAGE.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def blocks(text: str) -> list[Any]:
    return [yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)]


def test_every_rule_of_the_page_is_sound(blocks: list[Any]) -> None:
    rules = [block for block in blocks if isinstance(block, list) or "id" in block]
    assert len(rules) == 2
    for block in rules:
        models = [Rule.model_validate(one) for one in (block if isinstance(block, list) else [block])]
        assert check_rules(models, {}) == ()


def test_every_fragment_of_the_page_is_sound(blocks: list[Any]) -> None:
    parts = [block for block in blocks if isinstance(block, dict) and set(block) <= {"when", "join", "within"}]
    assert len(parts) == 3
    for part in parts:
        assert check_rules([rule(part["when"], **{k: v for k, v in part.items() if k != "when"})], {}) == ()


def test_the_tests_of_the_page_pass(blocks: list[Any]) -> None:
    (tests,) = [RuleTests.model_validate(block) for block in blocks if isinstance(block, dict) and "rule" in block]
    (example,) = [Rule.model_validate(block) for block in blocks if isinstance(block, dict) and block.get("id") == tests.rule]
    results = run_tests([example], {tests.rule: tests.tests})
    assert [(one.name, one.passed) for one in results] == [(one.name, True) for one in tests.tests]


def test_every_field_signal_fact_and_filter_is_named(text: str) -> None:
    models = (Rule, Then, Raise, Lose, Conclude, Pattern, Condition, RuleTest)
    names = {field.alias or name for model in models for name, field in model.model_fields.items()}
    names |= {*SIGNALS, *meaning.STANDING, *FILTERS, *(field for fact in meaning.STANDING.values() for field in fact)}
    names |= set(SIGNAL_SCHEMA) - {"readings", "id"}
    assert sorted(name for name in names if not re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", text)) == []


def test_every_fault_code_is_explained_and_no_other(text: str) -> None:
    source = "".join(path.read_text(encoding="utf-8") for path in sorted(Path(meaning.__file__).parent.glob("*.py")))
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
    assert f"**{meaning.RECENCY.days} days**" in text
