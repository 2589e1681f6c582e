"""A public edition made by the main job: markers stand in everything that it must not say, and every file of it is searched."""

from __future__ import annotations

import json
import re
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml
from walked import ROOT, Walked

from riskreg.pipeline import Report, run

NOW = datetime(2026, 11, 21, 6, tzinfo=UTC)
SECRETS = ("MARKREASON", "MARKWHERE", "MARKHOLDER", "MARKDEPUTY", "markmail", "MARKHOURS", "960999", "zulu")


def _guarded(folder: Path) -> None:
    """Gives every rule that ships an exception whose texts are markers."""
    (folder / "rules").mkdir(exist_ok=True)
    for file in sorted((ROOT / "rules").glob("*.yaml")):
        rule = yaml.safe_load(file.read_text("utf-8"))
        if not file.name.endswith(".test.yaml"):
            where = {rule["join"][0]: {"in": ["MARKWHERE"]}}
            left = {"where": where, "until": "2027-06-30", "reason": "MARKREASON", "approved_by": "zulu-approver"}
            rule["exceptions"] = [left]
        (folder / "rules" / file.name).write_text(yaml.safe_dump(rule, sort_keys=False, allow_unicode=True))
    role = {"id": "zulu-approver", "title": "Approver", "holder": "MARKHOLDER", "phone": "+44 1632 960999"}
    role |= {"deputy": "MARKDEPUTY", "email": "markmail@meridian.example", "hours": "MARKHOURS", "audience": "internal"}
    (folder / "people" / "approver.yaml").write_text(yaml.safe_dump({"roles": [role]}))


def _walked(meridian: Walked, root: Path, audience: str) -> tuple[Path, Report]:
    meridian.copy(root)
    shutil.rmtree(root / "public")
    settings = root / "riskreg.yaml"
    settings.write_text(settings.read_text("utf-8").replace("audience: internal", f"audience: {audience}"))
    _guarded(root)
    return root, run(root, now=NOW)


@pytest.fixture(scope="module")
def public(meridian: Walked, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Report]:
    return _walked(meridian, tmp_path_factory.mktemp("public") / "meridian", "public")


def _texts(folder: Path) -> dict[str, str]:
    return {
        file.relative_to(folder).as_posix(): file.read_bytes().decode("utf-8", "replace").replace("\u00a0", " ")
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }


def test_no_file_of_a_public_edition_says_what_exceptions_leave_out(public: tuple[Path, Report]) -> None:
    root, report = public
    leaves = [step for finding in report.content.findings for step in finding.reason.below if step.kind == "left-out"]
    assert len(leaves) > 5, "the run itself knows them, so that the pages could say them"
    texts = _texts(root / "public")
    assert "search/search_index.json" in texts
    assert any(name.startswith("playbooks/retention-surge--") for name in texts), sorted(texts)[:50]
    found = {(secret, name) for name, text in texts.items() for secret in (*SECRETS, "left out until") if secret in text}
    assert not found
    pages = json.loads(texts["search/search_index.json"])["docs"]
    assert any("Why the rule fired" in re.sub(r"\s+", " ", page["text"]) for page in pages), "reasons are still told"


def test_an_internal_page_says_them(public: tuple[Path, Report]) -> None:
    from riskreg.model.playbook import Situation
    from riskreg.playbooks import render

    _, report = public
    workspace = report.content.workspace
    inside = workspace.settings.model_copy(
        update={"publishing": workspace.settings.publishing.model_copy(update={"audience": "internal"})}
    )
    finding = next(one for one in report.content.findings if one.rule == "attrition-spike")
    template = next(one for one in workspace.playbooks if one.id == "retention-surge")
    situation = Situation(id="here", playbook=template.id, scope=finding.scope, findings=(finding,), as_of=report.content.as_of)
    told = {
        settings.publishing.audience: render(
            template, situation, network=workspace.network, roles=workspace.roles, settings=settings
        ).model_dump_json()
        for settings in (inside, workspace.settings)
    }
    assert "MARKREASON" in told["internal"]
    assert "MARKREASON" not in told["public"]
