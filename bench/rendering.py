"""An answer with a 1,000-row result, drawn and written for Slack, beside its rows written alone."""

import json
import time

from agent.events import Basis, Said, TableShown
from app.views.answer import Reader, answer_message
from app.views.results import plainer
from bench.figures import Figure, interleaved, percentile

ROWS = 1_000
COLUMNS = {
    "주문번호": "BIGINT",
    "고객": "VARCHAR",
    "금액": "DECIMAL(14,2)",
    "주문시각": "TIMESTAMP WITH TIME ZONE",
    "상태": "VARCHAR",
    "비고": "VARCHAR",
}


def measure_rendering(repetitions: int) -> Figure:
    """Draw it *repetitions* times, as tables and as the text for a Slack that refuses them."""
    basis = Basis("SHOP.ORDERS", 1_000_000, "2026-11-22T05:03:00+00:00")
    rows = tuple(map(_row, range(ROWS)))
    table = TableShown(tuple(COLUMNS), rows, True, basis, tuple(COLUMNS.values()), "c1")
    events = (Said("최근 주문 1,000건입니다.", (basis,)), table)
    reader = Reader(timezone="Asia/Seoul", has_file=lambda _: True)

    def render() -> float:
        began = time.perf_counter()
        message = answer_message("ko", events, reader)
        assert message is not None
        for blocks in (message.blocks, plainer(message.blocks)):
            json.dumps(blocks)
        took = (time.perf_counter() - began) * 1000
        assert any(block["type"] == "data_table" for block in message.blocks)
        return took

    def write() -> float:
        began = time.perf_counter()
        json.dumps(rows)
        return (time.perf_counter() - began) * 1000

    first = render()
    found = interleaved({"render": render, "write": write}, repetitions)
    return Figure(
        bench=f"render_{ROWS}_rows",
        value=percentile(found["render"], 50),
        unit="ms",
        against="peer",
        other=percentile(found["write"], 50),
        detail={"p99": percentile(found["render"], 99), "first_of_a_process": first},
    )


def _row(number: int) -> tuple[object, ...]:
    moment = f"2026-11-{number % 28 + 1:02d}T{number % 24:02d}:00:00+00:00"
    return (number, f"고객 {number}", f"{number * 1234}.50", moment, "배송 완료", "설명 " * 10)
