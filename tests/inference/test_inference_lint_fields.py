"""Sets of values are held against trying every value: what is called empty lets nothing through, and what is within no more."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from riskreg.inference.lint.fields import ANY, Values, empty, meet, possible, values_of, within
from riskreg.model.rule import Condition, Pattern, Scalar

NUMBERS: tuple[Scalar, ...] = (0, 1, 1.5, 2, 3, 4.0, 5, 6)
EVERYTHING: tuple[Scalar | None, ...] = (None, *NUMBERS, "3", "x", "y", True, False)
STRENGTH = possible(Pattern(signal="attrition_spike"), "strength", {})

scalars = st.sampled_from([value for value in EVERYTHING if value is not None])
numbers = st.sampled_from(NUMBERS)
conditions = st.fixed_dictionaries(
    {},
    optional={
        "eq": scalars, "ne": scalars, "gt": numbers, "gte": numbers, "lt": numbers, "lte": numbers,
        "in": st.lists(scalars, max_size=3), "not_in": st.lists(scalars, max_size=3), "exists": st.booleans(),
    },
).filter(bool).map(Condition.model_validate)  # fmt: skip


def same(a: Scalar, b: Scalar) -> bool:
    return a == b and (isinstance(a, bool), isinstance(a, str)) == (isinstance(b, bool), isinstance(b, str))


def holds(test: Condition, value: Scalar | None) -> bool:
    """The condition table of docs/rule-language.md, word by word."""
    if test.exists is not None and test.exists != (value is not None):
        return False
    if value is None:
        return test.model_fields_set == {"exists"}
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return all(
        (
            test.eq is None or same(value, test.eq),
            test.ne is None or not same(value, test.ne),
            test.among is None or any(same(value, one) for one in test.among),
            test.not_in is None or not any(same(value, one) for one in test.not_in),
            test.gt is None or (number and value > test.gt),
            test.gte is None or (number and value >= test.gte),
            test.lt is None or (number and value < test.lt),
            test.lte is None or (number and value <= test.lte),
        )
    )


@settings(max_examples=1500, deadline=None)
@given(conditions, conditions)
def test_what_is_certain_is_true_of_every_value(a: Condition, b: Condition) -> None:
    both = [value for value in EVERYTHING if holds(a, value) and holds(b, value)]
    if empty(meet(values_of(a), values_of(b))):
        assert both == []
    if within(values_of(a), values_of(b)):
        assert [value for value in EVERYTHING if holds(a, value)] == both


@settings(max_examples=1500, deadline=None)
@given(conditions, conditions)
def test_of_a_field_with_few_values_nothing_is_missed(a: Condition, b: Condition) -> None:
    domain = range(1, 6)
    through = {value for value in domain if holds(a, value)}
    assert empty(meet(STRENGTH, values_of(a))) == (not through)
    assert within(meet(STRENGTH, values_of(a)), values_of(b)) == all(holds(b, value) for value in through)


def test_anything_is_within_anything_and_nothing_within_all() -> None:
    assert within(ANY, ANY)
    assert not within(ANY, Values(absent=False))
    assert within(Values(torn=True), Values(absent=True))
