"""Addresses: `/` is the publication, `/app/` the register to edit. Forms only; it works without scripts."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Mount, Route

from riskreg.model.faults import FaultError
from riskreg.register import Conflict
from riskreg.web.desk import Desk
from riskreg.web.form import AssessmentForm, read
from riskreg.web.pages import page, stylesheet
from riskreg.web.published import Published
from riskreg.web.security import Guard, genuine


def build(root: Path) -> Starlette:
    """The application over one workspace; FaultError where its files or its register have faults."""
    app = Starlette(
        routes=[
            Route("/app", _to_list),
            Route("/app/", _list),
            Route("/app/risks/{ident}", _form, methods=["GET"]),
            Route("/app/risks/{ident}", _save, methods=["POST"]),
            Route("/app/risks/{ident}/check", _check, methods=["POST"]),
            Route("/app/style.css", _style),
            Mount("/", Published(directory=root / "public", html=True, check_dir=False)),
        ],
        middleware=[Middleware(Guard)],
        exception_handlers={HTTPException: _refused, FaultError: _faulty},
    )
    app.state.desk = Desk(root)
    return app


def _desk(request: Request) -> Desk:
    desk: Desk = request.app.state.desk
    return desk


async def _style(_: Request) -> Response:
    return Response(stylesheet(), media_type="text/css")


async def _to_list(_: Request) -> Response:
    return RedirectResponse("/app/", status_code=308)


async def _list(request: Request) -> Response:
    desk = _desk(request)
    who = request.query_params.get("who", "")
    rows = await run_in_threadpool(desk.rows)
    mine = [row for row in rows if who and row["owner"] == who]
    return page(request, "risks.html", desk=desk, who=who, people=desk.people, mine=mine, rows=[r for r in rows if r not in mine])


async def _form(request: Request) -> Response:
    desk = _desk(request)
    risk = await run_in_threadpool(desk.register.risk, request.path_params["ident"])
    saved = request.query_params.get("saved") == str(risk.version)
    form = AssessmentForm(
        likelihood=str(risk.score.likelihood) if risk.score else "",
        impact=str(risk.score.impact) if risk.score else "",
        actor=request.query_params.get("who", ""),
        based_on=str(risk.version),
    )
    return page(request, "risk.html", desk=desk, **desk.view(risk), form=form, saved=saved, saved_at=desk.said(risk.changed))


async def _sent(request: Request) -> AssessmentForm:
    sent = await request.form(max_files=0, max_fields=20)
    if not genuine(request, str(sent.get("csrf", ""))):
        raise HTTPException(403, "This form is out of date. Open the risk again and send it once more; nothing was changed.")
    return read(sent, list(_desk(request).people))


async def _check(request: Request) -> Response:
    """Before and after, side by side; nothing is written yet."""
    desk, form = _desk(request), await _sent(request)
    risk = await run_in_threadpool(desk.register.risk, request.path_params["ident"])
    if form.errors:
        return page(request, "risk.html", status=422, desk=desk, **desk.view(risk), form=form, saved=False, saved_at="")
    return page(request, "check.html", desk=desk, **desk.view(risk), form=form, after=desk.score(form.score))


async def _save(request: Request) -> Response:
    desk, form = _desk(request), await _sent(request)
    ident = request.path_params["ident"]
    if form.errors:
        return await _check(request)
    try:
        risk = await run_in_threadpool(desk.save, ident, form)
    except FaultError as error:
        risk = await run_in_threadpool(desk.register.risk, ident)
        form = replace(
            form, errors={"reason": "Not saved: " + " ".join(f"{fault.message}. {fault.hint}" for fault in error.faults)}
        )
        return page(request, "risk.html", status=503, desk=desk, **desk.view(risk), form=form, saved=False, saved_at="")
    except Conflict as conflict:
        return page(
            request, "conflict.html", status=409, desk=desk, **desk.view(conflict.current), form=form, yours=desk.score(form.score),
            since=[(desk.said(event.at), event.actor) for event in conflict.since],
        )  # fmt: skip
    return RedirectResponse(f"/app/risks/{risk.id}?saved={risk.version}", status_code=303)


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if not request.url.path.startswith("/app") and not (_desk(request).root / "public" / "index.html").is_file():
        return page(
            request, "message.html", status=404, heading="The site is not built yet", text="Run: riskreg run, then open this again."
        )
    return page(request, "message.html", status=error.status_code, heading="There is a problem", text=error.detail)


async def _faulty(request: Request, error: Exception) -> Response:
    assert isinstance(error, FaultError)
    unknown = any(fault.code == "unknown-risk" for fault in error.faults)
    text = " ".join(f"{fault.message}. {fault.hint}" for fault in error.faults)
    return page(request, "message.html", status=404 if unknown else 503, heading="There is a problem", text=text)
