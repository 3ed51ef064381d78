"""A Slack, a Redis, the listeners and the cards of one bot; Oracle is whatever the test says."""

import threading
import time
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from redis import Redis

from agent.deps import Language
from app.access import SeeIn, everywhere_whole
from app.bolt import LISTENERS, make_app
from app.bot_config import Approvals, BotConfig, SourceSection, TableSection
from app.cards import keep_cards_true
from app.desk import CardDesk
from app.groups import make_members, nobody_if_unknown
from app.listeners.clicks import ClickOutcome
from app.readers import make_is_outsider, make_people, make_readers_language
from app.settings import SlackSettings
from app.slack_gateway import make_client
from app.transport import make_transport
from app.unanswered import Unanswered
from app.workspace import learn_workspace
from sandbox.slack.server import SlackStandIn, start_slack
from sandbox.slack.values import BOT_USER_ID, TEAM_ID, Message
from sync.approvals import (
    Approval,
    ApprovalState,
    Request,
    load_approval,
    request_approval,
    show_card,
)
from sync.audit import read_audit
from sync.plan import Plan, Wish
from sync.runs import Run, load_run
from sync.state import new_id
from tests.app.parts import plan, shown

CHANNEL, MINJI, JUNHO, ALICE, EVE = "C0DATA", "U0MINJI", "U0JUNHO", "U0ALICE", "U0EVE"
SECONDS = 20.0
TABLES = ("ORDERS", "USERS", "STOCK", *(f"T{number}" for number in range(20)))
CONFIG = BotConfig(
    source=(SourceSection(name="main"),),
    table=tuple(TableSection(name=f"SHOP.{name}", max_rows=1_000_000) for name in TABLES),
    approvals=Approvals(approvers=frozenset({JUNHO}), expires_hours=1),
    admins=frozenset({ALICE}),
)

Planner = Callable[[tuple[Wish, ...], str], Plan]


def planned(wishes: tuple[Wish, ...], _asker: str) -> Plan:
    return plan(*(wish.ref.table for wish in wishes))


@dataclass(frozen=True)
class CardWorld:
    slack: SlackStandIn
    redis: Redis
    desk: CardDesk
    clicks: list[ClickOutcome]

    def ask(
        self,
        *tables: str,
        by: str = MINJI,
        seconds: int = 3600,
        language: Language = "en",
        wish: Callable[[Request], Request] = lambda request: request,
    ) -> tuple[Approval, Message]:
        """Ask in a thread of its own; gives the approval and its card."""
        thread = self.slack.post(by, CHANNEL, "a question")
        request = Request(
            id=new_id(TEAM_ID),
            plan=plan(*(tables or ("ORDERS",))),
            requested_by=by,
            thread=f"{TEAM_ID}:{CHANNEL}:{thread}",
            language=language,
        )
        approval = request_approval(self.redis, wish(request), expires_seconds=seconds)
        show_card(self.redis, approval.id)
        card = self.card(approval, "needs approval" if language == "en" else "승인 요청")
        self.until(lambda: self.now(approval).card is not None)
        return approval, card

    def card(self, approval: Approval, saying: str) -> Message:
        """Wait until a card in the approval's thread says something."""
        thread = approval.request.thread.rpartition(":")[2]
        return self.slack.wait_for(
            lambda m: m.user == BOT_USER_ID and m.thread_ts == thread and saying in shown(m.blocks),
            SECONDS,
        )

    def expired(self, approval: Approval) -> Message:
        """Wait until an approval's time is up, which whoever looks then notices."""
        self.until(lambda: self.now(approval).state is ApprovalState.EXPIRED)
        return self.card(approval, "has expired")

    def replies(self, approval: Approval) -> list[Message]:
        """All that the bot has said for all to see in an approval's thread."""
        thread = approval.request.thread.rpartition(":")[2]
        return [
            m
            for m in self.slack.messages(CHANNEL, thread)
            if m.user == BOT_USER_ID and m.ephemeral_to is None
        ]

    def press(self, user: str, card: Message, button: str, version: int = -1) -> None:
        self.slack.press(user, card.channel, card.ts, button, version)

    def whispered(self, user: str, saying: str) -> str:
        found = self.slack.wait_for(
            lambda m: m.ephemeral_to == user and saying in (shown(m.blocks) or m.text), SECONDS
        )
        return shown(found.blocks) or found.text

    def now(self, approval: Approval) -> Approval:
        found = load_approval(self.redis, approval.id)
        assert found is not None
        return found

    def run(self, approval: Approval) -> Run:
        found = load_run(self.redis, approval.id)
        assert found is not None
        return found

    def audit(self, approval: Approval) -> list[tuple[str, str]]:
        """What the audit has of an approval: what happened, by whom."""
        entries = read_audit(self.redis, TEAM_ID)
        return [(one.what, one.who) for one in entries if one.subject == approval.id]

    def until(self, happens: Callable[[], bool]) -> None:
        deadline = time.monotonic() + SECONDS
        while not happens():
            assert time.monotonic() < deadline
            time.sleep(0.01)


@contextmanager
def card_world(
    redis: Redis,
    config: BotConfig = CONFIG,
    planner: Planner = planned,
    sweep_seconds: float = 30.0,
    warehouse: Path | None = None,
    see: SeeIn = everywhere_whole,
    *,
    by_locale: bool = False,
) -> Generator[CardWorld]:
    """Listeners over Socket Mode and cards kept true, until the end of the block."""
    stop, clicks = threading.Event(), list[ClickOutcome]()
    with start_slack() as slack, ThreadPoolExecutor(LISTENERS) as listeners:
        tokens = {
            "bot_token": slack.bot_token,
            "app_token": slack.app_token,
            "api_url": slack.api_url,
        }
        settings = SlackSettings.model_validate(tokens)
        client = make_client(settings)
        groups, workspace, people = (
            nobody_if_unknown(make_members(client)),
            learn_workspace(client),
            make_people(client),
        )
        desk = CardDesk(
            redis,
            config,
            plan=planner,
            groups=groups,
            warehouse=warehouse,
            readers_language=make_readers_language(people) if by_locale else lambda _: None,
            see=see,
            workspace=workspace,
            is_outsider=make_is_outsider(people, workspace),
        )
        app = make_app(settings, redis, client, config, listeners, clicks.append, desk)
        transport = make_transport(app, settings, Unanswered())
        cards = threading.Thread(
            target=keep_cards_true,
            args=(redis, client, TEAM_ID, config.deciders, "bot", stop, desk, sweep_seconds),
        )
        transport.open()
        cards.start()
        try:
            yield CardWorld(slack, redis, desk, clicks)
        finally:
            stop.set()
            transport.close()
            cards.join(SECONDS)


def buttons(message: Message) -> list[str]:
    """The action ids of a card's buttons."""
    rows = [block for block in message.blocks if block["type"] == "actions"]
    return [button["action_id"] for row in rows for button in row["elements"]]


def changed(config: BotConfig, **approvals: object) -> BotConfig:
    """A configuration with other rules about who decides."""
    return config.model_copy(
        update={"approvals": config.approvals.model_copy(update=dict(approvals))}
    )


def narrowed(what: Plan, rows: Sequence[int]) -> Plan:
    """A plan with other ceilings."""
    tables = tuple(
        table.model_copy(update={"max_rows": most})
        for table, most in zip(what.tables, rows, strict=True)
    )
    return what.model_copy(update={"tables": tables})
