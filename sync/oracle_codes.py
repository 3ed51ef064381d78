"""What the codes of Oracle and of its driver mean on the way to a session, and what to do then.

`sync.oracle_read_codes` is the same for reading. A code that stands in neither is told as it is.

Facts: Oracle Database Error Messages, 19c and 23ai; python-oracledb 26.1.0, ``errors.py``.
"""

from dataclasses import dataclass
from typing import Literal

Group = Literal[
    "login",
    "unreachable",
    "dropped",
    "timeout",
    "moment",
    "missing",
    "too_old",
    "passing",
    "failed",
]


@dataclass(frozen=True)
class Kind:
    """Codes that mean the same to whoever must do something about them."""

    name: str
    group: Group
    """Which error of `sync.oracle_errors` it is, and so whether a run is tried again after it."""
    listed: str
    """The numbers of ORA codes, and other codes whole, with spaces between them."""
    sentence: str
    """English; what happened and what to do, with the values `sync.oracle` has for all of them:
    ``{source}``, ``{oracle_code}``, ``{user}``, ``{table}``, ``{quoted}`` (the table as SQL writes
    it) and ``{seconds}`` (the call timeout)."""

    @property
    def codes(self) -> tuple[str, ...]:
        """Each in full, such as ``ORA-01555``."""
        listed = self.listed.split()
        return tuple(code if "-" in code else f"ORA-{code.zfill(5)}" for code in listed)


REACHING: tuple[Kind, ...] = (
    Kind(
        "wrong_password",
        "login",
        "1017 1005 1004 1040",
        "Oracle refused the login of user {user} at {source} ({oracle_code}). Check user and password. So that the account is not locked, it is not tried again until the password changes or an operator runs `botctl doctor --retry-login {source}`.",
    ),
    Kind(
        "account_locked",
        "login",
        "28000",
        "Oracle {source} refused the login: the account of {user} is locked ({oracle_code}). Have the DBA run `ALTER USER {user} ACCOUNT UNLOCK`, then an operator `botctl doctor --retry-login {source}`; until then it is not tried again.",
    ),
    Kind(
        "password_expired",
        "login",
        "28001 28002",
        "Oracle {source} refused the login: the password of {user} has expired ({oracle_code}). Have the DBA set a new one (`ALTER USER {user} IDENTIFIED BY …`) and put it into the settings; until then it is not tried again.",
    ),
    Kind(
        "password_not_set",
        "failed",
        "DPY-4001",
        "No user or password is set for Oracle source {source} ({oracle_code}). Set ORACLE_USER and ORACLE_PASSWORD, or what the source's own section of bot.toml asks for, and start again.",
    ),
    Kind(
        "password_too_old",
        "failed",
        "DPY-3015",
        'Oracle {source} keeps the password of {user} only in its 10G form, which the thin driver cannot use ({oracle_code}). Have the DBA set the password anew (`ALTER USER {user} IDENTIFIED BY …`, which may be the same one), or set driver = "thick" in bot.toml.',
    ),
    Kind(
        "no_login_protocol",
        "failed",
        "28040 3134",
        "Oracle {source} and the driver have no login protocol in common ({oracle_code}). Have the DBA look at SQLNET.ALLOWED_LOGON_VERSION_SERVER in the server's sqlnet.ora, and set the password of {user} anew after changing it.",
    ),
    Kind(
        "no_session_right",
        "failed",
        "1045",
        "User {user} may not open a session at Oracle {source} ({oracle_code}). Have the DBA run `GRANT CREATE SESSION TO {user}`.",
    ),
    Kind(
        "system_user",
        "failed",
        "28009",
        "User {user} is an administrator of Oracle {source} and may not be used here ({oracle_code}). Have the DBA create a user of its own; `botctl doctor --grants` prints the script.",
    ),
    Kind(
        "restricted",
        "passing",
        "1035 12526 12527",
        "Oracle {source} is in restricted mode and lets only administrators in ({oracle_code}). Ask the DBA when that ends.",
    ),
    Kind(
        "no_listener",
        "unreachable",
        "12541 12203 12224 12231 12543 12560 DPY-6005",
        "Oracle source {source} cannot be reached: nothing answers at its host and port ({oracle_code}). Check that the database and its listener run and that the dsn is right, then ask again.",
    ),
    Kind(
        "host_unknown",
        "unreachable",
        "12545",
        "Oracle source {source} cannot be reached: its host is unknown or away ({oracle_code}). Check the host in the dsn, and DNS, then ask again.",
    ),
    Kind(
        "connect_timeout",
        "unreachable",
        "12170 12525 12535 12606 12609 3136",
        "Oracle source {source} cannot be reached: the connect took too long ({oracle_code}). Check the network and its firewalls between here and the listener, then ask again.",
    ),
    Kind(
        "service_unknown",
        "unreachable",
        "12514 12505 12521 12757 DPY-6001 DPY-6003",
        "Oracle source {source} cannot be reached: its listener does not know the service or SID of the dsn ({oracle_code}). Check the dsn against `lsnrctl services`; a database that is just starting is known after a minute.",
    ),
    Kind(
        "database_down",
        "unreachable",
        "1033 1034 1089 1090 1092 1109 12523 12528 16456 27101",
        "Oracle source {source} cannot be reached: the database is starting, stopping or not open ({oracle_code}). Ask again when it is open; the DBA can say when.",
    ),
    Kind(
        "listener_refused",
        "unreachable",
        "12502 12508 12564 DPY-4019 DPY-4035 DPY-5005 DPY-6000",
        "Oracle source {source} cannot be reached: its listener refused us ({oracle_code}). Have the DBA look into listener.log, and at TCP.INVITED_NODES whether this host may come in.",
    ),
    Kind(
        "no_room_for_session",
        "unreachable",
        "18 20 12500 12510 12516 12518 12519 12520",
        "Oracle source {source} takes no more sessions ({oracle_code}). Ask again later; if it goes on, have the DBA raise PROCESSES and SESSIONS, or lower max_sessions in bot.toml.",
    ),
    Kind(
        "sessions_per_user",
        "passing",
        "2391",
        "User {user} has as many sessions at Oracle {source} as its profile allows ({oracle_code}). Set max_sessions in bot.toml below SESSIONS_PER_USER, or have the DBA raise that: `ALTER PROFILE … LIMIT SESSIONS_PER_USER …`.",
    ),
    Kind(
        "archiver_full",
        "passing",
        "257",
        "Oracle {source} lets only administrators in, because it cannot write its archive logs ({oracle_code}). The DBA must free space for them.",
    ),
    Kind(
        "wrong_dsn",
        "failed",
        "12154 12162 12533 DPY-2020 DPY-2049 DPY-2059 DPY-4000 DPY-4017 DPY-4018 DPY-4021 DPY-4022 DPY-4026 DPY-4027 DPY-4028 DPY-4030",
        "The dsn of Oracle source {source} names no address ({oracle_code}). Write it as host:port/service, or as a whole connect descriptor; a name of tnsnames.ora needs that file.",
    ),
    Kind(
        "encryption_differs",
        "failed",
        "12649 12650 12660 12630 12638 12640 12641 12699 DPY-5016",
        'Oracle {source} asks for native encryption or an authentication the driver cannot do ({oracle_code}). Use TLS (a dsn that begins with tcps://) or set driver = "thick" in bot.toml, and have the DBA look at SQLNET.ENCRYPTION_SERVER and SQLNET.AUTHENTICATION_SERVICES.',
    ),
    Kind(
        "tls_failed",
        "failed",
        "28759 28860 29024 DPY-2018 DPY-4032 DPY-6002 DPY-6006 DPY-6008 DPY-6009",
        "The TLS connection to Oracle {source} failed ({oracle_code}). Check the wallet or certificate authority on this host, and that the server's certificate is valid and names the host of the dsn.",
    ),
    Kind(
        "proxy_failed",
        "unreachable",
        "DPY-6004",
        "Oracle source {source} cannot be reached: the proxy of its dsn refused ({oracle_code}). Check https_proxy and https_proxy_port in the dsn.",
    ),
    Kind(
        "too_old",
        "too_old",
        "DPY-3010",
        'Oracle source {source} is older than 12.1. Set driver = "thick" for it in bot.toml and ORACLE_CLIENT_LIB_DIR to Oracle\'s client libraries, then start again.',
    ),
    Kind(
        "character_set_unsupported",
        "failed",
        "DPY-3012 DPY-3040",
        'The thin driver cannot read the character set of Oracle {source} ({oracle_code}; a national one of UTF8 is such a set). Set driver = "thick" for it in bot.toml and ORACLE_CLIENT_LIB_DIR to Oracle\'s client libraries, then start again.',
    ),
    Kind(
        "driver_unfit",
        "failed",
        "DPI-1047 DPI-1072 DPY-2017 DPY-2019 DPY-2021 DPY-2053 DPY-3001 DPY-3016",
        "The driver on this host cannot do what Oracle source {source} needs ({oracle_code}). Check driver in bot.toml, ORACLE_CLIENT_LIB_DIR and LD_LIBRARY_PATH (Instant Client 19 or newer), then start again.",
    ),
    Kind(
        "killed",
        "failed",
        "28 31",
        "A DBA ended our session at Oracle {source} ({oracle_code}). The old data stays and nothing is tried again by itself; ask the DBA, then ask again.",
    ),
    Kind(
        "idle_ended",
        "dropped",
        "2396 DPY-4033",
        "Oracle {source} ended our session because it was idle for longer than the profile of {user} allows ({oracle_code}). The old data stays. If it goes on, have the DBA raise it: `ALTER PROFILE … LIMIT IDLE_TIME …`.",
    ),
    Kind(
        "dropped",
        "dropped",
        "602 603 609 1012 1041 1043 3113 3114 3122 3135 12153 12537 12547 12569 12570 12571 12583 25401 25402 25408 27146 28864 56600 DPI-1010 DPI-1080 DPY-1001 DPY-3008 DPY-4011",
        "The connection to Oracle source {source} broke off ({oracle_code}). The old data stays; ask again. If it goes on, look for a firewall that ends long or quiet connections.",
    ),
    Kind(
        "timeout",
        "timeout",
        "1013 3111 DPI-1067 DPY-4024",
        "Oracle source {source} did not answer within {seconds} s, or the call was broken off ({oracle_code}). The old data stays; ask again later, or raise call_timeout_seconds in bot.toml.",
    ),
)
