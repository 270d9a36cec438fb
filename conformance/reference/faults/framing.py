"""Lies about bodies on their way: cut off, sent twice, as long or encoded as they are not; in answers to updates."""

from __future__ import annotations

import gzip
from dataclasses import replace
from typing import TYPE_CHECKING

from conformance.reference.fault import Fault
from conformance.reference.messages import Answer, Refused
from conformance.reference.server import CLAIMED_LENGTH

if TYPE_CHECKING:
    from conformance.reference.messages import Request, Response, Route

WHOLE = "r4.content.bodies-are-whole"
UNREADABLE = (WHOLE, "nll-2023.close.repeating-is-harmless")
"""What an answer breaks whose body cannot be read at all; a close that is repeated looks at that."""


class InAnswersToUpdates(Fault):
    """Spoils the answer to an update that says nothing of Prefer; what is stored stays right."""

    def sent(self, request: Request, route: Route | None, response: Response) -> Response:
        sent = super().sent(request, route, response)
        if request.method != "PUT" or sent.status != 200 or not sent.body or self.preference(request, "return"):
            return sent
        return self.spoilt(sent)

    def spoilt(self, response: Response) -> Response:
        raise NotImplementedError


def holding(response: Response, body: bytes, *more: tuple[str, str]) -> Response:
    """The response with another body, and a Content-Length that fits it."""
    kept = tuple(line for line in response.headers if line[0].lower() != "content-length")
    return replace(response, body=body, headers=(*kept, ("Content-Length", str(len(body))), *more))


class BodyBreaksOff(InAnswersToUpdates, name="body-breaks-off", breaks=(WHOLE,)):
    """The JSON of an answer ends in the middle, and its length says so."""

    def spoilt(self, response: Response) -> Response:
        return holding(response, response.body[: len(response.body) // 2])


class BodyComesTwice(InAnswersToUpdates, name="body-comes-twice", breaks=(WHOLE,)):
    """An answer holds its resource twice, one after the other."""

    def spoilt(self, response: Response) -> Response:
        return holding(response, response.body * 2)


class BodyWithByteOrderMark(InAnswersToUpdates, name="body-with-byte-order-mark", breaks=(WHOLE,)):
    """The JSON of an answer begins with a byte order mark, which RFC 8259 §8.1 does not allow on a network."""

    def spoilt(self, response: Response) -> Response:
        return holding(response, b"\xef\xbb\xbf" + response.body)


class BodyInSixteenBits(InAnswersToUpdates, name="body-in-sixteen-bits", breaks=(WHOLE,)):
    """An answer is written in UTF-16, and its label keeps silent about it."""

    def spoilt(self, response: Response) -> Response:
        return holding(response, response.body.decode().encode("utf-16"))


class ZippedWithoutSaying(InAnswersToUpdates, name="zipped-without-saying", breaks=(WHOLE,)):
    """An answer is compressed with gzip, and no Content-Encoding says so."""

    def spoilt(self, response: Response) -> Response:
        return holding(response, gzip.compress(response.body))


class ZippedInNameOnly(InAnswersToUpdates, name="zipped-in-name-only", breaks=UNREADABLE, on_the_wire=True):
    """Content-Encoding says gzip, and the body is plain."""

    def spoilt(self, response: Response) -> Response:
        return holding(response, response.body, ("Content-Encoding", "gzip"))


class LengthPromisesMore(InAnswersToUpdates, name="length-promises-more", breaks=UNREADABLE, on_the_wire=True):
    """Content-Length is larger than the body, and the connection closes before the rest."""

    def spoilt(self, response: Response) -> Response:
        return replace(response, headers=(*response.headers, (CLAIMED_LENGTH, str(len(response.body) + 100))))


class LengthPromisesLess(InAnswersToUpdates, name="length-promises-less", breaks=(WHOLE,), on_the_wire=True):
    """Content-Length is smaller than the body, so that its end is not part of the answer."""

    def spoilt(self, response: Response) -> Response:
        return replace(response, headers=(*response.headers, (CLAIMED_LENGTH, str(len(response.body) - 20))))


class MalformedIdLeadsInCircles(
    Fault, name="malformed-id-leads-in-circles", breaks=("r4.read.malformed-id-is-refused",)
):
    """A read of an id with a space in it is sent on to the same address, for ever."""

    def unknown(self, request: Request, route: Route) -> Answer:
        if " " in route.id and request.method == "GET":
            raise Refused(302, "not-found", "look there", (("Location", f"{self.base}{request.path}"),))
        return super().unknown(request, route)
