"""The liberties that a conforming server may take, by topic. `VARIATIONS` holds each under its name."""

from importlib import import_module
from pkgutil import iter_modules

from conformance.reference.fault import VARIATIONS

for _topic in iter_modules(__path__):
    import_module(f"{__name__}.{_topic.name}")

__all__ = ["VARIATIONS"]
