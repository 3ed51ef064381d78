"""From the first packet to a logged-on user: connect, protocol, data types, both auth phases.

Protocol and field version are those of the release; the password is checked for real, with the
verifier of 12c (0x4815) or, as accounts older than 12.1 have it, of 11g (0x1b25). Facts:
python-oracledb 26.1.0, messages connect, protocol, data_types, fast_auth and auth.
"""

import hashlib
import re
import secrets
import struct
from collections.abc import Mapping
from dataclasses import dataclass

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from sandbox.oracle import wire
from sandbox.oracle.release import REFUSED_PROTOCOL_VERSION, SERVICE, Release, Setup, Verifier
from sandbox.oracle.wire import PacketSocket, PacketType, ProtocolError, Reader

LARGEST_SDU_BYTES = 65535
UTF8, UTF16 = 873, 2000
VERIFIER_12C, VERIFIER_11G = 0x4815, 0x1B25
PART_BYTES_11G, SESSION_KEY_BYTES_11G = 48, 24
VERIFIER_ROUNDS, SESSION_KEY_ROUNDS = 4096, 3
#: What a server says it runs on, here; node-oracledb takes 47 bytes of it.
PLATFORM = b"x86_64/Linux 2.4.xx"
#: DBTIMEZONE as an interval of no hours.
TIME_ZONE_UTC = bytes((0x80, 0, 0, 0, 60, 60, 0x80, 0, 0, 0, 0))
#: O5LOGON with and without padding, long identifiers and passwords, and with the verifier of 12c
#: O7LOGON: go-ora takes that to mean that session keys are derived as for 12c.
LOGON_TYPES = {"11G": 0x02 | 0x08 | 0x40 | 0x80, "12C": 0x02 | 0x08 | 0x20 | 0x40 | 0x80}
TIME_ZONE_BYTES, TIME_ZONE_FILE_BYTES = 11, 4
HIGHEST_TYPE = 0x0FFF
#: The protocol version from which on the last packet of a response is marked.
RESPONSES_END_SINCE = 319
AUTH_PHASE_ONE, AUTH_PHASE_TWO = 118, 115


@dataclass(frozen=True)
class Challenge:
    """What the server sent in phase one and must remember to check phase two."""

    user: str
    key: bytes
    server_part: bytes
    key_salt: bytes
    expected_password: bytes | None
    is_11g: bool = False


@dataclass(frozen=True)
class Connect:
    """What a client asks the listener for; `service` is "" where it names none."""

    service: str
    sdu_bytes: int
    protocol_version: int


def read_connect(packets: PacketSocket) -> Connect:
    """The CONNECT packet, and the packet of data behind it where it has one."""
    packet_type, body = packets.read()
    if packet_type != PacketType.CONNECT:
        raise ProtocolError(f"packet type {packet_type} before CONNECT")
    (version,) = struct.unpack_from(">H", body)
    length, offset = struct.unpack_from(">HH", body, 16)
    (sdu_bytes,) = struct.unpack_from(">I", body, 50)
    text = body[offset - wire.HEADER_BYTES :]
    if len(text) < length:  # connect data above 230 bytes comes in a DATA packet of its own
        text = packets.read()[1][wire.DATA_FLAGS_BYTES :]
    asked = re.search(rb"\((?:SERVICE_NAME|SID)=([^)]*)\)", text, re.IGNORECASE)
    return Connect(asked[1].decode() if asked else "", sdu_bytes, version)


def refuse(packets: PacketSocket, code: int) -> None:
    """The listener's answer when it does not hand the connection on."""
    number = f"(ERROR_STACK=(ERROR=(CODE={code})))"
    reason = f"(DESCRIPTION=(ERR={code})(VSNNUM=318767104){number})".encode()
    packets.send(PacketType.REFUSE, b"\x22\x00" + struct.pack(">H", len(reason)) + reason)


def accept(packets: PacketSocket, setup: Setup, asked: Connect) -> None:
    """Answer CONNECT with ACCEPT, and switch to the packets of the version that both know."""
    sdu_bytes = max(512, min(asked.sdu_bytes or 8192, LARGEST_SDU_BYTES))
    small_sdu = min(sdu_bytes, 0xFFFF)
    release = setup.release
    known = REFUSED_PROTOCOL_VERSION if setup.thin_refused else release.protocol_version
    version = min(known, asked.protocol_version)
    flags = release.accept_flags if version >= RESPONSES_END_SINCE else 0
    packets.send(
        PacketType.ACCEPT,
        struct.pack(
            ">HHHHHHHBB8xIIBI",
            version,
            0,
            small_sdu,
            small_sdu,
            1,
            0,
            45,
            4,
            4,
            sdu_bytes,
            sdu_bytes,
            0,
            flags,
        ),
    )
    packets.accepted(sdu_bytes, ends_responses=bool(flags))


def answer_protocol(reader: Reader, setup: Setup) -> bytes:
    """Read the protocol message (its first byte is already read) and build the answer."""
    reader.until_zero()
    reader.until_zero()
    compile_caps = bytearray(53)
    compile_caps[4] = LOGON_TYPES[setup.verifier]
    compile_caps[7] = setup.release.field_version
    compile_caps[15] = 0x01  # end-of-call status
    compile_caps[16] = 0x01  # end-to-end sequence number
    compile_caps[27] = 0x01
    compile_caps[37] = 0x20  # big chunks
    runtime_caps = bytearray(11)
    runtime_caps[1] = 0x01  # time zone exchange
    runtime_caps[6] = 0x04  # 32K strings keep long binds in order
    national = bytes(9) + UTF16.to_bytes(2, "big")
    return b"".join(
        (
            b"\x01\x06\x00",
            PLATFORM + b"\x00",
            struct.pack("<HBH", UTF8, 1, 0),
            struct.pack(">H", len(national)) + national,
            bytes((len(compile_caps),)) + compile_caps,
            bytes((len(runtime_caps),)) + runtime_caps,
        )
    )


def answer_data_types(reader: Reader) -> tuple[bytes, int]:
    """Read the data types message (its first byte is already read), and the client's field version.

    No conversions are needed.
    """
    reader.raw(5)
    compile_caps = reader.raw(reader.byte())
    runtime_caps = reader.raw(reader.byte())
    knows_time_zones = bool(runtime_caps[1] & 1)  # node-oracledb does, python-oracledb does not
    if knows_time_zones:
        reader.raw(TIME_ZONE_BYTES + (TIME_ZONE_FILE_BYTES if compile_caps[37] & 2 else 0))
    number = int.from_bytes(reader.raw(2), "big")
    if number > HIGHEST_TYPE:  # go-ora has the national character set in front
        number = int.from_bytes(reader.raw(2), "big")
    while number:
        if int.from_bytes(reader.raw(2), "big"):
            reader.raw(4)
        number = int.from_bytes(reader.raw(2), "big")
    answer = b"\x02" + (TIME_ZONE_UTC if knows_time_zones else b"") + b"\x00\x00"
    return answer, compile_caps[7]


def answer_fast_auth(reader: Reader, setup: Setup) -> tuple[bytes, int]:
    """Read fast authentication up to its auth function, and answer the two messages before.

    Gives the client's field version too.
    """
    reader.raw(3)
    reader.byte()  # the type of the protocol message
    answer = answer_protocol(reader, setup)
    reader.raw(6)
    reader.byte()  # the type of the data types message
    types, field_version = answer_data_types(reader)
    return answer + types, field_version


def read_auth(reader: Reader) -> tuple[str, dict[str, bytes]]:
    """User name and key/value pairs of either auth phase."""
    reader.byte()
    reader.uint()
    reader.uint()
    reader.byte()
    pair_count = reader.uint()
    reader.raw(2)
    user = (reader.value() or b"").decode()
    pairs: dict[str, bytes] = {}
    for _ in range(min(pair_count, 100)):
        key = reader.sized_value().rstrip(b"\x00").decode()
        pairs[key] = reader.sized_value()
        reader.uint()
    return user.upper(), pairs


def challenge(user: str, known: str | None, verifier: Verifier) -> tuple[Challenge, bytes]:
    """Phase one. An unknown user gets the same exchange with a password nobody knows."""
    password = (known if known is not None else secrets.token_hex(16)).encode()
    if verifier == "11G":
        return _challenge_11g(user, password, is_known=known is not None)
    salt, key_salt, server_part = (secrets.token_bytes(size) for size in (16, 16, 32))
    speedy = hashlib.pbkdf2_hmac(
        "sha512", password, salt + b"AUTH_PBKDF2_SPEEDY_KEY", VERIFIER_ROUNDS, 64
    )
    key = hashlib.sha512(speedy + salt).digest()[:32]
    answer = _pairs(
        {
            "AUTH_SESSKEY": _encrypt(key, server_part).hex().upper(),
            "AUTH_VFR_DATA": salt.hex().upper(),
            "AUTH_PBKDF2_CSK_SALT": key_salt.hex().upper(),
            "AUTH_PBKDF2_VGEN_COUNT": str(VERIFIER_ROUNDS),
            "AUTH_PBKDF2_SDER_COUNT": str(SESSION_KEY_ROUNDS),
        }
    )
    expected = None if known is None else password
    return Challenge(user, key, server_part, key_salt, expected), answer


def _challenge_11g(user: str, password: bytes, *, is_known: bool) -> tuple[Challenge, bytes]:
    salt, server_part = secrets.token_bytes(10), secrets.token_bytes(PART_BYTES_11G)
    key = hashlib.sha1(password + salt, usedforsecurity=False).digest() + bytes(4)
    answer = _pairs(
        {
            "AUTH_SESSKEY": _encrypt(key, server_part).hex().upper(),
            "AUTH_VFR_DATA": salt.hex().upper(),
        },
        VERIFIER_11G,
    )
    expected = password if is_known else None
    return Challenge(user, key, server_part, b"", expected, is_11g=True), answer


def _session_key(asked: Challenge, client_part: bytes) -> bytes:
    if asked.is_11g:
        mixed = bytes(a ^ b for a, b in zip(asked.server_part, client_part, strict=True))[16:40]
        halves = (mixed[:16], mixed[16:])
        digests = (hashlib.md5(half, usedforsecurity=False).digest() for half in halves)
        return b"".join(digests)[:SESSION_KEY_BYTES_11G]
    material = (client_part + asked.server_part).hex().upper().encode()
    return hashlib.pbkdf2_hmac("sha512", material, asked.key_salt, SESSION_KEY_ROUNDS, 32)


def prove(asked: Challenge, pairs: Mapping[str, bytes]) -> tuple[bool, bytes]:
    """Phase two: decrypt the password and compare; whether it is right, and the session key."""
    try:
        client_part = _decrypt(asked.key, bytes.fromhex(pairs["AUTH_SESSKEY"].decode()))
        session_key = _session_key(asked, client_part)
        clear = _decrypt(session_key, bytes.fromhex(pairs["AUTH_PASSWORD"].decode()))
    except (KeyError, ValueError):
        return False, b""
    password = clear[16 : -clear[-1]] if clear else b""
    expected = asked.expected_password
    return expected is not None and secrets.compare_digest(password, expected), session_key


def welcome(session_key: bytes, session_id: int, release: Release) -> bytes:
    """The answer to the right password: the server's own proof, and who it is."""
    proof = _encrypt(session_key, secrets.token_bytes(16) + b"SERVER_TO_CLIENT" + b"\x10" * 16)
    return _pairs(
        {
            "AUTH_SVR_RESPONSE": proof.hex().upper(),
            "AUTH_SESSION_ID": str(session_id),
            "AUTH_SERIAL_NUM": "1",
            "AUTH_VERSION_NO": str(release.number),
            "AUTH_SC_SERVICE_NAME": SERVICE,
            "AUTH_SC_DBUNIQUE_NAME": SERVICE,
            "AUTH_INSTANCENAME": SERVICE,
            "AUTH_MAX_OPEN_CURSORS": "300",
            "AUTH_MAX_IDEN_LENGTH": str(release.most_name_bytes),
        }
    )


def _pairs(values: Mapping[str, str], verifier: int = VERIFIER_12C) -> bytes:
    parts = [b"\x08", wire.uint(len(values))]
    for key, text in values.items():
        flags = verifier if key == "AUTH_VFR_DATA" else 0
        parts += [wire.sized_value(key.encode()), wire.sized_value(text.encode()), wire.uint(flags)]
    return b"".join(parts)


def _encrypt(key: bytes, data: bytes) -> bytes:
    encryptor = _cipher(key).encryptor()
    return encryptor.update(data) + encryptor.finalize()


def _decrypt(key: bytes, data: bytes) -> bytes:
    decryptor = _cipher(key).decryptor()
    return decryptor.update(data) + decryptor.finalize()


def _cipher(key: bytes) -> "Cipher[modes.CBC]":
    """AES-CBC with a zero vector and no padding, as the protocol has it."""
    return Cipher(algorithms.AES(key), modes.CBC(bytes(16)))
