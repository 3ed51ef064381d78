"""What is said where people judge an answer, in Korean and English."""

FEEDBACK_PHRASES: dict[str, tuple[str, str]] = {
    "vote.good": ("도움이 됐어요", "Helpful"),
    "vote.bad": ("아쉬워요", "Not helpful"),
    "vote.good_label": ("도움이 되는 답이라고 알리기", "Say that this answer is helpful"),
    "vote.bad_label": ("아쉬운 답이라고 알리기", "Say that this answer is not helpful"),
    "vote.thanks": (
        "알려 주셔서 고맙습니다. 봇을 운영하는 사람이 볼 수 있게 기록했습니다.",
        "Thank you. It is noted for those who run the bot.",
    ),
    "vote.title": ("무엇이 아쉬웠나요?", "What was wrong?"),
    "vote.submit": ("보내기", "Send"),
    "vote.reason": ("이유", "Reason"),
    "vote.wrong_number": ("숫자가 틀림", "A number is wrong"),
    "vote.wrong_table": ("다른 테이블을 봤음", "It read the wrong table"),
    "vote.not_up_to_date": ("최신 데이터가 아님", "It is not up to date"),
    "vote.hard_to_understand": ("이해하기 어려움", "It is hard to understand"),
    "vote.other": ("그 밖", "Something else"),
    "vote.words": ("더 알려 주실 것", "In your words"),
    "vote.words_hint": (
        "질문, 답, SQL과 함께 봇을 운영하는 사람이 읽습니다.",
        "Read by those who run the bot, with the question, the answer and its SQL.",
    ),
}
