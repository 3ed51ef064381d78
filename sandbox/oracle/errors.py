"""Oracle errors the stand-in can answer, and how DuckDB's errors become them."""

import re

import duckdb

MESSAGES = {
    18: "maximum number of sessions exceeded",
    900: "invalid SQL statement",
    902: "invalid datatype",
    904: "invalid identifier",
    911: "invalid character",
    918: "column ambiguously defined",
    923: "FROM keyword not found where expected",
    933: "SQL command not properly ended",
    942: "table or view does not exist",
    972: "identifier is too long",
    1008: "not all variables bound",
    1013: "user requested cancel of current operation",
    1017: "invalid username/password; logon denied",
    1031: "insufficient privileges",
    1403: "no data found",
    1410: "invalid ROWID",
    1422: "exact fetch returns more than requested number of rows",
    1435: "user does not exist",
    1445: "cannot select ROWID from, or sample, a join view without a key-preserved table",
    1453: "SET TRANSACTION must be first statement of transaction",
    1466: "unable to read data - table definition has changed",
    1555: 'snapshot too old: rollback segment number with name "" too small',
    1722: "invalid number",
    1821: "date format not recognized",
    1861: "literal does not match format string",
    2248: "invalid option for ALTER SESSION",
    2391: "exceeded simultaneous SESSIONS_PER_USER limit",
    3001: "unimplemented feature",
    3113: "end-of-file on communication channel",
    8180: "no snapshot found based on specified time",
    8186: "invalid timestamp specified",
    8181: "specified number is not a valid system change number",
    12514: "TNS:listener does not currently know of service requested in connect descriptor",
    30562: "SAMPLE percentage must be in the range [0.000001,100)",
    22275: "invalid LOB locator specified",
    28000: "The account is locked.",
    28001: "the password has expired",
}


class OracleError(Exception):
    """A statement or logon failed; the client sees it as ORA-`code`."""

    def __init__(self, code: int, detail: str = "") -> None:
        message = MESSAGES.get(code, "error raised by the stand-in")
        text = f"{detail}: {message}" if detail and code == 904 else detail or message
        self.code = code
        self.text = f"ORA-{code:05d}: {text}\n"
        super().__init__(self.text)


def from_duckdb(error: duckdb.Error) -> OracleError:
    """The Oracle error a client would have got for what DuckDB refused."""
    text = str(error)
    first_line = text.partition("\n")[0]
    raised = re.search(r"Error: ORA-(\d{5})", first_line)  # by a macro of `functions.py`
    if raised:
        return OracleError(int(raised[1]))
    if isinstance(error, duckdb.InterruptException):
        return OracleError(1013)
    if isinstance(error, duckdb.CatalogException):
        if "Table" in first_line or "schema" in first_line.lower():
            return OracleError(942)
        return OracleError(904, _quoted(first_line))
    if isinstance(error, duckdb.BinderException):
        if "Ambiguous" in first_line:
            return OracleError(918)
        if "not found" in first_line or "does not have a column" in first_line:
            return OracleError(904, _quoted(first_line))
        return OracleError(932, f"inconsistent datatypes: {first_line}")
    if isinstance(error, duckdb.ParserException):
        return OracleError(933)
    if isinstance(error, duckdb.ConversionException):
        is_time = "timestamp" in first_line.lower() or "date" in first_line.lower()
        return OracleError(1861 if is_time else 1722)
    return OracleError(600, f"internal error code, arguments: [{first_line}]")


def _quoted(text: str) -> str:
    found = re.search(r'"([^"]+)"|with name (\S+)', text)
    return f'"{(found.group(1) or found.group(2)).upper()}"' if found else '"?"'
