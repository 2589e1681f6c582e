"""Playbooks: a template, and what it becomes for one situation."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, Field

from riskreg.model.base import Frozen, Id, Line, Prose, Text, Whole
from riskreg.model.faults import Span
from riskreg.model.finding import Finding
from riskreg.model.plan import FailoverPlan
from riskreg.model.rule import Category


class PlaybookTemplate(Frozen):
    """Head (YAML between `---` lines) and body (Jinja2 over Markdown) of one `playbooks/*.md.j2`."""

    id: Id
    version: Annotated[Whole, Field(ge=1)]
    title: Text
    title_for: Line = ""
    """Title of the page for one situation, where `{name}` is what it is about; empty: the title, a colon and the name."""
    category: Category
    owner: Id
    summary: Prose
    valid_until: date | None = None
    duration: Line = ""
    kind: Literal["mitigation", "continuity"] = "mitigation"
    body: str
    span: Span


class Situation(Frozen):
    """What a playbook is rendered for: the findings that called for it, and the plan where something is lost."""

    id: str
    playbook: str
    scope: str
    findings: tuple[Finding, ...] = ()
    plan: FailoverPlan | None = None
    as_of: AwareDatetime


class RenderedPlaybook(Frozen):
    """A generated continuity playbook: Markdown that people read."""

    id: str
    """Address of its page: `playbook-id--scope`, or the bare id for the general form."""
    playbook: str
    version: int
    title: str
    scope: str
    text: str
    valid_until: date | None = None
    owner: str
    facts: dict[str, Any] = {}
