"""`riskreg rules`: everything a rule author asks; one module per noun, imported when one of its commands is asked for."""

from __future__ import annotations

import click

from riskreg.cli.lazy import lazy

# Command → the module that holds it, the name of the function there, and its line in `--help`.
_COMMANDS = {
    "list": ("listing", "list_", "Every rule with its status, severity, owner and tests."),
    "show": ("listing", "show", "All about one rule: its logic in words, tests, exceptions, lock."),
    "new": ("writing", "new", "Write a new rule with two tests; asks what it needs."),
    "lint": ("linting", "lint", "What is wrong or doubtful in the rules; --fix mends what is plain."),
    "test": ("testing", "test", "Run the tests that stand beside the rules."),
    "coverage": ("testing", "coverage", "Which conditions of the rules no test holds."),
    "eval": ("evaluating", "eval_", "Evaluate rules on a file of facts."),
    "explain": ("explaining", "explain", "Why a rule fires; where it does not, what came nearest."),
    "backtest": ("history", "backtest", "Run the rules over past days."),
    "diff": ("history", "diff", "Which findings a change of the rules makes or ends."),
    "lock": ("locking", "lock", "Hold what each version of a rule means."),
}


@click.group(cls=lazy(__name__, _COMMANDS))
def rules() -> None:
    """The rules: read, write, test, try and hold them.

    Start with: riskreg rules list, then: riskreg rules show RULE
    """
