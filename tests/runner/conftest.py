from __future__ import annotations

from runs import honest, lying, suite

__all__ = ["honest", "lying", "suite"]
