"""Which encoding stored bytes are in."""

import pytest

from sync.foreign_text import korean_encoding


@pytest.mark.parametrize(
    ("values", "encoding"),
    [
        (["김민지".encode("cp949"), "뷁".encode("cp949")], "cp949"),
        (["김민지".encode("euc-kr")], "cp949"),
        (["김민지".encode()], "utf-8"),
        (["김민지".encode(), "김민지".encode("cp949")], None),
        ([b"Ren\xe9"], None),
        ([b"\xff\xfe"], None),
        ([], None),
    ],
)
def test_the_encoding_in_which_all_values_are_text_and_some_korean(
    values: list[bytes], encoding: str | None
) -> None:
    assert korean_encoding(values) == encoding
