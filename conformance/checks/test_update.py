"""PUT [base]/Consent/[id]."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from conformance import expect, meaning
from conformance.answer import instant
from conformance.client import Kept
from conformance.found import element, objects
from conformance.headers import Change, setting

if TYPE_CHECKING:
    from conformance.answer import Answer
    from conformance.client import Consents, Json
    from conformance.recorder import Verifying

END = "2031-12-02"
NAMES = ("If-Match", "if-match")


def test_updating_a_consent(consents: Consents, verifying: Verifying) -> None:
    """An existing consent is made inactive, active and inactive again: each PUT answers 200, each read shows it.

    Where its status cannot be changed alone, it is closed in the other ways.
    """
    known = consents.given("active")
    for status in ("inactive", "active", "inactive"):
        answer = consents.update({**known.body, "status": status}, id=known.id, kind=known.kind)
        other_way = answer.refused and status == "inactive"
        if other_way and (answer := consents.close_some_way(known, end=END)).refused:
            raise consents.untestable(f"the consent could not be updated: {answer.described}")
        read = consents.read(known.id)

        with verifying("r4.update.answers-ok"):
            if not answer.succeeded:
                expect.accepted(answer)  # what is inactive may have to stay so
                return
            expect.status(answer, 200)
        with verifying("r4.update.read-back-is-the-new-content"):
            expect.status(read, 200)
            if other_way:
                expect.true(consents.shows_closing(known, read.consent), "another status or end", "neither", read)
            else:
                expect.equal(read.consent.get("status"), status, "the status", read)
        if other_way:
            return


def test_updating_leaves_others_alone(consents: Consents, verifying: Verifying) -> None:
    """Three patients have a consent each, one of them a second one, where it may. One is ended: the others stay.

    None of them is the one that was stored last.
    """
    earlier, known, later = (consents.given("active") for _ in range(3))
    second = consents.if_taken("active", patient=known.patient)
    consents.given("active")
    strangers = [one for one in (earlier, later) if one.patient != known.patient]
    before = {one.id: consents.itself(one) for one in (*strangers, *([second] if second else ()))}

    consents.ended(known, end=END)

    with verifying("r4.update.changes-only-the-consent-named"):
        if not strangers:
            raise consents.untestable("all consents are of one patient")
        for one in strangers:
            expect.unchanged(before[one.id], consents.read(one.id))
    if second:
        with verifying("r4.update.leaves-the-patients-others-alone"):
            expect.unchanged(before[second.id], consents.read(second.id))


def test_leaving_elements_out(consents: Consents, verifying: Verifying) -> None:
    """A consent is stored with two identifiers and a verification. After a PUT with one identifier the rest is gone."""
    system = "https://example.org/consent-numbers"
    first, second = ({"system": system, "value": consents.unused_id()} for _ in range(2))
    extra = [
        {"op": "add", "path": "/identifier", "value": [first, second]},
        {"op": "add", "path": "/verification", "value": [{"verified": True}]},
    ]
    known = consents.given("active", patch=extra)
    stored = consents.current(known)
    if len(objects(stored.get("identifier"))) < 2 and "verification" not in stored:
        raise consents.untestable("the server stores neither identifiers nor a verification: nothing can be left out")

    known = consents.closed(known, end=END)

    shorter = {name: value for name, value in known.body.items() if name != "verification"} | {"identifier": [first]}
    answer = consents.update(shorter, kind=known.kind)
    read = consents.read(known.id)

    with verifying("r4.update.replaces-the-whole-resource"):
        expect.accepted(answer)
        if not answer.succeeded:
            return
        expect.equal(read.consent.get("verification"), None, "after the PUT without it, a verification of", read)
        identifiers = read.consent.get("identifier", [])
        expect.true(isinstance(identifiers, list), "identifiers as a list", f"identifier is {identifiers}", read)
        values = [one.get("value") for one in objects(identifiers)]
        gone = second["value"] not in values
        expect.true(gone, f"no identifier {second['value']}, which the PUT left out", f"identifiers {values}", read)


def test_leaving_everything_out(consents: Consents, verifying: Verifying) -> None:
    """A consent has every element. After a PUT with a short consent it has nothing more of what it was sent with."""
    if not verifying.applies("r4.update.replaces-the-whole-resource"):
        return
    known = consents.if_taken("complete")
    if known is None:
        return
    stored = consents.current(known)
    shorter = {**consents.body("active", patient=known.patient), "id": known.id}
    answer = consents.update(shorter, kind=known.kind)
    if not answer.succeeded:
        return  # by its own rules a server may take some changes and refuse others
    read = consents.read(known.id)

    with verifying("r4.update.replaces-the-whole-resource"):
        expect.status(read, 200)
        left_out = [
            path for path in _paths(known.body) if element(shorter, path) is None and path not in expect.SERVERS_OWN
        ]
        kept = [
            path
            for path in left_out
            if (value := element(read.consent, path)) is not None and value == element(stored, path)
        ]
        expect.true(not kept, "nothing of what the PUT left out", f"{', '.join(kept)} as before", read)


def test_changing_one_of_everything(consents: Consents, verifying: Verifying) -> None:
    """A consent has every element. After a PUT with another dateTime it has all that it had, as it was.

    After a PUT without provision its old one is gone.
    """
    if not verifying.applies("r4.update.read-back-is-the-new-content"):
        return
    known = consents.if_taken("complete")
    if known is None:
        return
    stored = consents.current(known)
    body = {**known.body, "dateTime": "2024-03-04T15:00:00+01:00"}
    answer = consents.update(body, kind=known.kind)
    read = consents.read(known.id)
    ruleless = {name: value for name, value in known.body.items() if name != "provision"}
    shorter = consents.update(ruleless, kind=known.kind)
    after = consents.read(known.id)

    if answer.succeeded:  # by its own rules a server may take some changes and refuse others
        with verifying("r4.update.read-back-is-the-new-content"):
            expect.status(read, 200)
            spoilt = sorted(_spoilt(body, read.consent) - _spoilt(known.body, stored) - {"dateTime"})
            expect.true(not spoilt, "what the PUT left as it was, as it was", f"another {', '.join(spoilt)}", read)
    if shorter.succeeded and stored.get("provision"):
        with verifying("r4.update.replaces-the-whole-resource"):
            expect.status(after, 200)
            same = after.consent.get("provision") == stored["provision"]
            expect.true(not same, "no provision, which the PUT left out", "the provision as before", after)


def test_an_address_that_disagrees_with_the_body(consents: Consents, verifying: Verifying) -> None:
    """A consent can be changed at its own address. At the address of another one it is refused, and neither changes.

    So it is at its own address with an id that nobody has, or that is its own but for upper and lower case.
    """
    known, other = consents.given("active"), consents.given("active")
    changed = consents.closed(known, end=END)
    before, beside = consents.current(known), consents.current(other)

    body = _otherwise(consents, changed)
    answer = consents.update(body, id=other.id, kind=known.kind, change=Change(flaw="another id in the body"))
    after, other_after = consents.read(known.id), consents.read(other.id)
    foreign = [consents.unused_id(), *({known.id.swapcase()} - {known.id})]
    further = [
        consents.update({**body, "id": id_}, id=known.id, kind=known.kind, change=Change(flaw="another id in the body"))
        for id_ in foreign
    ]
    at_last = consents.read(known.id)

    with verifying("r4.update.disagreeing-id-is-refused"):
        expect.status(answer, 400)
        expect.unchanged(before, after)
        expect.unchanged(beside, other_after)
        for answer in further:
            expect.status(answer, 400)
        expect.unchanged(before, at_last)


def test_a_body_without_an_id(consents: Consents, verifying: Verifying) -> None:
    """A consent can be changed with its id in the body. Without it the same PUT is refused, and nothing changes."""
    known = consents.given("active")
    changed = consents.closed(known, end=END)
    before = consents.current(known)

    body = {name: value for name, value in _otherwise(consents, changed).items() if name != "id"}
    answer = consents.update(body, id=known.id, kind=known.kind, change=Change(flaw="no id in the body"))
    after = consents.read(known.id)

    with verifying("r4.update.missing-body-id-is-refused"):
        expect.status(answer, 400)
        expect.unchanged(before, after)


def test_each_update_is_a_new_version(consents: Consents, verifying: Verifying) -> None:
    """A consent is changed twice. Each time it reads with another versionId and a lastUpdated that is not earlier."""
    known = consents.given("active")
    consents.current(known)
    metas = [consents.read(known.id).meta]
    for change in ("closed", "as it was"):
        if change == "closed":
            answer = consents.close_some_way(known, end=END)
        else:
            answer = consents.update(known.body, kind=known.kind)
        if not answer.succeeded:
            raise consents.untestable(f"the consent could not be updated: {answer.described}")
        read = consents.read(known.id)

        with verifying("r4.update.advances-the-version"):
            version, earlier = read.meta.get("versionId"), [one.get("versionId") for one in metas]
            expect.true(isinstance(version, str), "a versionId that is text", str(version), read)
            expect.true(version not in earlier, f"a versionId not in {earlier}", str(version), read)
            updated, last = (instant(meta.get("lastUpdated")) for meta in (read.meta, metas[-1]))
            expect.true(updated is not None, "a lastUpdated", str(read.meta.get("lastUpdated")), read)
            if updated and last:
                expect.true(updated >= last, f"a lastUpdated not before {last}", str(updated), read)
            metas.append(read.meta)


def test_a_version_of_the_clients_own(consents: Consents, verifying: Verifying) -> None:
    """One consent is closed. A PUT that closes another states a versionId and a lastUpdated: neither is there then."""
    consents.closed(consents.given("active"), end=END)
    known = consents.given("active")
    own = {"versionId": "client-version", "lastUpdated": "2001-01-01T00:00:00.000Z"}

    body = {**consents.closing(known, end=END), "meta": {**known.body.get("meta", {}), **own}}
    answer = consents.update(body, kind=known.kind, action="close")
    read = consents.read(known.id)

    with verifying("r4.update.meta-is-the-servers"):
        expect.success(answer, usual=200)
        expect.status(read, 200)
        expect.differs(read.meta.get("versionId"), own["versionId"], "a versionId", read)
        updated = str(read.meta.get("lastUpdated"))
        expect.true(not updated.startswith("2001"), "the server's lastUpdated", updated, read)


def test_updating_an_unknown_id(consents: Consents, verifying: Verifying) -> None:
    """A PUT on a known id works. On an id that nobody has it creates the consent, or is refused and creates nothing."""
    known = consents.given("active")
    consents.closed(known, end=END)
    unknown = Kept(consents.unused_id(), consents.body("active"), "active")
    unknown = unknown.under(unknown.id)

    answer = consents.update(unknown.body, kind=unknown.kind)
    read = consents.read(unknown.id)

    with verifying("r4.update.unknown-id-is-consistent"):
        expect.status(answer, 201, 400, 403, 404, 405, 409, 410, 422)
        if answer.succeeded:
            expect.status(read, 200)
        else:
            expect.absent(read)
            if consents.offers("search:patient"):
                expect.equal(consents.stored_from(unknown.body), [], "consents made from the body:", answer)


def test_a_refused_update_changes_nothing(consents: Consents, verifying: Verifying) -> None:
    """A PUT changes a consent. One whose body is cut off is refused, and leaves content and version as they were."""
    known = consents.given("active")
    changed = consents.closed(known, end=END)
    before = consents.current(known)

    cut_off = json.dumps(_otherwise(consents, changed), ensure_ascii=False).encode()[:-1]
    answer = consents.update(cut_off, id=known.id, kind=known.kind, change=Change(flaw="the JSON is cut off"))
    if answer.status < 400:
        raise consents.untestable(f"a body that is no JSON was not refused: {answer.described}")
    after = consents.read(known.id)

    with verifying("r4.update.refusal-changes-nothing"):
        expect.unchanged(before, after)


def test_updating_an_old_version(consents: Consents, verifying: Verifying) -> None:
    """A consent was changed since it was read. A PUT that names the version read, or none there ever was, is refused.

    Nor is it carried out where it names the version read as a strong tag. One that names the current version works.
    """
    known = consents.given("active")
    old = _tag(consents, known)
    changed = consents.closed(known, end=END)
    before = consents.current(known)
    if _tag(consents, known) == old:
        raise consents.untestable("the ETag is the same after a change, so there is no old version to name")

    version = old.strip().removeprefix("W/").strip('"')
    nowhere = f'W/"{"987654321" if version.isdecimal() else consents.unused_id()}"'

    def put(body: Json, tag: str) -> Answer:
        return consents.update(body, kind=known.kind, change=setting("If-Match", tag))

    # What is inactive may have to stay so: the second body moves nothing but the end.
    for body in (_otherwise(consents, changed), consents.closing(changed, end="2033-03-03", by="period")):
        stale, never = put(body, old), put(body, nowhere)
        unreadable = put(body, f'W/"{consents.unused_id()}"') if version.isdecimal() else None
        after = consents.read(known.id)
        strong = put(body, f'"{version}"')
        at_last = consents.read(known.id)
        fresh = put(body, _tag(consents, known))
        if fresh.succeeded:
            break
    else:
        raise consents.untestable(f"an update that names the current version does not work: {fresh.described}")

    with verifying("r4.update.stale-version-is-refused"):
        expect.status(stale, 412, noted={409})
        # What is no version of a server's may be no value for it, and to stumble over that is not to overwrite.
        expect.status(never, 412, noted={400, 404, 409} if version.isdecimal() else {400, 404, 409, 500})
        if unreadable is not None:
            expect.status(unreadable, 412, noted={400, 404, 409, 500})
        expect.unchanged(before, after)
        expect.true(not strong.succeeded, "no update by an old version", strong.described, strong)
        expect.unchanged(before, at_last)


def test_an_if_match_in_small_letters(consents: Consents, verifying: Verifying) -> None:
    """A PUT that names an old version in If-Match is refused. In if-match it is not carried out either."""
    if not (consents.offers("if-match") and consents.may_update):
        return
    known = consents.given("active")
    old = consents.read(known.id).header("ETag")
    closed = consents.close(known, end=END)
    if old is None or not closed.succeeded or consents.read(known.id).header("ETag") in {None, old}:
        return  # no old version is known to name, which is judged elsewhere
    body = _otherwise(consents, known)
    usual, small = (consents.update(body, kind=known.kind, change=setting(name, old)) for name in NAMES)

    if usual.refused:
        with verifying("r4.headers.names-are-case-insensitive"):
            expect.true(not small.succeeded, "a refusal, as with If-Match", small.described, small)


def _otherwise(consents: Consents, consent: Kept) -> Json:
    """A body that says something else than what is stored, in status and period."""
    return {**consents.closing(consent, end="2033-03-03", by="both"), "status": "active"}


def _spoilt(sent: Json, shown: Json) -> set[str]:
    """The elements that do not read as they were sent, but for periods and the rule's type, which are judged elsewhere.

    What the server added to them is no matter.
    """

    def alike(path: str, wanted: Any, found: Any) -> bool:
        absolute = path.endswith(".reference") and str(found).endswith(f"/{wanted}")
        return wanted is None or absolute or expect.added_to(wanted, found) or expect.same_moment(wanted, found)

    shown = meaning.with_contained_ids_of(sent, shown)
    return {
        path
        for path in _paths(sent)
        if path not in {"id", "provision", "provision.period", "provision.type", *expect.SERVERS_OWN}
        and expect.different({path: element(sent, path)}, {path: element(shown, path)}, alike=alike)
    }


def _paths(consent: Json) -> list[str]:
    """The elements of a consent and of its rule."""
    rule = consent.get("provision") or {}
    return [*consent, *(f"provision.{name}" for name in (rule if isinstance(rule, dict) else ()))]


def _tag(consents: Consents, known: Kept) -> str:
    answer = consents.read(known.id)
    tag = answer.header("ETag")
    if tag is None:
        raise consents.untestable("a read carries no ETag, so no version can be named")
    return tag
