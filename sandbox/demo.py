"""The product doing its main job on this machine, as a story; with a terminal, you go on with it.

Everything here is the product's real code: `botctl run` in a process of its own, the real Bolt app
over Socket Mode, the real Oracle driver over TCP, a real Redis. Slack, Oracle and the model are the
sandbox's stand-ins.
"""

import sys
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager

from sandbox.bot_process import BotNotStarted, running_bot, tail
from sandbox.oracle.faults import Fault
from sandbox.slack.delivery import NotAcknowledged
from sandbox.slack.payloads import buttons_of
from sandbox.slack.server import NoSuchButton, SlackStandIn
from sandbox.slack.transcript import change_lines, reader_of, view_lines
from sandbox.slack.values import BOT_USER_ID, Message
from sandbox.slack.views import NothingShown
from sandbox.slack.waiting import NothingMatched
from sandbox.start import Sandbox, start_sandbox

CHANNEL = "C0DATA"
MINJI, JUNHO, ALICE = "U0MINJI", "U0JUNHO", "U0ALICE"
STEP_SECONDS = 60.0
"""A step of the story that takes longer has failed."""
WINDOW_SECONDS = 5.0
"""Slack lets a bot open a window within three."""
SLOW_FETCHES, SLOW_SECONDS = 5, 0.9


def main() -> int:
    """Start everything, play the story, and hand over to the person if there is a terminal."""
    began = time.monotonic()
    print("Duckferry demo: Oracle, Slack and the model are local stand-ins; all else is real.")
    sandbox = start_sandbox()
    log = sandbox.directory / "bot.log"
    try:
        with running_bot(sandbox, log), _Printed(sandbox.slack).running() as printed:
            printed.say(f"Watch it and take part in a browser: {sandbox.slack.base_url}/")
            story(sandbox, printed)
            printed.say(f"\nThe story is told, in {time.monotonic() - began:.0f} s.")
            if sys.stdin.isatty() and sys.stdout.isatty():
                talk(sandbox.slack, printed)
    except BotNotStarted as error:
        print(f"\nThe bot did not start: {error}", file=sys.stderr)
        return 1
    except (NothingMatched, NoSuchButton, NotAcknowledged) as error:
        print(f"\nThe story broke off: {error}", file=sys.stderr)
        print(f"\nThe end of the bot's log:\n{tail(log)}", file=sys.stderr)
        return 1
    finally:
        sandbox.stop()
    return 0


def story(sandbox: Sandbox, printed: "_Printed") -> None:
    """Ask what a team asks: the state, a sync, a question that needs one, figures."""
    slack = sandbox.slack
    printed.chapter("1. 상태 묻기 / asking for the state")
    _answer(slack, slack.post(MINJI, CHANNEL, "@Duckferry 현재 상태 알려줘"))

    printed.chapter("2. 승인된 동기화 / a sync, approved by a button")
    asked = slack.post(MINJI, CHANNEL, "@Duckferry USERS 테이블 동기화 해줘")
    _press(slack, printed, asked, JUNHO, "sync.approve")
    _answer(slack, asked, saying="150건")
    printed.say("    (and the receipt in full, of which the card shows the short)")
    _press(slack, printed, asked, JUNHO, "sync.details")
    _show_window(slack, printed)

    printed.chapter("3. 테이블 목록 / listing tables")
    _answer(slack, slack.post(MINJI, CHANNEL, "@Duckferry 어떤 테이블이 있어?"))

    printed.chapter("4. 사본이 없는 질문 / a question whose data must be copied first")
    asked = slack.post(MINJI, CHANNEL, "@Duckferry ORDERS 테이블 몇 건이야?")
    printed.say("    (Oracle answers slowly from here, so that progress can be seen)")
    for fetch in range(1, SLOW_FETCHES + 1):
        sandbox.oracle.control.fault(
            Fault("stall", at_fetch=fetch, sql_contains='"ORDERS"', seconds=SLOW_SECONDS)
        )
    _press(slack, printed, asked, JUNHO, "sync.approve")
    _answer(slack, asked, saying="100,000건")
    sandbox.oracle.control.clear_faults()

    printed.chapter("5. 거절된 동기화 / a sync, refused")
    asked = slack.post(MINJI, CHANNEL, "@Duckferry PRODUCTS 테이블 동기화 해줘")
    _press(slack, printed, asked, JUNHO, "sync.reject")
    slack.wait_for_view(JUNHO)
    slack.submit(JUNHO, {"reason": "월말 마감 중 / month end"})
    _answer(slack, asked)

    printed.chapter("6. Questions in English, answered from the copy")
    asked = slack.post(ALICE, CHANNEL, "@Duckferry show me the top five customers by order amount")
    _answer(slack, asked, with_table=True)
    asked = slack.post(ALICE, CHANNEL, "@Duckferry how many orders were cancelled last week?")
    _answer(slack, asked)


def talk(slack: SlackStandIn, printed: "_Printed") -> None:
    """Let the person at the terminal write as 민지 and press buttons, as 준호, by number."""
    printed.say("\nYour turn: write to the bot as 민지. A number presses that button of the newest")
    printed.say(f"card, as 준호. All people and controls are at {slack.base_url}/. Ctrl-D ends.")
    while True:
        try:
            text = input().strip()
        except (EOFError, KeyboardInterrupt):
            return
        if text.isdigit():
            _press_by_number(slack, printed, int(text))
        elif text:
            slack.post(MINJI, CHANNEL, f"@Duckferry {text}")


def _answer(
    slack: SlackStandIn, asked: str, *, saying: str = "", with_table: bool = False
) -> Message:
    """Wait for the bot's own words in the thread of *asked*; cards and steps are none."""

    def answers(message: Message) -> bool:
        kinds = [block["type"] for block in message.blocks]
        return (
            _by_bot(message, asked)
            and "section" in kinds
            and "header" not in kinds
            and saying in str(message.blocks)
            and (not with_table or "table" in kinds)
        )

    return slack.wait_for(answers, STEP_SECONDS)


def _press(slack: SlackStandIn, printed: "_Printed", asked: str, user: str, action: str) -> None:
    """Wait for a card with buttons in the thread of *asked* and press one."""
    card = slack.wait_for(
        lambda message: _by_bot(message, asked) and bool(buttons_of(message)), STEP_SECONDS
    )
    labels = {button["action_id"]: button["text"]["text"] for button in buttons_of(card)}
    names = {person.id: person.real_name for person in slack.users()}
    printed.say(f"    ({names[user]} presses [{labels[action]}])")
    slack.press(user, CHANNEL, card.ts, action)


def _press_by_number(slack: SlackStandIn, printed: "_Printed", number: int) -> None:
    cards = [message for message in slack.messages(CHANNEL) if buttons_of(message)]
    buttons = buttons_of(cards[-1]) if cards else ()
    if not 1 <= number <= len(buttons):
        printed.say("There is no such button.")
        return
    action = str(buttons[number - 1]["action_id"])
    slack.press(JUNHO, CHANNEL, cards[-1].ts, action)
    if action == "sync.reject":
        slack.wait_for_view(JUNHO)
        slack.submit(JUNHO, {"reason": input("준호, why not? ").strip()})
    elif action == "sync.details":
        _show_window(slack, printed)
    elif action == "sync.edit":
        slack.wait_for_view(JUNHO)
        printed.say("A form opened in Slack; this terminal cannot fill it in, so it is closed.")
        slack.close_view(JUNHO)


def _show_window(slack: SlackStandIn, printed: "_Printed") -> None:
    """Print the window that opened for 준호, and close it; words in its place print themselves."""
    try:
        view = slack.wait_for_view(JUNHO, timeout_seconds=WINDOW_SECONDS)
    except NothingShown:
        return
    reader = reader_of(slack.users(), slack.channels())
    printed.say("\n".join(view_lines(view, reader)))
    slack.close_view(JUNHO)


def _by_bot(message: Message, asked: str) -> bool:
    return message.user == BOT_USER_ID and message.thread_ts == asked and not message.ephemeral_to


class _Printed:
    """The transcript on the terminal: each message as it appears, of an edited one what changed."""

    def __init__(self, slack: SlackStandIn) -> None:
        self._slack = slack
        self._reader = reader_of(slack.users(), slack.channels())
        self._last = 0
        self._shown = threading.Condition()
        self._bold = ("\x1b[1m", "\x1b[0m") if sys.stdout.isatty() else ("", "")

    @contextmanager
    def running(self) -> "Generator[_Printed]":
        """Print until the block ends."""
        stop = threading.Event()
        thread = threading.Thread(target=self._run, args=(stop,), name="transcript")
        thread.start()
        try:
            yield self
        finally:
            stop.set()
            thread.join()

    def say(self, line: str) -> None:
        """Print a line of the narrator's, after all that has happened so far."""
        version = self._slack.version()
        with self._shown:
            self._shown.wait_for(lambda: self._last >= version, STEP_SECONDS)
            print(line, flush=True)

    def chapter(self, title: str) -> None:
        """Begin a part of the story."""
        self.say(f"\n{self._bold[0]}== {title}{self._bold[1]}")

    def _run(self, stop: threading.Event) -> None:
        while not stop.is_set() or self._last < self._slack.version():
            for change in self._slack.changes(self._last, 0.2):
                with self._shown:
                    lines = change_lines(change, self._reader) if change.kind != "reacted" else []
                    print(*lines, sep="\n", end="\n" if lines else "", flush=True)
                    self._last = change.number
                    self._shown.notify_all()


if __name__ == "__main__":
    sys.exit(main())
