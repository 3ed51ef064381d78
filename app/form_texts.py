"""What is said of /sync and the windows it opens, in Korean and English."""

FORM_PHRASES: dict[str, tuple[str, str]] = {
    "slash.help": (
        (
            "이렇게 쓸 수 있습니다.\n"
            "`/sync` 동기화 양식을 엽니다\n"
            "`/sync ORDERS` 동기화를 요청합니다(`전체` 또는 `증분`을 붙일 수 있습니다)\n"
            "`/sync 대기` 결정을 기다리는 요청\n"
            "`/sync 실행` 최근 동기화\n"
            "`/sync 테이블` 테이블과 사본의 시점\n"
            "`/sync 통계 ORDERS` 한 테이블의 사본\n"
            "`/sync 예약` 예약\n"
            "`/sync 상태` 모두 한눈에"
        ),
        (
            "What can be written:\n"
            "`/sync` opens the form of a sync\n"
            "`/sync ORDERS` asks for a sync (`full` or `incremental` may follow)\n"
            "`/sync pending` what waits for a decision\n"
            "`/sync runs` the last syncs\n"
            "`/sync tables` the tables, and as of when their copies are\n"
            "`/sync stats ORDERS` the copy of one table\n"
            "`/sync schedules` the schedules\n"
            "`/sync status` all of it in short"
        ),
    ),
    "slash.unknown": (
        "모르는 명령입니다: {words}",
        "This is no command: {words}",
    ),
    "slash.no_tables": (
        "동기화할 수 있는 테이블이 없습니다. bot.toml과 접근 규칙이 정합니다.",
        "There is no table you may sync; bot.toml and its access rules say which.",
    ),
    "form.title": ("테이블 동기화", "Sync a table"),
    "form.submit": ("요청", "Ask"),
    "form.table": ("테이블", "Table"),
    "form.table_hint": (
        "카드가 게시되고, 승인된 뒤에 복사합니다.",
        "A card is posted; nothing is copied before it is approved.",
    ),
    "form.choose": ("테이블 고르기", "Choose a table"),
    "form.mode": ("방법", "How"),
    "form.usual": ("평소대로", "As usual"),
    "form.full": ("전체: 모든 행", "Full: all rows"),
    "form.incremental": ("증분: 바뀐 행만", "Incremental: what has changed"),
    "form.where": ("카드를 게시할 곳", "Where the card is posted"),
    "form.where_hint": (
        "비워 두면 봇과의 다이렉트 메시지에 게시합니다.",
        "Left empty, it is posted in your direct messages with the bot.",
    ),
    "form.no_cursor": (
        "이 테이블은 증분으로 복사할 수 없습니다. bot.toml에 변경 순서를 알려 주는 열(cursor)이 없습니다.",
        "This table cannot be copied incrementally: bot.toml names no cursor column for it.",
    ),
    "form.sync": ("동기화 {table}", "sync {table}"),
    "form.sync_full": ("동기화 {table} 전체", "sync {table} full"),
    "form.sync_incremental": ("동기화 {table} 증분", "sync {table} incremental"),
    "ask.title": ("이 메시지에 대해 묻기", "Ask about this"),
    "ask.submit": ("묻기", "Ask"),
    "ask.question": ("질문", "Question"),
    "ask.empty": ("질문을 적어 주세요.", "Please write a question."),
    "ask.hint": (
        "봇이 있는 채널이면 이 메시지의 스레드에서, 아니면 다이렉트 메시지로 답합니다.",
        "It is answered in the message's thread where the bot is in the channel, else directly.",
    ),
    "ask.about": (
        "{question}\n\n이 메시지에 대한 질문입니다:\n{quote}",
        "{question}\n\nThis is about the message:\n{quote}",
    ),
    "asked.by": ("{who} 님이 물었습니다: {words}", "{who} asks: {words}"),
    "asked.not_there": (
        "{channel}에는 봇이 없어 여기서 답합니다.",
        "The bot is not in {channel}, so this is answered here.",
    ),
}
