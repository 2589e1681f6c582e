"""What every request passes: known host, right origin, small body; and what every answer carries.

The published site and the form are two origins on one port, so that no page of the site can act in a person's name: the site is
on `localhost`, the form on `127.0.0.1`. A browser lets neither read the other, and keeps their cookies apart.
"""

from __future__ import annotations

import hmac
import logging
import secrets
from collections.abc import Awaitable, Callable
from hashlib import sha256
from urllib.parse import urlsplit

from starlette.middleware.base import BaseHTTPMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp

SITE_HOST = "localhost"
APP_HOST = "127.0.0.1"
"""Names of this machine; any other Host is a page elsewhere that points its name here (DNS rebinding)."""

LARGEST_BODY = 64 * 1024
COOKIE = "riskreg"
APP_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
# The static site starts its search in a worker and sets its colours with a script of its own, in the page.
SITE_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "worker-src 'self' blob:; form-action 'none'; base-uri 'self'; frame-ancestors 'none'"
)
Next = Callable[[Request], Awaitable[Response]]


class Guard(BaseHTTPMiddleware):
    """Refuses other hosts, other origins and large bodies; sends each path to its origin; gives every visitor a random session."""

    def __init__(self, app: ASGIApp) -> None:
        super().__init__(app)
        self._secret = secrets.token_bytes(32)

    async def dispatch(self, request: Request, call_next: Next) -> Response:
        ours = request.url.path == "/app" or request.url.path.startswith("/app/")
        if refusal := _refusal(request, ours):
            return _armoured(PlainTextResponse(refusal, status_code=403), ours)
        wanted = APP_HOST if ours else SITE_HOST
        if _name(request.headers["host"]) != wanted:
            return _armoured(RedirectResponse(str(request.url.replace(hostname=wanted)), status_code=307), ours)
        session = request.cookies.get(COOKIE, "")
        fresh = len(session) != 43
        if fresh:
            session = secrets.token_urlsafe(32)
        request.state.csrf = hmac.new(self._secret, session.encode(), sha256).hexdigest()
        try:
            response = _armoured(await call_next(request), ours)
        except Exception:
            logging.getLogger("riskreg.web").exception("%s %s failed", request.method, request.url.path)
            text = "Something went wrong here; nothing was changed. The terminal in which riskreg serve runs says more."
            return _armoured(PlainTextResponse(text, status_code=500), ours)
        if fresh and ours:
            # Lax: the way here leads from the site, which is another origin; forms are held by token and Origin.
            response.set_cookie(COOKIE, session, httponly=True, samesite="lax", path="/app")
        return response


def genuine(request: Request, given: str) -> bool:
    """Whether a form carries the token that this session was given."""
    return hmac.compare_digest(request.state.csrf.encode(), given.encode("utf-8", "replace"))


def _refusal(request: Request, ours: bool) -> str:
    host = request.headers.get("host", "")
    if _name(host) not in {SITE_HOST, APP_HOST}:
        return "This address is not this machine. Open http://127.0.0.1 with the port that riskreg serve printed."
    if any(part.startswith(".") for part in request.url.path.split("/")):
        return "There is no such page."
    if request.method in {"GET", "HEAD"}:
        return ""
    if request.method != "POST" or not ours:
        return "Only pages and forms are served here."
    origin, fetched = request.headers.get("origin", ""), request.headers.get("sec-fetch-site", "same-origin")
    if (origin and origin != f"http://{host}") or fetched != "same-origin" or _name(host) != APP_HOST:
        return "This form was sent from another site. Nothing was changed."
    length = request.headers.get("content-length", "")
    if not (length.isascii() and length.isdigit() and int(length[:9]) <= LARGEST_BODY):
        return "What was sent is too long for a form. Nothing was changed."
    return ""


def _name(host: str) -> str:
    """The name in a Host header, without its port; empty for what is no address."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def _armoured(response: Response, ours: bool) -> Response:
    response.headers["Content-Security-Policy"] = APP_POLICY if ours else SITE_POLICY
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers["Cross-Origin-Opener-Policy"] = "same-origin"
    if ours:
        response.headers["Cache-Control"] = "no-store"
    return response
