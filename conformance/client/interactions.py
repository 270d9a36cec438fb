"""FHIR's interactions on Consent, and the addresses that they go to."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal
from urllib.parse import quote, urlencode, urljoin, urlsplit

from conformance.client.endpoint import Endpoint
from conformance.found import element
from conformance.headers import PLAIN, Change
from conformance.model import Violation

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.answer import Answer
    from conformance.client.kept import Json


class Interactions(Endpoint):
    """One request each."""

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

    def _if_match(self, id: str) -> list[tuple[str, str]]:  # noqa: A002 - FHIR's own word
        read = self.read(id)
        version = element(read.parsed, "meta.versionId")
        tag = read.header("ETag") or (f'W/"{version}"' if isinstance(version, str) else None)
        return [("If-Match", tag)] if tag else []

    def _here(self, link: str) -> str:
        """A link of the target as an address below the base URL: it may know itself by another host name."""
        here = urlsplit(self._target.base_url)
        try:
            there = urlsplit(urljoin(self._target.base_url + "/Consent", link))
        except ValueError as problem:
            raise Violation("a link that is an address", f"{link!r}: {problem}") from problem
        return there._replace(scheme=here.scheme, netloc=here.netloc).geturl()


def _in_a_path(text: str) -> str:
    """As one segment of an address: a server may have given an id that is none."""
    return quote(text, safe="", errors="surrogatepass")


def _names(change: Change, header: str) -> bool:
    return any(name.lower() == header.lower() for name, _ in change.setting) or header.lower() in {
        name.lower() for name in change.without
    }
