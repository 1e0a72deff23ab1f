"""Who may use the page: a browser on this machine, on a page this server sent. Everybody else gets 403."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit

from aiohttp import web

LOCAL_NAMES = frozenset({"127.0.0.1", "localhost", "::1"})


def check_read(request: web.Request) -> None:
    """Loopback peer and a loopback Host, so that no other site's name can be pointed at this server."""
    try:
        local_peer = ip_address(request.remote or "").is_loopback
        local_host = urlsplit(f"//{request.host}").hostname in LOCAL_NAMES
    except ValueError:
        raise web.HTTPForbidden(text="unreadable address") from None
    if not (local_peer and local_host):
        raise web.HTTPForbidden(text="only from this machine")


def check_post(request: web.Request) -> None:
    """Also the Origin of this very page and a JSON body, which no form of another site can send."""
    check_read(request)
    if request.headers.get("Origin") != f"{request.scheme}://{request.host}":
        raise web.HTTPForbidden(text="only from the page itself")
    if request.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin":
        raise web.HTTPForbidden(text="only from the page itself")
    if request.content_type != "application/json":
        raise web.HTTPUnsupportedMediaType(text="only JSON")
