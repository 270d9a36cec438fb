"""The Consent endpoint of the target as a check sees it. Every exchange is recorded."""

from __future__ import annotations

import copy
import functools
import itertools
import json
import re
import uuid
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal, TypeVar
from urllib.parse import quote, urlencode, urljoin, urlsplit

import jsonpatch

from conformance import headers as header_lines
from conformance import meaning, period, sending
from conformance.answer import Answer
from conformance.clock import Clock, http_date
from conformance.found import Found, element, next_link, with_elements
from conformance.headers import PLAIN, Change
from conformance.journal import mark_of, marked
from conformance.model import NotTestable, Unreachable, Violation
from conformance.wire import pause_before_repeating

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from conformance.callers import Caller, Callers
    from conformance.credentials import Line
    from conformance.model import Exchange
    from conformance.packs import Dialect, Pack
    from conformance.recorder import Recorder
    from conformance.target import Target
    from conformance.wire import Headers, Received, Wire

MOST_PAGES = 200
"""A search that has not ended after so many pages is given up."""

A_FRACTION, A_WHOLE_SECOND = 0.01, 1.1
"""Seconds after which a time that the server shows, in fractions of a second or without, is another one."""

T = TypeVar("T")
POLL_EVERY = 0.25
"""Seconds between two looks at a search that lags behind a write."""

LONG_OVER = {"start": "2017-02-01", "end": "2019-06-30"}
"""A period that is over, whatever the zone of its dates and the clock of the target."""

YEARS = range(2020, 9000)
"""Years of a Date that are believed. Earlier, what checks take for over lies ahead; later, no end can be written."""

A_MOMENT = timedelta(seconds=2)
"""How far ahead an end lies that is waited for."""

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Kept:
    """A consent that the target holds: `body` is what was sent, with the id that the target gave."""

    id: str
    body: Json
    kind: str

    @property
    def patient(self) -> str:
        """The reference to the patient, as sent.

        Raises:
            NotTestable: the target holds it without one.

        """
        reference = meaning.patient_of(self.body)
        if not reference:
            raise NotTestable(f"Consent/{self.id} names no patient")
        return reference

    @property
    def actors(self) -> list[str]:
        """The references of the actors of its rule, as sent."""
        listed = element(self.body, "provision.actor")
        found = (element(actor, "reference.reference") for actor in (listed if isinstance(listed, list) else ()))
        return [reference for reference in found if isinstance(reference, str)]

    @property
    def category(self) -> str:
        """The first code of its categories, as sent, after its system where it has one; empty without any code."""
        told = (
            f"{one['system']}|{one['code']}" if one.get("system") else one["code"]
            for one in meaning.codings(self.body.get("category"))
        )
        return next(told, "")

    def under(self, id: str) -> Kept:  # noqa: A002 - FHIR's own word
        """The same content under another id."""
        return replace(self, id=id, body={**self.body, "id": id})


class Consents:
    """`[base]/Consent` with the credentials of the target, in its dialect."""

    def __init__(
        self,
        *,
        wire: Wire,
        target: Target,
        pack: Pack,
        dialect: Dialect,
        recorder: Recorder,
        callers: Callers,
        claims: Iterable[str],
        may_write: bool,
        new_id: Callable[[], str] | None = None,
        clock: Clock | None = None,
    ) -> None:
        self._wire = wire
        self._target = target
        self.pack = pack
        self._recorder = recorder
        self.clock = clock or Clock()
        self.claims = frozenset(claims)
        self._may_write = may_write
        self._may_create = may_write and "create" in self.claims
        self._existing = iter(target.given.consents)
        self._patients: Iterator[str] = itertools.cycle(target.given.patients)
        self._handed_out: set[str] = set()
        self._new_id = new_id or (lambda: str(uuid.uuid4()))
        self._callers = callers
        self._caller = callers.own
        self.dialect = dialect

    # -- who is asking -----------------------------------------------------------------------------------------

    def with_token(self, purpose: str) -> Consents:
        """The same endpoint, asked by the holder of a further token: `other-role`, `expired` and so on.

        Raises:
            NotTestable: the target has no token for this purpose, or it is not to be had.

        """
        return self._as(self._callers.of(purpose))

    def with_altered_token(self) -> Consents:
        """The same endpoint, asked with the target's own credentials after one character of the secret was changed."""
        return self._as(self._callers.altered())

    def with_unsigned_token(self) -> Consents | None:
        """The same endpoint, asked with the target's own claims and no signature; None where no token has one."""
        caller = self._callers.unsigned()
        return self._as(caller) if caller is not None else None

    @property
    def credentials(self) -> tuple[str, str]:
        """Name and value of the header that says who is asking.

        Raises:
            NotTestable: requests say nothing of it.

        """
        line = self._caller.line()
        if line is None:
            raise NotTestable("requests carry no credentials", remedy="set auth in target.toml")
        return line

    def _as(self, caller: Caller) -> Consents:
        other = copy.copy(self)
        other._caller = caller  # noqa: SLF001 - a copy of our own
        return other

    # -- interactions ------------------------------------------------------------------------------------------

    def read(self, id: str, *, change: Change = PLAIN, method: str = "GET") -> Answer:  # noqa: A002 - FHIR's own word
        """GET [base]/Consent/[id]."""
        return self.request(method, f"/Consent/{_in_a_path(id)}", action="read", change=change, requested_id=id)

    def follow(self, created: Answer) -> Answer:
        """GET what Location names: at that very address where it has a version to vread, else by the id in it."""
        if created.location and created.location_version and self.offers("vread"):
            here = self._here(created.location)
            return self.request("GET", here, action="read", requested_id=created.location_id)
        return self.read(created.location_id or "")

    def create(self, body: Json | bytes, *, kind: str = "", change: Change = PLAIN) -> Answer:
        """POST [base]/Consent."""
        return self.request("POST", "/Consent", action="create", body=body, kind=kind, change=change)

    def update(
        self,
        body: Json | bytes,
        *,
        id: str | None = None,  # noqa: A002 - FHIR's own word
        kind: str = "",
        change: Change = PLAIN,
        action: str = "update",
        address: str | None = None,
    ) -> Answer:
        """PUT in the address form of the dialect, or in `address`: `/Consent` or `/Consent/{id}`.

        `id` stands in the address; without it, the body's id does.
        """
        named = id if id is not None else (body.get("id") if isinstance(body, dict) else None)
        path = "/Consent"
        if (address or self.dialect.update).endswith("{id}"):
            path = f"/Consent/{_in_a_path(str(named or ''))}"
        if self.dialect.if_match == "always" and named and not _names(change, "If-Match"):
            change = replace(change, setting=(*change.setting, *self._if_match(str(named))))
        return self.request("PUT", path, action=action, body=body, kind=kind, change=change, requested_id=named)

    def vread(self, id: str, version: str, *, change: Change = PLAIN) -> Answer:  # noqa: A002 - FHIR's own word
        """GET [base]/Consent/[id]/_history/[version]."""
        path = f"/Consent/{_in_a_path(id)}/_history/{_in_a_path(version)}"
        return self.request("GET", path, action="read", change=change, requested_id=id)

    def history(self, id: str, *, change: Change = PLAIN) -> Answer:  # noqa: A002 - FHIR's own word
        """GET [base]/Consent/[id]/_history: the first page."""
        path = f"/Consent/{_in_a_path(id)}/_history"
        return self.request("GET", path, action="read", change=change, requested_id=id)

    def delete(self, id: str, *, change: Change = PLAIN) -> Answer:  # noqa: A002 - FHIR's own word
        """DELETE [base]/Consent/[id]. Only for what this run has created."""
        return self.request("DELETE", f"/Consent/{_in_a_path(id)}", action="delete", change=change, requested_id=id)

    def search(
        self,
        parameters: Sequence[tuple[str, str]],
        *,
        change: Change = PLAIN,
        method: Literal["GET", "POST"] = "GET",
    ) -> Answer:
        """GET [base]/Consent?…, or POST [base]/Consent/_search with a form: the first page."""
        if method == "GET":
            query = urlencode(parameters, safe="/:", errors="surrogatepass", quote_via=quote)
            return self.request("GET", f"/Consent?{query}", action="search", change=change)
        form = replace(change, setting=(*change.setting, ("Content-Type", "application/x-www-form-urlencoded")))
        body = urlencode(parameters, errors="surrogatepass").encode("ascii")
        return self.request("POST", "/Consent/_search", action="search", body=body, change=form)

    def look_up(self, identifier: str) -> Answer:
        """GET [base]/Patient?identifier=…: the first page."""
        return self.request("GET", f"/Patient?identifier={_in_a_path(identifier)}", action="search")

    def request(
        self,
        method: str,
        path: str,
        *,
        action: str,
        body: Json | bytes | None = None,
        kind: str = "",
        change: Change = PLAIN,
        requested_id: str | None = None,
    ) -> Answer:
        """Send any request below the base URL, with the headers that the action needs.

        Raises:
            Unreachable: no response came.
            OwnMistake: the body is wrong, and the change does not say what is wrong with it on purpose.

        """
        content = _written(body) if isinstance(body, dict) else body
        if change.flaw is None and content is not None and content.startswith(b"{"):
            shown = (exchange.response_body for exchange in self._recorder.exchanges)
            sending.must_be_right(content.decode(), self.pack, after=shown)
        url = self._target.base_url + path if path.startswith("/") else path
        build = functools.partial(
            header_lines.build,
            pack=self.pack,
            dialect=self.dialect,
            action=action,
            kind=self.pack.bodies[kind].activity_kind if kind in self.pack.bodies else kind,
            extra=tuple(self._target.http.headers.items()),
            change=change,
        )
        credentials = self._caller.line()
        lines = build(credentials=credentials)
        earlier, renewed = 0, False
        while True:
            received, exchange = self._exchanged(method, url, lines, content, flaw=change.flaw)
            if received.status == 401 and not renewed and _carry(lines, credentials) and self._caller.renew():
                renewed = True
                credentials = self._caller.line()
                lines = build(credentials=credentials)
                continue
            pause = pause_before_repeating(received, earlier=earlier, http=self._target.http)
            if pause is None:
                break
            earlier += 1
            self.clock.wait(pause)
        return Answer(
            exchange=exchange,
            recorder=self._recorder,
            status=received.status,
            headers=received.headers,
            content=received.body,
            sent=body if isinstance(body, dict) else None,
            requested_id=requested_id,
        )

    def _exchanged(
        self, method: str, url: str, lines: Headers, content: bytes | None, *, flaw: str | None
    ) -> tuple[Received, Exchange]:
        """Send a request once, and record what came back."""
        record = functools.partial(
            self._recorder.exchange, method=method, url=url, headers=lines, body=content, flawed=flaw
        )
        try:
            received = self._wire.send(method, url, lines, content)
        except Unreachable as problem:
            raise Unreachable(str(problem), exchanges=(record(received=None, problem=str(problem)).id,)) from problem
        return received, record(received=received, problem=received.problem)

    # -- set-up: tolerant, and NotTestable when it does not work ---------------------------------------------------

    def untestable(self, reason: str, *, remedy: str = "") -> NotTestable:
        """To raise when a positive control failed: the last exchange shows it."""
        last = self._recorder.exchanges[-1:]
        return NotTestable(reason, remedy=remedy, exchanges=tuple(exchange.id for exchange in last))

    def met(self, contradiction: str, seen: str) -> None:
        """Mention what the target made of a contradiction of its sources, if the pack has it on record."""
        for row in self.pack.contradictions:
            if row.id == contradiction:
                self._recorder.note(row.met(seen))

    def offers(self, claim: str) -> bool:
        return claim in self.claims

    @property
    def may_create(self) -> bool:
        """Whether the target offers creates and this run may write."""
        return self._may_create

    @property
    def may_write(self) -> bool:
        """Whether this run may send requests that could write, offered or not."""
        return self._may_write

    @property
    def given_ids(self) -> tuple[str, ...]:
        """The logical ids of the consents that the target was given as holding."""
        return self._target.given.consents

    @property
    def base(self) -> str:
        """The address of the service, without a slash at its end."""
        return self._target.base_url

    @property
    def may_update(self) -> bool:
        return self._may_create and "update" in self.claims

    def unused_id(self) -> str:
        """A logical id that nobody has."""
        return self._new_id()

    def patient(self) -> str:
        """A reference to a patient that no other consent of this check names: fresh, or one that the target gave."""
        if self.dialect.patients == "any":
            return f"Patient/{self._new_id()}"
        if self.dialect.patients == "create":
            return self._created("Patient")
        for reference in itertools.islice(self._patients, len(self._target.given.patients)):
            if reference not in self._handed_out:
                self._handed_out.add(reference)
                return _typed(reference)
        raise NotTestable("no further patient to write a consent for", remedy="name more under given.patients")

    def identifier(self, whose: Literal["patient", "actor"]) -> str:
        """An identifier, as `system|value` or `value`, of a patient or an actor whom the target holds.

        Raises:
            NotTestable: none was given.

        """
        given = self._target.given
        known = given.patient_identifiers if whose == "patient" else given.actor_identifiers
        if not known:
            somebody = "a patient" if whose == "patient" else "an actor"
            remedy = f"name one under given.{whose}-identifiers"
            raise NotTestable(f"no identifier of {somebody} is known", remedy=remedy)
        return known[0]

    def time_there(self) -> datetime:
        """The time that it is for the target, by the Date of an answer; by our clock where that has none. In UTC."""
        answer = self.read(self.unused_id())
        told = http_date(answer.header("Date"))
        return told if told is not None and told.year in YEARS else self.clock.now()

    def today(self) -> date:
        """The day that it is for the target, in UTC."""
        return self.time_there().date()

    def reference(self, kind: str) -> str:
        """A reference to a resource of that type which a consent may name: fresh, or to one that the target holds."""
        return f"{kind}/{self._new_id()}" if self.dialect.patients == "any" else self.held(kind)

    def held(self, kind: str = "Patient") -> str:
        """A reference to a resource of that type which the target holds, given or just created.

        Raises:
            NotTestable: it holds none that we know of.

        """
        key = "patients" if kind == "Patient" else "actors"
        given = map(_typed, self._target.given.patients if kind == "Patient" else self._target.given.actors)
        known = next((reference for reference in given if reference.startswith(f"{kind}/")), None)
        if known is not None and self.dialect.patients != "create":
            return known
        if not self._may_create or self.dialect.patients == "given":
            raise NotTestable(f"no {kind} is known that the target holds", remedy=f"name one under given.{key}")
        return self._created(kind)

    def holds(self, reference: str) -> bool:
        """Whether the target was given as holding this actor or patient, as `Type/id`."""
        return reference in {*map(_typed, self._target.given.patients), *self._target.given.actors}

    def body(self, kind: str, *, patient: str | None = None, patch: Sequence[Json] = ()) -> Json:
        """A body of that kind as the pack (or the target's [bodies]) has it, for a patient of its own."""
        made: Json
        if kind in self._target.bodies:
            made = json.loads(self._target.bodies[kind].read_text(encoding="utf-8"))
        else:
            source = self.pack.bodies.get(kind)
            if source is None:
                raise NotTestable(f"pack {self.pack.name} has no body of the kind {kind}", remedy=f"set bodies.{kind}")
            made = copy.deepcopy(self.pack.fixture(source.create))
            if source.patch:
                made = jsonpatch.apply_patch(made, list(source.patch))
        whom = meaning.patient_element(made)
        model = made.get(whom, {})
        made[whom] = {**model, "reference": patient or self.patient()}
        for actor in (made.get("provision") or {}).get("actor", ()):  # a patient who is an actor is the same patient
            named = actor.get("reference", {})
            if "reference" in named and named["reference"] == model.get("reference"):
                actor["reference"] = {**named, "reference": made[whom]["reference"]}
        made = marked(made, self._marker, self._new_id())
        return jsonpatch.apply_patch(made, list(patch)) if patch else made

    def given(self, kind: str, *, patient: str | None = None, patch: Sequence[Json] = ()) -> Kept:
        """A consent of that kind which the target has just stored; where nothing may be created, one that it gave.

        Each call gives a consent of another patient.

        Raises:
            NotTestable: the target did not store it, or gave none.

        """
        if not self._may_create:
            return self._next_existing(kind)
        body = self.body(kind, patient=patient, patch=patch)
        return self.kept(self.create(body, kind=kind), kind)

    def having(self, elements: Mapping[str, Any], *, patient: str | None = None, kind: str = "active") -> Kept:
        """A consent with these values at these dotted paths, which the target has just stored.

        Where nothing may be created: one that it gave and that has anything at each of the paths.

        Raises:
            NotTestable: the target did not store it, or gave none.

        """
        if not self._may_create:
            return self._next_existing(kind, with_elements=tuple(elements))
        body = with_elements(self.body(kind, patient=patient), elements)
        return self.kept(self.create(body, kind=kind), kind)

    def bounded(self, period: Mapping[str, str], *, patient: str | None = None) -> Json:
        """The body of an active consent with exactly this period."""
        body = self.body("active", patient=patient)
        place = self.period_of(body, create=True)
        place.clear()
        place.update(period)
        return body

    def lasting(self, period: Mapping[str, str], *, patient: str | None = None) -> Kept:
        """A consent with exactly this period, which the target has just stored.

        Raises:
            NotTestable: the target did not store it.

        """
        return self.kept(self.create(self.bounded(period, patient=patient), kind="active"), "active")

    def expired(self, *, patient: str | None = None) -> Kept:
        """A consent whose end has passed: of long ago, ended a moment ago, or given.

        Raises:
            NotTestable: the target takes no such end, and gave none.

        """
        if self._may_create:
            created = self.create(self.bounded(LONG_OVER, patient=patient), kind="active")
            if created.succeeded:
                return self.kept(created, "active")
            if (passed := self.just_expired(patient=patient)) is not None:
                return passed
        for id in self._target.given.ended_consents:  # noqa: A001 - FHIR's own word
            body = self.current(id)
            if self._is_over(body):
                return Kept(id, body, "active")
        raise NotTestable("no consent whose end has passed is known", remedy="name one under given.ended-consents")

    def _is_over(self, body: Json) -> bool:
        """Whether the end has passed, whatever the zone of its date."""
        bounds = {name: value for name, value in self.period_of(body).items() if name == "end"}
        try:
            return period.in_force(bounds, self.time_there().isoformat(), self.dialect.zone) == "no"
        except ValueError:  # no dateTime
            return False

    def just_expired(self, *, patient: str | None = None) -> Kept | None:
        """An active consent that was created with an end a moment ahead, after that moment; None when it is refused."""
        end = self.time_there().replace(microsecond=0) + A_MOMENT
        bounds = {"start": LONG_OVER["start"], "end": end.isoformat().replace("+00:00", "Z")}
        created = self.create(self.bounded(bounds, patient=patient), kind="active")
        if not created.succeeded:
            return None
        known = self.kept(created, "active")
        deadline = self.clock.elapsed() + 5 * A_MOMENT.total_seconds()
        while self.time_there() <= end:
            if self.clock.elapsed() > deadline:
                raise self.untestable(f"the target's Date does not reach {bounds['end']}")
            self.clock.wait(POLL_EVERY)
        return known

    def existing(self, kind: str) -> Iterator[Kept]:
        """Every consent that the target gave and that reads as itself, as it is now; reads are judged elsewhere."""
        for id in self._target.given.consents:  # noqa: A001 - FHIR's own word
            answer = self.read(id)
            if answer.status == 200 and answer.resource_type == "Consent" and answer.resource.get("id") == id:
                yield Kept(id, answer.consent, kind)

    def one_of_several(self) -> Kept:
        """A consent that the target gave and whose patient has others that a search shows.

        Raises:
            NotTestable: there is none.

        """
        for known in self.existing("active"):
            if len(self.find(self.of_patient(known.patient), tolerant=True).ids) > 1:
                return known
        remedy = "name a consent under given.consents whose patient has another one"
        raise self.untestable("no given consent's patient has a second one that the search shows", remedy=remedy)

    def patient_without_consents(self) -> str:
        """A reference to a patient for whom the target holds no consent; one that exists, where one is known."""
        if self._target.given.empty_patients:
            return _typed(self._target.given.empty_patients[0])
        if self.dialect.patients == "any":
            return f"Patient/{self._new_id()}"
        if self.dialect.patients == "create" and self._may_create:
            return self.patient()
        raise NotTestable("no patient without consents is known", remedy="name one under given.empty-patients")

    def kept(self, created: Answer, kind: str) -> Kept:
        """The consent that a create has stored; `NotTestable` when it did not."""
        if not created.succeeded:
            raise NotTestable(
                f"a consent of the kind '{kind}' could not be created: {created.described}",
                remedy=self._remedy(kind, created),
                exchanges=created.shows,
            )
        if not created.given_id:
            raise NotTestable(
                f"the id of the created consent is neither in Location nor in the body: {created.described}",
                exchanges=created.shows,
            )
        return Kept(created.given_id, {**(created.sent or {}), "id": created.given_id}, kind)

    def current(self, consent: Kept | str) -> Json:
        """What the target holds now.

        Raises:
            NotTestable: it could not be read.

        """
        id = consent if isinstance(consent, str) else consent.id  # noqa: A001 - FHIR's own word
        answer = self.read(id)
        if answer.status == 200 and answer.resource_type == "Consent":
            return answer.consent
        raise NotTestable(f"the consent could not be read: {answer.described}", exchanges=answer.shows)

    # -- closing -------------------------------------------------------------------------------------------------

    def closing(self, consent: Kept, *, end: str, by: str | None = None) -> Json:
        """The body that closes a consent: by an end of its period, a status, or both; by default as in the dialect."""
        body = copy.deepcopy(consent.body)
        way = by or self.dialect.close_by
        if way in {"period", "both"}:
            self.period_of(body, create=True)["end"] = end
        if way in {"status", "both"}:
            body["status"] = "inactive"
        return body

    def close(self, consent: Kept, *, end: str, change: Change = PLAIN, by: str | None = None) -> Answer:
        """PUT the closing body of this consent."""
        return self.update(self.closing(consent, end=end, by=by), kind=consent.kind, change=change, action="close")

    def close_some_way(self, consent: Kept, *, end: str, send: Callable[[Json], Answer] | None = None) -> Answer:
        """Close in the dialect's way; where that is refused, in the other ways: the source may leave them open.

        Returns the first success, or the refusal of the dialect's own way when every way was refused, or when the one
        that was refused has changed the consent.
        """
        own = self.dialect.close_by
        put = send or (lambda body: self.update(body, kind=consent.kind, action="close"))
        refusal = put(self.closing(consent, end=end, by=own))
        if refusal.succeeded or refusal.status >= 500 or not self.still_open(consent, end=end):
            return refusal
        for way in ("both", "status", "period"):
            if way != own and (answer := put(self.closing(consent, end=end, by=way))).succeeded:
                answer.note(f"closing by {way} is accepted, closing by {own} is not (dialect.close_by)")
                return answer
        return refusal

    def closed(self, consent: Kept, *, end: str, by: str | None = None) -> Kept:
        """Close it, as a positive control or as set-up.

        Raises:
            NotTestable: the target did not take it.

        """
        answer = self.close(consent, end=end, by=by)
        if not answer.succeeded:
            raise NotTestable(
                f"the consent could not be closed: {answer.described}",
                remedy="set dialect.close_by to status, period or both, as the target closes a consent",
                exchanges=answer.shows,
            )
        return replace(consent, body=answer.sent or consent.body)

    def still_open(self, consent: Kept, *, end: str) -> bool:
        """Whether a refusal to close it has left it alone: it is not gone, and has neither another status nor that end.

        Its other bounds may be the server's own. Where nothing can be read, it is taken to be open.
        """
        if not self.offers("read"):
            return True
        read = self.read(consent.id)
        if read.resource_type != "Consent":
            return read.status not in {404, 410}
        status = consent.body.get("status", read.consent.get("status"))
        shown = self.period_of(read.consent).get("end")
        return bool(read.consent.get("status") == status and not meaning.same_moment(shown, end))

    def shows_closing(self, consent: Kept, shown: Json) -> bool:
        """Whether what a read shows has another status or period than the consent had before it was closed."""
        periods = self.period_of(consent.body), self.period_of(shown)
        return shown.get("status") != consent.body.get("status") or bool(meaning.lost_period("period", *periods))

    def updated_after(self, consent: Kept, moment: Any) -> str:
        """Update it once the clock has moved on from that meta.lastUpdated; return the one that it has then.

        Raises:
            NotTestable: the server shows no such time, or the same one again.

        """
        in_fractions = re.search(r"\.0*[1-9]", str(moment)) is not None
        self.clock.wait(A_FRACTION if in_fractions else A_WHOLE_SECOND)
        self.closed(consent, end="2031-12-02")
        shown = element(self.current(consent), "meta.lastUpdated")
        if not isinstance(shown, str) or shown == moment:
            raise self.untestable(f"meta.lastUpdated was {moment}, and is {shown} after an update")
        return shown

    def ending(self, consent: Kept, *, end: str) -> Json:
        """The body that sets this end of its period, with the status too where the dialect closes by status."""
        return self.closing(consent, end=end, by="period" if self.dialect.close_by == "period" else "both")

    def put_end(self, consent: Kept, *, end: str) -> Answer:
        """PUT the body that sets this end."""
        return self.update(self.ending(consent, end=end), kind=consent.kind, action="close")

    def ended(self, consent: Kept, *, end: str) -> Kept:
        """The same as a positive control or as set-up; `NotTestable` when the target did not take it."""
        return self.closed(consent, end=end, by="period" if self.dialect.close_by == "period" else "both")

    def reopening(self, consent: Kept) -> Json:
        """The body of an active consent as it was sent, without an end."""
        body = copy.deepcopy(consent.body)
        self.period_of(body).pop("end", None)
        return {**body, "status": "active"} if "status" in body else body

    def effectively_ended(self, *, end: str) -> Kept:
        """An active consent that was given this end, and that reads with it: a positive control.

        Raises:
            NotTestable: the target did not take the end, or shows another one.

        """
        known = self.ended(self.given("active"), end=end)
        shown = self.period_of(self.current(known)).get("end")
        if not meaning.same_moment(shown, end):
            raise self.untestable(f"the end {end} was set, and the consent reads with {shown or 'none'}")
        return known

    def taken(self, answer: Answer, *, usual: Callable[[], object]) -> bool:
        """Whether a period in a rarer form was taken. A server may want another form, and has then nothing to keep.

        `usual` does the same with a plain date.

        Raises:
            NotTestable: the target breaks, or refuses the plain date as well.

        """
        if answer.succeeded:
            return True
        if not answer.refused:
            raise NotTestable(f"the period could not be set: {answer.described}", exchanges=answer.shows)
        usual()
        answer.note(f"a period in this form is refused, a plain date is taken: {answer.described}")
        return False

    def period_of(self, resource: Mapping[str, Any], *, create: bool = False) -> Json:
        """The period that says how long the consent is valid, in the element of the dialect; {} when there is none."""
        place: Any = resource
        for name in self.dialect.period_element.split("."):
            if not isinstance(place, dict):
                return {}
            place = place.setdefault(name, {}) if create else place.get(name)
        return place if isinstance(place, dict) else {}

    # -- searching -----------------------------------------------------------------------------------------------

    def typed(self, reference: str) -> str:
        """A reference as a search value: Type/id, or the bare id where the dialect documents nothing else."""
        return reference.rpartition("/")[2] if self.dialect.reference_form == "bare" else reference

    def selecting(self, known: Kept) -> list[tuple[str, str]]:
        """Search parameters that find a known consent: its patient, or else its id, as far as they are claimed."""
        if "search:patient" in self.claims:
            return [self.of_patient(known.patient)]
        return [("_id", known.id)] if "search:_id" in self.claims else []

    def findable(self, known: Kept) -> Found:
        """The search that finds a known consent, as a positive control.

        Raises:
            NotTestable: it does not find it.

        """
        found = self.find(*self.selecting(known), include=[known.id])
        if known.id not in found.ids:
            raise self.untestable("the search does not find a consent that exists")
        return found

    def find(
        self,
        *parameters: tuple[str, str],
        include: Iterable[str] = (),
        until: Callable[[Found], bool] | None = None,
        tolerant: bool = False,
        change: Change = PLAIN,
        method: Literal["GET", "POST"] = "GET",
    ) -> Found:
        """Search and follow every next link.

        Look again while an id of `include` is missing, or `until` is not met, for as long as `settle` says. With
        `tolerant` an answer below 500 without a Bundle counts as nothing found: where something is not to be found
        and another requirement judges the form of such an answer.

        Raises:
            Violation: the answer is no Bundle, or its pages do not end.

        """
        wanted = set(include)

        def found() -> Found:
            first = self.search(parameters, change=change, method=method)
            return Found(() if tolerant and first.status not in {200, *range(500, 600)} else tuple(self._pages(first)))

        return self.settled(found, lambda seen: wanted <= seen.ids and (until is None or until(seen)))

    def settled(self, look: Callable[[], T], enough: Callable[[T], bool]) -> T:
        """What `look` sees once that is enough, or else when an answer can no longer lag behind a write (`settle`)."""
        deadline = self.clock.elapsed() + self.dialect.settle
        while not enough(seen := look()) and self.clock.elapsed() < deadline:
            self.clock.wait(POLL_EVERY)
        return seen

    def stored_from(self, body: Json) -> list[str]:
        """The ids of consents made from this body, as a search by its patient shows; none where that is refused.

        A fresh patient has no others. One that the target gave may have any number, of which those count that have the
        mark of the body.

        Raises:
            NotTestable: there is no mark to tell them by.

        """
        patient = meaning.patient_of(body)
        first = self.search([self.of_patient(patient)])
        if first.status != 200 or first.resource_type != "Bundle":
            return []
        wanted = patient.rpartition("/")[2]
        mark = mark_of(body) if self.dialect.patients == "given" else ""
        if mark is None:
            raise self.untestable(
                "our consents cannot be told from the patient's others",
                remedy="set dialect.marker to tag or identifier, or dialect.patients to any",
            )
        found = Found((first, *self.further_pages(first))).matches
        of_patient = [one for one in found if meaning.patient_of(one).rpartition("/")[2] == wanted]
        return sorted(str(one.get("id")) for one in of_patient if mark in json.dumps(one))

    @property
    def _marker(self) -> str:
        """How our consents are marked: as the dialect says, else only where a patient may have others."""
        return self.dialect.marker or ("identifier" if self.dialect.patients == "given" else "none")

    def of_patient(self, patient: str) -> tuple[str, str]:
        """The search parameter that selects a patient's consents, in the dialect's name and reference form."""
        bare = patient.rpartition("/")[2]
        return self.dialect.patient_parameter, f"Patient/{bare}" if self.patient_form == "typed" else bare

    @property
    def patient_form(self) -> Literal["bare", "typed", "both"]:
        """In which forms a patient may be asked for: a chained parameter such as patient._id takes ids alone."""
        return "bare" if "." in self.dialect.patient_parameter else self.dialect.reference_form

    def paged(self, first: Answer) -> Found:
        """A search whose first page is there already, with all its pages."""
        return Found(tuple(self._pages(first)))

    def further_pages(self, first: Answer) -> list[Answer]:
        """The pages after this one."""
        return list(self._pages(first))[1:]

    def _pages(self, first: Answer) -> Iterator[Answer]:
        page, followed = first, set[str]()
        for _ in range(MOST_PAGES):
            yield page
            if page.status != 200:
                raise Violation("200 with a Bundle", page.described, page.shows)
            following = next_link(page)
            if following is None:
                return
            if following in followed:
                raise Violation("next links that lead to an end", "one that was followed before", page.shows)
            followed.add(following)
            page = self.request("GET", self._here(following), action="search")
        raise Violation(f"a last page within {MOST_PAGES}", "a next link on every page", page.shows)

    def _here(self, link: str) -> str:
        """A link of the target as an address below the base URL: it may know itself by another host name."""
        here = urlsplit(self._target.base_url)
        try:
            there = urlsplit(urljoin(self._target.base_url + "/Consent", link))
        except ValueError as problem:
            raise Violation("a link that is an address", f"{link!r}: {problem}") from problem
        return there._replace(scheme=here.scheme, netloc=here.netloc).geturl()

    def _next_existing(self, kind: str, *, with_elements: tuple[str, ...] = ()) -> Kept:
        for id in self._existing:  # noqa: A001 - FHIR's own word
            body = self.current(id)
            patient = meaning.patient_of(body)
            if body.get("id") != id:
                continue  # the check of reads judges it
            if patient not in self._handed_out and all(element(body, path) for path in with_elements):
                self._handed_out.add(patient)
                return Kept(id, body, kind)
        wanted = f" with {' and '.join(with_elements)}" if with_elements else ""
        raise NotTestable(f"no (further) consent{wanted} is known to read", remedy="name consents under given.consents")

    def _created(self, kind: str) -> str:
        """A reference to a resource that was just created so that consents can name it."""
        body = {"resourceType": kind, **({"name": "A conformance run"} if kind == "Organization" else {})}
        body = marked(body, "identifier", self._new_id())
        answer = self.request("POST", f"/{kind}", action="create", body=body)
        match = answer.header("Location") or ""
        created = match.partition("/_history")[0].rpartition("/")[2] or (
            answer.parsed.get("id") if isinstance(answer.parsed, dict) else None
        )
        if not answer.succeeded or not created:
            raise NotTestable(
                f"a {kind} could not be created: {answer.described}",
                remedy="set dialect.patients to 'any' or 'given' in target.toml",
                exchanges=answer.shows,
            )
        return f"{kind}/{created}"

    def _if_match(self, id: str) -> list[tuple[str, str]]:  # noqa: A002 - FHIR's own word
        tag = self.read(id).header("ETag")
        return [("If-Match", tag)] if tag else []

    def _remedy(self, kind: str, answer: Answer) -> str:
        if answer.status in {401, 403}:
            return "set auth in target.toml to a token that may write"
        source = self.pack.bodies.get(kind)
        if source is not None and source.reconstructed and kind not in self._target.bodies:
            return f"set bodies.{kind} in target.toml to a body that the target accepts: the pack's is reconstructed"
        return "set dialect.patients and given.patients if the target knows only its own patients"


def _typed(reference: str) -> str:
    return reference if "/" in reference else f"Patient/{reference}"


def _carry(lines: Headers, credentials: Line | None) -> bool:
    """Whether a request was made with these credentials just as they are, and not with others on purpose."""
    if credentials is None:
        return False
    name, value = credentials
    return [sent for called, sent in lines if called.lower() == name.lower()] == [value]


def _in_a_path(text: str) -> str:
    """As one segment of an address: a server may have given an id that is none."""
    return quote(text, safe="", errors="surrogatepass")


def _names(change: Change, header: str) -> bool:
    return any(name.lower() == header.lower() for name, _ in change.setting) or header.lower() in {
        name.lower() for name in change.without
    }


def _written(body: Json) -> bytes:
    try:
        return json.dumps(body, ensure_ascii=False).encode()
    except UnicodeEncodeError:  # a lone surrogate that the server has put into it: only an escape can carry it
        return json.dumps(body).encode()
