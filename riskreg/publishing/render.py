"""Templates become pages. A page template is plain HTML; its headings become Markdown, so that search and contents see them."""

from __future__ import annotations

import html
import json
import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from riskreg.model.times import say_duration, say_positions
from riskreg.model.words import plain_text
from riskreg.publishing import words
from riskreg.publishing.svg_markdown import END, START

TEMPLATES = Path(__file__).parent / "templates"
IN_AN_EMERGENCY = 8
"""Weight in search of what is wanted when something is down."""
_HEADING = re.compile(r'<h([1-4])(?: id="([a-z0-9-]+)")?>(.*?)</h\1>')


@dataclass(frozen=True)
class Page:
    """One page of the tree: `path` without its ending, `text` is Markdown whose generated parts stand between markers."""

    path: str
    text: str
    wide: bool = False
    """No contents list beside it."""
    kind: str = ""
    """Class of the page body, for print."""
    weight: int = 1
    """How far up search puts it; 0 keeps it out."""

    @property
    def source(self) -> str:
        """The file as written: head and text."""
        hide = ["navigation", "toc"] if self.wide else ["navigation"]
        head = [f"hide: {json.dumps(hide)}", f"kind: {json.dumps(self.kind)}"]
        if self.weight != 1:
            head.append(f"search: {json.dumps({'boost': self.weight} if self.weight else {'exclude': True})}")
        return "\n".join(["---", *head, "---", self.text.strip(), ""])


def relative(here: str, there: str, anchor: str = "") -> str:
    """Address of page `there` as seen from page `here`; the publication works from any folder, a disk included."""
    target = posixpath.relpath(f"{there}.html", posixpath.dirname(here) or ".")
    return f"{target}#{anchor}" if anchor else target


@cache
def environment() -> Environment:
    """The Jinja environment of the fragments: autoescape on, undefined names are errors. The browser application uses it too."""
    env = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    env.filters |= {
        "duration": say_duration, "positions": say_positions, "day": words.day, "percent": words.percent,
        "counted": words.counted, "count_of": words.count, "dialled": words.dialled, "plural": words.plural, "cap": words.capital,
        "listed": words.listed, "spaced": words.spaced, "num": words.number, "preserved": preserved,
    }  # fmt: skip
    return env


def preserved(text: str) -> Markup:
    """Escaped text whose line breaks survive inside a generated block, where blank lines are dropped."""
    return Markup("&#10;").join(escape(line) for line in text.rstrip().splitlines())


def heading(level: int, text: str, anchor: str = "") -> str:
    """A Markdown heading whose text cannot be read as anything but text: every sign becomes a character reference."""
    return f"{'#' * level} {plain_text(text)}{f' {{#{anchor}}}' if anchor else ''}"


def from_html(page: str) -> str:
    """Headings become Markdown; all between them is passed through untouched. Data is escaped, so every heading is a template's."""
    parts: list[str] = []
    at = 0
    for found in _HEADING.finditer(page):
        parts += [_block(page[at : found.start()]), heading(int(found[1]), html.unescape(found[3]), found[2] or "")]
        at = found.end()
    return "\n\n".join(part for part in [*parts, _block(page[at:])] if part)


def _block(page: str) -> str:
    lines = [line for line in page.splitlines() if line.strip()]
    return "\n".join([START, *lines, END]) if lines else ""


def page(path: str, template: str, values: Mapping[str, Any], *, wide: bool = False, kind: str = "", weight: int = 1) -> Page:
    """Render `template` for the page at `path`; inside, `to('register/index')` is an address as seen from there."""
    text = environment().get_template(template).render(to=partial(relative, path), **values)
    return Page(path, from_html(text), wide=wide, kind=kind, weight=weight)


def fragment(here: str, template: str, values: Mapping[str, Any]) -> str:
    """A generated block for a page that is otherwise Markdown."""
    return from_html(environment().get_template(template).render(to=partial(relative, here), **values))
