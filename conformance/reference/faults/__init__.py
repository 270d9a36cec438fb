"""The lies of the reference server, by topic. `FAULTS` holds each under its name."""

from importlib import import_module
from pkgutil import iter_modules

from conformance.reference.fault import FAULTS

for _topic in iter_modules(__path__):
    import_module(f"{__name__}.{_topic.name}")

__all__ = ["FAULTS"]
