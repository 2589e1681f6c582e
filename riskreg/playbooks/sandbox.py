"""Where templates run: they read values, loop and call the shipped macros, within a budget, and can do nothing else.

Jinja2's own sandbox bounds `range`, not time or memory; here every loop round, call and written character is paid for, so that a
template that would run for ever, or fill the memory, ends in `LimitError` after well under a second.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import is_dataclass
from itertools import islice
from typing import Any

from jinja2 import StrictUndefined, nodes, pass_context
from jinja2.exceptions import SecurityError, TemplateRuntimeError
from jinja2.filters import FILTERS
from jinja2.runtime import Context, LoopContext, Macro
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup, escape
from pydantic import BaseModel

from riskreg.model.words import plain_text

MOST_STEPS = 50_000
"""Loop rounds, calls and list items that one rendering may take."""
MOST_CHARACTERS = 1_000_000
"""Characters that one rendering may write, those in macros and `set` blocks included."""
MOST_NUMBER = 1e15
MOST_SECONDS = 10.0
"""Processor time of one rendering: a last resort, a hundred times what the longest playbook takes. It never changes a text."""

FORBIDDEN: dict[type[nodes.Node], str] = {
    nodes.Include: "include",
    nodes.Import: "import",
    nodes.FromImport: "from … import",
    nodes.Extends: "extends",
    nodes.Concat: "~",
}
"""What a template may not write: other files are not there to be read, and `~` joins text outside the budget."""

_LOOP = frozenset({"index", "index0", "first", "last", "length", "previtem", "nextitem", "revindex"})


class LimitError(TemplateRuntimeError):
    """A template asked for more rounds, text or size than one rendering may have."""


class Budget:
    """What is left for one rendering."""

    def __init__(self) -> None:
        self.steps = MOST_STEPS
        self.characters = MOST_CHARACTERS
        # the thread's own time, so that a busy machine refuses nothing
        self.ends = time.thread_time() + MOST_SECONDS

    def spend(self, steps: int = 0, characters: int = 0) -> None:
        """Take steps and characters off what is left; LimitError where there is too little."""
        self.steps -= steps
        self.characters -= characters
        if self.steps < 0:
            raise LimitError(f"the template takes more than {MOST_STEPS:,} steps")
        if self.characters < 0:
            raise LimitError(f"the template writes more than {MOST_CHARACTERS:,} characters")
        if time.thread_time() > self.ends:
            raise LimitError(f"the template takes more than {MOST_SECONDS:g} s")


BUDGET: ContextVar[Budget] = ContextVar("budget")
"""The budget of the rendering under way in this thread."""


def growing(tree: nodes.Template, given: Collection[str]) -> Iterator[nodes.Node]:
    """Literals that hold a name of the template's own, and the lists that a macro makes of its arguments.

    With these alone could lists be put into lists, so that a few lines make one whose comparison never ends.
    """
    own = {name.name for name in tree.find_all(nodes.Name) if name.ctx != "load"}
    for literal in tree.find_all((nodes.List, nodes.Tuple, nodes.Dict)):
        held = [name for name in literal.find_all(nodes.Name) if name.ctx == "load"]
        if any(name.name in own or name.name not in given for name in held):
            yield literal
    yield from (name for name in tree.find_all(nodes.Name) if name.name in ("varargs", "kwargs"))


def static_text(sandbox: Sandbox, body: str, value: str) -> str:
    """The text of a template with every branch in it, and `value` wherever it writes one."""
    parts = [(kind, said) for _line, kind, said in sandbox.lex(body)]
    return "".join(said if kind == "data" else value for kind, said in parts if kind in ("data", "variable_begin"))


class Sandbox(ImmutableSandboxedEnvironment):
    """The environment: undefined names are faults, data is escaped, fields are read and methods never called."""

    intercepted_binops = frozenset({"+", "-", "*", "/", "//", "%", "**"})

    def __init__(self, filters: Mapping[str, Callable[..., Any]]) -> None:
        super().__init__(
            undefined=StrictUndefined,
            autoescape=True,
            finalize=_finalize,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
        )
        self.globals = {"range": _range}
        self.filters = {**_FILTERS, **filters}

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        tree = super()._parse(source, name, filename)
        for loop in list(tree.find_all(nodes.For)):
            # text inside a loop is written without passing `finalize`, so its length is paid for with the rounds
            weight = sum(len(data.data) for data in loop.find_all(nodes.TemplateData))
            argument = nodes.Const(weight, lineno=loop.lineno)
            loop.iter = nodes.Filter(loop.iter, "rounds", [argument], [], None, None, lineno=loop.lineno)
        return tree

    def getattr(self, obj: Any, attribute: str) -> Any:
        """Field `attribute` of `obj`, or its item of that name; undefined for everything else, methods above all."""
        if isinstance(obj, Mapping):
            return self._item(obj, attribute)
        return getattr(obj, attribute) if _readable(obj, attribute) else self.undefined(obj=obj, name=attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        """Item of a mapping or a sequence, or a field by its name."""
        if isinstance(obj, (Mapping, Sequence)) and not (isinstance(obj, Sequence) and isinstance(argument, str)):
            return self._item(obj, argument)
        return self.getattr(obj, argument) if isinstance(argument, str) else self.undefined(obj=obj, name=argument)

    def _item(self, obj: Any, key: Any) -> Any:
        try:
            return obj[key]
        except (LookupError, TypeError):
            return self.undefined(obj=obj, name=key)

    def call(self, context: Context, obj: Any, /, *args: Any, **kwargs: Any) -> Any:
        """Call a macro or `range`; SecurityError for anything else."""
        BUDGET.get().spend(steps=1)
        if isinstance(obj, StrictUndefined):
            return str(obj)  # raises, and says what is unknown
        if not (isinstance(obj, Macro) or obj is _range):
            raise SecurityError("only macros and range can be called in a template")
        return context.call(obj, *args, **kwargs)

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """Arithmetic on numbers of a moderate size; LimitError for larger ones, SecurityError for text and lists."""
        if operator == "**" or not all(isinstance(side, (int, float)) for side in (left, right)):
            raise SecurityError(f"'{operator}' works on numbers only" if operator != "**" else "'**' is not available")
        result = super().call_binop(context, operator, left, right)
        if abs(result) > MOST_NUMBER:
            raise LimitError("a number grows beyond 1e15")
        return result


def _readable(obj: Any, name: str) -> bool:
    if name.startswith(("_", "model_")):
        return False
    if isinstance(obj, BaseModel):
        return name in type(obj).model_fields or isinstance(getattr(type(obj), name, None), property)
    if is_dataclass(obj) and not isinstance(obj, type):
        return name in obj.__dataclass_fields__ or isinstance(getattr(type(obj), name, None), property)
    return isinstance(obj, LoopContext) and name in _LOOP


@pass_context
def _finalize(_context: Context, value: Any) -> Markup:
    if value is None:
        raise TemplateRuntimeError("a value is empty here; ask 'if' before writing it")
    if not isinstance(value, (str, int, float, StrictUndefined)):
        raise TemplateRuntimeError(f"a {type(value).__name__} has no words of its own; write one of its fields")
    text = value if isinstance(value, Markup) else Markup(plain_text(value))  # noqa: S704 - plain_text has escaped it
    BUDGET.get().spend(characters=len(text))
    return text


def _range(*bounds: int) -> range:
    numbers = range(*bounds)
    if numbers and (abs(numbers[0]) > MOST_NUMBER or numbers[MOST_STEPS:]):
        raise LimitError(f"range is longer than {MOST_STEPS:,}")
    return numbers


@pass_context
def _rounds(_context: Context, items: Any, weight: int = 0) -> list[Any]:
    listed = list(islice(items, MOST_STEPS + 1))
    BUDGET.get().spend(steps=len(listed), characters=weight * len(listed))
    return listed


@pass_context
def _join(context: Context, items: Any, by: str = "") -> Markup:
    return escape(by).join(_finalize(context, item) for item in _rounds(context, items, len(by)))


def _by_context(name: str) -> Callable[..., Any]:
    @pass_context
    def run(context: Context, items: Any, *args: Any, **kwargs: Any) -> list[Any]:
        return list(FILTERS[name](context, _rounds(context, items), *args, **kwargs))

    return run


@pass_context
def _sort(context: Context, items: Any, attribute: str | None = None) -> list[Any]:
    return list(FILTERS["sort"](context.environment, _rounds(context, items), attribute=attribute))


def _cased(name: str) -> Callable[..., Any]:
    @pass_context
    def run(_context: Context, text: Any) -> Any:
        BUDGET.get().spend(characters=len(text))
        return FILTERS[name](text)

    return run


_FILTERS: dict[str, Callable[..., Any]] = {
    "rounds": _rounds,
    "list": _rounds,
    "join": _join,
    "sort": _sort,
    "map": _by_context("map"),
    "selectattr": _by_context("selectattr"),
    "rejectattr": _by_context("rejectattr"),
    "lower": _cased("lower"),
    "upper": _cased("upper"),
    "length": FILTERS["length"],
    "default": FILTERS["default"],
}
