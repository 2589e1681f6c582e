"""Explain texts that are nested deeply: a fault of the rule, and nothing that ends the command."""

from __future__ import annotations

import pytest
from inference_rules import rule

from riskreg.inference import check_rules
from riskreg.inference.words import explain
from riskreg.model.faults import Span

NESTED = {
    "brackets": "{{ " + "(" * 500 + "1" + ")" * 500 + " }}",
    "brackets never closed": "{{ " + "[" * 1900 + " }}",
    "not": "{{ " + "not " * 900 + "1 }}",
    "filters": "{{ 'a'" + "|upper" * 600 + " }}",
    "conditions": "{% if key %}" * 140 + "x" + "{% endif %}" * 140,
    "sums": "{{ 1" + "+1" * 900 + " }}",
    "just too deep": "{% if key %}" * 41 + "x" + "{% endif %}" * 41,
}


@pytest.mark.parametrize("text", NESTED.values(), ids=NESTED)
def test_an_explain_text_that_is_nested_deeply_is_a_fault_and_ends_nothing(text: str) -> None:
    one = rule({"as": "d", "signal": "quality_drift"}, explain=text)
    assert explain.check(one, {}) == ("the template cannot be read: it is nested more than 40 levels deep",)
    place = Span(path="rules/it.yaml", line=7, col=1)
    (told,) = check_rules([one], {}, {one.id: place})
    assert (told.code, told.span) == ("rule-explain", place)
    with pytest.raises(explain.ExplainError, match="40 levels"):
        explain._render(text, {})


def test_a_long_explain_text_is_not_a_deep_one() -> None:
    text = "{% if key %}" * 30 + "".join(f"{{{{ d.value | num({n % 3}) }}}} and " for n in range(60)) + "{% endif %}" * 30
    assert explain.check(rule({"as": "d", "signal": "quality_drift"}, explain=text), {}) == ()
