"""What of a sent resource is missing or changed in what a read shows (http.html#create: the same content).

A server may add elements and entries, put lists in another order, write a reference absolutely, and write an instant
with another offset. Everything else that was sent is to come back.
"""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Any

from conformance.meaning import same_moment, with_contained_ids_of

if TYPE_CHECKING:
    from collections.abc import Iterator

Json = dict[str, Any]
SERVERS_OWN = frozenset({"id", "meta", "text"})


def lost(sent: Json, read: Json) -> list[str]:
    """What is missing or changed, a line each with the path; empty when all of it came back."""
    lines: list[str] = []
    read = with_contained_ids_of(sent, read)
    for name, value in sent.items():
        if name not in SERVERS_OWN:
            lines += _lost(f"Consent.{name}", value, read.get(name))
    return lines


def _lost(path: str, sent: Any, read: Any) -> Iterator[str]:
    if isinstance(sent, dict) and isinstance(read, dict):
        for name, value in sent.items():
            yield from _lost(f"{path}.{name}", value, read.get(name))
    elif isinstance(sent, list) and isinstance(read, list):
        yield from _lost_entries(path, sent, read)
    elif not _same(sent, read):
        yield f"{path}: {_shown(sent)} became {_shown(read)}"


def _lost_entries(path: str, sent: list[Any], read: list[Any]) -> Iterator[str]:
    """Each entry has one of its own in what is read; where none is left, that in its place says what changed."""
    rest = list(read)
    missing = []
    for index, entry in enumerate(sent):
        kept = next((other for other in rest if not any(_lost(path, entry, other))), _NOTHING)
        if kept is _NOTHING:
            missing.append((index, entry))
        else:
            rest.remove(kept)
    for index, entry in missing:
        if len(rest) == len(missing) == 1:
            yield from _lost(f"{path}[{index}]", entry, rest[0])
        else:
            yield f"{path}[{index}]: {_shown(entry)} is gone"


_NOTHING = object()


def _same(sent: Any, read: Any) -> bool:
    if sent == read and type(sent) is type(read):
        return True
    if not isinstance(sent, str) or not isinstance(read, str):
        return False
    if sent[:4].isdigit():
        return same_moment(sent, read)
    return read.endswith(f"/{sent}") or unicodedata.normalize("NFC", sent) == unicodedata.normalize("NFC", read)


def _shown(value: Any) -> str:
    if value is None:
        return "nothing"
    text = str(value)
    return text if len(text) <= 100 else f"{text[:60]} … {text[-30:]} ({len(text)} characters)"
