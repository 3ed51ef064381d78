"""What people are told about threads and the memory of them, in Korean and in English."""

THREAD_PHRASES: dict[str, tuple[str, str]] = {
    "answer.not_there": (
        "{channel}에서 물은 것에 대한 답입니다. 거기에는 쓸 수 없습니다({why}).",
        "The answer to what you asked in {channel}, where it cannot be written: {why}.",
    ),
    "place.left": ("봇이 그 채널에 없음", "the bot is not in that channel"),
    "place.archived": ("보관된 채널", "the channel is archived"),
    "place.restricted": ("쓰기가 제한된 곳", "writing there is restricted"),
    "place.gone": ("스레드가 지워짐", "the thread was deleted"),
    "thread.forgotten": (
        "이 스레드에서 나눈 대화와 여기 올린 파일을 잊었습니다. 열려 있는 승인 카드는 그대로 결정할 수 있고, 무엇을 요청하고 실행했는지의 감사 기록은 남습니다. 다음 질문은 처음부터 시작합니다. 채널에서는 다시 멘션해 주세요.",
        "What was said and shared in this thread is forgotten. Cards that are still open can be decided, and the audit of what was asked for and run stays. The next question starts anew; in a channel, mention the bot again.",
    ),
    "thread.unknown": (
        "이 스레드에 대해 기억하는 것이 없어 잊을 것도 없습니다. 다른 스레드라면 그 스레드에 답글로 써 주세요.",
        "Nothing is remembered of this thread, so there is nothing to forget. If you mean another one, write it there as a reply.",
    ),
    "thread.not_yours": (
        "이 스레드에서 봇과 대화한 사람({people})만 잊게 할 수 있습니다. 그분께 부탁하거나 운영자에게 `botctl threads forget`을 요청하세요.",
        "Only those who have talked to the bot in this thread ({people}) can have it forgotten. Ask one of them, or an operator for `botctl threads forget`.",
    ),
}
