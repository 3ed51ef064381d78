"""What code says beside a result, in Korean and English: `agent.remarks.RemarkCode`."""

REMARK_PHRASES: dict[str, tuple[str, str]] = {
    "assumed.where": ("조건: {conditions}", "filter: {conditions}"),
    "assumed.everything": ("조건 없음: 모든 행", "no filter: all rows"),
    "assumed.clock": (
        "{columns}: Oracle에 적힌 시각 그대로(시간대 없음)",
        "{columns}: by the clock written in Oracle, without a time zone",
    ),
    "assumed.utc": ("{columns}: UTC 기준", "{columns}: in UTC"),
    "assumed.model": ("가정: {text}", "assumed: {text}"),
    "empty.no_rows": ("볼 수 있는 행이 하나도 없습니다.", "There is not one row to be seen."),
    "empty.no_pair": (
        "함께 읽은 표들 사이에 서로 이어지는 행이 하나도 없습니다.",
        "No row of the tables that were read together belongs to one of the others.",
    ),
    "empty.unmet": (
        "{condition}: 이 조건에 맞는 행이 하나도 없습니다.",
        "{condition}: not one row meets this.",
    ),
    "empty.without": (
        "{condition}: 이 조건을 빼면 {rows}행이 있습니다.",
        "{condition}: without this there are {rows} rows.",
    ),
    "empty.together": (
        "조건마다 맞는 행은 있지만, 모두 맞는 행은 없습니다.",
        "Each condition is met by some rows, and no row meets them all.",
    ),
    "empty.near": (
        "{column}에 저장된 값 중 가까운 것: {values}",
        "nearest of what {column} holds: {values}",
    ),
    "empty.range": (
        "{column}에 저장된 값의 범위: {low} ~ {high}",
        "{column} holds values from {low} to {high}",
    ),
    "change.moments": (
        "{table} 비교: {before_at} 기준 → {after_at} 기준",
        "{table} compared: as of {before_at} → as of {after_at}",
    ),
    "change.only_copy": (
        "{table}: {after_at} 기준 사본 하나만 보관되어 있어 양쪽에 같은 것을 썼습니다.",
        "{table}: one copy alone is kept, as of {after_at}, so both sides rest on it.",
    ),
    "change.rows": (
        "{table}: 추가 {added}행, 삭제 {removed}행, 변경 {changed}행",
        "{table}: {added} rows added, {removed} removed, {changed} changed",
    ),
    "change.whole_rows": (
        "{table}: 추가 {added}행, 삭제 {removed}행(키가 없거나 달라져, 바뀐 행은 삭제 하나와 추가 하나로 셉니다)",
        "{table}: {added} rows added, {removed} removed (without one key in both, a changed row is one of each)",
    ),
    "change.of_those_meant": (
        "{table}: 이전이나 이후에 조건에 맞는 행만 비교했습니다.",
        "{table}: of its rows, those that meet the filter before or after are compared.",
    ),
    "change.by_rule": (
        "{table}: 규칙 {rule}에 따라 보이는 행과 열만 비교했습니다.",
        "{table}: by the rule {rule}, only the rows and columns you are shown are compared.",
    ),
    "change.too_large": (
        "{table}: 행이 너무 많아 여기서는 행 단위로 비교하지 않았습니다. 관리자는 botctl diff로 볼 수 있습니다.",
        "{table}: it has too many rows to compare them here. An admin can, with botctl diff.",
    ),
    "change.in_columns": (
        "{table}에서 값이 바뀐 열(행 수): {columns}",
        "changed in {table}, with rows: {columns}",
    ),
    "change.came": ("{table}에 새로 생긴 열: {columns}", "new columns of {table}: {columns}"),
    "change.went": ("{table}에서 없어진 열: {columns}", "columns gone from {table}: {columns}"),
    "change.parts": (
        "{table}: 두 사본이 담은 범위가 달라, 그것만으로도 행이 늘거나 줄 수 있습니다.",
        "{table}: the two copies hold different parts of it, which alone adds and removes rows.",
    ),
    "change.added": ("추가된 행 예: {keys}", "added, for example: {keys}"),
    "change.removed": ("삭제된 행 예: {keys}", "removed, for example: {keys}"),
    "change.example": ("바뀐 행 예: {key}  {changes}", "changed, for example: {key}  {changes}"),
    "change.not_then": (
        "이전 사본에는 필요한 열이 없거나 타입이 달라 같은 질문에 답할 수 없습니다.",
        "The older copy lacks a column this needs, or has it with another type, so it cannot answer.",
    ),
    "change.unmatched": (
        "결과의 행을 서로 맞출 수 없어 행 수만 비교합니다.",
        "The rows of the two results cannot be matched, so only their number is compared.",
    ),
    "change.cut": (
        "결과가 길어 한쪽에만 보이는 그룹은 비교하지 않았습니다.",
        "The result is long, so groups that only one side shows are left out.",
    ),
    "change.same": ("두 시점의 결과가 같습니다.", "Both moments give the same result."),
}
