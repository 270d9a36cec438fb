"""A server that does as its vendor's page prints it."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from conformance.reference.examples import example
from conformance.reference.fault import Variation
from conformance.reference.messages import Answer

if TYPE_CHECKING:
    from conformance.reference.messages import Request, Resource, Route


class PrintedExamples(Variation, name="printed-examples", packs=("oracle-health", "medicasoft")):
    """The examples of the vendor's page are served as they are printed, syntax repaired: the page says so itself."""

    def holdings(self) -> list[Resource]:
        """What is printed is held as it is printed."""
        printed = {
            (one["resourceType"], one["id"]): one for name in self.printed.values() for one in _resources(example(name))
        }
        return [printed.get((one["resourceType"], one["id"]), one) for one in super().holdings()]

    def given(self) -> dict[str, Any]:
        """The ids to which the page prints an answer are given as well, last."""
        given = super().given()
        reads = [address.rpartition("/")[2] for address in self.printed if "?" not in address]
        return {**given, "consents": [*(id for id in given["consents"] if id not in reads), *reads]}  # noqa: A001

    def answered(self, request: Request, route: Route) -> Answer:
        """A request that is printed is let in like any other, and gets the answer that is printed."""
        name = self.printed.get(_address(request))
        if name is None or request.method != "GET":
            return super().answered(request, route)
        self.negotiate(request)
        self.admitted(request, route)
        resource = example(name)
        if resource["resourceType"] == "Bundle" and "id" in resource:
            resource = {**resource, "id": str(uuid.uuid4())}
        return Answer(status=200, resource=resource)


def _address(request: Request) -> str:
    query = unquote(request.written_query).replace("Patient/", "").replace("RelatedPerson/", "")
    return f"{request.path}?{query}" if query else request.path


def _resources(body: Resource) -> list[Resource]:
    if body["resourceType"] != "Bundle":
        return [body]
    return [entry["resource"] for entry in body["entry"] if "resource" in entry]
