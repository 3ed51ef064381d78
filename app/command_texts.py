"""Answers to commands, in Korean and English: `agent.commands`."""

COMMAND_PHRASES: dict[str, tuple[str, str]] = {
    "command.hello": (
        "모델 없이 이 명령을 알아듣습니다: 목록, 통계 ORDERS, 동기화 ORDERS, 상태, 대기, 실행, 예약",
        (
            "Without a model, these are understood: list, stats ORDERS, sync ORDERS, status, pending, "
            "runs, schedules"
        ),
    ),
    "command.table": (
        "{table}: {rows}행, Oracle {when} 기준",
        "{table}: {rows} rows, Oracle as of {when}",
    ),
    "command.imported": (
        "{table}: {rows}행, {when}에 {file}에서 가져옴, Oracle과 대조되지 않음",
        "{table}: {rows} rows, imported from {file} on {when}, not proven against Oracle",
    ),
    "command.no_copy": (
        "{table}: 사본 없음 (동기화 {table})",
        "{table}: no copy yet (sync {table})",
    ),
    "command.no_table": (
        "물어볼 수 있는 테이블이 없습니다. bot.toml이 제공하는 테이블을 정합니다.",
        "There is no table to ask about; bot.toml says which are offered.",
    ),
    "command.left_out": ("그 밖에 {count}개", "and {count} more"),
    "command.hidden": (
        "규칙에 따라 보여 드리지 않는 테이블 {count}개",
        "{count} more that rules keep from you",
    ),
    "command.stats": ("{table}: {rows}행", "{table}: {rows} rows"),
    "command.columns": ("열 {count}개: {names}", "{count} columns: {names}"),
    "command.key": ("키: {names}", "key: {names}"),
    "command.size": ("크기: {size}", "size: {size}"),
    "command.copies": (
        "사본이 있는 테이블: {offered}개 중 {synced}개",
        "{synced} of {offered} tables have a copy",
    ),
    "command.run": ("{state}: {tables}", "{state}: {tables}"),
    "command.run_rows": ("{rows}행", "{rows} rows"),
    "command.waits": (
        "결정을 기다림: {tables} ({when}까지)",
        "waits for a decision: {tables} (until {when})",
    ),
    "command.waits_of": (
        "결정을 기다림: {tables} · {who} 요청 · {when}까지",
        "waits for a decision: {tables} · asked for by {who} · until {when}",
    ),
    "command.no_pending": (
        "결정을 기다리는 요청이 없습니다.",
        "Nothing waits for a decision.",
    ),
    "command.schedule": ("{name}: {tables}", "{name}: {tables}"),
    "command.next": ("다음 {when}", "next {when}"),
    "command.no_schedule": ("예약이 없습니다.", "There is no schedule."),
    "command.no_run": ("최근 동기화가 없습니다.", "There is no recent sync."),
    "command.refused": (
        "명령을 수행하지 못했습니다({code}). 테이블 이름을 확인해 주세요.",
        "The command could not be carried out ({code}). Check the table's name.",
    ),
}
