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
}
