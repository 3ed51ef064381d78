"""Messages and views that Slack takes, and such as it refuses, each for one reason."""

from typing import Any

Blocks = list[dict[str, Any]]


def said(words: str = "hello") -> dict[str, Any]:
    return {"type": "mrkdwn", "text": words}


def plain(words: str = "hello") -> dict[str, Any]:
    return {"type": "plain_text", "text": words}


def section(words: str = "hello", **more: Any) -> dict[str, Any]:
    return {"type": "section", "text": said(words), **more}


def button(**more: Any) -> dict[str, Any]:
    return {"type": "button", "text": plain("Go"), "action_id": "go", **more}


def actions(*elements: dict[str, Any]) -> dict[str, Any]:
    return {"type": "actions", "elements": list(elements)}


def table(rows: int = 2, columns: int = 2, cell: str = "x") -> dict[str, Any]:
    row = [{"type": "raw_text", "text": cell}] * columns
    return {"type": "table", "rows": [row] * rows, "column_settings": [{"align": "right"}]}


def paged(rows: int = 3, **more: Any) -> dict[str, Any]:
    row = [{"type": "raw_text", "text": "x"}, {"type": "raw_number", "value": 1.5}]
    return {"type": "data_table", "caption": "rows", "rows": [row] * rows, **more}


def chart(*, series: int = 1, label: str = "a", title: str = "sales") -> dict[str, Any]:
    data = [{"label": label, "value": -1}, {"label": "b", "value": 2.5}]
    return {
        "type": "data_visualization",
        "title": title,
        "chart": {
            "type": "bar",
            "series": [{"name": f"s{one}", "data": data} for one in range(series)],
            "axis_config": {"categories": [label, "b"], "x_label": "x"},
        },
    }


def pie(value: float = 1) -> dict[str, Any]:
    segments = [{"label": "a", "value": value}]
    return {
        "type": "data_visualization",
        "title": "share",
        "chart": {"type": "pie", "segments": segments},
    }


def confirm(words: str = "Really?") -> dict[str, Any]:
    return {
        "title": plain("Sure?"),
        "text": plain(words),
        "confirm": plain("Yes"),
        "deny": plain("No"),
    }


def field(element: dict[str, Any], block_id: str = "field") -> dict[str, Any]:
    return {"type": "input", "block_id": block_id, "label": plain("Field"), "element": element}


def modal(*blocks: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": "modal", "title": plain("Title"), "blocks": list(blocks), **more}


TYPED = {"type": "plain_text_input", "action_id": "typed"}
OPTIONS = [{"text": plain("a"), "value": "1"}, {"text": plain("b"), "value": "2"}]
FEEDBACK = {
    "type": "context_actions",
    "elements": [
        {
            "type": "feedback_buttons",
            "action_id": "feedback",
            "positive_button": {"text": plain("Good"), "value": "good"},
            "negative_button": {"text": plain("Bad"), "value": "bad"},
        }
    ],
}

GOOD: dict[str, Blocks] = {
    "words": [section(), {"type": "divider"}, {"type": "context", "elements": [said()]}],
    "header": [{"type": "header", "text": plain("a" * 150)}],
    "longest section": [section("a" * 3000)],
    "buttons": [actions(button(confirm=confirm(), style="danger", value="v" * 2000))],
    "the same action in two blocks": [actions(button()), actions(button())],
    "fields": [{"type": "section", "fields": [said("a" * 2000)] * 5}],
    "table": [table(100, 20)],
    "pages": [paged(101, page_size=100, row_header_column_index=0)],
    "charts": [chart(series=6), pie()],
    "markdown": [{"type": "markdown", "text": "a" * 12_000}],
    "feedback": [section(), FEEDBACK],
    "menu": [
        section(
            accessory={"type": "static_select", "options": OPTIONS, "initial_option": OPTIONS[0]}
        )
    ],
    "image": [{"type": "image", "alt_text": "a cat", "slack_file": {"id": "F1"}}],
    "fifty": [section()] * 50,
}
BAD: dict[str, Blocks] = {
    "section too long": [section("a" * 3001)],
    "header too long": [{"type": "header", "text": plain("a" * 151)}],
    "header in mrkdwn": [{"type": "header", "text": said()}],
    "button too long": [actions(button(text=plain("a" * 76)))],
    "value too long": [actions(button(value="v" * 2001))],
    "markdown too long": [{"type": "markdown", "text": "a" * 12_001}],
    "markdown too long together": [{"type": "markdown", "text": "a" * 6001}] * 2,
    "confirm too long": [actions(button(confirm=confirm("a" * 301)))],
    "too many actions": [actions(*(button(action_id=str(one)) for one in range(26)))],
    "no actions": [actions()],
    "wrong kind of text": [actions(button(text=said()))],
    "no such style": [actions(button(style="green"))],
    "no such block": [{"type": "poem", "text": said()}],
    "a key too many": [section(colour="red")],
    "a key too many inside": [actions(button(tooltip="x"))],
    "no alt text": [{"type": "image", "image_url": "https://example.com/a.png"}],
    "no such element": [actions({"type": "slider", "action_id": "s"})],
    "no such input": [field({"type": "colour_input", "action_id": "c"})],
    "a button as input": [field(button())],
    "fifty-one": [section()] * 51,
    "alert in a message": [{"type": "alert", "text": said(), "level": "info"}],
    "empty text": [section("")],
    "section without anything": [{"type": "section"}],
    "table too long": [table(101, 2)],
    "table too wide": [table(2, 21)],
    "empty cell": [table(cell="")],
    "two tables": [table(), table()],
    "rows of two lengths": [{**table(), "rows": [*table()["rows"], table()["rows"][0][:1]]}],
    "too much in cells": [table(100, 20, "aaaaaa")],
    "pages without rows": [paged(1)],
    "too many pages": [paged(102)],
    "rich heads": [{**paged(), "rows": [[{"type": "rich_text", "elements": []}]] * 2}],
    "too many series": [chart(series=7)],
    "label too long": [chart(label="a" * 21)],
    "chart title too long": [chart(title="a" * 51)],
    "nothing of a pie": [pie(0)],
    "three charts": [chart(), chart(), pie()],
    "the same action in one block": [actions(button(), button())],
    "the same block twice": [section(block_id="a"), section(block_id="a")],
    "too much in all": [section("a" * 3000)] * 5,
    "two primary buttons": [
        actions(button(style="primary"), button(style="primary", action_id="b"))
    ],
    "chosen without being offered": [
        section(
            accessory={
                "type": "radio_buttons",
                "options": OPTIONS[:1],
                "initial_option": OPTIONS[1],
            }
        )
    ],
}

GOOD_VIEWS: dict[str, dict[str, Any]] = {
    "form": modal(field(TYPED), submit=plain("Go"), private_metadata="m" * 3000),
    "reading": modal(section(), {"type": "alert", "text": said(), "level": "warning"}),
    "a hundred": modal(*[section()] * 100),
    "home": {"type": "home", "blocks": [section(), actions(button()), actions(button()), table()]},
}
BAD_VIEWS: dict[str, dict[str, Any]] = {
    "title too long": modal(section(), title=plain("a" * 25)),
    "close too long": modal(section(), close=plain("a" * 25)),
    "metadata too long": modal(section(), private_metadata="m" * 3001),
    "a hundred and one": modal(*[section()] * 101),
    "no blocks": modal(),
    "inputs without submit": modal(field(TYPED)),
    "feedback in a modal": modal(FEEDBACK),
    "markdown in a modal": modal({"type": "markdown", "text": "a"}),
    "a table in a modal": modal(table()),
    "the same field twice": modal(field(TYPED), field(TYPED), submit=plain("Go")),
    "a title at home": {"type": "home", "title": plain(), "blocks": [section()]},
    "a key too many": modal(section(), width=3),
    "alert at home": {"type": "home", "blocks": [{"type": "alert", "text": said()}]},
    "no such view": {"type": "drawer", "blocks": [section()]},
}
