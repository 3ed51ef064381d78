"""What is said of charts and files, in Korean and English."""

CHART_PHRASES: dict[str, tuple[str, str]] = {
    "chart.line": ("꺾은선", "Line"),
    "chart.bar": ("막대", "Bar"),
    "chart.area": ("영역", "Area"),
    "chart.pie": ("원형", "Pie"),
    "chart.scatter": ("산점도", "Scatter"),
    "chart.alt": (
        "{kind} 차트: {title}. {x} {first} ~ {last}, 계열 {series}개, 점 {points}개, 최솟값 {lowest}, 최댓값 {highest}",
        "{kind} chart: {title}. {x} from {first} to {last}, {series} series, {points} points, lowest {lowest}, highest {highest}",
    ),
    "chart.others": ("기타 {count}개", "{count} others"),
    "chart.thinned": (
        "점 {points}개를 모양이 남도록 {drawn}개로 솎아 그렸습니다.",
        "{points} points, thinned to the {drawn} that keep their shape.",
    ),
    "chart.left_out": (
        "처음 {shown}개 항목만 그렸습니다. 더 있습니다.",
        "Only the first {shown} categories are drawn; there are more.",
    ),
    "chart.not_drawn": (
        ":warning: 차트 “{title}”을(를) 그림으로 그리지 못했습니다. 표로 보여 달라고 해 주세요.\n{told}",
        ":warning: The chart “{title}” could not be drawn as a picture. Ask for a table instead.\n{told}",
    ),
    "file.made": (
        ":page_facing_up: {name}: {rows}행, {size}",
        ":page_facing_up: {name}: {rows} rows, {size}",
    ),
    "file.cut": (
        "파일의 한도(행 수 또는 크기)를 넘어 여기서 잘렸습니다. 조건을 더하면 모두 담을 수 있습니다.",
        "It was cut here at the limit of files (rows or size). Filter more to have all.",
    ),
    "file.cut_cells": (
        "긴 글 {count}개는 Excel 한도인 32,767자에서 잘렸습니다.",
        "{count} long texts were cut at Excel's limit of 32,767 characters.",
    ),
    "file.gone": (
        ":warning: {name} 파일이 더는 남아 있지 않습니다. 다시 내보내 달라고 해 주세요.",
        ":warning: The file {name} is not there any more. Please ask for the export again.",
    ),
    "file.whole_failed": (
        ":warning: 전체 결과를 파일로 만들지 못했습니다: {reason}",
        ":warning: The whole result could not be made a file: {reason}",
    ),
    "file.whole_changed": (
        ":warning: 그사이 사본이나 권한이 바뀌어 전체 결과 파일을 만들지 않았습니다. 다시 물어봐 주세요.",
        ":warning: The copy or your rights changed meanwhile, so no file of the whole result was made. Please ask again.",
    ),
    "file.no_right": (
        ":warning: {name}을(를) 올릴 수 없습니다: 봇에 `files:write` 권한이 없습니다. 관리자가 Slack 앱에 추가하고 다시 설치해야 합니다.",
        ":warning: {name} cannot be uploaded: the bot lacks the scope `files:write`. An admin must add it to the Slack app and install it again.",
    ),
    "file.refused": (
        ":warning: Slack이 {name}을(를) 받지 않았습니다({reason}).",
        ":warning: Slack did not take {name} ({reason}).",
    ),
    "file.written": ("파일: {path} ({rows}행)", "File: {path} ({rows} rows)"),
}
