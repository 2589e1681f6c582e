"""What every request passes: known host, same origin, small body; and what every answer carries."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Awaitable, Callable
from hashlib import sha256
from urllib.parse import urlsplit

from starlette.middleware.base import BaseHTTPMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp

HOSTS = frozenset({"127.0.0.1", "localhost", "::1"})
"""Names of this machine; any other Host is a page elsewhere that points its name here (DNS rebinding)."""

LARGEST_BODY = 64 * 1024
COOKIE = "riskreg"
APP_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
# The static site starts its search in a worker and sets its colours with a script of its own, in the page.
SITE_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "worker-src 'self' blob:; form-action 'self'; base-uri 'self'; frame-ancestors 'none'"
)
Next = Callable[[Request], Awaitable[Response]]


class Guard(BaseHTTPMiddleware):
    """Refuses other hosts, other origins and large bodies; gives every visitor a session of random bytes."""

    def __init__(self, app: ASGIApp) -> None:
        super().__init__(app)
        self._secret = secrets.token_bytes(32)

    async def dispatch(self, request: Request, call_next: Next) -> Response:
        if refusal := _refusal(request):
            return _armoured(PlainTextResponse(refusal, status_code=403), request)
        session = request.cookies.get(COOKIE, "")
        fresh = len(session) != 43
        if fresh:
            session = secrets.token_urlsafe(32)
        request.state.csrf = hmac.new(self._secret, session.encode(), sha256).hexdigest()
        response = _armoured(await call_next(request), request)
        if fresh and request.url.path.startswith("/app"):
            response.set_cookie(COOKIE, session, httponly=True, samesite="strict", path="/app")
        return response


def genuine(request: Request, given: str) -> bool:
    """Whether a form carries the token that this session was given."""
    return hmac.compare_digest(request.state.csrf, given)


def _refusal(request: Request) -> str:
    host = urlsplit(f"//{request.headers.get('host', '')}").hostname or ""
    if host not in HOSTS:
        return "This address is not this machine. Open http://127.0.0.1 with the port that riskreg serve printed."
    if request.method not in {"GET", "HEAD", "POST"}:
        return "Only pages and forms are served here."
    if request.method == "POST":
        origin = request.headers.get("origin", "")
        if origin and urlsplit(origin).netloc != request.headers["host"]:
            return "This form was sent from another site. Nothing was changed."
        length = request.headers.get("content-length", "")
        if not length.isdigit() or int(length) > LARGEST_BODY:
            return "What was sent is too long for a form. Nothing was changed."
    return ""


def _armoured(response: Response, request: Request) -> Response:
    ours = request.url.path.startswith("/app")
    response.headers["Content-Security-Policy"] = APP_POLICY if ours else SITE_POLICY
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers["Cross-Origin-Opener-Policy"] = "same-origin"
    if ours:
        response.headers["Cache-Control"] = "no-store"
    return response
