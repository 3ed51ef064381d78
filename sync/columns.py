"""Which of a table's columns are copied, and how: what bot.toml says beside their types' rules."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from sync.catalog import OracleColumn, TableFacts
from sync.errors import ColumnNotFound, EncodingDoesNotFit, SettingDoesNotFit, UnsupportedColumn
from sync.names import listed, nearest_first
from sync.plan import Column, Declared, Encoding, TableRef
from sync.planning_errors import SchemaFrozen
from sync.types import MAX_CUT_BYTES, CopyRule, copy_rule, is_decodable
from sync.warehouse.manifest import ManifestEntry

Policy = Literal["copy", "truncate", "skip"]

DEFAULT_LOB_LIMIT = 1_000_000
"""Characters of a text, bytes of anything else."""

MAX_LOB_LIMIT = 64 << 20
"""A batch holds at least one row, and some batches are in memory at once."""


@dataclass(frozen=True)
class ColumnChoices:
    """What bot.toml says of a table's columns."""

    policies: Mapping[str, Policy] = field(default_factory=dict[str, Policy])
    """By column, as Oracle spells it; the others are copied."""
    lob_limit: int = DEFAULT_LOB_LIMIT
    encodings: Mapping[str, Encoding] = field(default_factory=dict[str, Encoding])
    """Of columns whose bytes are not what the database takes them for."""


ALL_COLUMNS = ColumnChoices()


def frozen_columns(current: ManifestEntry) -> Declared:
    """The columns that a table keeps whatever Oracle does to it, where they are frozen.

    Those of its copy, or those that would have had no wish left some out.
    """
    held = {column.name: column.oracle_type for column in current.columns if column.oracle_type}
    return current.receipt.all_columns or held


def chosen_columns(facts: TableFacts, only: Sequence[str], frozen: Declared) -> list[OracleColumn]:
    """The columns a plan is about: *only* some, the *frozen* ones, or all.

    Those that bot.toml skips are among them. Raises `ColumnNotFound`, and `SchemaFrozen` where
    Oracle has a frozen one no more as it was.
    """
    declared = {column.name: column for column in facts.columns}
    for name in only:
        require_column(facts.ref, name, list(declared))
    if only or not frozen:
        return [column for column in facts.columns if not only or column.name in only]
    for name, was in frozen.items():
        now = declared.get(name)
        if now is None or now.oracle_type != was:
            became = now.oracle_type if now else "gone"
            raise SchemaFrozen(table=str(facts.ref), column=name, was=was, became=became)
    return [declared[name] for name in frozen]


def require_column(ref: TableRef, name: str, names: Sequence[str]) -> None:
    """Raise `ColumnNotFound` unless *name* is one of *names*."""
    if name not in names:
        raise ColumnNotFound(
            table=str(ref), column=name, columns=listed(nearest_first(name, names))
        )


def plan_columns(
    ref: TableRef, columns: Sequence[OracleColumn], choices: ColumnChoices
) -> tuple[tuple[Column, ...], tuple[Column, ...]]:
    """The columns to copy and those left out, in the table's order.

    Raises `ColumnNotFound` for a choice about a column that is not there, `SettingDoesNotFit` and
    `EncodingDoesNotFit` for one that its type does not allow, and `UnsupportedColumn` naming all
    columns that no rule copies or whose names differ from another's in case alone, which DuckDB
    cannot tell apart.
    """
    names = [column.name for column in columns]
    for name in (*choices.policies, *choices.encodings):
        require_column(ref, name, names)
    copied: list[Column] = []
    left_out: list[Column] = []
    refused: list[str] = []
    taken: set[str] = set()
    for column in columns:
        policy = choices.policies.get(column.name, "copy")
        encoding = choices.encodings.get(column.name)
        rule = copy_rule(column.oracle_type)
        if policy == "skip":
            left_out.append(_planned(column, "", policy, None))
        elif rule is None:
            refused.append(f"{column.name} {column.oracle_type}")
        elif column.name.casefold() in taken:
            refused.append(f"{column.name} (another column's name in other case)")
        else:
            _require_fit(ref, column, rule, policy, encoding)
            taken.add(column.name.casefold())
            limit = choices.lob_limit if rule.capped else None
            if policy == "truncate" and column.oracle_type == "BLOB":
                limit = min(choices.lob_limit, MAX_CUT_BYTES)
            copied.append(_planned(column, rule.duckdb_type, policy, limit, encoding))
    if refused or not copied:
        listed = ", ".join(refused) or "all of them are left out"
        raise UnsupportedColumn(table=str(ref), columns=listed)
    return tuple(copied), tuple(left_out)


def _require_fit(
    ref: TableRef, column: OracleColumn, rule: CopyRule, policy: Policy, encoding: Encoding | None
) -> None:
    about = {"table": str(ref), "column": column.name, "oracle_type": column.oracle_type}
    if policy == "truncate" and not rule.capped:
        raise SettingDoesNotFit(**about)
    if encoding is not None and not is_decodable(column.oracle_type):
        raise EncodingDoesNotFit(**about)


def _planned(
    column: OracleColumn,
    duckdb_type: str,
    policy: Policy,
    limit: int | None,
    encoding: Encoding | None = None,
) -> Column:
    return Column(
        name=column.name,
        oracle_type=column.oracle_type,
        duckdb_type=duckdb_type,
        nullable=column.nullable,
        policy=policy,
        limit=limit,
        encoding=encoding,
    )
