"""One message or view of the gallery, and what data, people and a model say in it."""

from dataclasses import dataclass, field
from typing import Any, Literal

from agent.deps import Language
from app.views.approval_card import Message
from app.views.budget import fitted
from app.views.text import FALLBACK_CHARACTERS, cut

Kind = Literal["message", "ephemeral", "modal", "home"]

LANGUAGES: tuple[Language, ...] = ("ko", "en")


@dataclass(frozen=True)
class Content:
    """Everything in the gallery that is not the product's own: any text may stand here."""

    schema: str
    table: str
    column: str
    cell: str
    said: str
    """By the model."""
    typed: str
    """By a person: a reason, an answer."""
    sql: str
    file: str
    rule: str
    title: str
    """Of a chart."""
    schedule: str
    failure: str
    """By Oracle, or whatever else goes wrong."""
    tables: int = 2
    columns: int = 4
    rows: int = 5


CALM: dict[Language, Content] = {
    "ko": Content(
        schema="SHOP",
        table="ORDERS",
        column="REGION",
        cell="서울",
        said="이번 달 주문은 *1,204건*이고, 서울이 가장 많습니다.",
        typed="월말 보고에 쓸 최신 주문이 필요합니다.",
        sql="SELECT REGION, count(*) AS N\nFROM SHOP.ORDERS\nGROUP BY REGION",
        file="주문-2026-11.xlsx",
        rule="급여 자료",
        title="지역별 주문",
        schedule="orders-daily",
        failure="ORA-12541",
    ),
    "en": Content(
        schema="SHOP",
        table="ORDERS",
        column="REGION",
        cell="Seoul",
        said="There are *1,204 orders* this month, most of them from Seoul.",
        typed="The report of this month needs fresh orders.",
        sql="SELECT REGION, count(*) AS N\nFROM SHOP.ORDERS\nGROUP BY REGION",
        file="orders-2026-11.xlsx",
        rule="pay data",
        title="Orders by region",
        schedule="orders-daily",
        failure="ORA-12541",
    ),
}
"""What a visitor sees."""


@dataclass(frozen=True)
class Piece:
    """What Slack is given: blocks with their text, or a view."""

    name: str
    """``family.what``; with the language unique in the gallery."""
    kind: Kind
    language: Language
    text: str = ""
    blocks: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    view: dict[str, Any] | None = None


def message(name: str, language: Language, drawn: Message, kind: Kind = "message") -> Piece:
    """Make a piece of a message, as the gateway lets it out."""
    sent = fitted(drawn)
    return Piece(name, kind, language, sent.text, sent.blocks)


def whisper(name: str, language: Language, text: str) -> Piece:
    """Make a piece of what one person alone is told: no blocks, and cut as the gateway does."""
    return Piece(name, "ephemeral", language, cut(text, FALLBACK_CHARACTERS))


def window(name: str, language: Language, view: dict[str, Any]) -> Piece:
    """Make a piece of a modal or a Home tab."""
    kind: Kind = "home" if view["type"] == "home" else "modal"
    return Piece(name, kind, language, view=view)
