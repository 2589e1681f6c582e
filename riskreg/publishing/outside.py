"""What a built page would fetch from another host as soon as it is opened; a publication asks nobody."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from html.parser import HTMLParser
from pathlib import Path

from riskreg.model.faults import Fault, Span

_TAG = re.compile(r"""<[a-zA-Z](?:[^>"']|"[^"]*"|'[^']*')*>""")
_WORTH = re.compile(r"src|poster|background|url\(|http-equiv|<(?:link|object|image|use|base)\b", re.IGNORECASE)
_SHEET = re.compile(r"<style\b[^>]*>(.*?)</style", re.DOTALL | re.IGNORECASE)
_CALLS = re.compile(r"(?:url\(|@import)\s*[\"']?\s*([^\"')\s]+)", re.IGNORECASE)
_HOST = re.compile(r"(?:[a-z][a-z0-9+.-]*:)?[/\\]{2}", re.IGNORECASE)
_FETCHED = frozenset(("src", "srcset", "poster", "background", "data"))
_FETCHING = frozenset(("link", "image", "use", "base"))
"""Elements whose `href` is fetched, or changes what is; that of a link in the text waits for the reader."""


def requests(folder: Path) -> tuple[Fault, ...]:
    """A fault for each address outside that a page below `folder` asks for by itself, in the order of pages."""
    return tuple(
        Fault(
            code="publication-asks-outside",
            message=f"this page would fetch {address[:120]!r} from another host as soon as it is opened",
            hint="put the file into the publication or link to it in the text; the old publication still stands",
            example="[the chart](https://example.org/chart.png)",
            span=Span(path=page.relative_to(folder).as_posix()),
        )
        for page in sorted(folder.rglob("*.html"))
        for address in dict.fromkeys(_asked(page.read_text("utf-8")))
    )


def _asked(text: str) -> Iterator[str]:
    for found in _TAG.finditer(text):
        if _WORTH.search(found[0]):
            yield from _by(found[0])
    for sheet in _SHEET.finditer(text):
        yield from filter(_HOST.match, _CALLS.findall(sheet[1]))


@lru_cache(maxsize=4096)
def _by(tag: str) -> tuple[str, ...]:
    reader = _Reader()
    reader.feed(tag)
    return tuple(reader.found)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            said = (value or "").strip()
            if name in _FETCHED or (name in ("href", "xlink:href") and tag in _FETCHING):
                wanted = [part.strip() for part in said.split(",")] if name == "srcset" else [said]
            elif name == "content":
                wanted = [said.lower().partition("url=")[2].strip("'\" ")]
            else:
                wanted = _CALLS.findall(said) if "url(" in said.lower() else []
            self.found += filter(_HOST.match, wanted)
