"""Templates checked and rendered: every mistake in one ends as a fault with the line of the template's own file."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Template, TemplateSyntaxError, nodes
from jinja2.exceptions import SecurityError, UndefinedError
from jinja2.runtime import Macro

from riskreg.model.faults import Fault, FaultError, Span, in_order
from riskreg.model.metric import Metric
from riskreg.model.network import Network
from riskreg.model.playbook import PlaybookTemplate, RenderedPlaybook, Situation
from riskreg.model.role import Role
from riskreg.model.settings import Settings
from riskreg.playbooks.context import NAMES, build
from riskreg.playbooks.filters import FILTERS
from riskreg.playbooks.markup import UNKNOWN, lines_with, problems
from riskreg.playbooks.sandbox import BUDGET, FORBIDDEN, Budget, LimitError, Sandbox, growing, static_text

MOST_BODY = 64_000
"""Characters of a template's body; the longest shipped one has a tenth of that."""
_FRAGMENTS = Path(__file__).parent / "fragments"


def check(template: PlaybookTemplate, *, pages: Collection[str] | None = None) -> tuple[Fault, ...]:
    """Every fault of a template that can be seen without a situation, in the order of its lines.

    Syntax, names, filters and tests that do not exist, what the sandbox forbids, HTML and addresses that may not stand on a
    page, links that lead to none of `pages` (None: not looked at); where none of these, the general form is rendered on an
    empty network, which finds unknown fields and templates that never end.
    """
    if len(template.body) > MOST_BODY:
        message = f"the template has {len(template.body):,} characters; at most {MOST_BODY:,} are read"
        return (_fault(template, 1, "template-too-large", message, "Move long texts to a page of their own and link to it."),)
    try:
        tree = _sandbox().parse(template.body)
        faults = in_order([*_static(template, tree), *_live(template, static_text(_sandbox(), template.body, UNKNOWN), pages)])
    except TemplateSyntaxError as error:
        return (_fault(template, error.lineno, "template-syntax", error.message or "this cannot be read", _SYNTAX),)
    except RecursionError:
        return (_fault(template, 1, "template-syntax", "the template is nested too deeply to be read", _SYNTAX),)
    if not faults:
        try:
            company = Settings(title="The company", client="client")
            general(template, network=Network(), roles=(), settings=company, pages=pages)
        except FaultError as error:
            return error.faults
    return faults


def render(
    template: PlaybookTemplate,
    situation: Situation,
    *,
    network: Network,
    roles: Sequence[Role],
    settings: Settings,
    metrics: Sequence[Metric] = (),
    pages: Collection[str] | None = None,
) -> RenderedPlaybook:
    """The playbook for one situation, as Markdown that begins under the title (its headings are of level 2).

    `metrics` give the units of the readings behind a finding, `pages` the addresses that a link may lead to (None: any).
    FaultError for a template that fails, and where data makes of its text what may not stand on a page; the fault names the line.
    """
    ident = f"{template.id}--{situation.scope.replace(':', '-')}"
    names = build(template, situation, network=network, roles=roles, settings=settings, metrics=metrics, as_of=situation.as_of)
    return _rendered(template, names, ident, situation.scope, pages)


def general(
    template: PlaybookTemplate,
    *,
    network: Network,
    roles: Sequence[Role],
    settings: Settings,
    as_of: datetime | None = None,
    pages: Collection[str] | None = None,
) -> RenderedPlaybook:
    """The general form for the library: no situation, no plan; the id is the bare playbook id. FaultError as in `render`.

    Without `as_of` nothing has expired, and whoever has a last day counts as gone.
    """
    names = build(template, None, network=network, roles=roles, settings=settings, as_of=as_of)
    return _rendered(template, names, template.id, "", pages)


def _rendered(
    template: PlaybookTemplate, names: dict[str, Any], ident: str, scope: str, pages: Collection[str] | None
) -> RenderedPlaybook:
    plan, people = names["plan"], names["roles"]
    text = _text(template, names)
    if faults := in_order(_live(template, text, pages)):
        raise FaultError(faults)
    return RenderedPlaybook(
        id=ident,
        playbook=template.id,
        version=template.version,
        title=names["title"],
        scope=scope,
        text=text,
        valid_until=template.valid_until,
        owner=template.owner,
        facts={
            "expired": names["expired"],
            "findings": [reason.finding.id for reason in names["findings"]],
            "general": names["general"],
            "headline": plan.headline if plan else "",
            "kind": template.kind,
            "not_covered": len(plan.gaps) if plan else 0,
            "plan": plan.id if plan else "",
            "summary": template.summary,
            "unnamed_roles": sorted(people.unnamed),
        },
    )


def _text(template: PlaybookTemplate, names: dict[str, Any]) -> str:
    token = BUDGET.set(Budget())
    compiled: Template | None = None
    try:
        parts: dict[str, Any] = {}
        for fragment in _fragments():
            module = vars(fragment.make_module({**names, "part": parts}))
            parts |= {name: macro for name, macro in module.items() if isinstance(macro, Macro)}
        compiled = _compiled(template.body)
        context = compiled.new_context({**names, "part": parts})
        text = "".join(compiled.root_render_func(context))
    except Exception as error:  # a template can raise whatever an expression can; all of it is the template's fault
        raise FaultError([_failure(template, compiled, error)]) from error
    finally:
        BUDGET.reset(token)
    return re.sub(r"\n{3,}", "\n\n", re.sub(r"[ \t]+\n", "\n", text)).strip() + "\n"


@cache
def _sandbox() -> Sandbox:
    return Sandbox(FILTERS)


@cache
def _fragments() -> tuple[Template, ...]:
    return tuple(_compiled(path.read_text("utf-8")) for path in sorted(_FRAGMENTS.glob("*.md.j2")))


@lru_cache(maxsize=64)
def _compiled(body: str) -> Template:
    if len(body) > MOST_BODY:
        raise LimitError(f"the template has {len(body):,} characters; at most {MOST_BODY:,} are read")
    return _sandbox().from_string(body)


def _static(template: PlaybookTemplate, tree: nodes.Template) -> Iterator[Fault]:
    sandbox = _sandbox()
    for kind, word in FORBIDDEN.items():
        for node in tree.find_all(kind):
            hint = "Write the values one after another." if word == "~" else "Use the macros of `part`; other files are not read."
            yield _fault(template, node.lineno, "template-unsafe", f"'{word}' is not available in a playbook", hint)
    for what, node_kind, known in (("filter", nodes.Filter, sandbox.filters), ("test", nodes.Test, sandbox.tests)):
        for node in tree.find_all(node_kind):
            if node.name not in known:
                yield _unknown(template, node.lineno, what, node.name, known)
    names = list(tree.find_all(nodes.Name))
    own = {node.name for node in names if node.ctx != "load"} | {macro.name for macro in tree.find_all(nodes.Macro)}
    for node in names:
        if node.ctx == "load" and node.name not in own | NAMES | {"loop", "caller"}:
            yield _unknown(template, node.lineno, "name", node.name, NAMES | own)

    for node in growing(tree, NAMES):
        hint = "Loop over one list after the other, or write the values where they are needed."
        message = "a list may not hold names that the template has set: lists in lists grow without end"
        yield _fault(template, node.lineno, "template-unsafe", message, hint)


def _live(template: PlaybookTemplate, text: str, pages: Collection[str] | None) -> Iterator[Fault]:
    for problem in problems(text, pages):
        for line in lines_with(template.body, problem.needle):
            yield _fault(template, line, problem.code, problem.message, problem.hint, problem.example)


def _unknown(template: PlaybookTemplate, line: int, what: str, name: str, known: Iterable[str]) -> Fault:
    near = difflib.get_close_matches(name, sorted(known), n=1)
    hint = f"Did you mean '{near[0]}'?" if near else f"Known: {', '.join(sorted(known))}."
    return _fault(template, line, f"template-{what}", f"there is no {what} '{name}'", hint)


def _failure(template: PlaybookTemplate, compiled: Template | None, error: Exception) -> Fault:
    if isinstance(error, TemplateSyntaxError):
        return _fault(template, error.lineno, "template-syntax", error.message or "this cannot be read", _SYNTAX)
    line = 1
    trace = error.__traceback__
    while trace is not None:
        running = trace.tb_frame.f_globals.get("__jinja_template__")
        if isinstance(running, Template) and running is compiled:
            line = running.get_corresponding_lineno(trace.tb_lineno)
        trace = trace.tb_next
    if isinstance(error, (LimitError, RecursionError, OverflowError, MemoryError)):
        message = "the template calls itself without end" if isinstance(error, RecursionError) else str(error)
        return _fault(
            template, line, "template-limit", message, "A playbook writes at most one page: loop over the plan, not over numbers."
        )
    if isinstance(error, SecurityError):
        return _fault(
            template, line, "template-unsafe", str(error), "A template reads fields and uses filters; it calls only `part` macros."
        )
    if isinstance(error, UndefinedError):
        return _fault(
            template, line, "template-field", error.message or "a field is unknown", "Ask 'if … is defined', or correct it."
        )
    return _fault(template, line, "template-fails", f"{type(error).__name__}: {error}", "Correct the expression on this line.")


_SYNTAX = "A block needs its end: {% if … %} … {% endif %}, {% for … %} … {% endfor %}."


_EXAMPLE = "{{ scope.name }}, {{ roles['routing-desk']|who }}, {{ part.sections() }}"


def _fault(template: PlaybookTemplate, line: int, code: str, message: str, hint: str, example: str = _EXAMPLE) -> Fault:
    # the span's line is the one above the body
    at = Span(path=template.span.path, line=template.span.line + line, col=1)
    return Fault(code=code, message=message, hint=hint, example=example, span=at)
