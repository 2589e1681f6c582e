"""From content to the publication: the tree is written, built apart, and swapped in only when it is whole."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import yaml
from markupsafe import escape

from riskreg.model.content import Content
from riskreg.model.faults import Fault, FaultError, Span
from riskreg.publishing import about, drills, fails, functions, home, playbooks, register, rules, tree
from riskreg.publishing.audience import Redaction, visible
from riskreg.publishing.edition import Edition
from riskreg.publishing.outside import requests
from riskreg.publishing.render import Page
from riskreg.resources import shipped

_STAMP = ".riskreg-build"
_COMPLAINT = re.compile(r"(?:WARNING|ERROR) +-  +(?P<said>(?:Doc file '(?P<page>[^']+)')?.*)")
_TABS = (
    ("Now", "index"), ("Register", "register/index"), ("Playbooks", "playbooks/index"), ("If this fails", "fails/index"),
    ("Functions", "functions/index"), ("Drills", "drills/index"), ("Rules", "rules/index"), ("Guide", "guide/index"),
)  # fmt: skip
_LEAVES = (
    "/unsure.md",
    "/made-from.md",
    *(f"/{folder}/" for folder in ("register", "playbooks", "fails", "functions", "drills", "rules", "guide")),
)


class BuildFailed(FaultError):
    """The builder refused the tree, or a built page asks another host; the publication that stood before still stands."""


@dataclass(frozen=True)
class Published:
    """What one call did: pages in the tree, files written or removed there, whether it was built again, and the front page."""

    pages: int
    written: int
    built: bool
    index: Path


def publish(content: Content, tree_folder: Path, public: Path, *, progress: Callable[[float], None] | None = None) -> Published:
    """Write the Markdown tree of `content` to `tree_folder` and build it into `public`; `progress` is told the share done, 0 to 1.

    Nothing is built where nothing changed since the last build into `public`. A build that fails or is killed leaves the old
    publication as it was. Raises BuildFailed with the builder's own words or with the pages that would ask another host, OSError
    where the disk refuses. Two folders may not contain each other.
    """
    done = progress or (lambda _: None)
    tree_folder, public = tree_folder.resolve(), public.resolve()
    if tree_folder.is_relative_to(public):
        raise ValueError("the tree lies inside the publication, which is replaced as a whole")
    if public.exists() and not (public / _STAMP).is_file() and any(public.iterdir()):
        raise FileExistsError(f"{public} holds something that riskreg did not build; empty it or choose another folder")
    pages = list(all_pages(content))
    files = tree_files(content, pages, os.path.relpath(public, tree_folder))
    done(0.2)
    written = tree.write(tree_folder, files)
    done(0.3)
    identity = tree.digest(files, *(version(name) for name in ("mkdocs", "mkdocs-material", "Markdown")))
    restore(public)
    built = not _is(public, identity)
    if built:
        _build(tree_folder, public, identity, epoch=int(content.as_of.timestamp()))
    done(1.0)
    return Published(pages=len(pages), written=written, built=built, index=public / "index.html")


def all_pages(content: Content) -> Iterator[Page]:
    """Every generated page that this audience may see, with the last look for what it may not."""
    edition, redact = Edition(visible(content)), Redaction(content)
    for family in (home, register, playbooks, fails, functions, drills, rules, about):
        for made in family.pages(edition):
            yield replace(made, text=redact(made.text))


def tree_files(content: Content, pages: Iterable[Page], site_dir: str) -> dict[str, bytes]:
    """The whole tree by path: pages, the hand-written guide, assets, theme and `mkdocs.yml`. It builds wherever it is put."""
    site = shipped("site")
    files = {f"theme/{name}": data for name, data in tree.read(site / "theme").items()}
    files |= {f"docs/assets/{name}": data for name, data in tree.read(site / "assets").items()}
    files |= {f"docs/guide/{name}": data for name, data in tree.read(site / "guide").items()}
    for page in pages:
        name = f"docs/{page.path}.md"
        if name in files:
            raise ValueError(f"two pages want the address {page.path}.html")
        files[name] = page.source.encode()
    redact = Redaction(content)
    files["mkdocs.yml"] = redact.known(
        yaml.safe_dump(_config(content, site_dir), sort_keys=False, allow_unicode=True, width=120)
    ).encode()
    return files


def _config(content: Content, site_dir: str) -> dict[str, Any]:
    settings = content.workspace.settings
    edition = Edition(visible(content))
    footer = settings.publishing.footer
    if settings.fictional and "fictional" not in footer.lower():
        footer = f"{footer} Fictional company, fictional data.".strip()

    def palette(scheme: str, other: str, icon: str) -> dict[str, Any]:
        media = "light" if scheme == "default" else "dark"
        return {
            "media": f"(prefers-color-scheme: {media})",
            "scheme": scheme,
            "primary": "custom",
            "accent": "custom",
            "toggle": {"icon": icon, "name": f"Switch to {other}"},
        }

    return {
        # The theme prints the name without escaping it.
        "site_name": str(escape(settings.title)),
        "docs_dir": "docs",
        "site_dir": site_dir,
        "use_directory_urls": False,
        "theme": {
            "name": "material", "custom_dir": "theme", "font": False, "language": "en", "favicon": "assets/favicon.svg",
            "icon": {"logo": "material/shield-outline"}, "features": ["navigation.tabs", "toc.follow"],
            "palette": [
                palette("default", "dark", "material/weather-night"),
                palette("slate", "light", "material/white-balance-sunny"),
            ],
        },
        "extra_css": ["assets/riskreg.css"],
        "extra_javascript": ["assets/riskreg.js"],
        "extra": {
            "generator": False, "polyfills": ["assets/iframe-worker.js"],
            "riskreg": about.stamp(edition) | {"foot": footer},
        },
        "plugins": ["search", "offline"],
        "markdown_extensions": [
            "abbr", "admonition", "attr_list", "def_list", "footnotes", "md_in_html", "tables",
            {"toc": {"permalink": False, "toc_depth": "2-2", "title": "On this page"}},
            "pymdownx.details", "pymdownx.superfences", "riskreg.publishing.svg_markdown",
        ],
        "nav": [{name: f"{path}.md"} for name, path in _TABS],
        "not_in_nav": "\n".join(_LEAVES),
        "validation": {"nav": {"omitted_files": "warn", "not_found": "warn"}, "links": {"not_found": "warn", "anchors": "info"}},
    }  # fmt: skip


def restore(public: Path) -> None:
    """Put the old publication back where a process was killed between taking it away and putting the new one in its place."""
    old = _aside(public, "old")
    if old.is_dir() and not public.exists():
        old.rename(public)
    for name in ("old", "new"):
        shutil.rmtree(_aside(public, name), ignore_errors=True)


def _aside(public: Path, name: str) -> Path:
    return public.with_name(f".{public.name}.{name}")


def _is(public: Path, identity: str) -> bool:
    stamp = public / _STAMP
    return stamp.is_file() and (public / "index.html").is_file() and stamp.read_text("utf-8") == identity


def _build(tree_folder: Path, public: Path, identity: str, *, epoch: int) -> None:
    new, old = _aside(public, "new"), _aside(public, "old")
    public.parent.mkdir(parents=True, exist_ok=True)
    environment = os.environ | {
        "SOURCE_DATE_EPOCH": str(epoch),
        "NO_MKDOCS_2_WARNING": "1",
        "PYTHONWARNINGS": "",
        "PYTHONHASHSEED": "0",
    }
    command = [
        sys.executable,
        "-m",
        "mkdocs",
        "build",
        "--strict",
        "--config-file",
        "mkdocs.yml",
        "--site-dir",
        str(new),
    ]
    done = subprocess.run(command, cwd=tree_folder, env=environment, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        shutil.rmtree(new, ignore_errors=True)
        raise BuildFailed(_told(done.stderr or done.stdout, tree_folder.name))
    if asked := requests(new):
        shutil.rmtree(new, ignore_errors=True)
        raise BuildFailed(asked)
    (new / _STAMP).write_text(identity, "utf-8")
    if public.exists():
        public.rename(old)
    try:
        new.rename(public)
    except OSError:
        restore(public)
        raise
    shutil.rmtree(old, ignore_errors=True)


def _told(output: str, tree_name: str) -> list[Fault]:
    """One fault for each warning or error of the builder, or its last words where it named none."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    named = [found for line in lines if (found := _COMPLAINT.match(line))]
    if not named:
        said = "; ".join(lines[-3:]) or "the builder ended without a word"
        return [Fault(code="publication-failed", message=said, span=Span(path=tree_name))]
    return [
        Fault(
            code="publication-refused",
            message=found["said"],
            hint="mend the template or the name that this page was made from, and run again; the old publication still stands",
            span=Span(path=f"{tree_name}/docs/{found['page']}" if found["page"] else tree_name),
        )
        for found in named
    ]
