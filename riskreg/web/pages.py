"""Templates of the application: the publication's own fragments inside a page without scripts."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import ChoiceLoader, Environment, FileSystemLoader
from starlette.requests import Request
from starlette.responses import HTMLResponse

from riskreg.publishing.render import environment
from riskreg.resources import shipped


@cache
def _environment() -> Environment:
    shared = environment()
    own = FileSystemLoader(Path(__file__).parent / "templates")
    return shared.overlay(loader=ChoiceLoader([own, shared.loader]) if shared.loader else own)


@cache
def stylesheet() -> str:
    """The publication's style with the application's own after it; dark follows the reader's system, as there is no script."""
    assets = shipped("site") / "assets"
    shared = (assets / "riskreg.css").read_text()
    dark = shared.partition('[data-md-color-scheme="slate"] {')[2].partition("}")[0]
    follow = f'@media (prefers-color-scheme: dark) {{ [data-md-color-scheme="default"] {{ {dark} }} }}'
    return "\n".join((shared, follow, (Path(__file__).parent / "app.css").read_text()))


def page(request: Request, template: str, *, status: int = 200, **values: Any) -> HTMLResponse:
    """An answer of the application, with the session's token for its forms."""
    text = _environment().get_template(template).render(csrf=request.state.csrf, **values)
    return HTMLResponse(text, status_code=status)
