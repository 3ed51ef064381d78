"""Slack limits, fails or falls silent at any call of a sync: the story still ends true."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from sandbox.slack.faults import ANY_METHOD, Faults
from sync.runs import RunState
from tests.story.ends import ends_well, press_if_open
from tests.story.stages import STAGES, until_stage
from tests.story.world import shown, world

SILENT_SECONDS = 16.0
"""Longer than the bot waits for an answer."""
METHODS = (ANY_METHOD, "chat.postMessage", "chat.update", "reactions.add")
"""Whatever is called next, and each method a sync calls."""
TROUBLES: dict[str, Callable[[Faults, str], None]] = {
    "limited": lambda faults, method: faults.rate_limit(method, retry_after_seconds=1),
    "limited_again": lambda faults, method: faults.rate_limit(method, 1, times=5),
    "failed": lambda faults, method: faults.server_error(method, times=3),
    "cut": lambda faults, method: faults.time_out(method, 0.05, times=3),
    "lost_answer": lambda faults, method: faults.time_out(method, 0.05, does_deed=True),
    "silent": lambda faults, method: faults.time_out(method, SILENT_SECONDS),
}


@pytest.mark.timeout(3600)
@pytest.mark.parametrize(
    ("trouble", "stages", "methods"),
    [
        ("limited", ("decided",), (ANY_METHOD,)),
        *(
            pytest.param(name, STAGES, METHODS, id=name, marks=pytest.mark.sweep)
            for name in TROUBLES
            if name != "silent"
        ),
        pytest.param("silent", STAGES, (ANY_METHOD,), id="silent", marks=pytest.mark.sweep),
    ],
)
def test_a_slack_in_trouble_has_one_card_one_answer_and_one_run_in_the_end(
    trouble: str,
    stages: tuple[str, ...],
    methods: tuple[str, ...],
    tmp_path: Path,
    tell_sweep: Callable[..., None],
) -> None:
    at, unmet, twice = Counter[str](), 0, 0
    most = 2 if trouble == "lost_answer" else 1
    with world(tmp_path) as bot:
        for method in methods:
            for wanted in stages:
                asked = bot.ask("USERS 테이블 동기화 해줘")
                stage, _ = until_stage(
                    bot, asked, wanted, lambda asked=asked: press_if_open(bot, asked)
                )
                TROUBLES[trouble](bot.sandbox.slack.faults, method)
                at[stage] += 1
                ended = ends_well(bot, asked)
                assert ended.run.state is RunState.PUBLISHED
                answers = [one for one in bot.said(asked) if "마쳤습니다" in shown(one)]
                # Slack has no way to say the same thing once: where it took a message and its
                # answer was lost, the message may stand twice. Never more, and both are true.
                assert len(answers) <= most
                assert ended.second_cards < most
                twice += ended.second_cards + len(answers) - 1
                unmet += bot.sandbox.slack.faults.take(method) is not None
                bot.sandbox.slack.faults.clear()
    tell_sweep(
        sweep=f"slack_{trouble}", seed=0, cases=at.total(), at=at, said_twice=twice, unmet=unmet
    )
