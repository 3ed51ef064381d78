"""What is said of what a rule keeps from somebody, and of answers for one person alone."""

ACCESS_FAILURES: dict[str, tuple[str, str]] = {
    "table_hidden": (
        "bot.toml의 규칙 {rule}에 따라 {table}을(를) 볼 수 없습니다. {why}",
        "You may not see {table}: the rule {rule} of bot.toml does not let you in. {why}",
    ),
    "column_hidden": (
        "bot.toml의 규칙 {rule}에 따라 {table}의 {column} 열을 볼 수 없습니다.",
        "You may not see {column} of {table}: the rule {rule} of bot.toml hides it.",
    ),
    "figure_withheld": (
        "{table}의 값은 이 채널에 알리지 않습니다. bot.toml의 규칙 {rule}에 따라 채널의 일부 사람만 볼 수 있습니다.",
        "Figures of {table} are not told in this channel: by the rule {rule} of bot.toml only some of its people may see them.",
    ),
    "channel_shared": (
        "다른 조직과 공유하는 채널에서는 {table}을(를) 보여 주지 않습니다. 다이렉트 메시지로 물어봐 주세요. 여기서 보이려면 관리자가 bot.toml의 [[access]]에 이 채널을 적어야 합니다.",
        "{table} is not shown in a channel that is shared with another organisation. Ask in a direct message; to show it here, an admin must name the channel in an [[access]] of bot.toml.",
    ),
    "channel_unknown": (
        "이 채널을 다른 조직과 공유하는지 Slack이 알려 주지 않아 {table}을(를) 보여 주지 않습니다. 다이렉트 메시지로 묻거나 잠시 뒤 다시 물어봐 주세요.",
        "{table} is not shown here, for Slack does not say whether this channel is shared with another organisation. Ask in a direct message, or again in a minute.",
    ),
    "group_unknown": (
        "Slack이 사용자 그룹 {group}의 구성원을 알려 주지 않아, 규칙 {rule}에 따라 {table}을(를) 볼 수 있는지 알 수 없습니다. 잠시 뒤 다시 물어봐 주세요. 계속되면 관리자가 usergroups:read 권한을 확인해야 합니다.",
        "Whether the rule {rule} lets you see {table} is not known, for Slack does not say who is in the user group {group}. Ask again in a minute; if it goes on, an admin must check the scope usergroups:read.",
    ),
    "mask_key_missing": (
        "규칙 {rule}이(가) {table}의 열을 해시로 가리는데 MASK_KEY가 없어 보여 주지 않습니다. 관리자가 MASK_KEY를 설정해야 합니다.",
        "{table} is not shown: the rule {rule} hashes a column of it, and MASK_KEY is not set. An admin must set it.",
    ),
}

NOT_ALLOWED = frozenset(ACCESS_FAILURES)
"""Told to whom it happened, whatever the model says."""

ACCESS_PHRASES: dict[str, tuple[str, str]] = {
    "answer.some": ("일부 ", "some"),
    "answer.by_rule": ("규칙 {rule}에 따라 보이는 부분만", "as far as the rule {rule} shows it"),
    "answer.not_yours": (
        "이 결과는 규칙 {rule}에 따라 물어본 사람만 볼 수 있습니다.",
        "By the rule {rule} this result is for whoever asked for it alone.",
    ),
    "details.by_rule": (
        "규칙 {rule}에 따라 값은 보이지 않습니다.",
        "By the rule {rule} its values are not shown.",
    ),
    "card.shared_channels": ("공유 채널", "shared channels"),
    "card.sql_withheld": (
        ":lock: 규칙 {rule}에 따라 SQL은 여기에 보이지 않습니다.",
        ":lock: By the rule {rule} the SQL is not shown here.",
    ),
    "card.sql_on_button": (
        "볼 수 있는 사람은 [SQL 보기] 버튼으로 볼 수 있습니다.",
        "Who may see it finds it behind *Show SQL*.",
    ),
    "card.figure_withheld": (
        "{table} 사본의 수치 하나가 Oracle과 다릅니다. 규칙 {rule}에 따라 값은 여기에 보이지 않습니다. 게시하지 않았고 기존 데이터는 그대로입니다. 다시 요청하고, 계속되면 관리자에게 알려 주세요. 관리자는 `botctl runs`에서 값을 볼 수 있습니다.",
        "A figure of the copy of {table} is not what Oracle says; by the rule {rule} it is not shown here. Nothing was published and the old data stays; ask again, and tell an admin if it stays so, who sees it with `botctl runs`.",
    ),
    "answer.private": (
        ":lock: {who}에게만 다이렉트 메시지로 답했습니다(규칙 {rule}).",
        ":lock: Answered to {who} alone, in a direct message (rule {rule}).",
    ),
    "answer.asked_in": (
        ":lock: {channel}에서 물은 것에 대한 답입니다. 규칙 {rule}에 따라 여기에만 보냅니다.",
        ":lock: The answer to what you asked in {channel}. By the rule {rule} it stands here alone.",
    ),
}
