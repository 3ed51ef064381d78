"""`botctl costs`: the ledger as a person reads it."""

import json
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from redis import Redis

from agent.ledger import PRICES, note_spent, spent_on
from agent.usage import Usage
from sync.state import OWNER
from tests.botctl import call_botctl


def test_costs_are_listed_and_added_up_and_a_missing_price_is_named(
    redis: Redis, redis_url: str, tmp_path: Path
) -> None:
    environ = {"REDIS_URL": redis_url, "WAREHOUSE_DIR": str(tmp_path)}
    empty = call_botctl(environ, "costs")
    assert (empty.returncode, empty.stdout) == (
        0,
        "The model was not called in the last 30 days.\n",
    )
    redis.set(OWNER, "T1")
    today = datetime.now(ZoneInfo("Asia/Seoul")).date()
    yesterday = today - timedelta(days=1)
    for day, user, model, usage in (
        (yesterday, "UMINA", "gpt-4o-mini", Usage(1_000_000, 1_000, 200_000)),
        (today, "UMINA", "gpt-4o-mini", Usage(2_000, 100)),
        (today, "UJUNHO", "house", Usage(500, 50)),
        (today - timedelta(days=40), "UMINA", "gpt-4o-mini", Usage(10, 10)),
    ):
        note_spent(redis, "T1", day, user, spent_on(PRICES, model, usage), 90)
    note_spent(redis, "local", today, "operator", spent_on(PRICES, "house", Usage(7, 1)), 90)

    listed = call_botctl(environ, "costs")
    assert listed.returncode == 0, listed.stderr
    first, *_, total, hint = listed.stdout.splitlines()
    assert first == (
        f"{yesterday}  UMINA  gpt-4o-mini  1 calls  1,000,000 read (200,000 cached)  "
        "1,000 written  $0.1356"
    )
    assert total.startswith("total  4 calls  1,002,507 read")
    assert total.endswith("$0.1360 (2 calls without a price)")
    assert hint.startswith("No price was known of house")

    by_user = call_botctl(environ, "costs", "--by", "user", "--days", "1", "--json")
    found = {one["user"]: one for one in map(json.loads, by_user.stdout.splitlines())}
    assert set(found) == {"UMINA", "UJUNHO", "operator"}
    assert found["UMINA"] == {
        "user": "UMINA",
        "calls": 1,
        "unpriced_calls": 0,
        "prompt_tokens": 2_000,
        "cached_tokens": 0,
        "completion_tokens": 100,
        "usd": 0.00036,
    }

    wrong = call_botctl(environ, "costs", "--days", "0")
    assert wrong.returncode == 2
    assert "--days" in wrong.stderr
