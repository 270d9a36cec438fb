"""GET [base]/Consent?period=…: which consents each prefix finds, around the bounds of their periods.

Probes lie far from the edges, so that the zone of a date does not matter and every reading of gt, ge and le agrees.
Where the target declares its zone (dialect.zone), they go up to two seconds from the edge of a day.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from conformance import expect, meaning
from conformance.model import Violation

if TYPE_CHECKING:
    from conformance.answer import Answer
    from conformance.client import Consents
    from conformance.recorder import Verifying

PREFIXES = ("ne", "gt", "lt", "ge", "le", "sa", "eb", "ap")
CLEAR = timedelta(seconds=2)
CLOSED = {"start": "2031-02-01", "end": "2031-11-30"}
ACROSS = {"start": "2031-02-01", "end": "2032-01-31"}
OPEN = {"start": "2031-02-01"}
UNTIL = {"end": "2031-11-30"}
AUTUMN = {"start": "2031-10-01", "end": "2031-12-02"}
WINDOW = {"start": "2031-06-23T17:02:33+10:00", "end": "2031-06-23T17:32:33+10:00"}
HALF_HOURS = {"start": "2031-06-24T12:32:33+05:30", "end": "2031-06-24T04:02:33-03:30"}
"""The same a day later, with offsets of half an hour."""
JUNE = {"start": "2031-06-10", "end": "2031-06-12"}


def test_equal_means_contained(consents: Consents, verifying: Verifying) -> None:
    """Two periods lie within 2031, one of them within a day; others begin before it or end after. eq finds the two."""
    day = {"start": "2031-06-10", "end": "2031-06-10"}
    before, around = {"start": "2030-06-01", "end": "2031-06-01"}, {"start": "2030-02-01", "end": "2033-11-30"}
    among = Among(consents, inside=CLOSED, day=day, window=WINDOW, across=ACROSS, before=before, around=around)
    for value, finds, leaves in (
        ("2031", "inside day window", "across before around"),
        ("eq2031", "inside day window", "across before around"),
        ("2031-06", "day window", "inside across before around"),
        ("2031-06-10", "day", "inside window across before around"),
        ("2030", "", "inside day window across before around"),
        ("2032", "", "inside day window across before around"),
        ("2031-08-15", "", "inside day across around"),
    ):
        with verifying("period.search.equal-means-contained"):
            among.judge(value, finds=finds, leaves=leaves)


def test_equal_leaves_out_open_periods(consents: Consents, verifying: Verifying) -> None:
    """A period without end begins in 2031, and a closed one lies in it. eq finds the closed one alone."""
    among = Among(consents, closed=CLOSED, open=OPEN)
    for value, finds in (("2031", "closed"), ("eq2031", "closed"), ("2031-02", ""), ("2031-02-01", ""), ("2032", "")):
        with verifying("period.search.equal-leaves-out-open-periods"):
            among.judge(value, finds=finds, leaves="open")


def test_an_open_end_reaches_any_later_date(consents: Consents, verifying: Verifying) -> None:
    """A period without end is found by gt and ge of dates after its start, and not by eb, which finds a closed one."""
    among = Among(consents, open=OPEN, closed=CLOSED)
    for value, finds, leaves in (
        ("gt2200", "open", ""),
        ("ge2200", "open", ""),
        ("gt2040-06-15", "open", ""),
        ("ge2040-06-15T12:00:00Z", "open", ""),
        ("eb2200", "closed", "open"),
        ("eb2040-06-15T12:00:00Z", "closed", "open"),
    ):
        with verifying("period.search.open-end-reaches-any-later-date"):
            among.judge(value, finds=finds, leaves=leaves)


def test_an_open_start_reaches_any_earlier_date(consents: Consents, verifying: Verifying) -> None:
    """A period without start is found by lt and le of dates before its end, and not by sa, which finds a closed one."""
    among = Among(consents, until=UNTIL, closed=CLOSED)
    for value, finds, leaves in (
        ("lt1900", "until", ""),
        ("le1900", "until", ""),
        ("lt2020-06-15", "until", ""),
        ("le2020-06-15T12:00:00Z", "until", ""),
        ("sa1900", "closed", "until"),
        ("sa2020-06-15T12:00:00Z", "closed", "until"),
    ):
        with verifying("period.search.open-start-reaches-any-earlier-date"):
            among.judge(value, finds=finds, leaves=leaves)


def test_the_end_day_is_inclusive(consents: Consents, verifying: Verifying) -> None:
    """A period ends on a day. It is found by gt and ge of the day before, and of a time when no zone has left it.

    Others end in a month and in a year: days in the middle of these find them.
    """
    among = Among(
        consents, autumn=AUTUMN, month={"start": "2031-02", "end": "2031-11"}, year={"start": "2029", "end": "2033"}
    )
    for value, finds in (("ge2031-11-15", "month"), ("gt2031-11-15", "month"), ("ge2033-06-15", "year")):
        with verifying("period.search.end-day-is-inclusive"):
            among.judge(value, finds=finds)
    values = ["gt2031-12-01T00:00:00Z", "gt2031-12-02T09:59:00Z", "ge2031-12-02T09:59:00Z"]
    if consents.dialect.zone is not None:
        values.append(f"gt{_written(_midnight('2031-12-03', consents.dialect.zone) - CLEAR)}")
    for value in values:
        with verifying("period.search.end-day-is-inclusive"):
            among.judge(value, finds="autumn")
    if consents.offers("multiple-values"):
        with verifying("period.search.end-day-is-inclusive"):
            among.judge("ge2031-12-02T09:30:00Z", "le2031-12-02T09:30:00Z", finds="autumn")


def test_after_the_end_is_no_match(consents: Consents, verifying: Verifying) -> None:
    """Two periods end on a day and at a moment. gt and ge find them before that, and not once it has passed."""
    moment = {"start": "2031-10-01", "end": "2031-12-02T10:00:00Z"}
    among = Among(consents, autumn=AUTUMN, moment=moment)
    probes = [
        ("gt2031-11-15", "autumn moment", ""),
        ("gt2031-12-02T09:59:58Z", "moment", ""),
        ("gt2031-12-02T10:00:02Z", "", "moment"),
        ("ge2031-12-02T10:00:02Z", "", "moment"),
        ("gt2031-12-03T12:00:01Z", "", "autumn moment"),
        ("ge2031-12-03T12:00:01Z", "", "autumn moment"),
        ("gt2031-12-03", "", "autumn"),
        ("ge2032", "", "autumn moment"),
    ]
    if consents.dialect.zone is not None:
        probes.append((f"gt{_written(_midnight('2031-12-03', consents.dialect.zone) + CLEAR)}", "", "autumn"))
    for value, finds, leaves in probes:
        with verifying("period.search.after-the-end-is-no-match"):
            among.judge(value, finds=finds, leaves=leaves)


def test_offsets_are_respected(consents: Consents, verifying: Verifying) -> None:
    """A window of half an hour has offsets. Around both its bounds it is found by the instant, whatever the offset."""
    among = Among(consents, window=WINDOW, half=HALF_HOURS, closed=CLOSED)
    offsets = {"Z": 0, "+10:00": 600, "-08:00": -480, "+05:30": 330}
    before, after, started, not_yet = (
        [_written(datetime.fromisoformat(f"2031-06-23T07:{time}Z"), *offset) for offset in offsets.items()]
        for time in ("32:31", "32:35", "02:35", "02:31")
    )
    for prefix, values, found in (
        ("gt", before, True),
        ("gt", after, False),
        ("lt", started, True),
        ("lt", not_yet, False),
    ):
        for value in values:
            with verifying("period.search.offset-is-respected"):
                finds, leaves = ("closed window", "") if found else ("closed", "window")
                among.judge(f"{prefix}{value}", finds=finds, leaves=leaves)
    for value, found in (("gt07:32:31", True), ("gt07:32:35", False), ("lt07:02:35", True), ("lt07:02:31", False)):
        with verifying("period.search.offset-is-respected"):
            finds, leaves = ("closed half", "") if found else ("closed", "half")
            among.judge(f"{value[:2]}2031-06-24T{value[2:]}Z", finds=finds, leaves=leaves)


def test_not_equal_is_the_negation(consents: Consents, verifying: Verifying) -> None:
    """Periods lie within 2031, go on beyond it, and have no end. ne2031 finds the last two, ne of other years all."""
    among = Among(consents, inside=CLOSED, across=ACROSS, open=OPEN)
    for value, finds, leaves in (
        ("ne2031", "across open", "inside"),
        ("ne2031-06", "inside across open", ""),
        ("ne2025", "inside across open", ""),
    ):
        with verifying("period.search.not-equal-is-the-negation"):
            among.judge(value, finds=finds, leaves=leaves)


def test_starts_after_and_ends_before_are_strict(consents: Consents, verifying: Verifying) -> None:
    """A period within 2031 starts after 2030 and ends before 2032, but neither after nor before what it overlaps.

    Nor does one within June start after June or end before it.
    """
    among = Among(consents, inside=CLOSED, june=JUNE)
    for value in ("sa2031-06", "eb2031-06", "sa2031", "eb2031"):
        with verifying("period.search.starts-after-and-ends-before-are-strict"):
            among.judge(value, leaves="june")
    for value in ("sa2030", "sa2031-01", "sa2031-01-30T12:00:00Z", "eb2032", "eb2031-12", "eb2031-12-02T12:00:00Z"):
        with verifying("period.search.starts-after-and-ends-before-are-strict"):
            among.judge(value, finds="inside")
    for value in ("sa2031", "sa2031-06", "sa2031-02-01", "sa2032", "eb2031", "eb2031-06", "eb2031-11-30", "eb2030"):
        with verifying("period.search.starts-after-and-ends-before-are-strict"):
            among.judge(value, leaves="inside")


def test_the_search_looks_at_the_rules_own_period(consents: Consents, verifying: Verifying) -> None:
    """A consent with a period in 2031 is found. One with a dataPeriod there, a dateTime and no period is not."""
    among = Among(consents, closed=CLOSED)
    body = consents.bounded({}, patient=among.patient)
    rule = {name: value for name, value in body["provision"].items() if name != "period"}
    body["provision"] = {**rule, "dataPeriod": CLOSED}
    dated = str(body.setdefault("dateTime", "2024-03-01T09:30:00+01:00"))[:4]

    answer = consents.create(body, kind="active")
    with verifying("period.search.looks-at-provision-period"):
        if not consents.taken(answer, usual=lambda: consents.lasting(CLOSED, patient=among.patient)):
            return
        among.know("data", consents.kept(answer, "active").id)
        for value, finds in (("2031", "closed"), (dated, ""), ("ge1900", "closed"), ("le2200", "closed")):
            among.judge(value, finds=finds, leaves="data")


class Among:
    """Consents of one patient, each with a name and a period of its own, and the search by `period` among them."""

    def __init__(self, consents: Consents, **periods: dict[str, str]) -> None:
        """Store them. One that the server does not take, as it may by its own rules, is left out and mentioned."""
        self._consents = consents
        self.patient = consents.patient()
        self._ids: dict[str, str] = {}
        self._refused: list[tuple[str, Answer]] = []
        for name, wanted in periods.items():
            answer = consents.create(consents.bounded(wanted, patient=self.patient), kind="active")
            if answer.refused and wanted != CLOSED:
                consents.lasting(CLOSED)
                self._refused.append((name, answer))
                continue
            known = consents.kept(answer, "active")
            self.know(name, known.id)
            if lost := meaning.lost_period("period", wanted, consents.period_of(consents.current(known))):
                raise consents.untestable(f"a period to be searched for is not stored as it was sent: {lost[0]}")
        found = consents.find(self._near, include=self._ids.values())
        if not set(self._ids.values()) <= found.ids:
            raise consents.untestable("the search by patient does not find consents that were just created")

    @property
    def _near(self) -> tuple[str, str]:
        return self._consents.of_patient(self.patient)

    def know(self, name: str, id: str) -> None:  # noqa: A002 - FHIR's own word
        self._ids[name] = id

    def judge(self, *values: str, finds: str = "", leaves: str = "") -> None:
        """The search by these values of `period` finds the consents of some names, and leaves others out."""
        for name, refusal in self._refused:
            if name in f"{finds} {leaves}".split():
                refusal.note(f"the server takes no such period: {refusal.described}")
        include, exclude = (
            [self._ids[name] for name in names.split() if name in self._ids] for names in (finds, leaves)
        )
        parameters = [self._near, *(("period", value) for value in values)]
        first = self._consents.search(parameters)
        if first.refused and self._is_without(first, *values):
            return
        if first.status != 200 and include:
            raise Violation(f"200 to period={' and '.join(values)}", first.described, first.shows)
        found = self._consents.find(*parameters, include=include, tolerant=not include)
        expect.matches(found, include=include, exclude=exclude)

    def _is_without(self, refusal: Answer, *values: str) -> bool:
        """Whether the server refuses a prefix itself, with a plain year too: R4 obliges nobody to have all."""
        for prefix in sorted({value[:2] for value in values} & set(PREFIXES)):
            plain = self._consents.search([self._near, ("period", f"{prefix}2031")])
            if plain.refused:
                refusal.note(f"the prefix {prefix} is refused: {plain.described}")
                return True
        return False


def _midnight(day: str, zone: str) -> datetime:
    """The first moment of a day in a zone; on the days of these checks no zone turns its clocks."""
    return datetime.fromisoformat(day).replace(tzinfo=ZoneInfo(zone))


def _written(moment: datetime, offset: str = "Z", minutes: int = 0) -> str:
    """The moment with this offset, of so many minutes."""
    return (moment.astimezone(UTC) + timedelta(minutes=minutes)).isoformat()[:19] + offset
