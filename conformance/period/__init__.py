"""When a consent's period runs, whether it is in order, what a search finds, and whether two periods are the same.

A period is a mapping with FHIR dateTimes under `start` and `end`; either may be missing. `zone` is the IANA name of the
time zone that values without an offset live in, or None when nobody knows it. The answers are three-valued: what the
specification leaves open is "ambiguous" or "undetermined", and a conformance check must accept either answer to it.

The rules are those of FHIR R4. Each stands beside the code that applies it, under the name of its section:

* Period         https://hl7.org/fhir/R4/datatypes.html#Period
* dateTime       https://hl7.org/fhir/R4/datatypes.html#dateTime
* search, date   https://hl7.org/fhir/R4/search.html#date and #prefix
* FHIRPath       http://hl7.org/fhirpath/N1/ (6.1.1 and 6.2, comparing values of unlike precision)

`docs/period-end.md` tells the same for people, with drawings.
"""

from conformance.period.invariant import order
from conformance.period.sameness import same
from conformance.period.search import search_matches
from conformance.period.validity import in_force

__all__ = ["in_force", "order", "same", "search_matches"]
