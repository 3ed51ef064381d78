"""What somebody asks about is found again by them, and by nobody once it is forgotten."""

from collections.abc import Callable

from redis import Redis

from agent.deps import AnalystDeps, Caller
from agent.no_model import NoModel
from agent.service import change_words, forget_thread, make_analyst, run_analyst_turn
from agent.threads import MOST_KEPT, note_thread, threads_of
from sync.state import moment_of

ANALYST = make_analyst(NoModel())
FIRST, SECOND = "T1:C1:1700.0001", "T1:D2:1700.0002"


def titles(redis: Redis, user: str) -> list[tuple[str, str]]:
    return [(one.thread, one.title) for one in threads_of(redis, "T1", user)]


def test_threads_are_listed_newest_first_for_each_who_asked_and_gone_once_forgotten(
    redis: Redis, make_deps: Callable[..., AnalystDeps]
) -> None:
    def ask(user: str, thread: str, text: str, source: str) -> None:
        deps = make_deps(caller=Caller("T1", user, "C1"), thread=thread)
        run_analyst_turn(ANALYST, deps, text, source, lambda _: None)

    ask("UMINA", FIRST, "list\n ", "m1")
    ask("UMINA", SECOND, "status", "m2")
    ask("UJUNHO", FIRST, "status", "m3")
    assert titles(redis, "UMINA") == [(SECOND, "status"), (FIRST, "list")]
    assert titles(redis, "UJUNHO") == [(FIRST, "list")]
    ask("UMINA", FIRST, "status", "m4")
    newest = threads_of(redis, "T1", "UMINA")[0]
    assert newest.thread == FIRST
    assert abs((moment_of(redis) - newest.asked_at).total_seconds()) < 60

    # Words that are edited or taken back do not stand in the list either.
    assert change_words(ANALYST, redis, FIRST, "m3", "list", "c0")
    assert change_words(ANALYST, redis, FIRST, "m1", "which tables?", "c1")
    assert titles(redis, "UJUNHO") == [(FIRST, "which tables?")]
    assert change_words(ANALYST, redis, FIRST, "m1", "", "c2")
    assert titles(redis, "UJUNHO") == [(FIRST, "")]

    forget_thread(redis, FIRST)
    assert titles(redis, "UMINA") == [(SECOND, "status")]
    ask("UJUNHO", FIRST, "list", "m9")  # begun anew: it is not Mina's again
    assert titles(redis, "UMINA") == [(SECOND, "status")]


def test_no_more_are_kept_than_anybody_looks_at(redis: Redis) -> None:
    for number in range(MOST_KEPT + 5):
        note_thread(redis, f"T1:C1:{number}", "UMINA", "a question", keep_days=30)
        redis.set(f"duckferry:1:T1:thread:C1:{number}", "a log")
    kept = [one.thread for one in threads_of(redis, "T1", "UMINA")]
    assert len(kept) == MOST_KEPT
    assert kept[0] == "T1:C1:54"
    assert redis.ttl("duckferry:1:T1:threads:UMINA") > 29 * 86_400
