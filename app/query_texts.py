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
    "row_too_large": (
        "결과의 첫 행이 {bytes}바이트를 넘습니다. 컬럼을 줄이거나 일부만 조회해 주세요: left(컬럼, 100).",
        "The first row of its answer has more than {bytes} bytes. Ask for fewer columns, or for a part of them: left(column, 100).",
    ),
    "query_too_costly": (
        "실행 계획이 {tables}의 약 {planned}행을 다루어, 승인 없이 실행하는 {most}행을 넘습니다. 먼저 조건이나 집계로 줄여 주세요.",
        "Its plan works through about {planned} rows of {tables}, more than the {most} that are run unasked. Filter or group earlier.",
    ),
}

QUERY_PHRASES: dict[str, tuple[str, str]] = {
    "answer.basis": (
        "근거: {table} 사본, {rows}행, Oracle {when} 기준",
        "based on: copy of {table}, {rows} rows, Oracle as of {when}",
    ),
    "answer.shown": ("{shown}행 표시, 더 있습니다.", "{shown} rows are shown; there are more."),
    "answer.columns_shown": (
        "열 {all}개 중 {shown}개 표시.",
        "{shown} of {all} columns are shown.",
    ),
    "answer.rest_in_file": (
        "답변이 길어 여기까지만 보여 드립니다. 전체는 아래 파일에 있습니다.",
        "The answer is long and ends here; the file below has all of it.",
    ),
    "answer.in_file": ("전체는 아래 CSV 파일에 있습니다.", "The CSV file below has them all."),
    "answer.ask_for_file": (
        "모두 받으려면 내보내 달라고 하세요.",
        "Ask for an export to have them all.",
    ),
    "answer.caption": ("결과 {rows}행", "{rows} rows"),
    "answer.sql": ("SQL 보기", "Show SQL"),
    "suggest.by_month": ("월별로 나눠서 보여줘", "Show it by month"),
    "suggest.by_day": ("일별로 나눠서 보여줘", "Show it by day"),
    "suggest.chart": ("그래프로 보여줘", "Show it as a chart"),
    "suggest.file": ("엑셀 파일로 줘", "Give it to me as an Excel file"),
    "suggest.asked": ("대신 물어봤습니다: {words}", "Asked for you: {words}"),
    "suggest.twice": ("이미 물어본 것입니다.", "This has been asked already."),
    "answer.refresh": ("지금 새로고침", "Refresh now"),
    "answer.refresh_words": (
        "{tables} 동기화하고, 그다음 다시 답해 줘: {question}",
        "Sync {tables}, then answer again: {question}",
    ),
    "answer.refreshing": (
        "{tables}의 동기화를 요청했습니다. 승인되어 끝나면 같은 질문에 다시 답합니다.",
        "A sync of {tables} was asked for. Once it is approved and done, the same question is answered again.",
    ),
    "answer.refreshing_in": (
        "승인 카드는 {channel}의 원래 대화에 있고, 답은 다시 여기로만 보냅니다.",
        "The card stands in {channel}, in the thread you asked in; the answer comes here alone again.",
    ),
    "answer.refresh_twice": (
        "이 답변의 새로고침은 이미 요청되었습니다.",
        "A refresh of this answer has been asked for already.",
    ),
    "answer.forgotten": (
        "이 대화는 더 이상 보관되어 있지 않습니다. 다시 물어봐 주세요.",
        "This conversation is not kept any more. Please ask again.",
    ),
    "card.question_pending": ("큰 조회 승인 요청", "A large query needs approval"),
    "card.question_approved": ("큰 조회 승인됨", "Large query was approved"),
    "card.question_rejected": ("큰 조회 거절됨", "Large query was rejected"),
    "card.question_withdrawn": ("큰 조회 요청 철회됨", "Large query was withdrawn"),
    "card.question_expired": ("큰 조회 승인 시간 만료", "Approval of the large query has expired"),
    "card.question_rows": (
        "실행 계획이 다루는 행: 약 *{rows}*. 사본만 읽으며 Oracle은 읽지 않습니다.",
        "Its plan works through about *{rows} rows*. Only copies are read, not Oracle.",
    ),
    "card.question_chart": (
        "승인하면 결과를 차트로 그립니다.",
        "A yes has its result drawn as a chart.",
    ),
    "card.question_file": (
        "승인하면 결과를 파일로 만들어 드립니다.",
        "A yes has its result written to a file.",
    ),
    "system.question_approved": (
        "[System] 승인되어 조회를 실행합니다.",
        "[System] Approved; the query is run.",
    ),
    "modal.sql": ("실행한 SQL", "SQL that was run"),
    "modal.sql_cut": (
        "너무 길어 앞부분만 보입니다.",
        "It is too long; only its beginning is shown.",
    ),
}
