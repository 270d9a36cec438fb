"""Literal references (https://hl7.org/fhir/R4/references.html#literal): their kind, and the type they point at."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from conformance.validation.primitives import uri

_RESTFUL = re.compile(
    r"(?P<base>https?://[^\s?#]+/)?(?P<type>[A-Za-z]+)/(?P<id>[A-Za-z0-9\-.]{1,64})"
    r"(?:/_history/(?P<version>[A-Za-z0-9\-.]{1,64}))?(?P<fragment>#[^\s#]*)?"
)
_TYPE_IN_URL = re.compile(r"/([A-Z][A-Za-z]+)/[^/\s?#]+(?:/_history/[^/\s?#]+)?$")
_CONDITIONAL = re.compile(r"([A-Z][A-Za-z]+)\?[^\s]+")


@dataclass(frozen=True, slots=True)
class Literal:
    """A reference string, understood. `problem` says what is wrong with its form; `type` is None when it tells none."""

    kind: str  # contained, relative, absolute, urn, conditional, bad
    type: str | None = None
    problem: str | None = None


@lru_cache(maxsize=4096)
def understood(text: str) -> Literal:
    """Never raises; a string that is no reference is of kind `bad`."""
    if text.startswith("#"):
        return (
            Literal("contained")
            if not re.search(r"\s", text)
            else _bad("# is followed by the id of a contained resource")
        )
    match = _RESTFUL.fullmatch(text)
    if match:
        return Literal("absolute" if match["base"] else "relative", match["type"])
    if not text or re.search(r"[\s\x00-\x1f]", text):
        return _bad("a reference is not empty and holds no white space")
    scheme, colon, rest = text.partition(":")
    if colon and re.fullmatch(r"[A-Za-z][A-Za-z0-9+.\-]*", scheme):
        verdict = uri(text)
        if verdict is not True:
            return _bad(str(verdict))
        if scheme.lower() == "urn":
            return Literal("urn") if ":" in rest else _bad("a URN has a namespace and a name")
        if scheme.lower() in {"http", "https"}:
            url = _TYPE_IN_URL.search(text)
            return Literal("absolute", url[1] if url else None)
        return Literal("absolute")
    conditional = _CONDITIONAL.fullmatch(text)
    if conditional:
        return Literal("conditional", conditional[1])
    return _bad("a relative reference is [type]/[id], with /_history/[version] where wanted")


def _bad(problem: str) -> Literal:
    return Literal("bad", None, problem)
