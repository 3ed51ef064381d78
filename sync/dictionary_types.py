"""Types as Oracle's dictionary tells them in columns, and as people write them."""


def written_type(
    data_type: str,
    *,
    precision: int | None,
    scale: int | None,
    length: int,
    char_length: int,
    char_used: str | None,
) -> str:
    """A type of ``ALL_TAB_COLUMNS`` as people write it; *length* is in bytes."""
    if data_type == "NUMBER":
        if precision is None and scale is None:
            return "NUMBER"
        digits = "*" if precision is None else str(precision)
        return f"NUMBER({digits},{scale})" if scale or precision is None else f"NUMBER({digits})"
    if data_type == "FLOAT":
        return f"FLOAT({126 if precision is None else precision})"
    if data_type in {"VARCHAR2", "CHAR"}:
        return f"{data_type}({char_length} CHAR)" if char_used == "C" else f"{data_type}({length})"
    if data_type in {"NVARCHAR2", "NCHAR"}:
        return f"{data_type}({char_length})"
    return f"{data_type}({length})" if data_type in {"RAW", "UROWID"} else data_type


def dictionary_type(
    data_type: object,
    precision: int | None,
    scale: int | None,
    length: int | None,
    char_length: int | None,
    char_used: str | None,
) -> str:
    """The same of a row of ``ALL_TAB_COLUMNS``, in the order in which we read it, as it comes."""
    return written_type(
        str(data_type),
        precision=None if precision is None else int(precision),
        scale=None if scale is None else int(scale),
        length=int(length or 0),
        char_length=int(char_length or 0),
        char_used=char_used,
    )
