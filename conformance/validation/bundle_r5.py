"""The invariants that R5 added to Bundle (https://hl7.org/fhir/R5/bundle.html#invs)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

Json = dict[str, Any]
WITH_BODY = frozenset({"POST", "PATCH", "PUT"})


def _entries(bundle: Json) -> list[Json]:
    listed = bundle.get("entry")
    return [entry for entry in listed if isinstance(entry, dict)] if isinstance(listed, list) else []


def _method(entry: Json) -> Any:
    request = entry.get("request")
    method = request.get("method") if isinstance(request, dict) else None
    return method if isinstance(method, str) else None


def _type(bundle: Json) -> str:
    kind = bundle.get("type")
    return kind if isinstance(kind, str) else ""


def _issues(bundle: Json) -> list[Any]:
    outcome = bundle.get("issues")
    listed = outcome.get("issue") if isinstance(outcome, dict) else None
    return [item.get("severity") for item in listed if isinstance(item, dict)] if isinstance(listed, list) else []


def bdl_3a(bundle: Json) -> bool:
    if _type(bundle) not in {"document", "message", "searchset", "collection"}:
        return True
    return all("resource" in entry and "request" not in entry and "response" not in entry for entry in _entries(bundle))


def bdl_3b(bundle: Json) -> bool:
    if _type(bundle) != "history":
        return True
    return all(
        "request" in entry and "response" in entry and (_method(entry) in WITH_BODY) == ("resource" in entry)
        for entry in _entries(bundle)
    )


def bdl_3c(bundle: Json) -> bool:
    if _type(bundle) not in {"transaction", "batch"}:
        return True
    return all(
        _method(entry) is not None and (_method(entry) in WITH_BODY) == ("resource" in entry)
        for entry in _entries(bundle)
    )


def bdl_3d(bundle: Json) -> bool:
    is_response = _type(bundle) in {"transaction-response", "batch-response"}
    return not is_response or all("response" in entry for entry in _entries(bundle))


def bdl_13(bundle: Json) -> bool:
    if _type(bundle) != "subscription-notification":
        return True
    entries = _entries(bundle)
    resource = entries[0].get("resource") if entries else None
    return isinstance(resource, dict) and resource.get("resourceType") == "SubscriptionStatus"


def bdl_14(bundle: Json) -> bool:
    return _type(bundle) != "history" or all(_method(entry) != "PATCH" for entry in _entries(bundle))


def bdl_15(bundle: Json) -> bool:
    if _type(bundle) in {"transaction", "transaction-response", "batch", "batch-response"}:
        return True
    return all("fullUrl" in entry or _method(entry) == "POST" for entry in _entries(bundle))


def bdl_16(bundle: Json) -> bool:
    return all(severity in ("information", "warning") for severity in _issues(bundle))


def bdl_17(bundle: Json) -> bool:
    return _type(bundle) != "document" or "issues" not in bundle


def bdl_18(bundle: Json) -> bool:
    if _type(bundle) != "searchset":
        return True
    links = bundle.get("link")
    found = [item for item in links if isinstance(item, dict)] if isinstance(links, list) else []
    return any(item.get("relation") == "self" and "url" in item for item in found)


BUNDLE_R5: dict[str, Callable[[Json], bool | None]] = {
    "bdl-3a": bdl_3a,
    "bdl-3b": bdl_3b,
    "bdl-3c": bdl_3c,
    "bdl-3d": bdl_3d,
    "bdl-13": bdl_13,
    "bdl-14": bdl_14,
    "bdl-15": bdl_15,
    "bdl-16": bdl_16,
    "bdl-17": bdl_17,
    "bdl-18": bdl_18,
}
