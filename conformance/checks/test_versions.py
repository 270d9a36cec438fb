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
    """A consent is ended. Each version reads just as the consent did then; the one before the end may not be kept.

    A version that another consent has and this one has not is not that of the other consent.
    """
    known = consents.given("active")
    first = consents.current(known)
    consents.ended(known, end=ENDS[0])
    second = _changed(consents, first, known)

    before, after = (consents.vread(known.id, _version(consents, read)) for read in (first, second))
    theirs = element(consents.current(consents.given("active")), "meta.versionId")
    own = {element(read, "meta.versionId") for read in (first, second)}
    crossed = consents.vread(known.id, theirs) if isinstance(theirs, str) and theirs not in own else None

    with verifying("r4.vread.returns-the-asked-version"):
        _read_as_they_were(first, second, before, after)
        if crossed is not None and crossed.resource_type == "Consent":
            expect.equal(crossed.resource.get("id"), known.id, "the id", crossed)


def test_reading_a_version_by_an_id_in_other_case(consents: Consents, verifying: Verifying) -> None:
    """A version and the history of a consent read, and not by an id that nobody has.

    Nor do they by its id with upper and lower case exchanged.
    """
    if not (consents.offers("vread") or consents.offers("history")):
        return
    known = consents.given("active")
    version = element(consents.current(known), "meta.versionId")
    exchanged, nobodys = known.id.swapcase(), consents.unused_id()
    answers = []
    if exchanged != known.id and consents.offers("vread") and isinstance(version, str):
        usual, unknown = consents.vread(known.id, version), consents.vread(nobodys, version)
        if usual.status == 200 and unknown.refused:
            answers.append(consents.vread(exchanged, version))
    if exchanged != known.id and consents.offers("history"):
        usual, unknown = consents.history(known.id), consents.history(nobodys)
        if usual.status == 200 and unknown.refused:
            answers.append(consents.history(exchanged))

    with verifying("r4.read.id-is-case-sensitive"):
        for answer in answers:
            expect.absent(answer)


def test_reading_a_version_of_a_rich_consent(consents: Consents, verifying: Verifying) -> None:
    """The same with a consent that has actors, and rules within its rule, where the server takes such consents."""
    known = consents.if_taken("rich")
    if known is None:
        return
    first = consents.current(known)
    if not isinstance(element(first, "meta.versionId"), str) or not consents.put_end(known, end=ENDS[0]).succeeded:
        return
    second = _changed(consents, first, known)

    before, after = (consents.vread(known.id, _version(consents, read)) for read in (first, second))

    with verifying("r4.vread.returns-the-asked-version"):
        _read_as_they_were(first, second, before, after)


def test_reading_an_unknown_version(consents: Consents, verifying: Verifying) -> None:
    """The current version of a consent reads. A version that it never had answers 404, be it a number or a word."""
    known = consents.given("active")
    version = _version(consents, consents.current(known))
    current = consents.vread(known.id, version)
    if current.status != 200:
        raise consents.untestable(f"the current version cannot be read: {current.described}")

    number = [consents.vread(known.id, "987654321")] if version.isdecimal() else []
    word = consents.vread(known.id, consents.unused_id())

    with verifying("r4.vread.unknown-version-is-not-found"):
        for answer in number:
            expect.status(answer, 404, noted={410})
        expect.status(word, 404, noted={400, 410} if number else {410})


def test_the_history_of_a_consent(consents: Consents, verifying: Verifying) -> None:
    """A consent is ended, and ended later if it may be. Its history holds what it read as each time, newest first."""
    known = consents.given("active")
    reads = [consents.current(known)]
    known = consents.ended(known, end=ENDS[0])
    reads.append(_changed(consents, reads[-1], known))
    later = consents.put_end(known, end=ENDS[1])
    if later.succeeded:
        reads.append(_changed(consents, reads[-1], known))
    elif not later.refused_by_rule:
        raise consents.untestable(f"the end of the consent could not be moved: {later.described}")

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
