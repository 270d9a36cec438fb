"""The reference server as it is, but each answer some milliseconds late: late_server.py PACK MILLISECONDS TARGET."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from conformance.reference import serve
from conformance.reference.fault import Variation

if TYPE_CHECKING:
    from conformance.reference.messages import Request, Response
    from conformance.reference.service import Route

PACK, MILLISECONDS, TARGET = sys.argv[1], float(sys.argv[2]), Path(sys.argv[3])


class Late(Variation, name="late", packs=(PACK,)):
    """Each answer comes as late as the command line says."""

    def sent(self, request: Request, route: Route | None, response: Response) -> Response:
        return replace(super().sent(request, route, response), delay=MILLISECONDS / 1000)


serve(PACK, port=0, variations=("late",) if MILLISECONDS else (), write_target=TARGET)
