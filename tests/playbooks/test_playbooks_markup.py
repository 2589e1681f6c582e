"""Text of a playbook can neither run anything nor ask anybody, however it is written; what shipped playbooks use may stay."""

from __future__ import annotations

import time

import pytest
from sample_plan import NETWORK, ROLES, SETTINGS, situation

from riskreg.model.faults import FaultError, Span
from riskreg.model.playbook import PlaybookTemplate
from riskreg.playbooks import check, general, render

PAGES = frozenset({"index", "guide/index", "register/index", "playbooks/x"})


def template(body: str) -> PlaybookTemplate:
    return PlaybookTemplate(
        id="site-x", version=1, title="X", category="site-loss", owner="duty-manager", summary="x", kind="continuity",
        body=body, span=Span(path="playbooks/x.md.j2", line=10, col=1),
    )  # fmt: skip


LIVE = {
    "<script>alert(1)</script>": "template-html",
    "{% if plan %}<script>alert(1)</script>{% endif %}": "template-html",
    "<img src=x onerror=alert(1)>": "template-html",
    "<a/onclick=alert(1)>x</a>": "template-html",
    "<p onclick={{ scope.name }}>x</p>": "template-html",
    "<svg onload=alert(1)>": "template-html",
    "<style>p{}</style>": "template-html",
    "<meta http-equiv=refresh>": "template-html",
    "<base href=//evil.example>": "template-html",
    '??? note "x"\n\n    <form action=x>': "template-html",
    "<div markdown>\n<iframe src=x></iframe>\n</div>": "template-html",
    "<p>a <b": "template-html",
    "<!-- rr:html -->\nx\n<!-- /rr:html -->": "template-html",
    "<!-- x -->": "template-html",
    '**x**{: onmouseover="alert(1)" }': "template-html",
    "## T { onclick=alert(1) }": "template-html",
    "**x**{: style='background:url(//evil.example)' }": "template-html",
    "[j](javascript:alert(1))": "template-address",
    "[j](java\nscript:alert(1))": "template-address",
    "[j]( &#106;avascript&#58;alert(1))": "template-address",
    "[j][k]\n\n[k]: JavaScript:alert(1)": "template-address",
    "<javascript:alert(1)>": "template-html",
    "[j](data:text/html,x)": "template-address",
    "[j](vbscript:x)": "template-address",
    "[j](//evil.example)": "template-address",
    r"[j](/\evil.example)": "template-address",
    "![x](http://evil.example/t.png)": "template-address",
    "![x](//evil.example/t.png)": "template-address",
    "![x](data:image/png;base64,xx)": "template-address",
    '**x**{: src="https://evil.example/x" }': "template-address",
    "{% set j %}javascript:x{% endset %}[a]({{ j }})": "template-address",
    "[x](gone.md)": "template-link",
    "[x](../guide/index.html)": "template-link",
    "[x](../fails/site-NONE.md#a)": "template-link",
    '<a href="../guide/index.md">x</a>': "template-link",
    "![x](picture.png)": "template-link",
}


@pytest.mark.parametrize("body", LIVE)
def test_what_is_live_or_leads_nowhere_is_a_fault_with_its_line(body: str) -> None:
    faults = check(template(f"A first line.\n\n{body}\n"), pages=PAGES)
    assert LIVE[body] in [fault.code for fault in faults], faults
    assert all(fault.hint and fault.example and fault.span.path == "playbooks/x.md.j2" for fault in faults)
    # what was put together out of pieces can stand anywhere
    if not any(sign in body for sign in ("&#106;", "{% set", "java\n")):
        assert all(13 <= fault.span.line <= 16 for fault in faults), faults


@pytest.mark.parametrize(
    "body",
    [
        "[t](https://example.org) <https://example.org> <a@example.org> [m](mailto:a@example.org)",
        "[t](../guide/index.md#a) [u](x.md) [v](#messages)",
        '<a href="../guide/index.html">x</a> <p class="rr-until"><small>x</small></p>',
        "| a | b |\n| :-: | --: |\n| 1 | 2 |",
        "x[^1]\n\n[^1]: note",
        "a < b, {x = y} and `<script>`",
        "```\n<script>\n```",
        "{{ part.sections() }}\n\n<!-- rr:cover-all -->",
    ],
)
def test_what_may_stand(body: str) -> None:
    assert check(template(body), pages=PAGES) == ()


def test_data_cannot_put_together_what_a_template_may_not_say() -> None:
    bad = template("one\n\n[x]({{ client }})\n")
    assert check(bad) == ()
    hostile = SETTINGS.model_copy(update={"title": "javascript:alert(1)"})
    for made in (
        lambda: general(bad, network=NETWORK, roles=ROLES, settings=hostile),
        lambda: render(bad, situation("site-x"), network=NETWORK, roles=ROLES, settings=hostile),
    ):
        with pytest.raises(FaultError) as caught:
            made()
        assert [fault.code for fault in caught.value.faults] == ["template-address"]


def test_every_fault_of_a_text_is_found_at_each_of_its_lines() -> None:
    faults = check(template("<script>\n\n[x](gone.md)\n\n<script>\n\n![y](http://evil.example/y)\n"), pages=PAGES)
    assert {(fault.span.line, fault.code) for fault in faults} >= {
        (11, "template-html"), (15, "template-html"),
    }  # fmt: skip
    faults = check(template("[x](gone.md)\n\n[z](gone.md)\n\n![y](http://evil.example/y)\n"), pages=PAGES)
    assert [(fault.span.line, fault.code) for fault in faults] == [
        (11, "template-link"), (13, "template-link"), (15, "template-address"),
    ]  # fmt: skip


def test_shipped_playbooks_have_no_fault(templates: dict[str, PlaybookTemplate]) -> None:
    for each in templates.values():
        assert check(each, pages=frozenset()) == ()


@pytest.mark.parametrize(
    "body",
    [
        "{% set a = [1] %}{% set b = [1] %}" + "{% set a = [a, a] %}{% set b = [b, b] %}" * 40 + "{% if a == b %}x{% endif %}",
        "{% set title = [title, title] %}",
        "{% macro m(x) %}{{ m((x, x)) }}{% endmacro %}{{ m(1) }}",
        "{% set varargs = 1 %}{% macro m(n) %}{{ m(1, varargs, varargs) }}{% endmacro %}",
        "{% for a in 'ab' %}{% set d = {'a': a} %}{% endfor %}",
    ],
)
def test_lists_cannot_grow_in_each_other(body: str) -> None:
    begun = time.process_time()
    assert "template-unsafe" in [fault.code for fault in check(template(body))]
    assert time.process_time() - begun < 1


def test_decimals_are_bounded() -> None:
    def text(body: str) -> str:
        return general(template(body), network=NETWORK, roles=ROLES, settings=SETTINGS).text

    assert text("{{ 0.034|percent(1500000000) }}") == "3.400000\u00a0%\n"
    assert text("{{ 0.034|percent(-5) }} {{ 0.034|percent(1) }}") == "3\u00a0% 3.4\u00a0%\n"


def test_time_is_the_last_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("riskreg.playbooks.sandbox.MOST_SECONDS", 0.0)
    (fault,) = check(template("{% for i in range(20000) %}{{ i }}{% endfor %}"))
    assert fault.code == "template-limit"
    assert "takes more than 0 s" in fault.message
