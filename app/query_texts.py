"""What is said of questions that cannot be asked or answered."""

QUERY_FAILURES: dict[str, tuple[str, str]] = {
    "bad_query": ("이렇게는 조회할 수 없습니다: {reason}", "This cannot be asked: {reason}"),
    "query_timeout": (
        "조회가 {seconds}초 안에 끝나지 않아 중단했습니다. 범위를 줄이거나 조건을 더해 주세요.",
        "The query did not end within {seconds} s and was stopped. Ask for less, or add a filter.",
    ),
    "query_failed": (
        "조회를 실행하지 못했습니다: {reason}",
        "The query could not be run: {reason}",
    ),
    "queries_unguarded": (
        "조회를 실행하지 않았습니다: root로 실행 중인데 다른 사용자로 바꿀 수 없고, 커널에 Landlock도 없습니다. 관리자가 전용 사용자로 실행해야 합니다.",
        "No query is run: this runs as root, may not become another user, and its kernel has no Landlock. An admin must run it as a user of its own.",
    ),
    "sql_refused": (
        "이 SQL은 실행하지 않습니다: {reason}",
        "This SQL is not run: {reason}",
    ),
    "sql_invalid": (
        "DuckDB가 이 SQL을 이해하지 못합니다: {reason}",
        "DuckDB does not understand this SQL: {reason}",
    ),
    "query_too_large": (
        "조회에 {megabytes} MB가 넘는 메모리가 필요해 중단했습니다. 조건이나 집계를 더해 주세요.",
        "The query needs more than {megabytes} MB of memory and was stopped. Filter or group more.",
    ),
    "query_too_costly": (
        "실행 계획이 약 {planned}행을 다루어, 승인 없이 실행하는 {most}행을 넘습니다. 먼저 조건이나 집계로 줄여 주세요.",
        "Its plan works through about {planned} rows, more than the {most} that are run unasked. Filter or group earlier.",
    ),
}
