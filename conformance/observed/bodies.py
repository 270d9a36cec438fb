"""The bodies of recorded exchanges: what they hold, and under which ids a request may have stored its own."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.model import Exchange

Json = dict[str, Any]

_ADDRESS = re.compile(r"(?:^|/)Consent/([^/\s?#]+)(?:/_history/[^/\s?#]+)?/?$")


def written_ids(exchange: Exchange) -> set[str]:
    """The ids under which a create or an update has, or may have, stored its body."""
    path = exchange.url.partition("?")[0]
    if exchange.method not in {"POST", "PUT"} or path.endswith("/_search"):
        return set()
    address = path if exchange.method == "PUT" else ""
    places = [address, *(exchange.header(name) or "" for name in ("Location", "Content-Location"))]
    found = {match[1] for place in places if (match := _ADDRESS.search(place))}
    for body in (exchange.response_body, exchange.request_body if exchange.method == "PUT" else None):
        found |= {str(consent["id"]) for consent in held(parsed(body)) if "id" in consent}
    return found


def mentions(body: str | None, word: str) -> bool:
    """Whether a body may have this word as a string, as far as a quick look tells: any letter may be escaped."""
    return body is not None and (f'"{word}"' in body or "\\u" in body)


def held(body: Any) -> Iterator[Json]:
    """Each Consent of a body, alone or in a Bundle."""
    if not isinstance(body, dict):
        return
    if body.get("resourceType") == "Consent":
        yield body
    entries = body.get("entry") if body.get("resourceType") == "Bundle" else None
    for entry in entries if isinstance(entries, list) else ():
        yield from held(entry.get("resource") if isinstance(entry, dict) else None)


@lru_cache(maxsize=4096)
def parsed(body: str | None) -> Any:
    """The JSON of a body, which nobody changes; None when it is none."""
    try:
        return json.loads(body or "")
    except (ValueError, RecursionError):
        return None
