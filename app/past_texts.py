"""What is said of kept copies: going back to one, comparing two, and what may be wrong."""

PAST_FAILURES: dict[str, tuple[str, str]] = {
    "nothing_to_undo": (
        "{table}에는 되돌아갈 이전 사본이 없습니다. 새로 동기화해야만 바꿀 수 있습니다.",
        "There is no older copy of {table} to go back to. Only a new sync can change it.",
    ),
    "copy_moved": (
        "요청한 뒤에 {table}의 새 사본이 게시되어 아무것도 바꾸지 않았습니다. 여전히 필요하면 다시 요청하세요.",
        "{table} has got another copy since this was asked for, so nothing was changed. Ask again if it is still wanted.",
    ),
    "nothing_to_compare": (
        "{table}에는 {as_of} 기준 사본보다 오래된 사본이 없어 비교할 것이 없습니다. 동기화할 때마다 이전 사본이 보관되니, 테이블을 동기화한 뒤 다시 물어봐 주세요.",
        "No copy of {table} before the one as of {as_of} is kept, so there is nothing to compare it with. Each sync keeps the copy before it: sync the table, then ask again.",
    ),
    "moment_not_kept": (
        "{since} 이후 {table}에서 무엇이 바뀌었는지 알 수 없습니다. 그때나 그 전의 사본과 그보다 새 사본이 보관되어 있어야 합니다. 보관된 사본의 기준 시각: {kept}.",
        "What changed in {table} since {since} cannot be told: that takes a kept copy from then or before, and a newer one. Kept are copies as of: {kept}.",
    ),
    "generation_not_kept": (
        "{table}의 사본 {generation}은(는) 보관되어 있지 않습니다. 보관된 사본(최신순): {kept}. 이 중 하나를 쓰거나, 현재 사본의 바로 이전이면 -1을 쓰세요.",
        "No copy {generation} of {table} is kept. Kept are, newest first: {kept}. Name one of them, or -1 for the copy before the current one.",
    ),
    "comparison_too_large": (
        "{table}의 두 사본을 비교하기에는 임시 파일을 둘 공간이 부족합니다. TMPDIR을 여유 공간이 더 있는 폴더로 바꾼 뒤 다시 시도하세요.",
        "The copies of {table} are too large to compare with the room there is for temporary files. Set TMPDIR to a folder with more free space and try again.",
    ),
    "manifest_readable": (
        "매니페스트를 읽을 수 있어 그대로 두었습니다. 그래도 다시 만들려면 --force를 붙이세요.",
        "The manifest can be read, so it is left as it is. To make it anew all the same, add --force.",
    ),
    "copy_unreadable": (
        "{table}의 현재 사본 파일({file})이 없거나 읽을 수 없습니다. 이 테이블을 전체 동기화하면 새 파일로 바뀌고, 되돌리기를 하면 이전 사본으로 돌아갑니다.",
        "The file of the current copy of {table} ({file}) is missing or cannot be read. A full sync of the table replaces it, and an undo goes back to the copy before.",
    ),
    "trial_not_provable": (
        "{table}은(는) 시험 복사본입니다. Oracle이 {trial_of}에서 먼저 준 행만 들어 있어 같은 행을 다시 물을 수 없습니다. 만들 때 한 번 검증되었습니다. 언제든 다시 검증하려면 {trial_of} 자체를 동기화하세요.",
        "{table} is a trial: it holds the rows of {trial_of} that Oracle happened to give first, which cannot be asked for again. It was proven when it was made; sync {trial_of} itself for a copy whose proof can be repeated.",
    ),
    "columns_moved": (
        "{table}을(를) 비교할 수 없습니다. 사본을 만든 뒤 Oracle에서 없어지거나 타입이 바뀐 열이 있습니다: {columns}. 다시 동기화하세요.",
        "{table} cannot be compared: since the copy was made, these of its columns are gone from Oracle or have another type there: {columns}. Sync it again.",
    ),
}

PAST_PHRASES: dict[str, tuple[str, str]] = {
    # The card of an undo
    "card.undo_pending": ("되돌리기 승인 요청", "Undo needs approval"),
    "card.undo_queued": ("되돌리기 대기 중", "Undo is queued"),
    "card.undo_running": ("되돌리는 중", "Undo is running"),
    "card.undo_verifying": ("되돌리는 중", "Undo is running"),
    "card.undo_published": ("되돌리기 완료", "Undo is done"),
    "card.undo_failed": ("되돌리기 실패", "Undo failed"),
    "card.undo_cancelled": ("되돌리기 취소됨", "Undo was cancelled"),
    "card.undo_superseded": ("되돌리기가 실행되지 않음", "Undo was not run"),
    "card.undo_rejected": ("되돌리기 거절됨", "Undo was rejected"),
    "card.undo_expired": ("되돌리기 승인 시간 만료", "Undo approval has expired"),
    "card.undo_withdrawn": ("되돌리기 요청 철회됨", "Undo request was withdrawn"),
    "card.undo_replaced": ("되돌리기 요청이 수정됨", "Undo request was replaced"),
    "card.undo_parked": ("되돌리기 보류됨", "Undo is parked"),
    "card.undo_to": (
        "{when} 기준 이전 사본 {rows}행으로 되돌림",
        "goes back to the copy as of {when}, {rows} rows",
    ),
    "card.undo_leaves": (
        "{when} 기준 현재 사본 {rows}행은 보관되어 다시 되돌릴 수 있음",
        "the present copy as of {when}, {rows} rows, is kept, so this can be undone",
    ),
    "card.undo_confirm_text": (
        "{tables}의 사본이 이전 사본으로 바뀝니다. Oracle은 읽지도 바꾸지도 않습니다.",
        "The copy of {tables} becomes the one before it. Oracle is neither read nor changed.",
    ),
    "system.undoing": (
        "[System] {tables} 테이블을 이전 사본으로 되돌리는 중...",
        "[System] Going back to the copy of {tables} before ...",
    ),
    "system.undone": (
        "[System] 되돌리기 완료: 이전 사본 {rows}행이 다시 보입니다.",
        "[System] Undone: the {rows} rows of the copy before are current again.",
    ),
    "receipt.undone": (
        ":leftwards_arrow_with_hook: 되돌린 사본 ({when} 기준 사본에서)",
        ":leftwards_arrow_with_hook: gone back to this copy, from the one as of {when}",
    ),
}
