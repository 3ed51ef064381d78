"""Limits of a turn that was stopped, in Korean and English: `agent.events.Limit`."""

LIMIT_PHRASES: dict[str, tuple[str, str]] = {
    "limit.stopped": (
        "요청하신 대로 멈췄습니다. 여기까지 알아낸 것은 대화에 남아 있습니다.",
        "Stopped, as you wished. What was found until here stays in this conversation.",
    ),
    "limit.step_limit": (
        "{most}단계 안에 끝내지 못해 멈췄습니다. 질문을 나누어 다시 물어봐 주세요.",
        "This was not finished within {most} steps, so it was stopped. Please ask in smaller parts.",
    ),
    "limit.call_limit": (
        "도구를 {most}번 쓰고도 끝내지 못해 멈췄습니다. 질문을 나누어 다시 물어봐 주세요.",
        "This was not finished with {most} tool calls, so it was stopped. Please ask in smaller parts.",
    ),
    "limit.repeat_limit": (
        "같은 방법으로 {most}번 시도했지만 모두 실패해 멈췄습니다. 다른 말로 다시 물어봐 주세요.",
        "The same thing was tried {most} times and failed each time, so it was stopped. Please ask in other words.",
    ),
    "limit.time_limit": (
        "{most}초 안에 끝내지 못해 멈췄습니다. 질문을 나누어 다시 물어봐 주세요.",
        "This was not finished within {most} s, so it was stopped. Please ask in smaller parts.",
    ),
    "limit.token_limit": (
        "질문 하나에 쓸 수 있는 토큰 {most}개를 다 써서 멈췄습니다. 질문을 나누어 다시 물어봐 주세요.",
        "This was not finished with the {most} tokens of one question, so it was stopped. Please ask in smaller parts.",
    ),
    "limit.cost_limit": (
        "질문 하나에 쓸 수 있는 모델 비용 ${most}를 다 써서 멈췄습니다. 질문을 나누어 다시 물어봐 주세요.",
        "This was not finished for the ${most} of one question, so it was stopped. Please ask in smaller parts.",
    ),
    "limit.user_token_limit": (
        "오늘 한 사람이 쓸 수 있는 토큰 {most}개를 다 써서 멈췄습니다. 내일 다시 물어봐 주세요. 관리자가 bot.toml의 user_day_tokens를 올릴 수 있습니다.",
        "Your {most} tokens of today are used up, so this was stopped. Ask again tomorrow, or an admin can raise user_day_tokens in bot.toml.",
    ),
    "limit.user_cost_limit": (
        "오늘 한 사람이 쓸 수 있는 모델 비용 ${most}를 다 써서 멈췄습니다. 내일 다시 물어봐 주세요. 관리자가 bot.toml의 user_day_usd를 올릴 수 있습니다.",
        "Your ${most} of today are used up, so this was stopped. Ask again tomorrow, or an admin can raise user_day_usd in bot.toml.",
    ),
    "limit.day_token_limit": (
        "오늘 모두가 쓸 수 있는 토큰 {most}개를 다 써서 멈췄습니다. 내일 다시 물어봐 주세요. 관리자가 bot.toml의 day_tokens를 올릴 수 있습니다.",
        "Everybody's {most} tokens of today are used up, so this was stopped. Ask again tomorrow, or an admin can raise day_tokens in bot.toml.",
    ),
    "limit.day_cost_limit": (
        "오늘 모두가 쓸 수 있는 모델 비용 ${most}를 다 써서 멈췄습니다. 내일 다시 물어봐 주세요. 관리자가 bot.toml의 day_usd를 올릴 수 있습니다.",
        "Everybody's ${most} of today are used up, so this was stopped. Ask again tomorrow, or an admin can raise day_usd in bot.toml.",
    ),
    "limit.found": (
        "그때까지 찾은 것은 함께 보여 드립니다.",
        "What was found until then is shown here.",
    ),
}
