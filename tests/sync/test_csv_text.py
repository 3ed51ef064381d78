"""The text of a CSV file as Excel, a Mac or a database writes it, and where it is broken."""

import pytest

from sync.attach_errors import AttachFailed
from sync.warehouse.csv_columns import is_header, name_columns
from sync.warehouse.csv_text import decode, find_separator, records

KOREAN = "이름,등급\n김민지,VIP\n"


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        (KOREAN.encode(), "UTF-8"),
        (b"\xef\xbb\xbf" + KOREAN.encode(), "UTF-8"),
        (KOREAN.encode("cp949"), "CP949"),
        (KOREAN.encode("utf-16"), "UTF-16-LE"),
        (b"\xfe\xff" + KOREAN.encode("utf-16-be"), "UTF-16-BE"),
        ("id,n\n1,2\n".encode("utf-16-le"), "UTF-16-LE"),
    ],
)
def test_text_is_read_in_the_encoding_it_has(data: bytes, encoding: str) -> None:
    found = decode("a.csv", data)
    assert found.encoding == encoding
    assert found.text in (KOREAN, "id,n\n1,2\n")


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "holds no rows"),
        (b" \r\n", "holds no rows"),
        (b"PK\x03\x04 xlsx", "Save the sheet as CSV"),
        (b"a,b\n1,\xff\xff\n", "Line 2 of a.csv is neither UTF-8"),
        (b"a,b\n1,2\n3,\x00\n", "line 3 holds a NUL"),
        (b"a,b\n1,2\n\n3,4,5\n", "Line 4 of a.csv has 3 values, but the first line has 2"),
        (b"a,b\n1,2\n3\n", "Line 3 of a.csv has 1 values"),
        (b'a,b\n1,"x\ny"\n3,"4\n5,6\n', "opened in line 4 of a.csv is never closed"),
        (b'a,b\n1,"2"x\n', "Line 2 of a.csv goes on behind a closing quote"),
        (b"a,b\n1," + b"x" * 100_001 + b"\n", "A value in line 2 of a.csv is longer"),
        (b"a\n" + b"1\n" * 500_001, "more than 500000 rows"),
        ("2026년 매출\nid,n\n1,2\n3,4\n".encode(), "Line 2 of a.csv has 2 values"),
    ],
)
def test_what_is_broken_is_refused_whole_with_its_line(data: bytes, told: str) -> None:
    with pytest.raises(AttachFailed, match=told):
        rows(data)


@pytest.mark.parametrize(
    ("data", "read"),
    [
        (b'a;b\r\n"1;2";3,5\r\n', [["a", "b"], ["1;2", "3,5"]]),
        (b"a\tb\n1,5\t2\n", [["a", "b"], ["1,5", "2"]]),
        (b"a|b\r1|2\r", [["a", "b"], ["1", "2"]]),
        (b"sep=;\na;b\n1;2\n", [["a", "b"], ["1", "2"]]),
        ("이름\n김, 민지\n이서준\n".encode(), [["이름"], ["김, 민지"], ["이서준"]]),
        (b'a,b\n"1\n2","say ""hi"""\n', [["a", "b"], ["1\n2", 'say "hi"']]),
    ],
)
def test_values_are_found_whatever_separates_them(data: bytes, read: list[list[str]]) -> None:
    assert rows(data) == read


def test_columns_have_names_that_differ_and_stand_in_one_line() -> None:
    decomposed = "\u1112\u1161\u11ab"  # 한, as a Mac writes it
    names, odd = name_columns(["id", "ID", "", "a\nb", decomposed, "id_2"])
    assert names == ["id", "ID_2", "column3", "a b", "한", "id_2_2"]
    assert {one.code: one.columns for one in odd} == {
        "blank_names": ("column3",),
        "renamed": ("ID_2", "a b", "한", "id_2_2"),
    }


def test_a_first_line_with_a_number_or_a_date_in_it_names_no_columns() -> None:
    assert is_header(["id", "", "2분기"])
    assert not is_header(["서울", "1,200"])
    assert not is_header(["a", "2026-11-01"])


def rows(data: bytes) -> list[list[str]]:
    text = decode("a.csv", data).text
    return [one.values for one in records("a.csv", text, find_separator(text, is_tsv=False))]
