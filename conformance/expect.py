"""The assertion vocabulary. Each function returns when what it says is true and raises `Violation` when it is not.

Nothing here knows a product or a requirement; the caller ties an assertion to its requirement with `verifying`.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_plus, urlsplit

from conformance import meaning
from conformance.meaning import same_moment
from conformance.model import Violation

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from conformance.answer import Answer
    from conformance.found import Found
    from conformance.scenarios import Statuses

__all__ = [
    "absent",
    "accepted",
    "added_to",
    "all_of_it",
    "different",
    "differs",
    "done_or_refused",
    "ends",
    "equal",
    "header",
    "kept",
    "matches",
    "no_consent",
    "no_server_error",
    "not_carried_out",
    "outcome_without_errors",
    "refused",
    "resource_type",
    "same_content",
    "same_meaning",
    "same_moment",
    "same_period",
    "same_state",
    "status",
    "status_of",
    "success",
    "true",
    "unchanged",
    "unsupported",
]

Json = dict[str, Any]

_A_CONSENT = re.compile(r'\\?"resourceType\\?"\s*:\s*\\?"Consent\\?"|<Consent[\s>]')
"""A Consent in a body, alone or inside another resource: as JSON, as JSON quoted in a string, or as XML."""
SERVERS_OWN = ("meta", "text")
"""Elements that a server may set or rewrite: meta is its own (http.html#create), text may be generated (narrative)."""


def status(answer: Answer, *accepted: int, noted: Collection[int] = ()) -> None:
    """The status is one of `accepted`; one of `noted` passes and is mentioned."""
    if answer.status in noted:
        answer.note(f"answered {answer.status} where {_either(accepted)} is usual")
    elif answer.status not in accepted:
        raise Violation(f"status {_either([*accepted, *noted])}", answer.described, answer.shows)


def status_of(answer: Answer, accepted: Statuses, *, noted: Statuses) -> None:
    """The status is one of those that a row of the pack accepts; a noted one passes and is mentioned."""
    if answer.status not in accepted and answer.status in noted:
        answer.note(f"answered {answer.status} where {accepted} is usual")
    elif answer.status not in accepted:
        raise Violation(f"status {accepted}", answer.described, answer.shows)


def success(answer: Answer, *, usual: int | None = None) -> None:
    """The request was carried out: any 2xx; another number than the usual one is mentioned."""
    if not answer.succeeded:
        raise Violation("success (2xx)", answer.described, answer.shows)
    if usual is not None and answer.status != usual:
        answer.note(f"answered {answer.status} where {usual} is usual")


def accepted(answer: Answer) -> None:
    """The content is valid, and so it was taken. A rule of business may stand against it, and is mentioned."""
    if answer.succeeded:
        return
    if not answer.refused_by_rule:
        raise Violation("success (2xx): the content is valid", answer.described, answer.shows)
    answer.note(f"refused by a rule of the server's own: {answer.described}")


def refused(answer: Answer, *, best: int | None = None) -> None:
    """The request was refused: any 4xx, never 2xx or 5xx; another number than the best one is mentioned."""
    if not answer.refused:
        raise Violation("a refusal (4xx)", answer.described, answer.shows)
    if best is not None and answer.status != best:
        answer.note(f"refused with {answer.status} where {best} says it best")


def unsupported(answer: Answer, *, best: int) -> None:
    """What the server does not support was refused: any 4xx, or 501; another number than the best one is mentioned."""
    if answer.unsupported:
        answer.note(f"refused with 501 where {best} says it best")
    else:
        refused(answer, best=best)


def not_carried_out(answer: Answer, *, best: int = 400) -> None:
    """The request was not carried out. A 5xx says so as well, which http.html#create tolerates; it is mentioned."""
    if answer.status < 400:
        raise Violation(f"a refusal ({best})", answer.described, answer.shows)
    if answer.status != best:
        answer.note(f"refused with {answer.status} where {best} says it best")


def no_server_error(answer: Answer) -> None:
    """Whatever the answer is, the server did not break: no 5xx, no cut-off body."""
    if answer.status >= 500 or answer.exchange.problem:
        raise Violation("an answer below 500", answer.described, answer.shows)


def absent(answer: Answer) -> None:
    """A read found nothing: 404, or 410 for what once was there, or another 4xx; never 200."""
    if not answer.refused:
        raise Violation("not found (404)", answer.described, answer.shows)
    if answer.status not in {404, 410}:
        answer.note(f"answered {answer.status} where 404 is usual")


def header(answer: Answer, name: str) -> str:
    """The header is there and not blank; returns its value."""
    value = answer.header(name)
    if value is None or not value.strip():
        raise Violation(f"a header {name}", "none" if value is None else "a blank one", answer.shows)
    return value


def resource_type(answer: Answer, *types: str) -> Json:
    """The body is a resource of one of these types; returns it."""
    if answer.resource_type not in types:
        raise Violation(f"a body that is {_either(types)}", answer.described, answer.shows)
    return answer.resource


def outcome_without_errors(answer: Answer) -> None:
    """The body is an OperationOutcome, and none of its issues is an error."""
    issues = resource_type(answer, "OperationOutcome").get("issue", [])
    if not isinstance(issues, list) or not all(isinstance(issue, dict) for issue in issues):
        raise Violation("a list of issues", f"issue is {_shown(issues)}", answer.shows)
    errors = [issue for issue in issues if issue.get("severity") in ("error", "fatal")]
    equal(errors, [], "errors in the outcome of a success:", answer)


def equal(actual: Any, expected: Any, what: str, *answers: Answer) -> None:
    """Two values are the same JSON."""
    if actual != expected:
        raise Violation(f"{what} {_shown(expected)}", _shown(actual), _shows(answers))


def differs(actual: Any, unexpected: Any, what: str, *answers: Answer) -> None:
    """Two values are not the same JSON."""
    if actual == unexpected:
        raise Violation(f"{what} other than {_shown(unexpected)}", _shown(actual), _shows(answers))


def true(holds: bool, expected: str, actual: str, *answers: Answer) -> None:  # noqa: FBT001 - reads like a sentence
    """Anything else that must hold, in the caller's words."""
    if not holds:
        raise Violation(expected, actual, _shows(answers))


def unchanged(before: Mapping[str, Any], answer: Answer) -> None:
    """A read shows exactly what was there before, its version included."""
    if answer.status != 200:
        raise Violation("the consent as it was", answer.described, answer.shows)
    differences = different(before, answer.consent, leaving_out=())
    if differences:
        raise Violation("the consent as it was", "; ".join(differences[:5]), answer.shows)


def same_content(
    sent: Mapping[str, Any],
    answer: Answer,
    *,
    leaving_out: Collection[str] = SERVERS_OWN,
    alike: Callable[[str, Any, Any], bool] | None = None,
) -> None:
    """A read shows what was sent, but for the elements left out. `alike(path, sent, read)` may excuse a difference."""
    _none_of(different(sent, answer.consent, leaving_out=leaving_out, alike=alike), answer)


def _none_of(differences: list[str], answer: Answer) -> None:
    if differences:
        raise Violation("the consent as it was sent", "; ".join(differences[:5]), answer.shows)


def all_of_it(sent: Mapping[str, Any], answer: Answer) -> None:
    """A read shows every element as it was sent, meta, id and narrative aside; what was added is mentioned.

    A reference may have become absolute, a time may be written in another zone, and contained resources may have other
    ids.
    """

    def alike(path: str, wanted: Any, shown: Any) -> bool:
        if wanted is None or added_to(wanted, shown):
            answer.note(f"something was added to {path}")
            return True
        absolute = path.endswith(".reference") and str(shown).endswith(f"/{wanted}")
        return absolute or same_moment(wanted, shown)

    read = meaning.with_contained_ids_of(dict(sent), answer.consent)
    _none_of(different(sent, read, leaving_out=("id", "meta", "text"), alike=alike), answer)


def kept(sent: Mapping[str, Any], answer: Answer, *elements: str) -> None:
    """The named elements read back with the codes and references that were sent, whatever the server added."""
    lines = [line for name in elements for line in meaning.lost_element(name, sent.get(name), answer.consent.get(name))]
    if lines:
        raise Violation(f"{' and '.join(elements)} as sent", "; ".join(lines[:5]), answer.shows)


def same_meaning(sent: Mapping[str, Any], answer: Answer) -> None:
    """A read shows who, what state and which rules as they were sent; what the server added besides is no matter."""
    if answer.status != 200:
        raise Violation("the consent as it was sent", answer.described, answer.shows)
    lines = meaning.lost(dict(sent), answer.consent)
    if lines:
        raise Violation("the meaning that was sent", "; ".join(lines[:5]), answer.shows)


def same_state(
    wanted: Mapping[str, Any], shown: Mapping[str, Any], *, period: Callable[[Mapping[str, Any]], Json], by: Answer
) -> None:
    """Status and period are the same; `period` finds the period in a resource."""
    lines = [] if wanted.get("status") == shown.get("status") else [f"status {shown.get('status')}"]
    lines += meaning.lost_period("the period", period(wanted), period(shown))
    if lines:
        raise Violation(
            f"status {wanted.get('status')} and the period {_shown(period(wanted))}", "; ".join(lines), by.shows
        )


def same_period(wanted: Mapping[str, Any], read: Answer, *, period: Callable[[Mapping[str, Any]], Json]) -> None:
    """A read shows this period: the same bounds, instants and precisions; `period` finds it in a resource."""
    status(read, 200)
    lines = meaning.lost_period("period", wanted, period(read.consent))
    if lines:
        raise Violation(f"the period as sent, {_shown(wanted)}", "; ".join(lines), read.shows)


def ends(wanted: str | None, read: Answer, *, period: Callable[[Mapping[str, Any]], Json]) -> None:
    """A read shows this end, or none, of the period that `period` finds in a resource."""
    status(read, 200)
    stored = period(read.consent).get("end")
    if not same_moment(stored, wanted):
        raise Violation(
            f"the end {wanted}" if wanted else "no end", f"the end {stored}" if stored else "no end", read.shows
        )


def done_or_refused(
    answer: Answer,
    *,
    end: str | None,
    before: Mapping[str, Any],
    after: Answer,
    period: Callable[[Mapping[str, Any]], Json],
) -> None:
    """A PUT of an end, or of none, was done, and that is what reads; or it was refused (4xx), and nothing changed."""
    if answer.succeeded:
        ends(end, after, period=period)
        return
    refused(answer)
    answer.note(f"the server does not do this: {answer.described}")
    unchanged(before, after)


def no_consent(answer: Answer, id: str) -> None:  # noqa: A002 - FHIR's own word
    """The answer gives no consent: a refusal without one in its body, or at worst a Bundle without it, mentioned.

    A refusal may quote the id that was asked for, as an OperationOutcome does that says what it refuses.
    """
    if answer.refused:
        if _A_CONSENT.search(answer.content.decode("utf-8", "replace")):
            raise Violation("a refusal without the consent in its body", answer.described, answer.shows)
        return
    if answer.status >= 500:
        raise Violation("a refusal (4xx)", answer.described, answer.shows)
    text = answer.content.decode("utf-8", "replace")  # of a Bundle, the links may quote the id
    if _A_CONSENT.search(text) or (id in text and answer.resource_type != "Bundle"):
        raise Violation("no consent", answer.described, answer.shows)
    answer.note(f"answered {answer.described} where a refusal is usual")


def matches(found: Found, *, include: Iterable[str] = (), exclude: Iterable[str] = ()) -> None:
    """The search's matches hold these ids and do not hold those. Nothing is said about any other."""
    ids = found.ids
    missing = sorted(set(include) - ids)
    extra = sorted(set(exclude) & ids)
    if missing:
        raise Violation(f"a match Consent/{missing[0]}{_asked(found)}", f"{len(ids)} matches without it", found.shows)
    if extra:
        raise Violation(f"no match Consent/{extra[0]}{_asked(found)}", f"it among {len(ids)} matches", found.shows)


def _asked(found: Found) -> str:
    """What was searched for, as a person reads it; nothing where it cannot be told."""
    first = next(iter(found.pages), None)
    if first is None:
        return ""
    asked = first.exchange.request_body if first.exchange.method == "POST" else urlsplit(first.exchange.url).query
    return f" by {unquote_plus(asked)}" if asked else ""


def different(
    sent: Any,
    read: Any,
    *,
    leaving_out: Collection[str] = SERVERS_OWN,
    alike: Callable[[str, Any, Any], bool] | None = None,
) -> list[str]:
    """What differs between two resources, a line each with the path. Lists are compared in order."""
    lines: list[str] = []
    _compare("Consent", sent, read, lines, frozenset(leaving_out), alike)
    return lines


def _compare(
    path: str,
    sent: Any,
    read: Any,
    lines: list[str],
    leaving_out: frozenset[str],
    alike: Callable[[str, Any, Any], bool] | None,
) -> None:
    if isinstance(sent, dict) and isinstance(read, dict):
        for name in sorted(sent.keys() | read.keys()):
            if name not in leaving_out:
                _compare(f"{path}.{name}", sent.get(name), read.get(name), lines, frozenset(), alike)
    elif isinstance(sent, list) and isinstance(read, list) and len(sent) == len(read):
        for index, (one, other) in enumerate(zip(sent, read, strict=True)):
            _compare(f"{path}[{index}]", one, other, lines, frozenset(), alike)
    elif sent != read and not (alike is not None and alike(path, sent, read)):
        lines.append(f"{path}: {_shown(sent)} became {_shown(read)}")


def added_to(sent: Any, shown: Any) -> bool:
    """Whether a list shows all that was sent, in that order, with more between."""
    if not (isinstance(sent, list) and isinstance(shown, list) and len(shown) > len(sent)):
        return False
    rest = iter(shown)
    return all(any(not different(one, other) for other in rest) for one in sent)


def _either(values: Iterable[object]) -> str:
    words = [str(value) for value in values]
    return " or ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def _shown(value: Any) -> str:
    if value is None:
        return "nothing"
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 160 else text[:157] + "…"


def _shows(answers: Iterable[Answer]) -> tuple[str, ...]:
    return tuple(exchange for answer in answers for exchange in answer.shows)
