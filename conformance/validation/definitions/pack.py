"""The file in which stripped definitions travel: chunks of JSON, compressed one by one and read when first needed.

Layout: `FHIRPACK`, four bytes with the length of the compressed index, the index ({chunk: [offset, length]}, offsets
from the end of the index), then the chunks. A validation reads the few chunks that its document needs.
"""

from __future__ import annotations

import json
import zlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

MAGIC = b"FHIRPACK"
BUCKETS = 24


def bucket_of(section: str, url: str) -> str:
    """The chunk that holds a canonical of a section with many small entries."""
    return f"{section}/{zlib.crc32(url.partition('|')[0].encode(errors='replace')) % BUCKETS}"


def write_pack(chunks: Mapping[str, Any]) -> bytes:
    """The bytes of a pack; the same chunks give the same bytes."""
    index: dict[str, list[int]] = {}
    body = bytearray()
    for name in sorted(chunks):
        compressed = zlib.compress(_canonical(chunks[name]), 9)
        index[name] = [len(body), len(compressed)]
        body += compressed
    packed_index = zlib.compress(_canonical(index), 9)
    return MAGIC + len(packed_index).to_bytes(4, "big") + packed_index + bytes(body)


def _canonical(content: Any) -> bytes:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()


def unpacked(content: bytes) -> dict[str, Any]:
    """Every chunk of a pack."""
    pack = Pack(content)
    return {name: pack.chunk(name) for name in pack.names()}


class Pack:
    """An open pack. Chunks are decompressed on demand."""

    def __init__(self, content: bytes) -> None:
        if content[:8] != MAGIC:
            raise ValueError("not a definitions pack")
        start = 12 + int.from_bytes(content[8:12], "big")
        self._index: dict[str, tuple[int, int]] = json.loads(zlib.decompress(content[12:start]))
        self._content = content
        self._start = start

    @classmethod
    def read(cls, path: Path) -> Pack:
        return cls(path.read_bytes())

    def names(self) -> list[str]:
        return list(self._index)

    def chunk(self, name: str) -> Any:
        """The content of a chunk, or None when the pack has none of that name."""
        if name not in self._index:
            return None
        offset, length = self._index[name]
        begin = self._start + offset
        return json.loads(zlib.decompress(self._content[begin : begin + length]))
