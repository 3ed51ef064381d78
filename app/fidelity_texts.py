"""How exactly each column was copied, worded in Korean and in English."""

from collections.abc import Sequence

from agent.deps import Language
from sync.fidelity import ColumnFidelity, Why


def word_fidelity(language: Language, column: ColumnFidelity) -> str:
    """Tell what a column was, what it is now, and in a sentence whether anything is lost."""
    korean, english = FIDELITY[column.why]
    kind = (
        f"{column.oracle_type} → {column.duckdb_type}" if column.duckdb_type else column.oracle_type
    )
    sentence = (korean if language == "ko" else english).format_map(column.params)
    return f"{column.name}: {kind}. {sentence}"


def losses(columns: Sequence[ColumnFidelity]) -> list[ColumnFidelity]:
    """The columns of which something was lost, or that became text: what people must be told."""
    return [column for column in columns if not column.lossless or column.why in _SURPRISING]


_SURPRISING = frozenset({"number_as_text", "moment_as_text", "interval_as_text"})

FIDELITY: dict[Why, tuple[str, str]] = {
    "same": ("글자 그대로입니다.", "Character by character the same."),
    "padded": (
        "Oracle처럼 뒤 공백을 포함해 그대로입니다.",
        "The same, with the blanks at the end that Oracle pads it with.",
    ),
    "decoded_cp949": (
        "저장된 바이트를 CP949(EUC-KR 포함)로 해석했습니다(bot.toml의 encoding). 한 바이트도 버리지 않았습니다.",
        "Decoded from cp949, which holds all of EUC-KR (encoding in bot.toml); no byte was dropped.",
    ),
    "decoded_utf8": (
        "저장된 바이트를 UTF-8로 해석했습니다(bot.toml의 encoding). 한 바이트도 버리지 않았습니다.",
        "Decoded from UTF-8 (encoding in bot.toml); no byte was dropped.",
    ),
    "whole": ("모든 자릿수가 그대로입니다.", "Whole numbers with every digit."),
    "decimal": (
        "소수점 아래까지 모든 자릿수가 그대로입니다.",
        "Every digit before and after the point.",
    ),
    "double": (
        "NaN과 무한대를 포함해 같은 이진 부동소수점 값입니다.",
        "The same binary floating point value, NaN and infinities included.",
    ),
    "float": (
        "15자리 이하라서 DOUBLE로도 모든 자릿수가 되살아납니다.",
        "At most 15 digits, all of which a DOUBLE gives back.",
    ),
    "boolean": ("참, 거짓, NULL 그대로입니다.", "True, false and NULL as they are."),
    "bytes": ("바이트 그대로입니다.", "Byte by byte the same."),
    "day_and_time": (
        "Oracle의 DATE는 시각도 담으므로 초까지 그대로입니다.",
        "A DATE of Oracle has a time of day, kept to the second.",
    ),
    "moment": (
        "마이크로초까지 그대로입니다.",
        "The same to the microsecond.",
    ),
    "nanoseconds": ("나노초까지 그대로입니다.", "The same to the nanosecond."),
    "micro_is_enough": (
        "TIMESTAMP_NS의 범위(1677~2262년)를 벗어난 값이 있고 마이크로초보다 작은 값은 없어 TIMESTAMP로 그대로 담았습니다.",
        "A value is outside 1677 to 2262, where TIMESTAMP_NS ends, and none is finer than a microsecond: TIMESTAMP holds all exactly.",
    ),
    "instant": (
        "같은 순간을 UTC로 담습니다. 입력할 때의 시간대(오프셋)는 남지 않습니다.",
        "The same instant, in UTC. The offset it was written with is not kept.",
    ),
    "local_instant": (
        "같은 순간을 UTC로 담습니다. Oracle도 오프셋을 저장하지 않습니다.",
        "The same instant, in UTC. Oracle stores no offset either.",
    ),
    "utc_nanoseconds": (
        "마이크로초보다 작은 값이 있어 UTC 기준 TIMESTAMP_NS로 같은 순간을 담습니다. 입력할 때의 시간대(오프셋)는 남지 않습니다.",
        "Some values are finer than a microsecond, so the same instant is kept as a TIMESTAMP_NS that means UTC. The offset it was written with is not kept.",
    ),
    "local_nanoseconds": (
        "마이크로초보다 작은 값이 있어 UTC 기준 TIMESTAMP_NS로 같은 순간을 담습니다. Oracle도 오프셋을 저장하지 않습니다.",
        "Some values are finer than a microsecond, so the same instant is kept as a TIMESTAMP_NS that means UTC. Oracle stores no offset either.",
    ),
    "interval": ("같은 길이의 간격입니다.", "The same length of time."),
    "rowid": (
        "Oracle이 쓰는 글자 그대로입니다. 행이 옮겨지면 ROWID도 바뀝니다.",
        "As Oracle writes it. It changes when Oracle moves the row.",
    ),
    "xml": (
        "Oracle이 문서를 글로 쓴 그대로입니다.",
        "The document as Oracle writes it out.",
    ),
    "json": ("Oracle이 JSON 글로 쓴 그대로입니다.", "The JSON text that Oracle writes."),
    "number_as_text": (
        "소수점 앞 {whole}자리, 뒤 {fraction}자리까지 있어 DECIMAL(38)에 함께 담을 수 없습니다(혼자서도 38자리를 넘는 값 {count}개). 반올림하지 않고 모두 글자로 담았습니다. 계산하려면 CAST(... AS DOUBLE)로 근삿값을 쓰거나 DBA에게 자릿수 선언을 요청하세요.",
        "Values have up to {whole} digits before and {fraction} after the point, which no DECIMAL holds together ({count} of them have more than 38 alone). All are kept as text with every digit, not rounded. To calculate, cast to DOUBLE (approximate), or have the DBA declare a precision and scale.",
    ),
    "moment_as_text": (
        "TIMESTAMP로도 TIMESTAMP_NS로도 정확히 담을 수 없는 값이 {count}개 있어 모두 Oracle이 쓰는 글자로 담았습니다.",
        "{count} values fit neither TIMESTAMP nor TIMESTAMP_NS exactly, so all are kept as the text Oracle writes.",
    ),
    "interval_as_text": (
        "INTERVAL에 정확히 담을 수 없는 값이 {count}개 있어(마이크로초보다 작거나 너무 긴 간격) 모두 Oracle이 쓰는 글자로 담았습니다.",
        "{count} values are finer than a microsecond or longer than INTERVAL holds, so all are kept as the text Oracle writes.",
    ),
    "cut": (
        "{limit}보다 긴 값 {count}개를 앞부분만 남기고 잘랐습니다(bot.toml의 truncate).",
        "{count} values longer than {limit} were cut to their beginning (truncate in bot.toml).",
    ),
    "left_out": (
        "복사하지 않았습니다(bot.toml의 skip).",
        "Not copied (skip in bot.toml).",
    ),
}
