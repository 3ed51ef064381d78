"""Whether an Oracle table has changed between two looks: a true statement, or none at all.

A look takes what no change of the rows leaves as it was. ORA_ROWSCN is at least the SCN of a row's
last committed change: it is kept a block, so it may say too much and never too little (Oracle SQL
Language Reference, "ORA_ROWSCN Pseudocolumn"). An insert or update so raises its maximum, and
a delete alone lowers the count. What puts other rows in a table without changing any (a partition
exchanged, a column dropped and added again, a table renamed into its place) is DDL, which moves the
object's id or LAST_DDL_TIME.
"""

from pydantic import BaseModel, ConfigDict

from sync.oracle import Session, quote_table, rows
from sync.oracle_errors import OracleError
from sync.plan import TablePlan, TableRef

_BESIDE_ROWS = ("CLOB", "NCLOB", "BLOB", "BFILE", "LONG", "XMLTYPE", "JSON")
"""Beginnings of types whose values lie outside the row, where a change need not touch its block."""


class Look(BaseModel):
    """What was seen of a table at one moment."""

    model_config = ConfigDict(frozen=True)

    ref: TableRef
    rows: int = 0
    scn: int = 0
    """The highest ORA_ROWSCN; 0 of no rows."""
    definition: str = ""
    """Its object's number and when it was last altered, by Oracle's clock."""
    trouble: str = ""
    """Why nothing can be told of it: an error's code, ``no_table`` (a view, say) or ``lob``."""


def look_at(session: Session, table: TablePlan) -> Look:
    """Look at a table; what Oracle does not answer is told as `Look.trouble`."""
    ref = table.ref
    if any(column.oracle_type.startswith(_BESIDE_ROWS) for column in table.columns):
        return Look(ref=ref, trouble="lob")
    try:
        objects = rows(session, _DEFINITION, [ref.schema_name, ref.table])
        count, number, altered = objects[0]
        if not count:
            return Look(ref=ref, trouble="no_table")
        sql = f"SELECT COUNT(*), MAX(ORA_ROWSCN) FROM {quote_table(ref)}"
        found, scn = rows(session, sql, ref=ref)[0]
    except OracleError as error:
        code = str(error.params.get("oracle_code", error.code))
        return Look(ref=ref, trouble=code)
    definition = f"{int(count)} {int(number)} {altered.isoformat()}"
    return Look(ref=ref, rows=int(found), scn=int(scn or 0), definition=definition)


def is_unchanged(before: Look, now: Look) -> bool:
    """Say that no row of a table changed from one look to the other; False where nobody knows."""
    return not before.trouble and not now.trouble and before == now


_DEFINITION = """
SELECT COUNT(*), MAX(object_id), MAX(last_ddl_time)
FROM all_objects
WHERE owner = :1 AND object_name = :2
AND object_type IN ('TABLE', 'TABLE PARTITION', 'TABLE SUBPARTITION')"""
