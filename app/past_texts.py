"""What is said of kept copies: going back to one, looking at a receipt, and what may be wrong."""

PAST_FAILURES: dict[str, tuple[str, str]] = {
    "nothing_to_undo": (
        "{table}에는 되돌아갈 이전 사본이 없습니다. 새로 동기화해야만 바꿀 수 있습니다.",
        "There is no older copy of {table} to go back to. Only a new sync can change it.",
    ),
    "copy_moved": (
        "요청한 뒤에 {table}의 새 사본이 게시되어 되돌리지 않았습니다. 여전히 필요하면 다시 요청하세요.",
        "{table} has got another copy since this was asked for, so nothing was undone. Ask again if it is still wanted.",
    ),
    "generation_not_kept": (
        "{table}에 {generation} 세대가 남아 있지 않습니다. 남아 있는 세대: {kept}.",
        "{table} has no kept generation {generation}. It has: {kept}.",
    ),
    "not_provable": (
        "{table}의 사본을 Oracle과 다시 대조할 수 없습니다: {reason}.",
        "The copy of {table} cannot be compared with Oracle again: {reason}.",
    ),
    "manifest_readable": (
        "매니페스트를 읽을 수 있어 그대로 두었습니다. 그래도 다시 만들려면 --force를 붙이세요.",
        "The manifest can be read, so it is left as it is. To make it anew all the same, add --force.",
    ),
    "not_importable": (
        "{file}을(를) 가져올 수 없습니다: {reason}.",
        "{file} cannot be imported: {reason}.",
    ),
}
