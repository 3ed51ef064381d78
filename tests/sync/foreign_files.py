"""DuckDB files of somebody else, made of statements."""

import hashlib
import os
import sqlite3
import struct
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import duckdb

ORDERS_FILE = (
    'CREATE TABLE "주문 내역" (번호 BIGINT PRIMARY KEY, 상태 VARCHAR NOT NULL, 금액 DECIMAL(12,2))',
    "INSERT INTO \"주문 내역\" VALUES (1, '취소', 10.50), (2, '완료', 20.25), (3, '완료', 0)",
    "COMMENT ON TABLE \"주문 내역\" IS '들어온 주문'",
    "COMMENT ON COLUMN \"주문 내역\".금액 IS '원'",
    'CREATE VIEW "완료 주문" AS SELECT * FROM "주문 내역" WHERE 상태 = \'완료\'',
)
"""A table and a view with Korean names, a space, a key and comments."""


def make_file(path: Path, *statements: str) -> Path:
    """A closed file in which *statements* were run."""
    with duckdb.connect(path) as db:
        for statement in statements:
            db.execute(statement)
    return path


def fingerprint(folder: Path) -> dict[str, str]:
    """Every file of a folder with the SHA-256 of its bytes."""
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.iterdir())
    }


def leave_in_wal(path: Path, statement: str) -> None:
    """Run *statement* in a process that dies before it writes more than its log."""
    program = (
        "import duckdb, os, sys\n"
        "db = duckdb.connect(sys.argv[1])\n"
        "db.execute(\"SET checkpoint_threshold = '1GB'\")\n"
        "db.execute(sys.argv[2])\n"
        "os._exit(0)\n"
    )
    subprocess.run([sys.executable, "-c", program, str(path), statement], check=True)


@contextmanager
def open_elsewhere(path: Path) -> Generator[None]:
    """Have another process hold the file open to write."""
    program = "import duckdb, sys\ndb = duckdb.connect(sys.argv[1])\nprint(flush=True)\ninput()"
    with subprocess.Popen(
        [sys.executable, "-c", program, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        try:
            yield
        finally:
            process.kill()


def remove(path: Path) -> None:
    path.unlink()


def make_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def make_pipe(path: Path) -> None:
    """A name that whoever reads it waits at."""
    path.unlink()
    os.mkfifo(path)


def make_empty(path: Path) -> None:
    path.write_bytes(b"")


def make_csv(path: Path) -> None:
    path.write_text("id,name\n1,a\n" * 1000)


def make_sqlite(path: Path) -> None:
    path.unlink()
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE t (a)")


def make_newer(path: Path) -> None:
    """The file as a DuckDB of the future would have it: a storage version that nobody knows yet.

    The header begins with the checksum of what follows (DuckDB, src/storage/magic_bytes.cpp and
    src/common/checksum.cpp).
    """
    content = bytearray(path.read_bytes())
    struct.pack_into("<Q", content, 12, 900)
    checksum = 5381
    for (word,) in struct.iter_unpack("<Q", content[8:4096]):
        checksum ^= word * 0xBF58476D1CE4E5B9 % 2**64
    struct.pack_into("<Q", content, 0, checksum)
    path.write_bytes(content)


def make_damaged(path: Path) -> None:
    """The file without its last part."""
    os.truncate(path, path.stat().st_size // 2)


def make_encrypted(path: Path) -> None:
    path.unlink()
    with duckdb.connect() as db:
        db.execute("SET force_mbedtls_unsafe = 'true'")
        db.execute(f"ATTACH '{path}' AS locked (ENCRYPTION_KEY 'secret')")
        db.execute("CREATE TABLE locked.t AS SELECT 1 AS a")
