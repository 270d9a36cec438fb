"""The version that an answer names in its headers and the one that it shows in its body."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from conformance.answer import instant
from conformance.clock import http_date
from conformance.observed import observes
from conformance.observed.bodies import mentions, parsed

if TYPE_CHECKING:
    from conformance.model import Exchange
    from conformance.observed import Answers


@observes("r4.read.etag-names-the-version")
def every_etag_names_the_version_shown(answers: Answers) -> str | None:
    """No answer that shows a Consent, old or new, read or just written, has an ETag of another version."""
    ours = answers.once(_sent)

    def fault(answer: Exchange) -> str | None:
        etag = answer.header("ETag")
        version = str(_meta(answer).get("versionId", "")) if etag else ""
        named = (etag or "").strip().removeprefix("W/").strip('"')
        if not version or version in ours or version == named:
            return None
        return f"ETag {etag} with the version {version}"

    return answers.none_may(fault, expected="an ETag that names the version in the body")


@observes("r4.read.last-modified-is-sent")
def every_last_modified_is_the_time_shown(answers: Answers) -> str | None:
    """No answer that shows a Consent, old or new, read or just written, has a Last-Modified of another second."""
    ours = answers.once(_sent)

    def fault(answer: Exchange) -> str | None:
        modified = answer.header("Last-Modified")
        shown = _meta(answer).get("lastUpdated") if modified else None
        updated = instant(shown)
        if modified is None or updated is None or str(shown) in ours:
            return None
        told = http_date(modified)
        if told is None:
            return f"Last-Modified {modified}, which is no HTTP date"
        near = abs(told - updated) < timedelta(seconds=1)
        return None if near else f"Last-Modified {modified} with lastUpdated {updated}"

    return answers.none_may(fault, expected="a Last-Modified of the second of meta.lastUpdated")


def _sent(answers: Answers) -> frozenset[str]:
    """The versions and times that a create stated itself: a server that takes those is judged elsewhere."""
    metas = [_of_a_consent(answer.request_body) for answer in answers if answer.method == "POST"]
    return frozenset(str(meta[name]) for meta in metas for name in ("versionId", "lastUpdated") if name in meta)


def _meta(answer: Exchange) -> dict[str, Any]:
    """The meta of the Consent in the body; {} where there is none."""
    return _of_a_consent(answer.response_body) if 200 <= (answer.status or 0) < 300 else {}


def _of_a_consent(written: str | None) -> dict[str, Any]:
    body = parsed(written) if mentions(written, "Consent") else None
    meta = body.get("meta") if isinstance(body, dict) and body.get("resourceType") == "Consent" else None
    return meta if isinstance(meta, dict) else {}
