"""Keep a wrong password from locking the account: what Oracle refused once is not tried again.

Every process asks here before it logs in. A refusal is kept in Redis, without expiry, until an
operator says that the account was unlocked (`forget_refusal`); a changed secret is another one. The
secret itself is not kept, only a salted scrypt fingerprint of dsn, user and password. Each has a
marker of its own, so that processes with the old secret and with the new one, side by side during
a rollout, do not wipe out each other's.
"""

import hashlib
import logging
import secrets
import time
from collections.abc import Callable
from functools import lru_cache
from typing import TypeVar, cast

import redis

from sync.oracle import Source
from sync.oracle_errors import LoginRefused, OracleUnreachable
from sync.state import PREFIX, run_script

T = TypeVar("T")
log = logging.getLogger(__name__)

ACCEPTED_SECONDS = 300
"""How long a login that worked lets others try the same secret side by side."""
_POLL_SECONDS = 0.05
_TRY_FACTOR = 1.5
"""A try, login and settings, may last this many connect timeouts before another takes over."""

_REFUSED = f"{PREFIX}:login:refused"
"""Hash of fingerprints and the Oracle code each was refused with; it does not expire."""
_SALT = f"{PREFIX}:login:salt"

_ENTER = """
local code = redis.call('HGET', KEYS[1], ARGV[1])
if code then
  redis.call('SADD', KEYS[2], ARGV[1])
  return code
end
if redis.call('EXISTS', KEYS[3]) == 1 then return 'accepted' end
if redis.call('SET', KEYS[4], ARGV[2], 'NX', 'PX', ARGV[3]) then return 'first' end
if redis.call('GET', KEYS[4]) == ARGV[2] then return 'first' end
return 'wait'
"""


def open_guarded(client: "redis.Redis", source: Source, opening: Callable[[], T]) -> T:
    """Call *opening*, which logs in, and give back the session it returns.

    Raises `LoginRefused` without a call where this secret was refused before, and notes the one
    that comes out of it. As long as the secret is neither known to be good nor bad, one caller of
    all processes tries it and the others wait for what comes out; who has waited for as long as a
    try may last raises `OracleUnreachable`. Redis being away raises ``redis.RedisError`` before
    the call; after it, what the call did counts, and only the log tells that it was not noted.
    """
    fingerprint = _fingerprint(client, source)
    token = secrets.token_hex(16)
    _enter(client, source, fingerprint, token)
    end, code = _RELEASE, ""
    try:
        session = opening()
        end = _ACCEPT
        return session
    except LoginRefused as refusal:
        end, code = _REFUSE, str(refusal.params["oracle_code"])
        raise
    finally:
        life = ACCEPTED_SECONDS * 1000
        try:
            run_script(client, end, _keys(source, fingerprint), fingerprint, token, code, life)
        except redis.RedisError as error:
            # The session is open or the login has failed; neither must be hidden.
            log.warning("login at %s not noted: %s", source.name, type(error).__name__)


_RELEASE = """
if redis.call('GET', KEYS[4]) == ARGV[2] then redis.call('DEL', KEYS[4]) end
"""

# An acceptance takes back no refusal: of logins side by side, nobody knows which came last.
_ACCEPT = (
    """
redis.call('SET', KEYS[3], '1', 'PX', ARGV[4])
"""
    + _RELEASE
)

_REFUSE = (
    """
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
redis.call('SADD', KEYS[2], ARGV[1])
redis.call('DEL', KEYS[3])
"""
    + _RELEASE
)


def refused(client: "redis.Redis", source: Source) -> str | None:
    """Give the Oracle code this secret was refused with, or None; nothing is tried."""
    return cast("str | None", client.hget(_REFUSED, _fingerprint(client, source)))


_FORGET = """
local forgotten = 0
for _, fingerprint in ipairs(redis.call('SMEMBERS', KEYS[2])) do
  forgotten = forgotten + redis.call('HDEL', KEYS[1], fingerprint)
end
redis.call('DEL', KEYS[2])
return forgotten
"""


def forget_refusal(client: "redis.Redis", source_name: str) -> bool:
    """Let the secrets that were refused at a source be tried again; False if there were none.

    For the operator who had the account unlocked. Other sources with the same secret share in it.
    """
    return bool(run_script(client, _FORGET, [_REFUSED, _refused_at(source_name)]))


def _enter(client: "redis.Redis", source: Source, fingerprint: str, token: str) -> None:
    """Return when the caller may try the secret; raises what `open_guarded` says."""
    keys = _keys(source, fingerprint)
    patience = source.connect_timeout_seconds * _TRY_FACTOR
    deadline = time.monotonic() + patience
    life = round(patience * 1000)
    last = False
    while (answer := str(run_script(client, _ENTER, keys, fingerprint, token, life))) == "wait":
        if last:
            detail = "another process is still trying the login"
            raise OracleUnreachable(source=source.name, detail=detail)
        time.sleep(_POLL_SECONDS)
        last = time.monotonic() >= deadline  # asked once more after it: by then no try is left over
    if answer not in ("accepted", "first"):
        raise LoginRefused(user=source.user, source=source.name, oracle_code=answer)


def _keys(source: Source, fingerprint: str) -> list[str]:
    accepted = f"{PREFIX}:login:accepted:{fingerprint}"
    return [_REFUSED, _refused_at(source.name), accepted, f"{PREFIX}:login:first:{fingerprint}"]


def _refused_at(source_name: str) -> str:
    return f"{PREFIX}:login:refused:{source_name}"


def _fingerprint(client: "redis.Redis", source: Source) -> str:
    salt = client.get(_SALT)
    if salt is None:
        client.set(_SALT, secrets.token_hex(16), nx=True)
        salt = client.get(_SALT)
    return _scrypt(str(salt), source.dsn, source.user, source.password)


@lru_cache(maxsize=64)
def _scrypt(salt: str, *parts: str) -> str:
    """Slow on purpose (50 to 120 ms and 16 MB): passwords are short, and Redis may be read."""
    secret = "\0".join(parts).encode()
    return hashlib.scrypt(secret, salt=salt.encode(), n=2**14, r=8, p=1, dklen=32).hex()
