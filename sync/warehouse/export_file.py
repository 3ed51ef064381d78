"""Rows as a file that people open elsewhere: CSV, XLSX or Parquet, written as they come."""

import csv
import re
import secrets
import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal, Protocol
from zoneinfo import ZoneInfo

import xlsxwriter

from sync.errors import BadQuery
from sync.types import arrow
from sync.warehouse.export_types import parquet_array, parquet_type
from sync.warehouse.layout import FILES, RESERVE_BYTES, disk_full_named, require_room

FileFormat = Literal["csv", "xlsx", "parquet"]
Columns = Sequence[tuple[str, str]]

KEPT_SECONDS = 24 * 3600
"""What nobody has fetched by then is removed."""
MOST_XLSX_ROWS = 1_048_575
"""Of a sheet, without its head."""
_MOST_CELL = 32_767
_EXACT_DIGITS = 15
"""That a double, and so Excel, gives back as they were."""
_GROUP_ROWS = 100_000
"""Of a Parquet file's row group: readers skip whole ones."""
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_NUMBER = re.compile(r"U?(?:TINY|SMALL|BIG|HUGE)?INT(?:EGER)?|DECIMAL.*|DOUBLE|FLOAT")
_ZONED = "TIMESTAMP WITH TIME ZONE"
_FIRST_SHEET_DAY = datetime(1900, 3, 1)  # noqa: DTZ001 -- sheets count wrongly before it
_MICROSECONDS = 1000


class ExportFile:
    """Takes the rows of one query and writes them to `path`. Close it, also after a failure."""

    def __init__(self, root: Path, file_format: FileFormat, timezone: str) -> None:
        """*root* is the warehouse's; nothing is written before rows come."""
        self.path = root / FILES / f"{secrets.token_hex(16)}.{file_format}"
        self.rows = 0
        self._write = _WRITERS[file_format]
        self._timezone = timezone
        self._writer: _Writer | None = None

    @property
    def cut_cells(self) -> int:
        """How many texts were longer than the format takes."""
        return self._writer.cut_cells if self._writer else 0

    def begin(self, columns: Columns) -> None:
        """Write the head; what was written before is forgotten. Raises `DiskFull`."""
        self.close()
        self.rows = 0
        with disk_full_named():
            _tidy(self.path.parent)
            self._writer = self._write(self.path, columns, self._timezone)

    def add(self, rows: Sequence[Sequence[Any]]) -> None:
        """Write more rows. Raises `DiskFull`, and `BadQuery` for a value the format cannot hold."""
        if self._writer is not None and rows:
            with disk_full_named():
                self._writer.add(rows)
            self.rows += len(rows)

    def close(self) -> None:
        """Finish the file."""
        if self._writer is not None:
            with disk_full_named():
                self._writer.close()


def _tidy(folder: Path) -> None:
    """See that the folder is there, that nothing in it is old, and that there is room."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for old in folder.iterdir():
        with suppress(FileNotFoundError):  # another process was first
            if time.time() - old.stat().st_mtime > KEPT_SECONDS:
                old.unlink()
    require_room(folder, RESERVE_BYTES)


class _Writer(Protocol):
    cut_cells: int

    def __init__(self, path: Path, columns: Columns, timezone: str, /) -> None: ...
    def add(self, rows: Sequence[Sequence[Any]]) -> None: ...
    def close(self) -> None: ...


class _Csv:
    """With a byte order mark, by which Excel knows UTF-8; no text of it is taken for a formula."""

    def __init__(self, path: Path, columns: Columns, _timezone: str, /) -> None:
        self.cut_cells = 0
        self._is_text = [not _is_number(kind) for _, kind in columns]
        self._kinds = [kind for _, kind in columns]
        self._file = path.open("w", encoding="utf-8-sig", newline="")
        self._csv = csv.writer(self._file)
        self._csv.writerow([_harmless(name) for name, _ in columns])

    def add(self, rows: Sequence[Sequence[Any]]) -> None:
        for row in rows:
            self._csv.writerow([self._cell(at, value) for at, value in enumerate(row)])

    def _cell(self, at: int, value: Any) -> Any:
        if isinstance(value, bool):
            return "true" if value else "false"
        if not isinstance(value, str) or not self._is_text[at]:
            return value
        if self._kinds[at].startswith("TIMESTAMP") and self._kinds[at] != _ZONED:
            return value.replace("T", " ")
        return _harmless(value)

    def close(self) -> None:
        self._file.close()


class _Xlsx:
    """One sheet; numbers that a double holds exactly as numbers, dates as dates, the rest text."""

    def __init__(self, path: Path, columns: Columns, timezone: str, /) -> None:
        self.cut_cells = 0
        self._at = 0
        self._zone = ZoneInfo(timezone)
        self._kinds = [kind for _, kind in columns]
        # Rows go to a temporary file as they come, so that memory stays small.
        self._book = xlsxwriter.Workbook(str(path), {"constant_memory": True})
        self._sheet: Any = self._book.add_worksheet()
        self._day: Any = self._book.add_format({"num_format": "yyyy-mm-dd"})
        self._moment: Any = self._book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        bold: Any = self._book.add_format({"bold": True})
        self._sheet.freeze_panes(1, 0)
        for at, (name, kind) in enumerate(columns):
            told = f"{name} ({timezone})" if kind == _ZONED else name
            self._sheet.write_string(0, at, told[:_MOST_CELL], bold)

    def add(self, rows: Sequence[Sequence[Any]]) -> None:
        for row in rows:
            self._at += 1
            for at, (value, kind) in enumerate(zip(row, self._kinds, strict=True)):
                if value is not None:
                    self._put(at, value, kind)

    def _put(self, at: int, value: Any, kind: str) -> None:
        if isinstance(value, bool):
            self._sheet.write_boolean(self._at, at, value)
        elif _is_number(kind) and (number := _exact(value)) is not None:
            self._sheet.write_number(self._at, at, number)
        elif (moment := _sheet_moment(value, kind, self._zone)) is not None:
            looks = self._day if kind == "DATE" else self._moment
            self._sheet.write_datetime(self._at, at, moment, looks)
        else:
            text = str(value)
            if len(text) > _MOST_CELL:
                self.cut_cells += 1
                text = text[: _MOST_CELL - 1] + "…"
            self._sheet.write_string(self._at, at, text)

    def close(self) -> None:
        if not self._book.fileclosed:
            self._book.close()


class _Parquet:
    """Typed: whole numbers, exact decimals, dates and moments as what they are."""

    def __init__(self, path: Path, columns: Columns, _timezone: str, /) -> None:
        self.cut_cells = 0
        from pyarrow import parquet

        names = _distinct([name for name, _ in columns])
        kinds = [kind for _, kind in columns]
        fields = [arrow.field(name, parquet_type(k)) for name, k in zip(names, kinds, strict=True)]
        self._schema: Any = arrow.schema(fields)
        self._kinds = kinds
        writer: Any = parquet.ParquetWriter
        self._file: Any = writer(str(path), self._schema)
        self._waiting: list[Any] = []

    def add(self, rows: Sequence[Sequence[Any]]) -> None:
        columns: list[Any] = []
        for field, kind, values in zip(
            self._schema, self._kinds, zip(*rows, strict=True), strict=True
        ):
            try:
                columns.append(parquet_array(values, kind))
            except (ValueError, ArithmeticError):  # pyarrow's own are among these
                reason = f"column {field.name} holds a value that Parquet cannot; choose csv."
                raise BadQuery(reason=reason) from None
        self._waiting.append(arrow.RecordBatch.from_arrays(columns, schema=self._schema))
        if sum(batch.num_rows for batch in self._waiting) >= _GROUP_ROWS:
            self._write()

    def _write(self) -> None:
        if self._waiting:
            self._file.write_table(arrow.Table.from_batches(self._waiting))
            self._waiting = []

    def close(self) -> None:
        self._write()
        self._file.close()


_WRITERS: dict[FileFormat, type[_Writer]] = {"csv": _Csv, "xlsx": _Xlsx, "parquet": _Parquet}


def _is_number(kind: str) -> bool:
    return _NUMBER.fullmatch(kind) is not None


def _harmless(text: str) -> str:
    """Text that a sheet would run as a formula, led by a sign that makes it text."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def _exact(value: Any) -> float | None:
    """The number, if a double gives it back as it is."""
    if isinstance(value, float):
        return value
    try:
        number = Decimal(str(value))
    except ArithmeticError:
        return None
    if not number.is_finite() or len(number.normalize().as_tuple().digits) > _EXACT_DIGITS:
        return None
    return float(number)


def _sheet_moment(value: Any, kind: str, zone: ZoneInfo) -> datetime | None:
    """The moment on the sheet's clock; None where a sheet has no such moment."""
    if not kind.startswith(("DATE", "TIMESTAMP")):
        return None
    try:
        moment = datetime.fromisoformat(str(value))
        if moment.tzinfo is not None:
            moment = moment.astimezone(zone).replace(tzinfo=None)
    except (ValueError, OverflowError):
        return None
    is_shown = moment >= _FIRST_SHEET_DAY and moment.microsecond % _MICROSECONDS == 0
    return moment if is_shown else None


def _distinct(names: Sequence[str]) -> list[str]:
    """Names that are there once each, as Parquet's readers want them."""
    taken: dict[str, None] = {}
    for name in names:
        number, found = 1, name
        while found in taken:
            number += 1
            found = f"{name}_{number}"
        taken[found] = None
    return list(taken)
