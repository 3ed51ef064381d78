"""What is said before anything was asked, and to those who may not ask, in both languages."""

OPENING_PHRASES: dict[str, tuple[str, str]] = {
    "prompt.title": ("무엇을 알고 싶으세요?", "What would you like to know?"),
    "prompt.list": ("어떤 테이블이 있나요?", "What tables are there?"),
    "prompt.list_words": ("목록", "list"),
    "prompt.stats": ("{table}에는 무엇이 있나요?", "What is in {table}?"),
    "prompt.stats_words": ("통계 {table}", "stats {table}"),
    "prompt.refresh": ("오래된 {table} 새로 동기화", "Bring {table} up to date"),
    "prompt.refresh_words": ("동기화 {table}", "sync {table}"),
    "prompt.sync": ("{table} 처음 동기화", "Copy {table} for the first time"),
    "prompt.sync_words": ("동기화 {table}", "sync {table}"),
    "prompt.status": ("동기화는 어떻게 되고 있나요?", "How are the syncs going?"),
    "prompt.status_words": ("상태", "status"),
    "opening.hello": (
        "무엇을 알고 싶으세요? 예를 들면:",
        "What would you like to know? For example:",
    ),
    "opening.hello_commands": (
        "모델 없이 이런 명령을 알아듣습니다:",
        "Without a model, commands like these are understood:",
    ),
    "example.ask_list": ("어떤 테이블이 있어?", "what tables are there?"),
    "example.ask_count": ("{table}에 몇 건 있어?", "how many rows are in {table}?"),
    "example.ask_sync": ("{table} 테이블 동기화 해줘", "sync the {table} table"),
    "welcome.what": (
        "안녕하세요, {bot}입니다. Oracle과 대조해 확인한 테이블 사본에서 데이터 질문에 답합니다.",
        "Hello, this is {bot}. I answer data questions from copies of tables that were proven against Oracle.",
    ),
    "welcome.ask": (
        "저를 부르며 물어보세요. 제가 답한 스레드에서는 부르지 않고 이어서 물어도 됩니다:",
        "Mention me and ask; in a thread I have answered in, go on without a mention:",
    ),
    "welcome.approval": (
        "새로 복사할 때는 카드를 올리고, 승인이 필요하면 {people}의 결정을 기다립니다.",
        "Before anything is copied there is a card; where it needs a yes, {people} may give it.",
    ),
    "welcome.approval_by_rule": (
        "새로 복사할 때는 카드를 올리고, 승인이 필요하면 기다립니다.",
        "Before anything is copied there is a card; where it needs a yes, it waits for one.",
    ),
    "welcome.shared": (
        "이 채널은 다른 조직과 함께 쓰므로, 관리자가 규칙으로 허용한 데이터만 여기서 답합니다.",
        "Another organisation reads this channel too, so only data that an administrator has allowed for it by a rule is answered here.",
    ),
    "outsider.refused": (
        "이 봇은 설치된 조직의 사람에게만 답합니다. 그 조직의 동료에게 물어봐 달라고 부탁하세요.",
        "This bot answers only people of the organisation that runs it. Please have a colleague there ask.",
    ),
}
