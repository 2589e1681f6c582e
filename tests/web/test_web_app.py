"""The form with which an owner re-assesses a risk: what is saved, what is refused, and that nothing is lost."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient
from walked import Walked

from riskreg.pipeline import open_register, open_workspace
from riskreg.web import create_app

SITE = "http://localhost:8765"
WORDS = "two classes graduate before Christmas"


@pytest.fixture
def root(meridian: Walked, tmp_path: Path) -> Path:
    return meridian.copy(tmp_path / "copy")


@pytest.fixture
def client(root: Path) -> Iterator[TestClient]:
    with TestClient(create_app(root), base_url="http://127.0.0.1:8765", follow_redirects=True) as client:
        yield client


def form(client: TestClient, ident: str = "R-001") -> dict[str, str]:
    """What a browser would send from the form as it stands, with an assessment filled in."""
    page = client.get(f"/app/risks/{ident}").text
    hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page))
    actor = re.search(r'<option value="([^"]+)">', page)
    assert actor is not None
    return hidden | {"likelihood": "2", "impact": "4", "reason": WORDS, "actor": actor[1]}


def journal(root: Path, ident: str = "R-001") -> list[str]:
    workspace, _ = open_workspace(root, readings=False)
    with open_register(root, workspace) as register:
        return [event.kind for event in register.events(ident)]


def test_the_site_and_the_register_are_served(client: TestClient) -> None:
    assert "Is something down now?" in client.get(f"{SITE}/").text
    assert "R-001" in client.get("/app/").text


def test_each_served_page_has_a_door_to_the_form_and_the_built_page_has_none(client: TestClient, root: Path) -> None:
    assert 'href="/app/risks/R-001">Assess R-001</a>' in client.get(f"{SITE}/register/R-001.html").text
    assert 'href="/app/">Register to edit</a>' in client.get(f"{SITE}/register/index.html").text
    assert "/app/" not in (root / "public" / "register" / "R-001.html").read_text()


def test_people_are_shown_by_their_own_role(client: TestClient, root: Path) -> None:
    page = client.get("/app/").text
    workspace, _ = open_workspace(root, readings=False)
    for role in workspace.roles:
        if role.left_on is None and role.holder not in {other.holder for other in workspace.roles if other is not role}:
            assert f"{role.holder}, {role.title.lower()}</option>" in page


def test_mine_come_first(client: TestClient) -> None:
    page = client.get("/app/").text
    people = re.findall(r'<option value="([^"]+)">', page)
    mine = [person for person in people if "Yours," in client.get("/app/", params={"who": person}).text]
    assert mine, "somebody owns a risk"


def test_an_assessment_is_checked_then_saved_with_its_author(client: TestClient, root: Path) -> None:
    sent = form(client)
    checked = client.post("/app/risks/R-001/check", data=sent)
    assert "Check what will change" in checked.text and WORDS in checked.text
    assert "risk.assessed" not in journal(root), "checking writes nothing"
    saved = client.post("/app/risks/R-001", data=sent)
    assert saved.status_code == 200 and "Saved" in saved.text and WORDS in saved.text
    workspace, _ = open_workspace(root, readings=False)
    with open_register(root, workspace) as register:
        event = register.events("R-001")[-1]
        assert (event.kind, event.actor, event.body["reason"]) == ("risk.assessed", sent["actor"], WORDS)
        assert register.verify() == ()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"likelihood": ""}, "Choose how likely"),
        ({"impact": "6"}, "Choose how bad"),
        ({"reason": "  "}, "Say why"),
        ({"reason": "x" * 2001}, "at most 2000"),
        ({"actor": "Mallory"}, "Choose who you are"),
        ({"based_on": "x"}, "Open the risk again"),
    ],
)
def test_what_is_wrong_is_said_beside_the_field_and_nothing_is_lost(
    client: TestClient, root: Path, change: dict[str, str], said: str
) -> None:
    sent = form(client) | {"reason": WORDS} | change
    for address in ("/app/risks/R-001/check", "/app/risks/R-001"):
        answer = client.post(address, data=sent)
        assert answer.status_code == 422
        assert "There is a problem" in answer.text and said in answer.text and "<title>Error:" in answer.text
        assert sent["reason"].strip() in answer.text
    assert "risk.assessed" not in journal(root)


def test_somebody_was_quicker(client: TestClient, root: Path) -> None:
    sent = form(client)
    workspace, _ = open_workspace(root, readings=False)
    with open_register(root, workspace) as register:
        risk = register.risk("R-001")
        assert risk.score is not None
        register.note("R-001", "rang the vendor", "Somebody Else", risk.changed, risk.version)
    answer = client.post("/app/risks/R-001", data=sent)
    assert answer.status_code == 409
    assert "Somebody Else" in answer.text and WORDS in answer.text, "theirs is named, yours is kept"
    assert "risk.assessed" not in journal(root)
    again = sent | dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', answer.text))
    assert "Saved" in client.post("/app/risks/R-001", data=again).text


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "10.0.0.7:8765", ""])
def test_other_hosts_are_refused(client: TestClient, host: str) -> None:
    assert client.get("/app/", headers={"host": host}).status_code == 403


def test_forms_from_elsewhere_are_refused(client: TestClient, root: Path) -> None:
    sent = form(client)
    assert client.post("/app/risks/R-001", data=sent, headers={"origin": "http://evil.example"}).status_code == 403
    assert client.post("/app/risks/R-001", data=sent, headers={"origin": "null"}).status_code == 403
    assert client.post("/app/risks/R-001", data=sent | {"csrf": "0" * 64}).status_code == 403
    assert client.post("/app/risks/R-001", data=sent | {"reason": "x" * 70_000}).status_code == 403
    client.cookies.clear()
    assert client.post("/app/risks/R-001", data=sent).status_code == 403, "a token belongs to its session"
    assert "risk.assessed" not in journal(root)


def test_answers_are_armoured(client: TestClient) -> None:
    app, site = client.get("/app/"), client.get(f"{SITE}/")
    assert (
        "script-src" not in app.headers["content-security-policy"]
        and "default-src 'none'" in app.headers["content-security-policy"]
    )
    assert "default-src 'self'" in site.headers["content-security-policy"]
    assert app.headers["cache-control"] == "no-store"
    assert "form-action 'none'" in site.headers["content-security-policy"]
    client.cookies.clear()
    cookie = client.get("/app/").headers["set-cookie"].lower()
    assert "httponly" in cookie and "samesite=lax" in cookie and "path=/app" in cookie


def test_site_and_form_are_two_origins(client: TestClient, root: Path) -> None:
    assert client.get("/register/R-001.html", follow_redirects=False).headers["location"] == f"{SITE}/register/R-001.html"
    moved = client.get(f"{SITE}/app/risks/R-001", follow_redirects=False)
    assert moved.headers["location"] == "http://127.0.0.1:8765/app/risks/R-001"
    sent = form(client)
    assert client.post("/app/risks/R-001", data=sent, headers={"origin": SITE}).status_code == 403
    assert client.post("/app/risks/R-001", data=sent, headers={"sec-fetch-site": "same-site"}).status_code == 403
    assert client.post(f"{SITE}/app/risks/R-001", data=sent).status_code == 403
    assert "risk.assessed" not in journal(root)


@pytest.mark.parametrize(
    ("data", "headers"),
    [
        ({"based_on": "\u00b2"}, {}),
        ({"csrf": "\u00e9"}, {}),
        ({}, {"origin": "http://[::1"}),
        ({}, {"host": "[::1"}),
    ],
)
def test_odd_input_is_refused_and_not_a_crash(client: TestClient, data: dict[str, str], headers: dict[str, str]) -> None:
    answer = client.post("/app/risks/R-001", data=form(client) | data, headers=headers)
    assert answer.status_code in {403, 422} and "content-security-policy" in answer.headers


def test_a_reason_that_the_register_refuses_is_refused_before_and_kept(client: TestClient) -> None:
    answer = client.post("/app/risks/R-001/check", data=form(client) | {"reason": f"{WORDS} \u202e"})
    assert answer.status_code == 422 and WORDS in answer.text and "cannot be shown" in answer.text


def test_what_is_not_there(client: TestClient) -> None:
    assert client.get("/app/risks/R-999").status_code == 404
    assert client.get("/app/risks/%3Cscript%3E").status_code == 404
    assert "<script>" not in client.get("/app/risks/%3Cscript%3E").text
    assert client.get(f"{SITE}/../register.db").status_code in {403, 404}
    assert client.get(f"{SITE}/%2e%2e/register.db").status_code in {403, 404}
    assert client.get(f"{SITE}/.riskreg-build").status_code == 403
    assert client.delete("/app/risks/R-001").status_code in {403, 405}


def test_names_are_text(client: TestClient) -> None:
    answer = client.post("/app/risks/R-001/check", data=form(client) | {"reason": "<script>alert(1)</script>"})
    assert "<script>" not in answer.text and "&lt;script&gt;" in answer.text
