"""Closing a consent, by an end of its period or by its status, and opening it again."""

from __future__ import annotations

import copy
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from conformance import meaning
from conformance.client.expiry import Expiry
from conformance.found import element
from conformance.headers import PLAIN, Change
from conformance.model import NotTestable

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.answer import Answer
    from conformance.client.kept import Json, Kept

A_FRACTION, A_WHOLE_SECOND = 0.01, 1.1
"""Seconds after which a time that the server shows, in fractions of a second or without, is another one."""


class Closing(Expiry):
    """Updates that change how long a consent is valid."""

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
                remedy=self.demands_if_match(answer.exchange)
                or ("" if by else "set dialect.close_by to status, period or both, as the target closes a consent"),
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
