"""Long threads to summarise: what is said in them, and what has to be remembered of it."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from agent.conversation import Message, Table, ToolCall
from agent.llm import LLMResponse
from agent.runtime.stream_parsing import OnText
from agent.tokens import units_of
from agent.usage import Usage
from sandbox.model.planner import plan_reply
from sandbox.model.replies import Calls

FACTS = {
    3: "Remember that the fiscal year begins on 1 April.",
    40: "참고로 STATUS 'S9'는 반품을 뜻합니다.",
    99: "Always give amounts in KRW.",
    150: "앞으로 답은 한국어로 해 주세요.",
    222: "Never count orders of CUSTOMER_ID 4711.",
    310: "Compare with last year later, when 2025 is copied.",
    480: "반드시 취소된 주문은 빼 주세요.",
}
"""By turn, a sentence of a person's."""


def turn(number: int) -> Iterator[Message]:
    """One turn: a question, a query, its rows, an answer; now and then a fact instead."""
    source = f"m-{number}"
    words = FACTS.get(number, f"{number}월 지역별 주문 합계는? Totals by region, month {number}.")
    yield Message(role="user", content=words, speaker="UMINA", source_id=source)
    if number in FACTS:
        yield Message(role="assistant", content="알겠습니다.")
        return
    sql = f"SELECT region, sum(amount) FROM orders WHERE month = {number} GROUP BY region"
    call = ToolCall(id=f"c-{number}", name="run_sql", arguments=json.dumps({"sql": sql}))
    rows = [[f"지역 {n}", n * number] for n in range(20)]
    content = json.dumps({"ok": True, "rows": rows}, ensure_ascii=False)
    table = Table(columns=("REGION", "TOTAL"), rows=(), truncated=False, sql=sql)
    yield Message(role="assistant", tool_calls=(call,))
    yield Message(role="tool", tool_call_id=call.id, content=content, table=table)
    yield Message(
        role="assistant", content=f"{number}월에는 지역 19가 {19 * number}로 가장 많습니다."
    )


class Keeper:
    """The demo model as one that summarises, without HTTP; it remembers what it was shown."""

    name = "keeper"

    def __init__(self) -> None:
        self.shown: list[str] = []
        self.units: list[int] = []

    def complete(
        self,
        messages: Sequence[Mapping[str, Any]],
        tools: Sequence[Mapping[str, Any]],
        on_text: OnText | None = None,  # noqa: ARG002 -- a summary is shown to nobody
    ) -> LLMResponse:
        """Keep what the demo model keeps."""
        self.shown.append(str(messages[-1]["content"]))
        self.units.append(units_of(self.shown[-1]))
        reply = plan_reply([dict(one) for one in messages], [dict(one) for one in tools])
        assert isinstance(reply, Calls)
        calls = tuple(ToolCall(id="k", name=c.name, arguments=c.arguments) for c in reply.calls)
        return LLMResponse("", calls, "tool_calls", Usage(1_000, 200))
