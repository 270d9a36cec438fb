from __future__ import annotations

from asking import nll, r4, shared, start

__all__ = ["nll", "r4", "shared", "start"]
