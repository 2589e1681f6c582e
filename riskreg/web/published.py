"""The publication as this application serves it: the built pages, each with a door to the form that edits what it shows."""

from __future__ import annotations

import os
from html import escape
from pathlib import Path

from starlette.responses import HTMLResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope


class Published(StaticFiles):
    """Files of the publication; the files themselves stay as they were built."""

    def file_response(
        self, full_path: str | os.PathLike[str], stat_result: os.stat_result, scope: Scope, status_code: int = 200
    ) -> Response:
        path = Path(full_path)
        if path.suffix != ".html":
            return super().file_response(full_path, stat_result, scope, status_code)
        head, end, tail = path.read_text().rpartition("</body>")
        return HTMLResponse(f"{head}{_door(path)}{end}{tail}", status_code)


def _door(page: Path) -> str:
    is_risk = page.parent.name == "register" and page.stem != "index"
    address, words = (f"/app/risks/{page.stem}", f"Assess {page.stem}") if is_risk else ("/app/", "Register to edit")
    return f'<nav class="rr-app" aria-label="Edit"><a href="{escape(address)}">{escape(words)}</a></nav>'
