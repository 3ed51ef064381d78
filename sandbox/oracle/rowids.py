"""ROWIDs: DuckDB's row numbers dressed as Oracle's, in the same order.

A ROWID is shown as 18 characters of base 64: object (6), file (3), block (6) and row in the block
(3). Facts: Oracle Database Concepts, "Rowid Data Types"; wire form and alphabet from
python-oracledb 26.1.0, `packet.pyx` and `utils.pyx`.
"""

import struct
import zlib
from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from sandbox.oracle import tokens as lexer
from sandbox.oracle import wire
from sandbox.oracle.errors import OracleError
from sandbox.oracle.tokens import Kind, Token

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
ROWS_PER_BLOCK = 64
FIRST_BLOCK = 131
FILE = 4
COMPARISONS = ("=", "<", ">", "<=", ">=", "<>", "!=", "^=")
PARTS = ((0, 6), (6, 9), (9, 15), (15, 18))

Side = Literal["up", "down", "exact"]
"""Where a bound that lies between two rows goes: to the next row, the one before, or nowhere."""

MACROS = f"""
CREATE MACRO SYS."BASE64$"(n, places) AS list_aggregate(list_transform(range(places - 1, -1, -1),
    lambda place: '{ALPHABET}'[(n // CAST(64 ** place AS BIGINT)) % 64 + 1]), 'string_agg', '');
CREATE MACRO SYS."ROWID_TEXT$"(r) AS SYS."BASE64$"(r."OBJECT", 6) || SYS."BASE64$"({FILE}, 3)
    || SYS."BASE64$"(r."ROWID" // {ROWS_PER_BLOCK} + {FIRST_BLOCK}, 6)
    || SYS."BASE64$"(r."ROWID" % {ROWS_PER_BLOCK}, 3);
"""


def object_number(table: str) -> int:
    """The object that a table's ROWIDs name: the same for its life, by its name."""
    return zlib.crc32(table.encode()) % 900_000 + 70_000


def text(row: int, object_id: int) -> str:
    """The 18 characters of a row's ROWID."""
    block, slot = divmod(row, ROWS_PER_BLOCK)
    parts = (object_id, FILE, block + FIRST_BLOCK, slot)
    return "".join(_base64(part, b - a) for part, (a, b) in zip(parts, PARTS, strict=True))


def bound(rowid: str, object_id: int, side: Side) -> int:
    """The row number that a ROWID means in a table; ORA-01410 for what is none.

    Another object's ROWIDs lie before or after all of this one.
    """
    if len(rowid) != PARTS[-1][1] or any(character not in ALPHABET for character in rowid):
        raise OracleError(1410)
    owner, file, block, slot = (_number(rowid[a:b]) for a, b in PARTS)
    if (owner, file) != (object_id, FILE):
        is_after = (owner, file) > (object_id, FILE)
        return -1 if side == "exact" else 2**62 if is_after else -1 if side == "down" else 0
    first = (block - FIRST_BLOCK) * ROWS_PER_BLOCK
    if slot < ROWS_PER_BLOCK:
        return first + slot
    return {"up": first + ROWS_PER_BLOCK, "down": first + ROWS_PER_BLOCK - 1, "exact": -1}[side]


def encode(row: int, object_id: int) -> bytes:
    """The value of a ROWID column on the wire."""
    block, slot = divmod(row, ROWS_PER_BLOCK)
    parts = (object_id, FILE, block + FIRST_BLOCK, slot)
    return encode_parts(parts)


def encode_text(rowid: str) -> bytes:
    """A stored ROWID, kept as its 18 characters."""
    return encode_parts([_number(rowid[a:b]) for a, b in PARTS])


def encode_universal(rowid: str) -> bytes:
    """A UROWID: two values, of which the second holds either kind.

    Starts with 1 for a physical one, and with 2 for the key of an index-organized table, which is
    shown as `*` and base 64.
    """
    if not rowid.startswith("*"):
        object_id, file, block, slot = (_number(rowid[a:b]) for a, b in PARTS)
        body = b"\x01" + struct.pack(">IHIH", object_id, file, block, slot)
    else:
        bits = "".join(f"{ALPHABET.index(digit):06b}" for digit in rowid[1:])
        body = b"\x02" + bytes(int(bits[i : i + 8], 2) for i in range(0, len(bits) - 7, 8))
    return wire.value(bytes((len(body),))) + wire.value(body)


def encode_parts(parts: Sequence[int]) -> bytes:
    """Length (which the driver only looks at to tell NULL), then the four numbers."""
    object_id, file, block, slot = map(wire.uint, parts)
    return b"\x0e" + object_id + file + b"\x00" + block + slot


def rewrite(
    tokens: list[Token], tables: Sequence[tuple[str, str]]
) -> tuple[list[Token], dict[int, Side]]:
    """ROWID in DuckDB's words, and which binds compared with it are ROWIDs (see `bound`)."""
    if not any(token.is_word("ROWID") for token in tokens):
        return tokens, {}
    object_id = object_number(tables[0][1]) if tables else 0
    result = list(tokens)
    binds: dict[int, Side] = {}
    for index, token in enumerate(tokens):
        if not token.is_word("ROWID"):
            continue
        compared = _compared(tokens, index)
        for position, side in compared:
            found = tokens[position]
            if found.kind is Kind.BIND:
                binds[found.bind] = side
            elif found.kind is Kind.TEXT:
                number = bound(found.text, object_id, side)
                result[position] = Token(Kind.NUMBER, str(number))
        is_sorted = index > 0 and tokens[index - 1].is_word("BY")
        if compared or is_sorted:
            continue
        start = index - 2 if index > 1 and tokens[index - 1].is_symbol(".") else index
        qualifier = f"{tokens[start].render()}." if start < index else ""
        value = f"""{{'ROWID': {qualifier}rowid, 'OBJECT': CAST({object_id} AS BIGINT)}}"""
        result[start] = Token(Kind.RAW, value)
        for position in range(start + 1, index + 1):
            result[position] = replace(token, kind=Kind.RAW, text="")
    return _without_conversions(result), binds


def _compared(tokens: Sequence[Token], index: int) -> list[tuple[int, Side]]:
    """Where the values stand that a ROWID is compared with."""
    after = tokens[index + 1] if index + 1 < len(tokens) else Token(Kind.RAW, "")
    if after.is_symbol(*COMPARISONS):
        return [(_value(tokens, index + 2), _side(after.text))]
    if after.is_word("BETWEEN"):
        low = _value(tokens, index + 2)
        high = next(i for i in range(low, len(tokens)) if tokens[i].is_word("AND"))
        return [(low, "up"), (_value(tokens, high + 1), "down")]
    if after.is_word("IN") and tokens[index + 2].is_symbol("("):
        end = lexer.closing(tokens, index + 2)
        return [
            (i, "exact") for i in range(index + 3, end) if tokens[i].kind in (Kind.BIND, Kind.TEXT)
        ]
    before = index - 1
    if before > 1 and tokens[before].is_symbol("."):
        before -= 2
    if before > 0 and tokens[before].is_symbol(*COMPARISONS):
        turned = tokens[before].text.translate(str.maketrans("<>", "><"))
        position = before - 1
        if tokens[position].is_symbol(")"):
            position -= 1  # CHARTOROWID(:1) <= ROWID
        return [(position, _side(turned))]
    return []


def _value(tokens: Sequence[Token], index: int) -> int:
    """The bind or literal at an index, also inside CHARTOROWID( … )."""
    return index + 2 if tokens[index].is_word("CHARTOROWID") else index


def _side(operator: str) -> Side:
    return "up" if operator in ("<", ">=") else "down" if operator in (">", "<=") else "exact"


def _without_conversions(tokens: list[Token]) -> list[Token]:
    return [Token(Kind.RAW, "") if token.is_word("CHARTOROWID") else token for token in tokens]


def _base64(number: int, places: int) -> str:
    digits = ""
    for _ in range(places):
        number, digit = divmod(number, 64)
        digits = ALPHABET[digit] + digits
    return digits


def _number(digits: str) -> int:
    result = 0
    for digit in digits:
        result = result * 64 + ALPHABET.index(digit)
    return result
