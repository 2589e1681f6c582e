"""Python-Markdown extension of the generated tree: generated HTML and SVG pass through untouched, and tables get their class.

A generated page puts its HTML between the two marker comments. The preprocessor takes each block out before Python-Markdown
parses anything: nothing inside is read as Markdown (so a name cannot become a link), and large drawings cost no build time.
A builder without this extension sees two comments around a block of HTML and shows the same page.
"""

from __future__ import annotations

import re
from typing import Any
from xml.etree.ElementTree import Element

from markdown import Markdown
from markdown.extensions import Extension
from markdown.preprocessors import Preprocessor
from markdown.treeprocessors import Treeprocessor

START, END = "<!-- rr:html -->", "<!-- /rr:html -->"
_BLOCK = re.compile(rf"^{re.escape(START)}\n(.*?)\n{re.escape(END)}$", re.DOTALL | re.MULTILINE)


class Stash(Preprocessor):
    """Takes generated blocks out of the text and leaves a placeholder that becomes the block again at the end."""

    def run(self, lines: list[str]) -> list[str]:
        def stash(found: re.Match[str]) -> str:
            return f"\n\n{self.md.htmlStash.store(found[1])}\n\n"

        return _BLOCK.sub(stash, "\n".join(lines)).split("\n")


class Tables(Treeprocessor):
    """Tables written in Markdown look like generated ones, and their header cells say which way they head."""

    def run(self, root: Element) -> None:
        for table in root.iter("table"):
            if not table.get("class"):
                table.set("class", "rr-table")
            for cell in table.iter("th"):
                cell.set("scope", "col")


class GeneratedHtml(Extension):
    """Registers both; before `html_block` (20) and `fenced_code_block` (25), after line endings are normal (30)."""

    def extendMarkdown(self, md: Markdown) -> None:
        md.preprocessors.register(Stash(md), "rr_html", 29)
        md.treeprocessors.register(Tables(md), "rr_tables", 5)


def makeExtension(**options: Any) -> GeneratedHtml:
    """Entry point of Python-Markdown."""
    return GeneratedHtml(**options)
