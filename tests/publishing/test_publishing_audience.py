"""What a public edition never says, and names that try to be markup."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from publishing_fixture import ACTOR, SECRET_NAME, SECRET_PHONE, SECRET_REASON, content, network, risks, roles

from riskreg.publishing import publish
from riskreg.publishing.audience import Redaction, visible
from riskreg.publishing.build import all_pages

HOSTILE = "<script>alert(1)</script> | `x` {{ 7*7 }} [l](javascript:alert(1)) </title><img src=x onerror=alert(1)> # *b* _u_"


def everything(folder: Path) -> str:
    # The theme's own scripts are not ours to read; all that is made from content is here, the search index included.
    kinds = (".html", ".json", ".js", ".xml", ".css", ".yml", ".md")
    return "\n".join(
        path.read_text("utf-8") for path in sorted(folder.rglob("*")) if path.suffix in kinds and "javascripts" not in path.parts
    )


def test_a_public_edition_has_no_phone_no_person_and_no_reason(tmp_path: Path) -> None:
    made = publish(content(audience="public"), tmp_path / "tree", tmp_path / "public")
    text = everything(tmp_path)
    hidden = [SECRET_PHONE, SECRET_NAME, SECRET_REASON, ACTOR, "Jonas Webber", "Amara Okafield", "tel:", "Found in an audit"]
    phones = [role.phone for role in roles()] + [role.deputy_phone for role in roles() if role.deputy_phone]
    for secret in [*hidden, *phones, *(re.sub(r"[^\d+]", "", phone) for phone in phones)]:
        assert secret not in text, secret
        assert secret.replace(" ", "\u00a0") not in text, secret
    assert "Helen Birtwistle-Ramage" not in text or "public" in str(roles())
    assert not (made.index.parent / "drills/drill-ceb-facilitator.html").exists()
    assert (made.index.parent / "drills/drill-ceb-player.html").exists()
    assert "Vendor manager" in text


def test_an_internal_edition_keeps_them(public: Path) -> None:
    text = everything(public)
    assert SECRET_NAME in text
    assert SECRET_PHONE in text
    assert (public / "drills/drill-ceb-facilitator.html").exists()
    assert Redaction(content())("Priya " + SECRET_PHONE) == "Priya " + SECRET_PHONE


NUMBERS = (
    "+44 7700 900123", "+447700900123", "0044 7700 900123", "020 7946 0958", "(020) 7946-0958", "07700900123", "415-555-0132",
    "(415) 555-0132", "&#43;44\u00a07700\u00a0900123", "tel:+447700900123", "ana.torres@mail.example", "a.b&#64;mail.example",
)  # fmt: skip
HARMLESS = (
    "2026-11-21T06:00:00+00:00", "21 Nov 2026", "1,204.5 positions", "+8 positions", "R-001", "08:00 to 16:30", "ORD-EN@MNL",
    '<path d="M480 792C520 792 520 1192 560 1192"', "0123456789abcdef01234567",
)  # fmt: skip


def test_whatever_looks_like_a_number_or_an_address_is_withheld_from_the_public() -> None:
    public, internal = Redaction(content(audience="public")), Redaction(content())
    for text in NUMBERS:
        assert re.fullmatch(r"call (tel:)?\(not in this edition\) now", public(f"call {text} now")), text
        assert internal(f"call {text} now") == f"call {text} now"
    for text in HARMLESS:
        assert public(f"x {text} y") == f"x {text} y"


def test_a_typed_title_is_not_in_a_public_edition() -> None:
    typed = "Ring Bob Smythe on +44 7700 900123"
    whole = content(audience="public", risks=tuple(risk.model_copy(update={"title": typed}) for risk in risks()))
    raised = {event.risk for event in whole.history if event.kind == "risk.raised"}
    shown = {risk.id: risk.title for risk in visible(whole).risks}
    assert {ident for ident, title in shown.items() if title == typed} == raised & shown.keys()
    assert shown["R-005"] == "Cost creep: Altura Contact"
    assert shown["R-006"] == "Cost creep: the client"
    history = whole.history[0].model_copy(
        update={"kind": "risk.added", "risk": "R-005", "body": {"title": typed, "category": "cost-creep"}}
    )
    (event,) = visible(whole.model_copy(update={"history": (history,)})).history
    assert event.body == {"title": shown["R-005"], "category": "cost-creep"}
    assert "900123" not in "".join(page.source for page in all_pages(whole))


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hostile")
    net = network()
    net = net.model_copy(
        update={
            "sites": tuple(site.model_copy(update={"name": HOSTILE}) for site in net.sites),
            "functions": tuple(item.model_copy(update={"name": HOSTILE}) for item in net.functions),
            "systems": tuple(item.model_copy(update={"name": HOSTILE}) for item in net.systems),
            "vendors": tuple(item.model_copy(update={"name": HOSTILE}) for item in net.vendors),
        }
    )
    base = content(title=HOSTILE)
    named = tuple(risk.model_copy(update={"title": HOSTILE, "note": HOSTILE}) for risk in risks())
    people = tuple(role.model_copy(update={"holder": HOSTILE, "title": HOSTILE}) for role in roles())
    workspace = base.workspace.model_copy(update={"network": net, "roles": people})
    publish(base.model_copy(update={"workspace": workspace, "risks": named}), folder / "tree", folder / "public")
    return folder / "public"


def test_hostile_names_are_only_text(hostile: Path) -> None:
    for path in sorted(hostile.rglob("*.html")):
        text = path.read_text("utf-8")
        assert "<script>alert" not in text, path
        assert "onerror=alert(1)>" not in text.replace("onerror=alert(1)&gt;", ""), path
        assert 'href="javascript:' not in text.replace('href="javascript:void(0)"', ""), path
        assert "<code>x</code>" not in text, path
        assert text.count("<title>") == text.count("</title>") or "<svg" in text, path
    page = (hostile / "register/R-001.html").read_text("utf-8")
    heading = re.search(r"<h1[^>]*>(.*?)</h1>", page, re.DOTALL)
    assert heading
    assert "{{ 7*7 }}" in heading[1].replace("&#123;", "{").replace("&#125;", "}").replace("&#42;", "*")
    assert "&lt;script&gt;" in heading[1].replace("&#60;", "&lt;").replace("&#62;", "&gt;")
