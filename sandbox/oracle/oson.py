"""JSON as it travels from 21c on: OSON, a tree in binary form.

Facts: python-oracledb 26.1.0, `impl/base/oson.pyx` (header, flags, node types). Numbers are Oracle
NUMBERs; every offset takes four bytes.
"""

import json
import struct
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import cast

from sandbox.oracle.values import encode_number

MAGIC, VERSION = b"\xff\x4a\x5a", b"\x01"
INLINE_LEAF, LENGTH_IN_NODE, SCALAR = 0x02, 0x04, 0x10
ONE_BYTE_HASHES, TWO_BYTE_IDS, LONG_NAMES, LONG_TREE = 0x0100, 0x0400, 0x0800, 0x1000
NULL, TRUE, FALSE, NUMBER = b"\x30", b"\x31", b"\x32", b"\x34"
OBJECT, ARRAY = 0xA4, 0xE0  # with offsets of four bytes
MANY_CHILDREN = 0x10

Json = None | bool | int | Decimal | str | Sequence["Json"] | Mapping[str, "Json"]


def encode(text: str) -> bytes:
    """A JSON text, whose field names take up to 255 bytes each."""
    value = cast("Json", json.loads(text, parse_float=Decimal))
    flags = INLINE_LEAF | LENGTH_IN_NODE | LONG_TREE
    if not isinstance(value, list | dict):
        node = _node(value, {}, 0)
        return MAGIC + VERSION + struct.pack(">HI", flags | SCALAR, len(node)) + node
    names = sorted({name.encode() for name in _names(value)}, key=_order)
    ids = {name.decode(): place for place, name in enumerate(names, start=1)}
    flags |= ONE_BYTE_HASHES | TWO_BYTE_IDS | LONG_NAMES
    tree = _node(value, ids, 0)
    offsets, segment = b"", b""
    for name in names:
        offsets += struct.pack(">I", len(segment))
        segment += bytes((len(name),)) + name
    sizes = struct.pack(">HHIIH", flags, len(names), len(segment), len(tree), 0)
    hashes = bytes(_hash(name) for name in names)
    return MAGIC + VERSION + sizes + hashes + offsets + segment + tree


def _node(value: Json, ids: Mapping[str, int], start: int) -> bytes:
    """A node and all below it, for a place in the tree."""
    if value is None:
        return NULL
    if isinstance(value, bool):
        return TRUE if value else FALSE
    if isinstance(value, int | Decimal):
        return NUMBER + encode_number(f"{Decimal(value):f}")
    if isinstance(value, str):
        return _string(value.encode())
    children = list(value.values()) if isinstance(value, Mapping) else list(value)
    kind = (OBJECT if isinstance(value, Mapping) else ARRAY) | MANY_CHILDREN
    head = struct.pack(">BI", kind, len(children))
    if isinstance(value, Mapping):
        head += b"".join(struct.pack(">H", ids[name]) for name in value)
    position = start + len(head) + 4 * len(children)
    offsets, below = b"", b""
    for child in children:
        offsets += struct.pack(">I", position + len(below))
        below += _node(child, ids, position + len(below))
    return head + offsets + below


def _string(data: bytes) -> bytes:
    if len(data) < 256:
        return bytes((0x33, len(data))) + data
    if len(data) < 65536:
        return b"\x37" + struct.pack(">H", len(data)) + data
    return b"\x38" + struct.pack(">I", len(data)) + data


def _names(value: Json) -> set[str]:
    if isinstance(value, Mapping):
        return set(value).union(*(_names(child) for child in value.values()))
    if isinstance(value, list):
        return {name for child in value for name in _names(child)}
    return set()


def _hash(name: bytes) -> int:
    found = 0x811C9DC5
    for byte in name:
        found = (found ^ byte) * 16777619 & 0xFFFFFFFF
    return found & 0xFF


def _order(name: bytes) -> tuple[int, int, bytes]:
    return _hash(name), len(name), name
