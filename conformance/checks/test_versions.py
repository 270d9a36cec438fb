"""GET [base]/Consent/[id]/_history and GET [base]/Consent/[id]/_history/[version]."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance import expect
from conformance.client import Found

if TYPE_CHECKING:
    from conformance.answer import Answer
    from conformance.client import Consents
    from conformance.recorder import Verifying

ENDS = ("2031-12-02", "2032-12-02")


def test_reading_a_version(consents: Consents, verifying: Verifying) -> None:
    """An open consent is ended. The version before reads open, or is not kept; the version after reads with the end."""
    known = consents.given("active")
    versions = [_version(consents, known.id)]
    consents.ended(known, end=ENDS[0])
    versions.append(_version(consents, known.id))

    before, after = (consents.vread(known.id, version) for version in versions)

    with verifying("r4.vread.returns-the-asked-version"):
        expect.status(after, 200)
        _is_version(after, known.id, versions[1])
        expect.equal(consents.period_of(after.consent).get("end"), ENDS[0], "the end", after)
        expect.status(before, 200, noted={404})
        if before.status == 200:
            _is_version(before, known.id, versions[0])
            expect.equal(consents.period_of(before.consent).get("end"), None, "in the first version an end of", before)


def test_reading_an_unknown_version(consents: Consents, verifying: Verifying) -> None:
    """The current version of a consent reads. A version that it never had answers 404."""
    known = consents.given("active")
    version = _version(consents, known.id)
    current = consents.vread(known.id, version)
    if current.status != 200:
        raise consents.untestable(f"the current version cannot be read: {current.described}")

    answer = consents.vread(known.id, "987654321" if version.isdecimal() else consents.unused_id())

    with verifying("r4.vread.unknown-version-is-not-found"):
        expect.status(answer, 404, noted={410})


def test_the_history_of_a_consent(consents: Consents, verifying: Verifying) -> None:
    """An open consent is ended and ended later. Its history holds the three versions, newest first."""
    known = consents.given("active")
    for end in ENDS:
        known = consents.ended(known, end=end)

    first = consents.history(known.id)

    with verifying("r4.history.lists-every-version"):
        expect.status(first, 200)
        expect.equal(expect.resource_type(first, "Bundle").get("type"), "history", "the Bundle's type", first)
        entries = Found((first, *consents.further_pages(first))).entries
        shown = [consents.period_of(entry["resource"]).get("end") for entry in entries if "resource" in entry]
        expect.equal(shown, [ENDS[1], ENDS[0], None], "the ends of its versions", first)
        bare = [part for entry in entries for part in ("request", "response") if part not in entry]
        expect.true(not bare, "request and response in each entry", f"an entry without {bare[:1]}", first)


def _version(consents: Consents, id_: str) -> str:
    version: Any = consents.current(id_).get("meta", {}).get("versionId")
    if not isinstance(version, str):
        raise consents.untestable("the consent reads without meta.versionId")
    return version


def _is_version(answer: Answer, id_: str, version: str) -> None:
    expect.equal(answer.consent.get("id"), id_, "the id", answer)
    expect.equal(answer.consent.get("meta", {}).get("versionId"), version, "the versionId", answer)
