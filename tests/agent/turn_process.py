"""One turn in a process of its own, which a test kills: Redis, model and tables are outside."""

import sys
from datetime import date
from pathlib import Path

from agent.deps import AnalystDeps, Caller, Ruling, SchedulerStatus
from agent.llm import LLMClient, LLMConfig
from agent.service import make_analyst, run_analyst_turn
from sync.state import connect_state
from sync.warehouse.query_process import QueryLimits, open_queries
from tests.agent.conftest import USERS, Planner

THREAD, TEXT, SOURCE = "T1:C1:1700.0009", "USERS 파일로 주고 동기화해 줘", "m1"


def main() -> None:
    """Take the turn, or go on with it."""
    redis_url, base_url, api_key, root = sys.argv[1:]
    warehouse = Path(root)
    redis = connect_state(redis_url)
    with open_queries(warehouse, QueryLimits()) as queries:
        deps = AnalystDeps(
            redis=redis,
            warehouse=warehouse,
            queries=queries,
            offered=(USERS,),
            model_sees=lambda _: "rows",
            caller=Caller(team="T1", user="UMINA", channel="C1"),
            thread=THREAD,
            language="ko",
            today=date(2026, 11, 22),
            timezone="Asia/Seoul",
            plan_sync=Planner(),
            rule_on=lambda _: Ruling("ask", 1),
            schedule_status=lambda: SchedulerStatus(clock_running=True, schedules=()),
        )
        client = LLMClient(LLMConfig(api_key, base_url=base_url))
        result = run_analyst_turn(make_analyst(client), deps, TEXT, SOURCE, lambda _: None)
    sys.stdout.write(f"{result.action}\n")


if __name__ == "__main__":
    main()
