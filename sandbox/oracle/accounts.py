"""Users, their passwords and limits: who gets in, and which ORA- the others get.

Facts: Oracle Database Security Guide 19c, "Configuring Authentication" (profiles, locking,
expiry). A lock stays until a DBA takes it away; PASSWORD_LOCK_TIME is not there.
"""

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from sandbox.oracle.errors import OracleError

PROFILE_NAME = "DEFAULT"


@dataclass(frozen=True)
class Profile:
    """Limits; None is UNLIMITED. `sessions` is that of the whole instance."""

    failed_login_attempts: int | None = 10
    sessions_per_user: int | None = None
    sessions: int | None = None


@dataclass
class Account:
    """One user. `locked_at` and `expires_at` are None while nothing stands in the way."""

    password: str
    failed_logins: int = 0
    open_sessions: int = 0
    locked_at: datetime | None = None
    expires_at: datetime | None = None

    @property
    def status(self) -> str:
        """The text of USER_USERS.ACCOUNT_STATUS."""
        words = [
            "EXPIRED" if self.is_expired else "",
            ("LOCKED(TIMED)" if self.failed_logins else "LOCKED") if self.locked_at else "",
        ]
        return " & ".join(filter(None, words)) or "OPEN"

    @property
    def is_expired(self) -> bool:
        """Whether the password may no longer be used."""
        return self.expires_at is not None and self.expires_at <= datetime.now(UTC)


class Accounts:
    """All users of one server; safe for many threads."""

    def __init__(self, passwords: Mapping[str, str], profile: Profile) -> None:
        self.profile = profile
        self._lock = threading.Lock()
        self._accounts = {user: Account(password) for user, password in passwords.items()}
        self._attempts: dict[str, int] = {}

    def __contains__(self, user: str) -> bool:
        return user in self._accounts

    def password(self, user: str) -> str | None:
        """The password to compare with, or None for a user who does not exist."""
        account = self._accounts.get(user)
        return account.password if account else None

    def get(self, user: str) -> Account:
        """The account of `user`; raises ValueError where there is none."""
        account = self._accounts.get(user.upper())
        if account is None:
            raise ValueError(f"the stand-in has no user {user!r}")
        return account

    def enter(self, user: str, *, is_right_password: bool) -> None:
        """Count a login, and let it in or raise the error Oracle has for it.

        After `failed_login_attempts` wrong passwords in a row the account is locked; then the
        right one gets ORA-28000 too.
        """
        with self._lock:
            self._attempts[user] = self._attempts.get(user, 0) + 1
            account = self._accounts.get(user)
            if account is None:
                raise OracleError(1017)
            if account.locked_at:
                raise OracleError(28000)
            if not is_right_password:
                account.failed_logins += 1
                most = self.profile.failed_login_attempts
                if most is not None and account.failed_logins >= most:
                    account.locked_at = datetime.now(UTC)
                raise OracleError(1017)
            if account.is_expired:
                raise OracleError(28001)
            self._check_limits(account)
            account.failed_logins = 0
            account.open_sessions += 1

    def leave(self, user: str) -> None:
        """A session of `user` has ended."""
        with self._lock:
            self._accounts[user].open_sessions -= 1

    def login_attempts(self, user: str) -> int:
        """How many logins were tried as `user`, the good ones and the refused ones."""
        return self._attempts.get(user.upper(), 0)

    def lock(self, user: str) -> None:
        """ALTER USER … ACCOUNT LOCK."""
        self.get(user).locked_at = datetime.now(UTC)

    def unlock(self, user: str) -> None:
        """ALTER USER … ACCOUNT UNLOCK, which also forgets the failed logins."""
        account = self.get(user)
        account.locked_at, account.failed_logins = None, 0

    def expire_password(self, user: str, at: datetime | None = None) -> None:
        """Let the password end at a moment, by default now."""
        self.get(user).expires_at = at or datetime.now(UTC)

    def set_password(self, user: str, password: str) -> None:
        """ALTER USER … IDENTIFIED BY: the new password has no end; a lock stays."""
        account = self.get(user)
        account.password, account.expires_at = password, None

    def _check_limits(self, account: Account) -> None:
        everyone = sum(each.open_sessions for each in self._accounts.values())
        if self.profile.sessions is not None and everyone >= self.profile.sessions:
            raise OracleError(18)
        most = self.profile.sessions_per_user
        if most is not None and account.open_sessions >= most:
            raise OracleError(2391)
