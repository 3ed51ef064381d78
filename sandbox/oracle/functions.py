"""Oracle's functions in DuckDB's words, by the declared types of the columns they are called with.

A function that is not here reaches DuckDB under its own name.
"""

from collections.abc import Mapping, Sequence

from sandbox.oracle import conversions, exact
from sandbox.oracle import tokens as lexer
from sandbox.oracle.conversions import NOW, SYSDATE
from sandbox.oracle.errors import OracleError
from sandbox.oracle.scope import Rewrite, Scope, call, literal, split
from sandbox.oracle.tokens import Kind, Token

#: Packages of SYS whose functions are here. Of these, EXECUTE on DBMS_FLASHBACK is not everybody's.
PACKAGES = ("DBMS_FLASHBACK", "DBMS_LOB", "UTL_I18N", "UTL_RAW", "DBMS_XMLGEN")
#: Longer ones TO_CHAR(n, 'TM9') writes with an exponent (SQL Language Reference, TM9).
LONGEST_NUMBER_TEXT = 64
UTF16_TYPES = ("NVARCHAR2", "NCHAR", "NCLOB", "CLOB")

#: Snapshots are (SCN, the time it was taken), oldest first, as a variable of the connection.
_SNAPSHOTS = """CAST(getvariable('SNAPSHOTS') AS STRUCT("SCN" BIGINT, "TAKEN" TIMESTAMP)[])"""
MACROS = f"""
CREATE MACRO SYS."UTF16_LENGTH$"(t) AS
    length(t) + length(regexp_replace(t, '[^\\x{{10000}}-\\x{{10FFFF}}]', '', 'g'));
CREATE MACRO SYS."PADDED$"(t, characters) AS t || repeat(' ', greatest(0, characters - length(t)));
CREATE MACRO SYS."PADDED_BYTES$"(t, bytes) AS t || repeat(' ', greatest(0, bytes
    - octet_length(SYS."STORED_BYTES$"(t))));
CREATE MACRO SYS."SECOND_OF_DAY$"(t) AS hour(t) * 3600 + minute(t) * 60 + second(t);
CREATE MACRO SYS."SHORT$"(t) AS regexp_replace(
    CASE WHEN contains(t, '.') THEN rtrim(rtrim(t, '0'), '.') ELSE t END, '^(-?)0\\.', '\\1.');
CREATE MACRO SYS."DIGITS_OF$"(t) AS trim(replace(ltrim(t, '-'), '.', ''), '0');
CREATE MACRO SYS."EXPONENT$"(t) AS CASE
    WHEN ltrim(split_part(ltrim(t, '-'), '.', 1), '0') <> ''
    THEN length(ltrim(split_part(ltrim(t, '-'), '.', 1), '0')) - 1
    ELSE length(ltrim(split_part(t, '.', 2), '0')) - length(split_part(t, '.', 2)) - 1 END;
CREATE MACRO SYS."SCIENTIFIC$"(t) AS CASE WHEN starts_with(t, '-') THEN '-' ELSE '' END
    || rtrim(SYS."DIGITS_OF$"(t)[1] || '.' || SYS."DIGITS_OF$"(t)[2:], '.')
    || CASE WHEN SYS."EXPONENT$"(t) < 0 THEN 'E-' ELSE 'E+' END
    || printf('%02d', abs(SYS."EXPONENT$"(t)));
CREATE MACRO SYS."NUMBER_TEXT$"(n) AS CASE
    WHEN length(SYS."SHORT$"(CAST(n AS VARCHAR))) > {LONGEST_NUMBER_TEXT}
    THEN SYS."SCIENTIFIC$"(CAST(n AS VARCHAR)) ELSE SYS."SHORT$"(CAST(n AS VARCHAR)) END;
CREATE MACRO SYS."SCN_AT$"(t) AS coalesce(
    list_max(list_transform(
        list_filter({_SNAPSHOTS}, lambda s: s."TAKEN" <= t), lambda s: s."SCN")),
    CASE WHEN t IS NULL THEN NULL ELSE error('ORA-08180') END);
CREATE MACRO SYS."TIME_AT$"(n) AS coalesce(
    list_max(list_transform(
        list_filter({_SNAPSHOTS}, lambda s: s."SCN" <= n), lambda s: s."TAKEN")),
    CASE WHEN n IS NULL THEN NULL ELSE error('ORA-08181') END);
"""


def stored_bytes(character_set: str) -> str:
    """The macros behind UTL_RAW.CAST_TO_RAW, LENGTHB and SUBSTRB.

    In a database of one byte a sign, a sign below U+0100 stands for the byte of its number, so that
    a table can hold bytes that are no text there.
    """
    single_byte = character_set == "US7ASCII" or character_set.startswith("WE8")
    pairs = "list_transform(string_split(t, ''), lambda c: printf('%02x', unicode(c)))"
    held = f"unhex(array_to_string({pairs}, ''))" if single_byte else "encode(t)"
    part = "substring(t, first, many)"
    if not single_byte:
        part = "decode(array_slice(encode(t), first, first + many - 1))"
    return (
        f'CREATE MACRO SYS."STORED_BYTES$"(t) AS {held};'
        f'CREATE MACRO SYS."SUBSTRB$"(t, first, many) AS {part}'
    )


def join_packages(tokens: Sequence[Token]) -> tuple[list[Token], frozenset[str]]:
    """`SYS.DBMS_LOB.GETLENGTH` as one word, and which packages are named."""
    result: list[Token] = []
    found: set[str] = set()
    index = 0
    while index < len(tokens):
        token = tokens[index]
        after = tokens[index + 1] if index + 1 < len(tokens) else token
        if token.is_symbol(".") and after.is_word("GETCLOBVAL", "GETSTRINGVAL"):
            index += 4  # a method of XMLTYPE, which is kept as text
            continue
        is_package = token.is_word(*PACKAGES) and index + 2 < len(tokens)
        if is_package and tokens[index + 1].is_symbol("."):
            if len(result) > 1 and result[-1].is_symbol(".") and result[-2].is_word("SYS"):
                del result[-2:]
            function = f"{token.text}.{tokens[index + 2].text}"
            found.add(function)
            result.append(Token(Kind.WORD, function))
            index += 3
            continue
        result.append(token)
        index += 1
    return result, frozenset(found)


def rewrite(tokens: Sequence[Token], scope: Scope) -> list[Token]:
    """Functions and pseudo columns, innermost first."""
    result: list[Token] = []
    index = 0
    while index < len(tokens):
        token = tokens[index]
        called = index + 1 < len(tokens) and tokens[index + 1].is_symbol("(")
        after_dot = bool(result) and result[-1].is_symbol(".")
        if token.kind is Kind.WORD and called and token.text in CALLS:
            end = lexer.closing(tokens, index + 1)
            arguments = rewrite(tokens[index + 2 : end], scope)
            result += CALLS[token.text](arguments, scope)
            index = end + 1
        elif token.kind is Kind.WORD and not called and not after_dot:
            result += _word(token, scope)
            index += 1
        else:
            result.append(Token(Kind.SYMBOL, "<>") if token.is_symbol("^=") else token)
            index += 1
            continue
        if result[-1].kind is Kind.RAW and result[-1].text.endswith(f"{SYSDATE})"):
            index = _days(tokens, index, result)
    return _floating_conditions(result)


def _word(token: Token, scope: Scope) -> list[Token]:
    match token.text:
        case "SYSDATE" | "CURRENT_DATE":
            return [Token(Kind.RAW, f"({SYSDATE})")]
        case "SYSTIMESTAMP" | "CURRENT_TIMESTAMP" | "LOCALTIMESTAMP":
            return [Token(Kind.RAW, NOW)]
        case "DBMS_FLASHBACK.GET_SYSTEM_CHANGE_NUMBER":
            return [Token(Kind.RAW, "CAST(getvariable('CURRENT_SCN') AS BIGINT)")]
        case "USER":
            return [Token(Kind.TEXT, scope.context["SESSION_USER"])]
        case "MINUS":
            return [Token(Kind.WORD, "EXCEPT")]
        case "ORA_ROWSCN":
            return [Token(Kind.RAW, "CAST(getvariable('ORA_ROWSCN') AS BIGINT)")]
        case "BINARY_DOUBLE_NAN" | "BINARY_FLOAT_NAN":
            return [Token(Kind.RAW, "CAST('nan' AS DOUBLE)")]
        case "BINARY_DOUBLE_INFINITY" | "BINARY_FLOAT_INFINITY":
            return [Token(Kind.RAW, "CAST('inf' AS DOUBLE)")]
        case _:
            return [token]


def _days(tokens: Sequence[Token], index: int, result: list[Token]) -> int:
    """A number added to a date counts days: `SYSDATE - 7`."""
    following = tokens[index : index + 2]
    if len(following) < 2 or not following[0].is_symbol("+", "-"):
        return index
    if following[1].kind is not Kind.NUMBER:
        return index
    result += [following[0], Token(Kind.RAW, f"to_seconds(86400 * {following[1].text})")]
    return index + 2


def _floating_conditions(tokens: list[Token]) -> list[Token]:
    """IS [NOT] NAN and IS [NOT] INFINITE; DuckDB's NaN equals itself."""
    result: list[Token] = []
    for token in tokens:
        if token.is_word("NAN", "INFINITE") and result and result[-1].is_word("IS", "NOT"):
            negated = result.pop().is_word("NOT")
            if negated:
                result.pop()
            words = ("nan",) if token.text == "NAN" else ("inf", "-inf")
            values = ", ".join(f"CAST('{word}' AS DOUBLE)" for word in words)
            result.append(Token(Kind.RAW, f"{'NOT ' if negated else ''}IN ({values})"))
        else:
            result.append(token)
    return result


def _sys_context(arguments: Sequence[Token], scope: Scope) -> list[Token]:
    parts = split(arguments)
    names = [part[0].text.upper() for part in parts if part and part[0].kind is Kind.TEXT]
    if len(names) != 2 or names[0] != "USERENV":
        raise OracleError(2003, "invalid USERENV parameter")
    return [Token(Kind.TEXT, scope.context.get(names[1], "").replace("'", "''"))]


def _text(arguments: Sequence[Token], scope: Scope) -> list[Token]:
    """A value as text: CHAR with its blanks, numbers as TO_CHAR has them."""
    declared = scope.column(arguments)
    if declared is None:
        return list(arguments)
    if declared.name in ("CHAR", "NCHAR"):
        name = "PADDED$" if declared.counts_characters else "PADDED_BYTES$"
        return call(f'SYS."{name}"', arguments, [Token(Kind.NUMBER, str(declared.characters))])
    if declared.name in ("NUMBER", "FLOAT"):
        return call('SYS."NUMBER_TEXT$"', exact.as_number_text(arguments, declared))
    return list(arguments)


def _length(arguments: Sequence[Token], scope: Scope) -> list[Token]:
    """LENGTH counts characters of the column's character set: UTF-16 units where it is UTF-16."""
    declared = scope.column(arguments)
    if declared is not None and declared.name in ("BLOB", "RAW", "LONG RAW"):
        units = 2 if declared.name == "RAW" else 1  # RAW is turned into hexadecimal digits
        return call(f"{units} * octet_length", arguments)
    name = "length"
    if declared is not None and declared.name in UTF16_TYPES:
        name = 'SYS."UTF16_LENGTH$"'
    return call(name, _text(arguments, scope))


def _length_in_bytes(arguments: Sequence[Token], scope: Scope) -> list[Token]:
    declared = scope.column(arguments)
    if declared is not None and declared.name in ("BLOB", "RAW", "LONG RAW"):
        return call("octet_length", arguments)
    if declared is not None and declared.is_national:
        return call('2 * SYS."UTF16_LENGTH$"', _text(arguments, scope))
    return call("octet_length", call('SYS."STORED_BYTES$"', _text(arguments, scope)))


def _lob_length(arguments: Sequence[Token], scope: Scope) -> list[Token]:
    declared = scope.column(arguments)
    is_binary = declared is not None and declared.storage == "BLOB"
    return call("octet_length" if is_binary else 'SYS."UTF16_LENGTH$"', arguments)


def _standard_hash(arguments: Sequence[Token], scope: Scope) -> list[Token]:
    parts = split(arguments)
    declared = scope.column(parts[0])
    kinds = [scope.columns[token.text] for token in parts[0] if token.text in scope.columns]
    if any(kind.is_lob or kind.name.startswith("LONG") for kind in kinds):
        raise OracleError(902)
    if declared is not None and not declared.is_text and declared.name != "RAW":
        raise OracleError(3001)  # Oracle hashes the inner bytes of a number or a date
    name = {"MD5": "md5", "SHA1": "sha1", "SHA256": "sha256"}.get(
        literal(parts[1]).upper() if len(parts) > 1 else "SHA1"
    )
    if name is None:
        raise OracleError(3001)
    return call("unhex", call(name, _text(parts[0], scope)))


def _utf8(arguments: Sequence[Token], scope: Scope) -> list[Token]:
    """CONVERT to AL32UTF8, in which all text is kept here."""
    parts = split(arguments)
    if len(parts) > 1 and literal(parts[1]).upper() not in ("AL32UTF8", "UTF8"):
        raise OracleError(3001)
    return call("", _text(parts[0], scope))


def _sum(arguments: Sequence[Token], scope: Scope) -> list[Token]:
    return exact.total(arguments, scope.column(arguments)) or call("sum", arguments)


def _rowid_text(arguments: Sequence[Token], scope: Scope) -> list[Token]:
    """ROWIDTOCHAR of the pseudo column, or of a column that keeps the text of ROWIDs."""
    is_stored = scope.column(arguments) is not None
    return list(arguments) if is_stored else call('SYS."ROWID_TEXT$"', arguments)


def _serialized(arguments: Sequence[Token], scope: Scope) -> list[Token]:
    """XMLSERIALIZE(CONTENT x AS CLOB) and JSON_SERIALIZE(x RETURNING …): kept as text here."""
    start = 1 if arguments[0].is_word("CONTENT", "DOCUMENT") else 0
    ends = (
        i for i, token in lexer.outermost(arguments) if token.is_word("AS", "RETURNING", "PRETTY")
    )
    return call("", arguments[start : next(ends, len(arguments))])


def _lob_part(arguments: Sequence[Token], scope: Scope) -> list[Token]:
    """DBMS_LOB.SUBSTR(lob, amount, offset); of a BLOB by its hexadecimal digits."""
    value, amount, offset = [*split(arguments), [Token(Kind.NUMBER, "1")]][:3]
    declared = scope.column(value)
    if declared is None or declared.storage != "BLOB":
        return call("substring", value, offset, amount)
    first = [Token(Kind.RAW, "2 * ("), *offset, Token(Kind.RAW, ") - 1")]
    digits = call("substring", call("hex", value), first, call("2 * ", amount))
    return call("unhex", digits)


def _renamed(name: str, *, end: str = ")") -> Rewrite:
    return lambda arguments, scope: call(name, arguments, end=end)


CALLS: Mapping[str, Rewrite] = {
    "CAST": conversions.cast,
    "CONVERT": _utf8,
    "DBMS_LOB.GETLENGTH": _lob_length,
    "DBMS_LOB.SUBSTR": _lob_part,
    "EXTRACT": conversions.extract,
    "HEXTORAW": _renamed("unhex"),
    "LENGTH": _length,
    "LENGTH4": lambda arguments, scope: call("length", _text(arguments, scope)),
    "LENGTHB": _length_in_bytes,
    "LENGTHC": lambda arguments, scope: call("length", _text(arguments, scope)),
    "NVL": _renamed("coalesce"),
    "RAWTOHEX": _renamed("hex"),
    "JSON_SERIALIZE": _serialized,
    "ROWIDTOCHAR": _rowid_text,
    "XMLSERIALIZE": _serialized,
    "TO_CLOB": _renamed("CAST", end=" AS VARCHAR)"),
    "TO_NCHAR": conversions.to_char,
    "SCN_TO_TIMESTAMP": _renamed('SYS."TIME_AT$"'),
    "STANDARD_HASH": _standard_hash,
    "SUBSTR4": lambda arguments, scope: call(
        "nullif", call("substr", arguments), [Token(Kind.RAW, "''")]
    ),
    "SUBSTRB": _renamed('SYS."SUBSTRB$"'),
    "SUM": _sum,
    "SYS_CONTEXT": _sys_context,
    "SYS_EXTRACT_UTC": lambda arguments, scope: exact.utc(arguments, scope.column(arguments)),
    "TIMESTAMP_TO_SCN": _renamed('SYS."SCN_AT$"(CAST', end=" AS TIMESTAMP))"),
    "TO_CHAR": conversions.to_char,
    "TO_DATE": conversions.to_moment("TIMESTAMP_S"),
    "TO_NUMBER": conversions.to_number,
    "TO_TIMESTAMP": conversions.to_moment("TIMESTAMP"),
    "TRUNC": conversions.trunc,
    "UTL_I18N.STRING_TO_RAW": lambda arguments, scope: call("encode", _utf8(arguments, scope)),
    "UTL_RAW.CAST_TO_RAW": lambda arguments, scope: call(
        'SYS."STORED_BYTES$"', _text(arguments, scope)
    ),
    "UTL_RAW.LENGTH": _renamed("octet_length"),
}
