"""Looks at a target before a run, from the network up, and says of each finding what it means for the run."""

from __future__ import annotations

import functools
import statistics
import time
from typing import TYPE_CHECKING

from conformance import preflight
from conformance.approach import Approach
from conformance.callers import Callers
from conformance.client import Consents
from conformance.clock import LAST_SECOND
from conformance.finding import Broken, Finding, State
from conformance.headers import Change
from conformance.model import NotTestable, Unreachable
from conformance.preparation import claims_of, redactor_for
from conformance.recorder import Recorder
from conformance.wire import Wire

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conformance.answer import Answer
    from conformance.credentials import Auth
    from conformance.packs import Pack
    from conformance.target import Target

NETWORK = ("dns", "tls", "clock")
LOOKS = (*NETWORK, "token", "metadata", "read", "search", "writes", "given", "latency")
MOST_GIVEN = 20
"""So many given resources are read."""


def examine(pack: Pack, target: Target) -> Iterator[Finding]:
    """The findings, one look after the other; after a broken one, those that need it are skipped."""
    seen: set[str] = set()
    examination = Examination(pack, target)
    try:
        for look in LOOKS:
            for finding in examination.look(look):
                seen.add(look)
                yield examination.redacted(finding)
    except Broken as obstacle:
        seen.add(obstacle.finding.look)
        yield examination.redacted(obstacle.finding)
        for look in LOOKS:
            if look not in seen:
                yield Finding(
                    look=look, state="skipped", seen=f"not looked at, since {obstacle.finding.look} is broken"
                )
    finally:
        examination.close()


class Examination:
    """One look each; a method per look."""

    def __init__(self, pack: Pack, target: Target) -> None:
        self._pack, self._target = pack, target
        self._redactor = redactor_for(pack, target)
        self._recorder = Recorder(self._redactor)
        self._wire = Wire(target, read_only=not target.allow_writes)
        self._approach = Approach(target, self._wire)
        self._callers = Callers(target, self._redactor)
        self._claims = frozenset(row.claim for row in claims_of(pack, target, ()))

    def close(self) -> None:
        self._callers.close()
        self._wire.close()

    def look(self, name: str) -> Iterator[Finding]:
        """The findings of one look."""
        found: Iterator[Finding] = getattr(self._approach if name in NETWORK else self, name)()
        return found

    def redacted(self, finding: Finding) -> Finding:
        text = self._redactor.text
        return Finding(look=finding.look, state=finding.state, seen=text(finding.seen), means=text(finding.means))

    @property
    def _consents(self) -> Consents:
        return Consents(
            wire=self._wire,
            target=self._target,
            pack=self._pack,
            dialect=self._pack.dialect.with_overrides(self._target.dialect),
            recorder=self._recorder,
            callers=self._callers,
            claims=self._claims,
            may_write=self._target.allow_writes,
        )

    # -- who asks ----------------------------------------------------------------------------------------------------

    def token(self) -> Iterator[Finding]:
        auth = self._target.auth
        try:
            seen = self._own_token(auth)
        except Unreachable as problem:
            raise Broken(
                Finding(look="token", state="broken", seen=str(problem), means="nothing can be checked")
            ) from problem
        yield seen
        for purpose in self._target.tokens:
            try:
                self._callers.of(purpose)
            except NotTestable as obstacle:
                means = f"requirements that need tokens.{purpose} will not be testable"
                yield Finding(look="token", state="warning", seen=f"{purpose}: {obstacle}", means=means)
            else:
                yield Finding(look="token", state="ok", seen=f"{purpose}: there")

    def _own_token(self, auth: Auth) -> Finding:
        if auth.kind == "none":
            return Finding(look="token", state="ok", seen="none is sent ([auth] kind = none)")
        if auth.obtained:
            token = self._callers.own.token()
            lives = f", good for {token.lives:.0f} s" if token.lives else ", nobody says for how long"
            asked = auth.client.scope if auth.client else None
            lacks = sorted(set(asked.split()) - set(token.scope.split())) if asked and token.scope is not None else []
            if lacks:
                means = "what these scopes are for will be refused"
                return Finding(look="token", state="warning", seen=f"not granted: {' '.join(lacks)}", means=means)
            return Finding(look="token", state="ok", seen=f"obtained by {auth.kind}{lives}; renewed during a run")
        left = _left_of(auth.token)
        if left is not None and left <= 0:
            said = f"the token expired {-left / 60:.0f} minutes ago, by this machine's clock"
            raise Broken(Finding(look="token", state="broken", seen=said, means="every request would be refused"))
        if left is not None and left < 600:
            said = f"the token lives for {left:.0f} s more, and nothing renews a token of kind bearer"
            return Finding(look="token", state="warning", seen=said, means="a longer run ends in 401")
        return Finding(look="token", state="ok", seen=f"given ({auth.kind}); the read shows whether it is accepted")

    # -- what it offers ----------------------------------------------------------------------------------------------

    def metadata(self) -> Iterator[Finding]:
        statement = self._asked(lambda: self._consents.request("GET", "/metadata", action="read"), "metadata")
        by_it = self._pack.claims_from == "metadata"
        if statement.resource_type != "CapabilityStatement" or statement.status != 200:
            means = "the pack goes by its own claims"
            if by_it and not self._target.claims_add:
                means = f"pack {self._pack.name} goes by it, so that hardly anything applies: set claims.add"
            seen = f"no CapabilityStatement: {statement.described}"
            yield Finding(look="metadata", state="warning" if by_it else "note", seen=seen, means=means)
            return
        declared = preflight.declared_claims(statement, needed=False)
        self._claims = frozenset(row.claim for row in claims_of(self._pack, self._target, declared if by_it else ()))
        version = str(statement.parsed.get("fhirVersion", "no version"))
        if not version.startswith(self._pack.fhir):
            means = f"pack {self._pack.name} is about FHIR {self._pack.fhir}; is it the right one?"
            yield Finding(look="metadata", state="warning", seen=f"FHIR {version}", means=means)
        elif by_it and len(declared) < 2:
            means = "no requirement of reading or searching applies; is Consent served here? If so, set claims.add"
            yield Finding(look="metadata", state="warning", seen=f"FHIR {version}, nothing about Consent", means=means)
        else:
            offered = ", ".join(row.claim for row in declared[1:]) or "nothing about Consent"
            means = "" if by_it else f"pack {self._pack.name} goes by its own claims, and by claims of target.toml"
            yield Finding(look="metadata", state="ok", seen=f"FHIR {version}; {offered}", means=means)

    def read(self) -> Iterator[Finding]:
        given = self._target.given.consents
        answer = self._asked(lambda: self._consents.read(given[0] if given else self._consents.unused_id()), "read")
        self._refused("read", answer)
        wanted = (200,) if given else (404, 410)
        if answer.status in wanted:
            yield Finding(look="read", state="ok", seen=answer.described)
        else:
            means = "look at the exchange: the server is expected to answer with 200 or 404"
            yield Finding(look="read", state="warning", seen=answer.described, means=means)

    def search(self) -> Iterator[Finding]:
        if "search:patient" not in self._claims and "search" not in self._claims:
            yield Finding(look="search", state="skipped", seen="not claimed")
            return
        consents = self._consents
        patient = (self._target.given.patients or (consents.unused_id(),))[0]
        answer = self._asked(lambda: consents.search([consents.of_patient(patient)]), "search")
        self._refused("search", answer)
        if answer.status == 200 and answer.resource_type == "Bundle":
            yield Finding(look="search", state="ok", seen=answer.described)
        else:
            means = "checks that search will fail: is dialect.patient_parameter what the server calls it?"
            yield Finding(look="search", state="warning", seen=answer.described, means=means)

    def writes(self) -> Iterator[Finding]:
        if not self._target.allow_writes:
            means = "a run only reads; requirements of creates and updates do not apply (allow_writes)"
            yield Finding(look="writes", state="note", seen="not allowed by target.toml, and not tried", means=means)
            return
        if "create" not in self._claims:
            yield Finding(look="writes", state="skipped", seen="creates are not claimed")
            return
        consents = self._consents
        flaw = Change(flaw="an empty resource, to see whether writes are allowed")
        answer = self._asked(lambda: consents.create(b"{}", change=flaw), "writes")
        if answer.status in {401, 403, 405}:
            means = "creates will not be testable: give [auth] a right to write, or take create out (claims.remove)"
            yield Finding(look="writes", state="warning", seen=f"POST of {{}}: {answer.described}", means=means)
        elif answer.succeeded:
            means = (
                f"it stored what is no consent{f': Consent/{answer.given_id}' if answer.given_id else ''}; remove it"
            )
            yield Finding(look="writes", state="warning", seen=f"POST of {{}}: {answer.described}", means=means)
        elif answer.status >= 500:
            yield Finding(
                look="writes", state="warning", seen=f"POST of {{}}: {answer.described}", means="it broke down"
            )
        else:
            seen = f"POST of {{}} is refused as no consent ({answer.status}), and not for want of rights"
            yield Finding(look="writes", state="ok", seen=seen)

    def given(self) -> Iterator[Finding]:
        given = self._target.given
        ids = [*given.consents, *given.ended_consents][:MOST_GIVEN]
        if not ids:
            state: State = "ok" if self._target.allow_writes else "note"
            means = "" if self._target.allow_writes else "a run that only reads looks for some; or set given.consents"
            yield Finding(look="given", state=state, seen="no consents are given", means=means)
            return
        answers = {one: self._asked(functools.partial(self._consents.read, one), "given") for one in ids}
        lost = [f"{one} ({answer.status})" for one, answer in answers.items() if answer.status != 200]
        if lost:
            means = "checks that need them will not be testable: correct given.consents or given.ended-consents"
            yield Finding(look="given", state="warning", seen=f"not there: {', '.join(lost)}", means=means)
        else:
            yield Finding(look="given", state="ok", seen=f"{len(ids)} given consents can be read")

    def latency(self) -> Iterator[Finding]:
        waits = [one.waited_ms for one in self._recorder.exchanges if one.waited_ms]
        median = statistics.median(waits)
        means = f"1,000 requests take about {median:.0f} s, less with --workers"
        state: State = "note" if median > 500 else "ok"
        yield Finding(
            look="latency", state=state, seen=f"{median:.0f} ms (median of {len(waits)} answers)", means=means
        )

    def _asked(self, ask: Callable[[], Answer], look: str) -> Answer:
        try:
            return ask()
        except Unreachable as problem:
            means = "nothing can be checked"
            raise Broken(Finding(look=look, state="broken", seen=str(problem), means=means)) from problem

    def _refused(self, look: str, answer: Answer) -> None:
        """Nobody gets further than this.

        Raises:
            Broken: the credentials are not accepted, or there is no FHIR server.

        """
        means = ""
        if answer.status == 401:
            means = "nothing can be checked: set [auth] to credentials that the server accepts"
        elif answer.status == 403:
            means = "hardly anything can be checked: the credentials are known, and may not do this"
        elif answer.status >= 500:
            means = "nothing can be checked until it works"
        elif answer.media_type in {"text/html", "application/xhtml+xml"} and not answer.resource_type:
            means = "a web page: is base_url the FHIR base?"
        if means:
            raise Broken(Finding(look=look, state="broken", seen=answer.described, means=means))


def _left_of(token: str | None) -> float | None:
    """Seconds for which a JSON Web Token is good, by this machine's clock; None where it does not say."""
    import jwt  # noqa: PLC0415 - slow to import

    try:
        until = jwt.decode(token or "", options={"verify_signature": False}).get("exp")
    except jwt.InvalidTokenError:
        return None
    return min(until, LAST_SECOND) - time.time() if isinstance(until, int | float) else None
