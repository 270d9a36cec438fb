"""A curl command that repeats an exchange, for a POSIX shell. Credentials stand in it as `$TOKEN`."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from conformance.model import Exchange

REDACTED = "[redacted]"
INLINE = 2_000
"""A longer body is taken from results.json, so that the line stays one that people read and paste."""

_OWN = frozenset({"host", "content-length", "connection", "accept-encoding", "transfer-encoding"})
"""Headers that curl writes itself."""
_CREDENTIAL = re.compile(r"authorization|cookie|key|token|secret", re.IGNORECASE)
_CREDENTIAL_PARAMETER = re.compile(r"(?<=[=:\"])\[redacted\]|(?<=//)\[redacted\](?=@)")


def command(exchange: Exchange, *, inline: int = INLINE) -> str:
    """The command, one option a line. `inline` is the longest body that stands in it."""
    options = []
    if exchange.method == "HEAD":
        options.append("--head")
    elif exchange.method != ("GET" if exchange.request_body is None else "POST"):
        options.append(f"--request {shlex.quote(exchange.method)}")
    if re.search(r"[\[\]{}]", exchange.url):
        options.append("--globoff")
    options.append(_quoted(exchange.url, _CREDENTIAL_PARAMETER))
    for name, value in exchange.request_headers:
        if name.lower() not in _OWN:
            options.append(f"--header {_header(name, value)}")
    body = exchange.request_body
    sent = {name.lower() for name, _ in exchange.request_headers}
    own = ("Accept", "Content-Type") if body is not None else ("Accept",)
    options += [f"--header '{name}:'" for name in own if name.lower() not in sent]  # or curl would add its own
    before = ""
    if body is not None and (len(body) > inline or "\0" in body):
        member = f'.exchanges["{exchange.id}"].request_body'
        before = f"jq --join-output {shlex.quote(member)} results.json |\n"
        options.append("--data-binary @-")
    elif body is not None:
        options.append(f"--data-raw {_quoted(body, _CREDENTIAL_PARAMETER if _is_form(exchange) else None)}")
    return before + " \\\n  ".join(["curl --include", *options])


def _header(name: str, value: str) -> str:
    if not value:
        return shlex.quote(f"{name};")  # curl's way to send a header without a value
    return _quoted(f"{name}: {value}", re.compile(re.escape(REDACTED)) if _CREDENTIAL.search(name) else None)


def _quoted(text: str, secret: re.Pattern[str] | None) -> str:
    """The text as one shell word in which each secret is the variable TOKEN."""
    pieces = secret.split(text) if secret else [text]
    if len(pieces) == 1:
        return shlex.quote(text)
    if re.search(r'["\\$`!\n]', text) or any(re.match(r"\w", piece) for piece in pieces[1:]):
        return '"$TOKEN"'.join(shlex.quote(piece) if piece else "" for piece in pieces)
    return f'"{"$TOKEN".join(pieces)}"'


def _is_form(exchange: Exchange) -> bool:
    types = [value for name, value in exchange.request_headers if name.lower() == "content-type"]
    return any("form" in value for value in types)
