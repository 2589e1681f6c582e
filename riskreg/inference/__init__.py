"""Signals and facts become findings: two engines that must agree.

`decide` judges facts by rules; `check_rules` and `check_tests` find what is wrong with rules before they run; `run_tests` runs
the tests that stand beside them. What a rule means, exactly, is written in docs/rule-language.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from riskreg.inference.decision import Decided, decide, settle
    from riskreg.inference.engines.durable import durable_available
    from riskreg.inference.evaluation import Case, Evaluation, evaluate
    from riskreg.inference.facts.pack import Pack, prepare
    from riskreg.inference.facts.table import Facts
    from riskreg.inference.lint import check_rules, check_tests
    from riskreg.inference.proving.ruletests import run_tests

_HOME = {
    "Case": "evaluation",
    "Decided": "decision",
    "Evaluation": "evaluation",
    "Facts": "facts.table",
    "Pack": "facts.pack",
    "check_rules": "lint",
    "check_tests": "lint",
    "decide": "decision",
    "durable_available": "engines.durable",
    "evaluate": "evaluation",
    "prepare": "facts.pack",
    "run_tests": "proving.ruletests",
    "settle": "decision",
}
__all__ = [
    "Case",
    "Decided",
    "Evaluation",
    "Facts",
    "Pack",
    "check_rules",
    "check_tests",
    "decide",
    "durable_available",
    "evaluate",
    "prepare",
    "run_tests",
    "settle",
]


def __getattr__(name: str) -> Any:
    # The worker process imports this package too, and should carry nothing but the engine.
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    module = import_module(f"{__name__}.{_HOME[name]}")
    globals().update({public: getattr(module, public) for public, home in _HOME.items() if home == _HOME[name]})
    return globals()[name]
