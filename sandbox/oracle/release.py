"""Releases of Oracle the stand-in can be, and what else a DBA decides before it starts.

Facts: Oracle Database Reference and SQL Language Reference of 11.2, 19c and 23ai; protocol and
field versions from python-oracledb 26.1.0 (`impl/thin/constants.pxi`).
"""

from dataclasses import dataclass
from typing import Literal

ReleaseName = Literal["11g", "19c", "23ai"]
Verifier = Literal["11G", "12C"]
SERVICE = "FREEPDB1"
#: python-oracledb thin refuses what is below 315 (Oracle 12.1) with DPY-3010.
REFUSED_PROTOCOL_VERSION = 314


@dataclass(frozen=True)
class Release:
    """What differs between releases, on the wire and in SQL.

    `accept_flags` announce the end of a response and fast authentication; `field_version` decides
    the layout of messages.
    """

    name: ReleaseName
    banner: str
    version: tuple[int, int, int, int, int]
    most_name_bytes: int = 128
    protocol_version: int = 318
    accept_flags: int = 0
    field_version: int = 12

    @property
    def version_full(self) -> str:
        """The version with its update, such as 19.21.0.0.0."""
        return ".".join(map(str, self.version))

    @property
    def version_base(self) -> str:
        """The version as Oracle shows it in VERSION: from 18c on without the update."""
        return f"{self.version[0]}.0.0.0.0" if self.is_at_least(18) else self.version_full

    @property
    def number(self) -> int:
        """The version as clients take it apart."""
        major, minor, update, patch, port = self.version
        return major << 24 | minor << 16 | update << 12 | patch << 4 | port

    @property
    def product(self) -> str:
        """The product as PRODUCT_COMPONENT_VERSION names it."""
        return self.banner.partition("Release")[0]

    def is_at_least(self, major: int) -> bool:
        """Whether this is release `major` or a later one."""
        return self.version[0] >= major


RELEASES = {
    "11g": Release(
        "11g",
        "Oracle Database 11g Enterprise Edition Release 11.2.0.4.0 - 64bit Production",
        (11, 2, 0, 4, 0),
        most_name_bytes=30,
    ),
    "19c": Release(
        "19c",
        "Oracle Database 19c Enterprise Edition Release 19.0.0.0.0 - Production",
        (19, 21, 0, 0, 0),
    ),
    "23ai": Release(
        "23ai",
        "Oracle Database 23ai Free Release 23.0.0.0.0 - Develop, Learn, and Run for Free",
        (23, 6, 0, 24, 10),
        protocol_version=319,
        accept_flags=0x12000000,
        field_version=24,
    ),
}


@dataclass(frozen=True)
class Setup:
    """One stand-in's release and character sets; `thin_refused` announces an old protocol.

    `verifier` is what the password is kept as.
    """

    release: Release = RELEASES["19c"]
    thin_refused: bool = False
    character_set: str = "AL32UTF8"
    national_character_set: str = "AL16UTF16"
    verifier: Verifier = "12C"
