"""What goes out to Slack: within its tiers however much there is to say, and nothing lost.

Two bots share one Redis, and a Slack that refuses whatever comes too soon. They have more to say
than may be said: messages into two channels, changes of messages, and changes that show progress.
"""

import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from redis import Redis
from slack_sdk import WebClient

from app.bot_config import BotConfig
from app.cards import keep_cards_true
from app.places import Place
from app.settings import SlackSettings
from app.slack_gateway import SlackAway, SlackBusy, make_client, post, update
from app.slack_pace import Held, Pace
from app.views.notices import sentence
from bench.decisions import CHANNEL, TEAM, decided, request
from bench.figures import Figure
from sandbox.redis import start_redis
from sandbox.slack.server import SlackStandIn, start_slack
from sandbox.slack.tiers import MINUTE, PER_MINUTE
from sync.approvals import load_approval, show_card
from sync.errors import DiskFull
from sync.progress import Progress
from sync.runs import RunState, claim, finish, load_run, report_progress
from sync.state import connect_state

UPDATES_A_MINUTE = PER_MINUTE.get("chat.update", 50)
POSTS_A_MINUTE = 60
"""In one channel."""
CHANNELS = (CHANNEL, "C0SALES")
WRITERS = 4
"""Of each kind, for each of the two bots."""
WAIT_SECONDS = 60.0


def measure_outgoing(seconds: float, progress: int) -> list[Figure]:
    """Say as much as can be for *seconds*; and tell *progress* notes of one run by its card."""
    server = start_redis()
    client = connect_state(server.url)
    try:
        with start_slack() as slack:
            slack.tiers.enforce()
            figures = _said(slack, client, seconds)
        client.flushdb()  # its buckets are empty now
        with start_slack() as slack:
            return [*figures, _coalesced(slack, client, progress)]
    finally:
        client.close()
        server.stop()


class _Tally:
    """When which calls were taken, and what became of those that had to wait."""

    def __init__(self) -> None:
        self.taken: dict[str, list[float]] = defaultdict(list)
        self.held: Counter[tuple[str, Held]] = Counter()
        self.longest_wait = 0.0

    def bot(self, slack: SlackStandIn, client: Redis) -> WebClient:
        """Give the client of one more bot."""
        tokens = {"bot_token": slack.bot_token, "app_token": "xapp-1", "api_url": slack.api_url}

        def held(method: str, what: Held, seconds: float) -> None:
            self.held[(method, what)] += 1
            self.longest_wait = max(self.longest_wait, seconds)

        return make_client(SlackSettings.model_validate(tokens), pace=Pace(client, held))

    def most_in_a_minute(self, name: str) -> int:
        """Count the calls of the busiest minute."""
        moments = sorted(self.taken[name])
        return max((sum(0 <= one - at < MINUTE for one in moments) for at in moments), default=0)


def _said(slack: SlackStandIn, client: Redis, seconds: float) -> list[Figure]:
    tally = _Tally()
    bots = [tally.bot(slack, client) for _ in range(2)]
    texts: set[str] = set()
    stop = time.monotonic() + seconds

    def tell(name: str, say: Callable[[str], object]) -> None:
        """Say one thing after the other; what is not taken is said again, as by the inbox."""
        number = 0
        while time.monotonic() < stop:
            number += 1
            words = f"{name} {threading.get_ident()} {number}"
            while not _taken(say, words):
                time.sleep(0.2)
            tally.taken[name].append(time.monotonic())
            texts.add(words)

    def show(bot: WebClient, ts: str) -> None:
        while time.monotonic() < stop:
            try:
                update(bot, CHANNEL, ts, sentence("progress"), is_progress=True)
                tally.taken["chat.update"].append(time.monotonic())
            except SlackBusy:
                time.sleep(0.05)

    with ThreadPoolExecutor(8 * WRITERS) as pool:
        for bot in bots:
            ts = post(bot, Place(TEAM, CHANNEL), sentence("first"))
            for _ in range(WRITERS):
                for channel in CHANNELS:
                    pool.submit(tell, channel, partial(_post, bot, Place(TEAM, channel)))
                pool.submit(tell, "chat.update", partial(_change, bot, ts))
            pool.submit(show, bot, ts)
    seen = {
        version.text
        for channel in CHANNELS
        for one in slack.messages(channel)
        for version in slack.workspace.versions(channel, one.ts)
    }
    detail = {
        "seconds": seconds,
        "refused_by_slack": slack.tiers.refused.total(),
        "lost": len(texts - seen),
        "said": len(texts),
        "longest_wait_s": tally.longest_wait,
    }
    update_detail = {
        "progress_dropped": tally.held[("chat.update", "dropped")],
        "waited": tally.held[("chat.update", "waited")],
    }
    return [
        Figure(
            bench="outgoing_updates_a_minute",
            value=float(tally.most_in_a_minute("chat.update")),
            unit="calls",
            against="bound",
            other=float(UPDATES_A_MINUTE),
            detail={**detail, **update_detail},
        ),
        Figure(
            bench="outgoing_messages_a_minute_and_channel",
            value=float(max(tally.most_in_a_minute(one) for one in CHANNELS)),
            unit="calls",
            against="bound",
            other=float(POSTS_A_MINUTE),
            detail=detail,
        ),
    ]


def _post(bot: WebClient, place: Place, words: str) -> None:
    post(bot, place, sentence(words))


def _change(bot: WebClient, ts: str, words: str) -> None:
    update(bot, CHANNEL, ts, sentence(words))


def _taken(say: Callable[[str], object], words: str) -> bool:
    try:
        say(words)
    except SlackAway:
        return False
    return True


def _coalesced(slack: SlackStandIn, client: Redis, notes: int) -> Figure:
    """Tell *notes* of a run within ten seconds, and its end: how often its card was changed."""
    bot = _Tally().bot(slack, client)
    approval = request(client, f"{TEAM}:{CHANNEL}:{slack.post('U0MINJI', CHANNEL, 'a question')}")
    stop = threading.Event()
    deciders = BotConfig().deciders
    cards = threading.Thread(
        target=keep_cards_true, args=(client, bot, TEAM, deciders, "bench", stop)
    )
    cards.start()
    try:
        show_card(client, approval.id)
        while not (card := (load_approval(client, approval.id) or approval).card):
            time.sleep(0.01)
        decided(client, approval)
        run = load_run(client, approval.id)
        assert run is not None
        assert claim(client, run)
        began = time.monotonic()
        for number in range(1, notes + 1):
            told = Progress(
                table="SHOP.USERS",
                table_number=1,
                tables=1,
                rows=number,
                expected_rows=notes,
                seconds=1.0,
            )
            report_progress(client, run, told)
            time.sleep(max(began + 10 * number / notes - time.monotonic(), 0))
        ended = time.monotonic()
        finish(client, run, RunState.FAILED, DiskFull().failure)
        slack.wait_for(lambda one: "failed" in str(one.blocks), WAIT_SECONDS)
        shown_after = time.monotonic() - ended
    finally:
        stop.set()
        cards.join()
    channel, _, ts = card.partition(":")
    return Figure(
        bench="updates_coalesced",
        value=float(len(slack.workspace.versions(channel, ts)) - 1),
        unit="updates",
        against="peer",
        other=float(notes + 3),
        detail={"progress_notes": notes, "end_shown_after_s": shown_after},
    )
