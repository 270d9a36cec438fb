"""Finds the addresses in a requirement's source, so that a reader is one click from the sentence."""

from __future__ import annotations

import re

Piece = tuple[str, str | None]
"""Text, and the address it leads to."""

_LINK = re.compile(
    r"(?P<url>https?://[^\s<>\"',;]*[^\s<>\"',;.):])"
    r"|RFC (?P<rfc>\d{3,5})(?:,? (?:section|sections|§) ?(?P<section>\d+(?:\.\d+)*))?"
)


def pieces(source: str) -> list[Piece]:
    """The source in pieces: plain text, addresses, and RFCs with their sections."""
    found: list[Piece] = []
    position = 0
    for match in _LINK.finditer(source):
        if match.start() > position:
            found.append((source[position : match.start()], None))
        found.append((match[0], match["url"] or _rfc(match["rfc"], match["section"])))
        position = match.end()
    if position < len(source):
        found.append((source[position:], None))
    return found


def _rfc(number: str, section: str | None) -> str:
    return f"https://www.rfc-editor.org/rfc/rfc{number}" + (f"#section-{section}" if section else "")
