"""What people are told of files they share in a thread, in Korean and in English."""

ATTACHMENT_PHRASES: dict[str, tuple[str, str]] = {
    "shared.read": (
        ":page_facing_up: *{file}*: {rows}행, {columns}열을 읽었습니다({encoding}, {separator}). 이 스레드에서만 {table}이라는 이름으로 물어볼 수 있고, 다른 테이블과 함께 볼 수도 있습니다.",
        ":page_facing_up: Read *{file}*: {rows} rows, {columns} columns ({encoding}, {separator}). In this thread alone it can be asked as {table}, also together with other tables.",
    ),
    "shared.columns": ("열: {columns}", "Columns: {columns}"),
    "shared.more": (" 외 {count}개", " and {count} more"),
    "shared.by_comma": ("쉼표로 구분", "separated by commas"),
    "shared.by_semicolon": ("세미콜론으로 구분", "separated by semicolons"),
    "shared.by_tab": ("탭으로 구분", "separated by tabs"),
    "shared.by_bar": ("|로 구분", "separated by |"),
    "shared.by_nothing": ("열 하나", "one column"),
    "shared.type_whole": ("정수", "(whole number)"),
    "shared.type_decimal": ("소수", "(decimal)"),
    "shared.type_date": ("날짜", "(date)"),
    "shared.type_moment": ("일시", "(date and time)"),
    "shared.type_text": ("텍스트", "(text)"),
    "shared.no_header": (
        "첫 줄이 열 이름이 아니라 값으로 보여, 열을 column1, column2…로 부릅니다.",
        "The first line looks like values, not like names, so the columns are called column1, column2, ….",
    ),
    "shared.renamed": (
        "이름이 겹치거나 줄바꿈이 있거나 길어서 바꿔 부르는 열: {columns}",
        "Columns called otherwise, for their names were there twice, in several lines or too long: {columns}",
    ),
    "shared.blank_names": ("이름이 없던 열: {columns}", "Columns that had no name: {columns}"),
    "shared.leading_zeros": (
        "0으로 시작하는 값이 있어 텍스트로 둔 열: {columns}",
        "Kept as text, for values begin with 0: {columns}",
    ),
    "shared.long_digits": (
        "숫자가 너무 길어 텍스트로 둔 열: {columns}",
        "Kept as text, for the numbers are too long: {columns}",
    ),
    "shared.scientific": (
        "1.23E+11처럼 줄여 쓴 숫자가 있어 텍스트로 둔 열: {columns}. 엑셀이 줄인 것이라면 원래 자릿수는 파일에 없습니다.",
        "Kept as text, for numbers are written like 1.23E+11: {columns}. If Excel shortened them, their digits are not in the file.",
    ),
    "shared.grouped": (
        "1,234처럼 쉼표가 있는 숫자를 숫자로 읽은 열: {columns}",
        "Read as numbers, written like 1,234: {columns}",
    ),
    "shared.unclear_dates": (
        "1/2/2026처럼 월과 일의 순서를 알 수 없어 텍스트로 둔 열: {columns}",
        "Kept as text, for dates like 1/2/2026 do not tell the day from the month: {columns}",
    ),
    "shared.mixed": (
        "대부분 숫자나 날짜지만 아닌 값이 있어(처음은 {line}번째 줄) 텍스트로 둔 열: {columns}",
        "Kept as text, for not all values are numbers or dates (the first in line {line}): {columns}",
    ),
    "shared.empty_columns": (
        "값이 하나도 없는 열: {columns}",
        "Columns without any value: {columns}",
    ),
    "shared.shared": ("[파일을 올림: {files}]", "[Shared: {files}]"),
    "shared.noted": ("읽은 파일: {tables}", "Read: {tables}"),
    "shared.ask": ("예를 들어 이렇게 물어보세요:", "Ask, for example:"),
    "shared.ask_rows": ("이 파일은 몇 행이야?", "how many rows does this file have?"),
    "shared.ask_first": ("이 파일의 처음 10행 보여줘", "show the first 10 rows of this file"),
    "shared.ask_sum": (
        "이 파일에서 {group}별 {figure} 합계 보여줘",
        "show the sum of {figure} by {group} in this file",
    ),
    "shared.ask_join": (
        "이 파일에 있는 {column}의 {table} 행은 몇 개야?",
        "how many rows of {table} have a {column} that is in this file?",
    ),
    "answer.basis_file": (
        "근거: {table}, {rows}행, {by} 님이 {when}에 올린 {file}, Oracle과 대조되지 않음",
        "based on: {table}, {rows} rows, {file} uploaded by {by} on {when}, not proven against Oracle",
    ),
}

ATTACHMENT_FAILURES: dict[str, tuple[str, str]] = {
    "file_too_large": (
        "{file}이(가) {most}MB보다 커서 읽지 않았습니다. 필요한 부분만 나누어 올려 주세요.",
        "{file} is larger than {most} MB, which is the most that is read. Share a part of it.",
    ),
    "file_empty": ("{file}에 데이터 행이 없습니다.", "{file} holds no rows."),
    "file_is_workbook": (
        "{file}은(는) CSV가 아닙니다. 시트를 'CSV UTF-8'로 저장해 올려 주세요.",
        "{file} is not a CSV file. Save the sheet as CSV UTF-8 and share that.",
    ),
    "file_not_text": (
        "{file}은(는) 텍스트가 아닙니다. {line}번째 줄에 NUL 문자가 있습니다. CSV로 저장해 올려 주세요.",
        "{file} is not text: line {line} holds a NUL character. Share it as CSV.",
    ),
    "file_undecodable": (
        "{file}의 {line}번째 줄은 UTF-8, UTF-16, CP949(EUC-KR) 어느 것으로도 읽을 수 없습니다. UTF-8로 저장해 다시 올려 주세요.",
        "Line {line} of {file} is neither UTF-8, UTF-16 nor CP949 (EUC-KR). Save it as UTF-8 and share it again.",
    ),
    "file_ragged": (
        "{file}의 {line}번째 줄에는 값이 {found}개인데 첫 줄에는 {expected}개입니다. 아무것도 읽지 않았으니 고쳐서 다시 올려 주세요.",
        "Line {line} of {file} has {found} values, but the first line has {expected}. Nothing was read; correct it and share the file again.",
    ),
    "file_quote_open": (
        '{file}의 {line}번째 줄에서 연 따옴표(")가 닫히지 않습니다. 아무것도 읽지 않았으니 고쳐서 다시 올려 주세요.',
        'A quote (") opened in line {line} of {file} is never closed. Nothing was read; correct it and share the file again.',
    ),
    "file_quote_broken": (
        '{file}의 {line}번째 줄에서 닫는 따옴표(") 뒤에 글자가 이어집니다. 값 안의 따옴표는 두 번("") 씁니다. 아무것도 읽지 않았으니 고쳐서 다시 올려 주세요.',
        'Line {line} of {file} goes on behind a closing quote ("). A quote within a value is written twice (""). Nothing was read; correct it and share the file again.',
    ),
    "file_cell_too_long": (
        "{file}의 {line}번째 줄에 {most}자보다 긴 값이 있습니다. 따옴표가 빠졌을 수 있습니다. 아무것도 읽지 않았습니다.",
        "A value in line {line} of {file} is longer than {most} characters; perhaps a quote is missing. Nothing was read.",
    ),
    "file_too_many_rows": (
        "{file}의 행이 {most}개보다 많아 읽지 않았습니다. 필요한 부분만 올려 주세요.",
        "{file} has more than {most} rows, which is the most that is read. Share a part of it.",
    ),
    "file_too_many_columns": (
        "{file}의 열이 {found}개입니다. {most}개까지만 읽으니 필요한 열만 올려 주세요.",
        "{file} has {found} columns; up to {most} are read. Share only those you need.",
    ),
    "file_reader_ended": (
        "{file}을(를) {seconds}초와 정해진 메모리 안에 읽지 못했습니다. 작게 나누어 올려 주세요.",
        "{file} could not be read within {seconds} seconds and the memory for it. Share a smaller part.",
    ),
    "thread_files_full": (
        "이 스레드에는 이미 파일이 {most}개 있습니다. 새 스레드에서 올리거나, 필요 없는 파일의 메시지를 지워 주세요.",
        "This thread already has {most} files. Begin a new thread, or delete the message of one that is not needed any more.",
    ),
    "files_full": (
        "모든 스레드의 파일이 합쳐 {most}MB에 이르렀습니다. 스레드를 잊게 하거나 기한이 지나면 자리가 나고, 관리자가 bot.toml의 limits.files_total_mb를 늘릴 수 있습니다.",
        "The files of all threads together have reached {most} MB. Threads that are forgotten or expire make room; an admin can raise limits.files_total_mb in bot.toml.",
    ),
    "file_not_given": (
        "Slack이 {file}을(를) 봇에게 주지 않습니다. files:read 권한이 필요합니다. 관리자가 권한을 더하고(botctl manifest) 앱을 다시 설치해야 합니다.",
        "Slack does not give {file} to the bot: it needs the scope files:read. An admin can add it (botctl manifest) and install the app again.",
    ),
    "file_not_fetched": (
        "Slack에서 {file}을(를) 가져오지 못했습니다({reason}). 잠시 뒤 다시 올려 주세요.",
        "{file} could not be fetched from Slack ({reason}). Share it again in a moment.",
    ),
    "file_elsewhere": (
        "{file}은(는) Slack에 저장된 파일이 아닙니다. 링크가 아니라 파일을 올려 주세요.",
        "{file} does not lie in Slack itself. Upload the file, not a link to it.",
    ),
    "files_not_taken": (
        "이 봇은 파일을 받지 않도록 설정되어 있어(bot.toml의 limits.file_mb = 0) {file}을(를) 읽지 않았습니다.",
        "{file} was not read: bot.toml takes no files (limits.file_mb = 0).",
    ),
    "file_not_in_oracle": (
        "{table}은(는) 이 스레드에 올린 파일이고 Oracle에 없습니다. 동기화하거나 Oracle과 대조할 수 없습니다.",
        "{table} is a file of this thread and not in Oracle: it can be neither synced nor proven.",
    ),
}
