"""Explain texts that cannot be read, or fail on a sample of a branch."""

from __future__ import annotations

from collections.abc import Iterator

from riskreg.inference.lint.pack import Outline, Pack
from riskreg.inference.lint.registry import Told, each

_HINT = "Use the names given with 'as', and fields that those facts have."


@each("rule-explain", "The explain text cannot be read, names what is not there, or fails on a sample.", "error")
def explain(outline: Outline, pack: Pack) -> Iterator[Told]:
    from riskreg.inference.explain import check  # carries Jinja2, which a run of rules does without

    for wrong in check(outline.rule, pack.made):
        yield Told(
            ("explain",), f"its explain text does not work: {wrong}", _HINT, "{{ spike.site }}: {{ spike.value | num }} leavers"
        )
