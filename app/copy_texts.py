"""How a copy is made, and how it was made and proven, in Korean and in English."""

COPY_PHRASES: dict[str, tuple[str, str]] = {
    # What a sync would do
    "card.incremental": (
        "증분 복사: {cursor} 기준 {from_} 이후 바뀐 행을 읽어 현재 사본 {rows}행에 반영",
        "incremental: reads the rows of {cursor} from {from_} on into the current {rows} rows",
    ),
    "card.append": (
        "추가 복사: {cursor} 기준 {from_} 이후 행을 현재 사본 {rows}행에 추가",
        "append: adds the rows of {cursor} from {from_} on to the current {rows} rows",
    ),
    "card.backfill": (
        "구간 다시 읽기: {cursor} {since} ~ {until}, 현재 사본 {rows}행에 반영",
        "reads a range again: {cursor} from {since} to {until}, into the current {rows} rows",
    ),
    "card.open_end": ("끝", "the end"),
    "card.trial": (
        "시험 복사: 최대 {rows}행을 {table}(이)라는 이름으로, 실제 사본은 그대로",
        "a trial: at most {rows} rows, under the name {table}; the real copy is not touched",
    ),
    "card.where": ("다음 행만: {conditions}", "only rows where {conditions}"),
    "card.deletes_remove": (
        "Oracle에서 사라진 행은 삭제 (사본의 {percent}%까지)",
        "removes rows that are gone from Oracle (up to {percent}% of the copy)",
    ),
    "card.deletes_mark": (
        "Oracle에서 사라진 행은 _deleted_at에 표시 (사본의 {percent}%까지)",
        "marks rows that are gone from Oracle in _deleted_at (up to {percent}% of the copy)",
    ),
    "card.proof_count": ("검증: 행 수", "proof: row counts"),
    "card.proof_sums": (
        "검증: 열별 합계 (Oracle이 행을 한 번 더 읽음)",
        "proof: sums of each column (Oracle reads the rows once more)",
    ),
    "card.proof_deep": (
        "검증: 열별 합계와 텍스트 해시 (Oracle이 행을 한 번 더 읽고 CPU를 더 씀)",
        "proof: sums and hashes of text (Oracle reads the rows once more, and works for it)",
    ),
    "card.full_first": ("첫 사본이라 전체를 복사", "a full copy, since there is none yet"),
    "card.full_columns": (
        "열이 바뀌어 전체를 복사",
        "a full copy, since its columns have changed",
    ),
    "card.full_key": ("키가 달라 전체를 복사", "a full copy, since its key is another one"),
    "card.full_cursor": (
        "커서 열이 달라 전체를 복사",
        "a full copy, since its cursor column is another one",
    ),
    "card.full_filter": (
        "조건이 달라 전체를 복사",
        "a full copy, since other rows are asked for",
    ),
    "card.full_leaves": (
        "조건에서 벗어난 행을 알려면 전체를 복사해야 함 (deletes 설정이 있으면 증분 가능)",
        "a full copy, since nothing else notices rows that leave the filter (deletes would)",
    ),
    "card.full_no_watermark": (
        "이어서 읽을 기준값이 없어 전체를 복사",
        "a full copy, since it does not say from where to go on",
    ),
    # A receipt
    "receipt.table": (
        "{rows}행 복사, Oracle {oracle_rows}행과 일치",
        "{rows} rows copied, equal to Oracle's {oracle_rows}",
    ),
    "receipt.rows": ("{rows}행", "{rows} rows"),
    "receipt.changes": (
        "읽음 {fetched}, 추가 {inserted}, 변경 {updated}, 삭제 {deleted}",
        "read {fetched}, added {inserted}, changed {updated}, deleted {deleted}",
    ),
    "receipt.proof_count": ("행 수 일치", "row counts agree"),
    "receipt.proof_sums": ("열별 합계 {count}개 모두 일치", "all {count} sums agree"),
    "receipt.proof_deep": (
        "열별 합계와 해시 {count}개 모두 일치",
        "all {count} sums and hashes agree",
    ),
    "receipt.where": ("다음 행만: {conditions}", "only rows where {conditions}"),
    "receipt.columns": ("열 {all}개 중 {copied}개", "{copied} of {all} columns"),
    "receipt.trial": ("{table}의 시험 복사", "a trial of {table}"),
    "receipt.no_flashback": (
        "FLASHBACK 권한이 없어 읽기 전용 트랜잭션 하나로 읽음",
        "read in one read-only transaction, for want of the FLASHBACK right",
    ),
    "receipt.restarted": (
        "Oracle이 처음 시점을 더 보여 줄 수 없어 새 시점에서 다시 읽음 ({count}번)",
        "read again at a new moment, since Oracle could not show the first one any longer ({count} times)",
    ),
    "receipt.resumed": (
        "끊긴 연결 {count}번을 이어서 읽음",
        "went on after {count} lost connections",
    ),
    "receipt.rows_differ": (
        ":warning: Oracle은 {oracle}행, 사본은 {copied}행: 삭제되었거나 늦게 커밋된 행이 있습니다. 전체 동기화로 맞출 수 있습니다.",
        ":warning: Oracle has {oracle} rows and the copy {copied}: rows were deleted, or committed late. A full sync brings them together.",
    ),
    "receipt.frontier": (
        "열려 있는 트랜잭션 때문에 다음 기준값을 {seconds}초 앞으로 잡음",
        "the next sync steps back {seconds} s for transactions that are still open",
    ),
    "receipt.future": (
        ":warning: {column} 값이 미래인 행 {count}건은 다음 기준값에 쓰지 않음",
        ":warning: {count} rows carry a {column} in the future, which the next sync does not go by",
    ),
    "receipt.lag_only": (
        "열린 트랜잭션을 볼 권한이 없어 {seconds}초만 되짚어 읽음",
        "steps back {seconds} s, without a look at open transactions (no right to see them)",
    ),
    "receipt.marks_kept": (
        "Oracle에서 사라진 행 {count}건을 이전 사본에서 가져와 _deleted_at에 표시",
        "{count} rows that are gone from Oracle kept from the copy before, marked in _deleted_at",
    ),
    "receipt.marks_left": (
        ":warning: 키, 조건, 열 또는 deletes 설정이 달라져, 이전 사본의 _deleted_at 표시 행 {count}건은 새 사본에 없습니다. 이전 사본은 되돌리기로 볼 수 있습니다.",
        ":warning: {count} rows marked in _deleted_at stayed behind in the copy before, since the key, the filter, columns or the deletes setting are other ones. An undo goes back to it.",
    ),
    "receipt.as_of": ("{when} 기준", "as of {when}"),
    "receipt.not_the_same": (
        "그대로가 아닌 열: {names}",
        "columns that are not the same: {names}",
    ),
    "receipt.scn": ("SCN {scn}", "SCN {scn}"),
    "receipt.took": ("{seconds}초, {size}", "{seconds} s, {size}"),
    # The whole of it
    "details.title": ("영수증", "Receipt"),
    "details.current": (
        "{source}에서 복사, 사본 {generation}, 현재 사본",
        "of {source}, copy {generation}, the current one",
    ),
    "details.kept": (
        "{source}에서 복사, 사본 {generation}, 보관 중이며 현재 사본은 다른 것",
        "of {source}, copy {generation}, kept; another one is current",
    ),
    "details.gone": (
        "{source}에서 복사, 사본 {generation}, 더 이상 보관되지 않음. 아래는 게시할 때의 기록",
        "of {source}, copy {generation}, not kept any more; this is what was noted when it was published",
    ),
    "details.unknown": (
        "{source}에서 복사, 사본 {generation}, 아직 있는지는 지금 확인할 수 없음",
        "of {source}, copy {generation}; whether it is still kept cannot be told now",
    ),
    "details.no_scn": ("SCN 모름", "SCN not known"),
    "details.flashback": (
        "모든 행을 이 SCN에서 읽음 (AS OF SCN)",
        "all rows read at this SCN (AS OF SCN)",
    ),
    "details.read_only_transaction": (
        "읽기 전용 트랜잭션 하나로 읽음",
        "read in one read-only transaction",
    ),
    "details.full": ("전체 복사", "full copy"),
    "details.incremental": ("증분 복사", "incremental copy"),
    "details.append": ("추가 복사", "append copy"),
    "details.cursor": ("커서 {column}", "by {column}"),
    "details.watermark": ("다음 기준값 {value}", "the next one goes on from {value}"),
    "details.one_chunk": ("한 번에 읽음", "read in one piece"),
    "details.chunks": ("{count}조각으로 나눠 읽음", "read in {count} pieces"),
    "details.counted": ("검증: 행 수만 비교", "proof: only the rows were counted"),
    "details.proven": (
        "검증({proof}): 값 {count}개 중 {agreed}개 일치",
        "proof ({proof}): {agreed} of {count} figures agree",
    ),
    "details.proven_window": (
        "검증({proof}): 이번에 읽은 구간의 값 {count}개 중 {agreed}개 일치",
        "proof ({proof}): {agreed} of {count} figures agree, of the rows that were read",
    ),
    "details.rows": ("행 수", "rows"),
    "details.agrees": (
        "{what}: Oracle {oracle}, 사본 {copied}, 일치",
        "{what}: Oracle {oracle}, copy {copied}, agree",
    ),
    "details.differs": (
        ":warning: {what}: Oracle {oracle}, 사본 {copied}, 다름",
        ":warning: {what}: Oracle {oracle}, copy {copied}, differ",
    ),
    "details.to_look_at": ("먼저 볼 것", "To look at first"),
    "details.figures": ("일치하는 값", "Figures that agree"),
    "details.columns": ("손실 없이 복사한 열", "Columns copied without loss"),
    "details.no_columns": (
        "열별 기록이 없음 (이전 버전의 영수증)",
        "nothing is noted of its columns (a receipt of an older release)",
    ),
    "details.left_out": (
        "자리가 모자라 {count}개를 생략했습니다. 전체: `botctl receipt {table} --source {source} --generation {generation}`",
        "{count} more figures are left out for want of room. All of them: `botctl receipt {table} --source {source} --generation {generation}`",
    ),
    "details.left_out_gone": (
        "자리가 모자라 {count}개를 생략했습니다. 사본이 더 이상 보관되지 않아 `botctl receipt`로도 볼 수 없습니다.",
        "{count} more figures are left out for want of room. The copy is not kept any more, so `botctl receipt` cannot show them either.",
    ),
    "details.more_tables": (
        "그 밖의 테이블 {count}개의 영수증은 `botctl receipt`로 볼 수 있습니다: {names}",
        "`botctl receipt` shows the receipts of {count} more tables: {names}",
    ),
}
