"""GET [base]/Consent/[id]/_history and GET [base]/Consent/[id]/_history/[version]."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance import expect
from conformance.found import Found, element

if TYPE_CHECKING:
    from conformance.answer import Answer
    from conformance.client import Consents, Json, Kept
    from conformance.recorder import Verifying

ENDS = ("2031-12-02", "2032-12-02")


def test_reading_a_version(consents: Consents, verifying: Verifying) -> None:
    """A consent is ended. Each version reads just as the consent did then; the one before the end may not be kept."""
    known = consents.given("active")
    first = consents.current(known)
    consents.ended(known, end=ENDS[0])
    second = _changed(consents, first, known)

    before, after = (consents.vread(known.id, _version(consents, read)) for read in (first, second))

    with verifying("r4.vread.returns-the-asked-version"):
        _read_as_they_were(first, second, before, after)


def test_reading_a_version_of_a_rich_consent(consents: Consents, verifying: Verifying) -> None:
    """The same with a consent that has actors, and rules within its rule, where the server takes such consents."""
    if not consents.may_create:
        return
    created = consents.create(consents.body("rich"), kind="rich")
    if not created.succeeded:
        return
    known = consents.kept(created, "rich")
    first = consents.current(known)
    if not isinstance(element(first, "meta.versionId"), str) or not consents.put_end(known, end=ENDS[0]).succeeded:
        return
    second = _changed(consents, first, known)

    before, after = (consents.vread(known.id, _version(consents, read)) for read in (first, second))

    with verifying("r4.vread.returns-the-asked-version"):
        _read_as_they_were(first, second, before, after)


def test_reading_an_unknown_version(consents: Consents, verifying: Verifying) -> None:
    """The current version of a consent reads. A version that it never had answers 404."""
    known = consents.given("active")
    version = _version(consents, consents.current(known))
    current = consents.vread(known.id, version)
    if current.status != 200:
        raise consents.untestable(f"the current version cannot be read: {current.described}")

    answer = consents.vread(known.id, "987654321" if version.isdecimal() else consents.unused_id())

    with verifying("r4.vread.unknown-version-is-not-found"):
        expect.status(answer, 404, noted={410})


def test_the_history_of_a_consent(consents: Consents, verifying: Verifying) -> None:
    """A consent is ended, and ended later. Its history holds what it read as each time, newest first."""
    known = consents.given("active")
    reads = [consents.current(known)]
    for end in ENDS:
        known = consents.ended(known, end=end)
        reads.append(_changed(consents, reads[-1], known))

    with verifying("r4.history.lists-every-version"):
        listed = consents.settled(
            lambda: Found((first := consents.history(known.id), *consents.further_pages(first))),
            lambda listed: not _missing(reads, listed),
        )
        first, entries = listed.pages[0], listed.entries
        expect.equal(expect.resource_type(first, "Bundle").get("type"), "history", "the Bundle's type", first)
        missing = [f"the version {read.get('meta')} in its place" for read in _missing(reads, listed)]
        expect.true(not missing, "".join(missing[:1]), f"{len(entries)} others", first)
        bare = [part for entry in entries for part in ("request", "response") if part not in entry]
        expect.true(not bare, "request and response in each entry", f"an entry without {bare[:1]}", first)


def _read_as_they_were(first: Json, second: Json, before: Answer, after: Answer) -> None:
    """The versions before and after a change hold what the consent read as then; the old one may not be kept."""
    expect.status(after, 200)
    expect.same_content(second, after, leaving_out=("text",))
    expect.status(before, 200, noted={404})
    if before.status == 200:
        expect.same_content(first, before, leaving_out=("text",))


def _missing(reads: list[Json], listed: Found) -> list[Json]:
    """What was read at some time and is not listed, or not with the newest first."""
    shown = iter([entry.get("resource") for entry in listed.entries])
    newest_first = reversed(reads)
    return [
        read
        for read in newest_first
        if not any(not expect.different(read, version, leaving_out=("text",)) for version in shown)
    ]


def _changed(consents: Consents, before: Json, known: Kept) -> Json:
    """What the consent reads as after a change."""
    read = consents.current(known)
    if not expect.different(before, read, leaving_out=("meta", "text")):
        raise consents.untestable("after a change the consent reads as it did before")
    return read


def _version(consents: Consents, read: Json) -> str:
    meta = read.get("meta")
    version = meta.get("versionId") if isinstance(meta, dict) else None
    if not isinstance(version, str):
        raise consents.untestable("the consent reads without meta.versionId")
    return version
