"""A PNG of a palette and rows of pixels, two a byte. Pure."""

import struct
import zlib
from collections.abc import Sequence

SIGNATURE = b"\x89PNG\r\n\x1a\n"
BITS, BY_PALETTE = 4, 3


def small_png(width: int, height: int, palette: Sequence[Sequence[int]], rows: bytes) -> bytes:
    """Write it: *palette* of at most 16 colours, *rows* each with its filter byte before it."""
    head = struct.pack(">IIBBBBB", width, height, BITS, BY_PALETTE, 0, 0, 0)
    colours = bytes(part for colour in palette for part in colour)
    parts = ((b"IHDR", head), (b"PLTE", colours), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b""))
    return SIGNATURE + b"".join(_chunk(kind, content) for kind, content in parts)


def _chunk(kind: bytes, content: bytes) -> bytes:
    return (
        struct.pack(">I", len(content))
        + kind
        + content
        + struct.pack(">I", zlib.crc32(kind + content))
    )
