"""The Oracle groups, one a source: whether it is reached, what it is, what our user may do."""

import json
import re
import socket
import time
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial

import redis

from app.doctor.checks import ANSWER_SECONDS, Check, clock_check, listed
from sync.blackout import closed_until
from sync.counts import impatient, is_reachable
from sync.diagnosis import (
    account,
    changing_grants,
    character_sets,
    more_than_needed,
    privileges,
    server,
    sessions_allowed,
    unreadable,
    without_flashback,
)
from sync.errors import DuckferryError
from sync.foreign_text import WITHOUT_KOREAN, ForeignText, find_foreign_text
from sync.logins import forget_refusal, refused
from sync.oracle import Session, current_scn, oracle_now
from sync.oracle_errors import LoginRefused, OracleError, OracleFailure, SourceBusy
from sync.plan import TableRef
from sync.sessions import sessions_open
from sync.sources import GuardedSource, open_source
from sync.stops import stops

ACTION = "doctor"
BUSY_WAIT_SECONDS = 1.0
MAX_TABLES = 100
"""Tables whose readability is tried, a round trip each."""
EXPIRES_SOON_DAYS = 14
_KOREAN_SETS = frozenset({"AL32UTF8", "UTF8", "AL16UTF16", "KO16MSWIN949", "KO16KSC5601"})
_GRANTS = "`botctl doctor --grants` prints what the DBA should grant."


@dataclass(frozen=True)
class Subject:
    """A source, and what bot.toml offers of it."""

    guarded: GuardedSource
    offered: tuple[TableRef, ...]
    decoded: Collection[tuple[TableRef, str]] = ()
    """Columns whose encoding bot.toml tells already."""

    @property
    def group(self) -> str:
        """Its heading."""
        return f"Oracle {self.guarded.name}"


def check_source(subject: Subject, client: "redis.Redis", asker: str) -> Iterator[Check]:
    """Log in at most once, and never where that could lock the account."""
    guarded, check = subject.guarded, partial(Check, subject.group)
    until = closed_until(guarded.blackout, guarded.timezone, datetime.now(UTC))
    if until is not None:
        told = f"a blackout in bot.toml closes it until {until.isoformat(timespec='minutes')}"
        yield check("login", "SKIP", told, "Run this again then.")
        return
    if not is_reachable(client):
        # Only Redis remembers a refused password, so without it nobody may try one.
        yield check(
            "login",
            "SKIP",
            "not tried while Redis, which remembers refused passwords, is away",
            "Put right what is told of Redis; then run this again.",
        )
        yield _tcp(subject)
        return
    with impatient(client) as quick:
        stop = stops(quick).get(guarded.name)
        if stop is not None:
            yield check(
                "login",
                "WARN",
                f"stopped since {stop.since} ({stop.reason}); nothing of ours may log in",
                f"Once the DBA agrees: `botctl source start {guarded.name}`.",
            )
            return
        code = refused(quick, guarded.source)
        if code is not None:
            yield check(
                "login",
                "FAIL",
                f"this password was refused before ({code}) and is not tried again",
                "Correct user or password; where the DBA has unlocked the account instead: "
                f"`botctl doctor --retry-login {guarded.name}`.",
            )
            yield _tcp(subject)
            return
        yield _sessions(subject, sessions_open(quick, guarded.name))
    try:
        with open_source(
            client,
            patient_briefly(guarded),
            action=ACTION,
            client_identifier=asker,
            wait_seconds=BUSY_WAIT_SECONDS,
        ) as session:
            yield check("login", "OK", f"as {guarded.source.user}")
            yield from _session_checks(subject, session)
    except SourceBusy as busy:
        yield check("login", "SKIP", str(busy), "Run this again when a sync has ended.")
    except LoginRefused as refusal:
        yield check("login", "FAIL", str(refusal), "Correct user or password; ask the DBA.")
    except OracleError as error:
        yield check("login", "FAIL", str(error), _remedy(error))


def retry_login(client: "redis.Redis", guarded: GuardedSource, asker: str) -> tuple[bool, str]:
    """Forget that the password was refused and try it once; whether it worked, and a sentence.

    Raises `redis.RedisError` where Redis is away: then nothing is tried.
    """
    forgotten = forget_refusal(client, guarded.name)
    before = "A refusal was noted and is forgotten." if forgotten else "No refusal was noted."
    try:
        with open_source(
            client, guarded, action=ACTION, client_identifier=asker, wait_seconds=BUSY_WAIT_SECONDS
        ):
            return True, f"{before} The login at {guarded.name} works."
    except DuckferryError as error:
        return False, f"{before} {error}"


def patient_briefly(guarded: GuardedSource) -> GuardedSource:
    """Give the same source with time limits that fit into the doctor's."""
    source = guarded.source
    brief = replace(
        source,
        connect_timeout_seconds=min(source.connect_timeout_seconds, ANSWER_SECONDS),
        call_timeout_seconds=min(source.call_timeout_seconds, ANSWER_SECONDS),
    )
    return replace(guarded, source=brief)


def address_of(dsn: str) -> tuple[str, int] | None:
    """Read host and port from Easy Connect or the first address of a descriptor; None: an alias."""
    if dsn.lstrip().startswith("("):
        host = re.search(r"\(\s*HOST\s*=\s*([^\s)]+)\s*\)", dsn, re.IGNORECASE)
        port = re.search(r"\(\s*PORT\s*=\s*(\d{1,5})\s*\)", dsn, re.IGNORECASE)
        return (host[1], int(port[1]) if port else 1521) if host else None
    easy = re.fullmatch(
        r"(?:\w+:)?(?://)?(\[[^\]]+\]|[^:/,\s]+)(?:,[^:/]*)?(?::(\d{1,5}))?(/.*)?", dsn.strip()
    )
    if easy is None or not (easy[2] or easy[3]):
        return None
    return easy[1].strip("[]"), int(easy[2] or 1521)


def _session_checks(subject: Subject, session: Session) -> Iterator[Check]:
    """Ask each thing on its own: that one cannot be told does not hide the others."""
    for name, ask in (
        ("version", _version),
        ("character set", _character_set),
        ("account", _account),
        ("rights", _rights),
        ("tables", _tables),
        ("SCN", _scn),
        ("clock", _clock),
    ):
        try:
            yield from ask(subject, session)
        except OracleFailure as error:
            remedy = "Ask the DBA what the code means for our user."
            yield Check(subject.group, name, "WARN", str(error.params["oracle_code"]), remedy)


def _version(subject: Subject, session: Session) -> Iterator[Check]:
    found = server(session)
    driver = "the thin driver reaches it" if found.is_thin else "by the thick driver"
    yield Check(subject.group, "version", "OK", f"Oracle {found.version}; {driver}")


def _character_set(subject: Subject, session: Session) -> Iterator[Check]:
    sets = character_sets(session)
    found = f"{sets.database}, national {sets.national}"
    check = partial(Check, subject.group, "character set")
    if sets.database in _KOREAN_SETS:
        yield check("OK", found)
    elif WITHOUT_KOREAN.fullmatch(sets.database):
        yield check(
            "WARN",
            f"{found}: it has no Korean; Korean bytes stored in it come out as other signs",
            "Give VARCHAR2 columns that hold Korean an encoding in bot.toml, or leave them out.",
        )
        yield from _foreign_text(subject, session)
    else:
        yield check("OK", f"{found}; the driver turns it into UTF-8")


def _foreign_text(subject: Subject, session: Session) -> Iterator[Check]:
    """Name the columns in which a sample of each offered table finds Korean bytes."""
    found: list[str] = []
    settings: list[str] = []
    for ref in subject.offered[:MAX_TABLES]:
        if unreadable(session, ref) is None:
            texts = find_foreign_text(session, ref)
            texts = [one for one in texts if (ref, one.column) not in subject.decoded]
            found += [f"{one.ref}.{one.column} ({one.encoding})" for one in texts]
            if texts:
                settings.append(f"for {ref}: {_encoding_setting(texts)}")
    if found:
        yield Check(
            subject.group,
            "Korean bytes",
            "WARN",
            f"in {listed(found)}: its copy would hold other signs in their place",
            f"Write under its [[table]] in bot.toml, {'; '.join(settings)}",
        )


def _encoding_setting(texts: Sequence[ForeignText]) -> str:
    """The line of bot.toml that has these columns decoded."""
    pairs = [f'{_toml_key(one.column)} = "{one.encoding}"' for one in texts]
    return f"encoding = {{ {', '.join(pairs)} }}"


def _toml_key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else json.dumps(name, ensure_ascii=False)


def _account(subject: Subject, session: Session) -> Iterator[Check]:
    found = account(session)
    check = partial(Check, subject.group, "account")
    told = f"{found.user}, {found.status}"
    if found.expires is None:
        ending, soon = "its password has no end", False
    else:
        days = (found.expires - datetime.now(UTC).replace(tzinfo=None)).days
        ending = f"its password ends {found.expires:%Y-%m-%d}"
        soon = days < EXPIRES_SOON_DAYS
    if found.status != "OPEN" or soon:
        yield check("WARN", f"{told}; {ending}", "Have the DBA renew the password before it ends.")
    else:
        yield check("OK", f"{told}; {ending}")
    allowed, most = sessions_allowed(session), subject.guarded.max_sessions
    if allowed is not None and allowed < most:
        yield check(
            "WARN",
            f"its profile allows {allowed} sessions, and bot.toml {most} (max_sessions)",
            "Lower max_sessions in bot.toml, or have the DBA raise SESSIONS_PER_USER.",
        )


def _rights(subject: Subject, session: Session) -> Iterator[Check]:
    spare = [*more_than_needed(privileges(session)), *changing_grants(session)]
    check = partial(Check, subject.group, "rights")
    if spare:
        told = f"more than reading needs: {listed(spare)}"
        yield check("WARN", told, f"A read-only user is recommended. {_GRANTS}")
    else:
        yield check("OK", "none with which anything could be changed")


def _tables(subject: Subject, session: Session) -> Iterator[Check]:
    check = partial(Check, subject.group)
    tried, offered = subject.offered[:MAX_TABLES], subject.offered
    if not tried:
        yield check("tables", "SKIP", "bot.toml offers none of it", "Add a [[table]].")
        return
    closed = [(ref, code) for ref in tried if (code := unreadable(session, ref)) is not None]
    for ref, code in closed:
        told = f"{ref} cannot be read ({code})"
        yield check("tables", "FAIL", told, f"Correct its name in bot.toml, or: {_GRANTS}")
    if not closed:
        more = f"; {len(offered) - len(tried)} more were not tried" * (len(offered) > len(tried))
        yield check("tables", "OK", f"{len(tried)} can be read{more}")
    yield _flashback(subject, session, [ref for ref in offered if ref not in dict(closed)])


def _flashback(subject: Subject, session: Session, refs: Sequence[TableRef]) -> Check:
    check = partial(Check, subject.group, "FLASHBACK")
    lacking = without_flashback(session, refs, privileges(session))
    if not lacking:
        return check("OK", "granted on every table that can be read")
    names = listed([str(ref) for ref in lacking])
    return check(
        "OK",
        f"not granted on {names}; not needed: one session reads all of a sync at one moment. "
        "Several sessions that share a moment would need it",
    )


def _scn(subject: Subject, session: Session) -> Iterator[Check]:
    check = partial(Check, subject.group, "SCN")
    scn = current_scn(session)
    if scn is None:
        told = "V$DATABASE is not visible, so receipts name the moment of a copy but no SCN"
        yield check("WARN", told, f"Optional: SELECT on SYS.V_$DATABASE. {_GRANTS}")
    else:
        yield check("OK", f"V$DATABASE is visible, SCN {scn} now")


def _clock(subject: Subject, session: Session) -> Iterator[Check]:
    before = time.time()
    theirs = oracle_now(session).timestamp()
    yield clock_check(subject.group, "clock difference", theirs - (before + time.time()) / 2)


def _sessions(subject: Subject, count: int) -> Check:
    most = subject.guarded.max_sessions
    told = f"{count} of {most} (max_sessions) are open now"
    if count < most:
        return Check(subject.group, "sessions", "OK", told)
    remedy = "Wait for a sync to end, or raise max_sessions if the DBA agrees."
    return Check(subject.group, "sessions", "WARN", told, remedy)


def _tcp(subject: Subject) -> Check:
    """Only open a connection: no user, no password, nothing that could be counted as a try."""
    check = partial(Check, subject.group, "network")
    address = address_of(subject.guarded.source.dsn)
    if address is None:
        remedy = "Write the dsn as host:port/service to have this checked without a login."
        return check("SKIP", "the dsn is an alias, which only a login resolves", remedy)
    try:
        socket.create_connection(address, ANSWER_SECONDS).close()
    except (OSError, ValueError, OverflowError) as error:
        told = f"{address[0]}:{address[1]} takes no connection ({type(error).__name__})"
        return check("FAIL", told, "Check the dsn, the listener and the firewall in between.")
    return check("OK", f"{address[0]}:{address[1]} takes connections")


def _remedy(error: OracleError) -> str:
    code = str(error.params.get("oracle_code", ""))
    if code in {"ORA-02391", "ORA-00018"}:
        return "Too many sessions: lower max_sessions in bot.toml, or ask the DBA."
    if code == "ORA-01045":
        return f"The user lacks CREATE SESSION. {_GRANTS}"
    return "Check dsn, listener and firewall; docs/oracle-setup.md is for the DBA."
