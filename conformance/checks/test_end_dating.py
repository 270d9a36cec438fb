"""Closing a consent by an end date: what the end may be, what the body may leave out, and what stays as it was."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from conformance import expect
from conformance.client import Kept
from conformance.headers import Change

if TYPE_CHECKING:
    from conformance.answer import Answer
    from conformance.client import Consents
    from conformance.recorder import Verifying

END = "2031-12-02"
FAR_END = "2099-12-30"
TWO_MONTHS = timedelta(days=61)
PRINTED = "2019-10-02T15:28:59"


def test_closing_sets_the_end(consents: Consents, verifying: Verifying) -> None:
    """A dose consent reads without end. Closed two months ahead it reads with that end, in the same element.

    So it does once more where another end is taken after it.
    """
    known = consents.given("dose")
    if consents.period_of(consents.current(known)).get("end") is not None:
        raise consents.untestable("the consent has an end before it is closed")
    end = str(consents.today() + TWO_MONTHS)

    closed = consents.closed(known, end=end)
    read = consents.read(known.id)

    with verifying("nll-2019.close.ends-the-period"):
        _ends(consents, read, end)
    if consents.close(closed, end=END).succeeded:
        read = consents.read(known.id)
        with verifying("nll-2019.close.ends-the-period"):
            _ends(consents, read, END)


def test_closing_twice_keeps_the_end(consents: Consents, verifying: Verifying) -> None:
    """A dose consent is closed and reads with its end. The same PUT again is taken or refused, and the end stays."""
    known = consents.given("dose")
    consents.closed(known, end=END)
    if consents.period_of(consents.current(known)).get("end") is None:
        raise consents.untestable("the consent was closed once, and reads without an end")

    consents.close(known, end=END)
    read = consents.read(known.id)

    with verifying("nll-2019.close.ends-the-period"):
        _ends(consents, read, END)


def test_closing_far_ahead(consents: Consents, verifying: Verifying) -> None:
    """A dose consent can be closed. Closed with an end that is decades away it has that end, where that is taken."""
    consents.closed(consents.given("dose"), end=END)
    known = consents.given("dose")

    answer = consents.close(known, end=FAR_END)
    if not answer.succeeded:
        return  # how far ahead an end may lie is not said
    read = consents.read(known.id)

    with verifying("nll-2019.close.ends-the-period"):
        _ends(consents, read, FAR_END)


def test_closing_leaves_other_patients_alone(consents: Consents, verifying: Verifying) -> None:
    """Two patients have a dose consent each. One is closed; the other reads as it was, in the same version."""
    known, other = consents.given("dose"), consents.given("dose")
    before = consents.current(other)

    consents.closed(known, end=END)
    after = consents.read(other.id)

    with verifying("nll-2019.close.changes-only-the-consent-named"):
        expect.unchanged(before, after)


def test_closing_leaves_the_patients_other_consent_alone(consents: Consents, verifying: Verifying) -> None:
    """One patient has two dose consents, where that is allowed. The older one is closed; the other reads as it was."""
    known = consents.given("dose")
    other = consents.if_taken("dose", patient=known.patient)
    if other is None:
        return  # whether a patient may have two is not said
    before = consents.current(other)

    consents.closed(known, end=END)
    after = consents.read(other.id)

    with verifying("nll-2019.close.changes-only-the-consent-named"):
        expect.unchanged(before, after)


def test_closing_without_an_id_leaves_a_known_consent_alone(consents: Consents, verifying: Verifying) -> None:
    """A dose consent can be closed. A PUT that names none, for a patient who has none, leaves another's as it was."""
    consents.closed(consents.given("dose"), end=END)
    known = consents.given("dose")
    before = consents.current(known)
    fresh = consents.body("dose")
    fresh.pop("id", None)
    body = consents.closing(Kept("", fresh, "dose"), end=END)

    flaw = Change(flaw="no id in the body")
    consents.request("PUT", "/Consent", action="close", body=body, kind=known.kind, change=flaw)
    after = consents.read(known.id)

    with verifying("nll-2019.close.changes-only-the-consent-named"):
        expect.unchanged(before, after)


def test_closing_changes_nothing_but_the_end(consents: Consents, verifying: Verifying) -> None:
    """A dose consent is closed with the content it has and an end. Category, patient and dateTime read back as sent."""
    known = consents.given("dose")
    consents.current(known)

    closed = consents.closed(known, end=END)
    read = consents.read(known.id)

    with verifying("nll-2019.close.changes-nothing-else"):
        expect.status(read, 200)
        expect.kept(closed.body, read, "category", "patient")
        sent, stored = closed.body.get("dateTime"), read.consent.get("dateTime")
        expect.true(expect.same_moment(sent, stored), f"dateTime {sent}", f"dateTime {stored}", read)


def test_closing_with_another_category(consents: Consents, verifying: Verifying) -> None:
    """A dose consent can be closed. With another category the same PUT is refused, or carried out: never half done."""
    consents.closed(consents.given("dose"), end=END)
    known = consents.given("dose")
    before = consents.current(known)
    body = consents.closing(known, end=END)
    body["category"] = [{"coding": [{"system": "urn:example:consent-types", "code": "consent-other"}]}]

    flaw = Change(flaw="another category than the consent has")
    answer = consents.update(body, kind=known.kind, action="close", change=flaw)
    after = consents.read(known.id)

    with verifying("nll-2019.close.other-category-is-not-closed"):
        if answer.succeeded:
            answer.note(f"a category can be changed by closing: {answer.described}")
            _ends(consents, after, END)
        else:
            expect.refused(answer)
            expect.unchanged(before, after)


def test_an_end_two_months_after_the_date(consents: Consents, verifying: Verifying) -> None:
    """A dose consent is dated yesterday. It can be closed on a day 61 days later, written as a plain date."""
    date = consents.today() - timedelta(days=1)
    body = consents.body("dose")
    body["dateTime"] = str(date)
    consents.period_of(body, create=True)["start"] = str(date + timedelta(days=1))
    known = consents.kept(consents.create(body, kind="dose"), "dose")

    answer = consents.close(known, end=str(date + TWO_MONTHS))

    with verifying("nll-2019.close.end-may-follow-the-consents-date"):
        expect.success(answer, usual=200)


def test_closing_without_a_start(consents: Consents, verifying: Verifying) -> None:
    """A dose consent has a start. A PUT with nothing but an end closes it; its start is then absent, or as it was."""
    known = consents.given("dose")
    start = consents.period_of(consents.current(known)).get("start")
    if start is None:
        raise consents.untestable("the consent reads without a start, so none can be left out")
    body = consents.closing(known, end=END)
    consents.period_of(body).pop("start", None)

    answer = consents.update(body, kind=known.kind, action="close")
    read = consents.read(known.id)

    with verifying("nll-2019.close.start-may-be-left-out"):
        expect.success(answer, usual=200)
        expect.status(read, 200)
        stored = consents.period_of(read.consent).get("start")
        consents.met("trap.nll.start-missing-in-put", "the start is kept" if stored else "the start is dropped")
        expect.true(
            stored is None or expect.same_moment(stored, start), f"no start, or {start}", f"the start {stored}", read
        )


def test_closing_with_the_documented_body(consents: Consents, verifying: Verifying) -> None:
    """The body of the example has an end alone, and no profile. Where it is taken, the consent has that end.

    The start is then absent, or as it was.
    """
    known = consents.given("dose")
    start = consents.period_of(consents.current(known)).get("start")
    printed = consents.pack.fixture("close-dose-consent.repaired.json")
    body = {**printed, "id": known.id, "patient": {"reference": known.patient}, "provision": {}}
    consents.period_of(body, create=True)["end"] = END

    answer = consents.update(body, kind=known.kind, action="close")
    read = consents.read(known.id)

    with verifying("nll-2019.close.ends-the-period"):
        if not answer.succeeded:
            answer.note("the body of the example is refused, which nll-2019.close.documented-body-is-accepted judges")
            return
        _ends(consents, read, END)
    with verifying("nll-2019.close.start-may-be-left-out"):
        stored = consents.period_of(read.consent).get("start")
        kept = stored is None or expect.same_moment(stored, start)
        expect.true(kept, f"no start, or {start}", f"the start {stored}", read)


def test_a_date_time_without_zone(consents: Consents, verifying: Verifying) -> None:
    """A dose consent is closed with a dateTime that has a time and no zone: it reads back with the same time of day."""
    known = consents.given("dose")
    body = {**consents.closing(known, end=END), "dateTime": PRINTED}

    flaw = Change(flaw="a dateTime without zone, as the source prints it")
    answer = consents.update(body, kind=known.kind, action="close", change=flaw)
    read = consents.read(known.id)

    with verifying("nll-2019.close.date-time-without-zone"):
        consents.met("trap.nll.zoneless-date-time", answer.described)
        expect.success(answer, usual=200)
        expect.status(read, 200)
        stored = str(read.consent.get("dateTime"))
        expect.true(stored.startswith(PRINTED), f"a dateTime at {PRINTED}", f"dateTime {stored}", read)


def _ends(consents: Consents, read: Answer, end: str) -> None:
    """The consent's period has that end, in the element of the dialect."""
    expect.status(read, 200)
    stored, what = consents.period_of(read.consent).get("end"), consents.dialect.period_element
    expect.true(expect.same_moment(stored, end), f"{what}.end {end}", f"{what}.end {stored or 'absent'}", read)
