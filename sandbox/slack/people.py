"""What people do with messages, channels and files, and what Slack tells the app of it."""

from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from typing import TypeVar

from sandbox.slack.call import State
from sandbox.slack.delivery import Ack, Delivery, Kind, NotAcknowledged
from sandbox.slack.files import StoredFile, file_json
from sandbox.slack.interactions import block_actions
from sandbox.slack.methods_sessions import STOP_EVENT
from sandbox.slack.payloads import Event, new_event
from sandbox.slack.values import (
    BOT_MENTION,
    BOT_NAME,
    BOT_USER_ID,
    TEAM_ID,
    JsonObject,
    Message,
    Reaction,
)
from sandbox.slack.view_state import BUTTONS, NoSuchField, chosen, controls_of
from sandbox.slack.workspace import SlackRefusal, Workspace

PRESS_SECONDS = 15.0
"""How long a press waits for an app that is not connected; a connected one has 3 seconds."""

T = TypeVar("T")


class NoSuchButton(LookupError):
    """The message or view shows no button of that name; the error lists the ones it shows."""


class People:
    """The people of a workspace. What they do reaches the app by *send* and *tell*."""

    press_seconds = PRESS_SECONDS

    def __init__(
        self,
        state: State,
        send: Callable[[Kind, JsonObject], Delivery],
        tell: Callable[[Event], None],
    ) -> None:
        self.state = state
        self.workspace: Workspace = state.workspace
        self._send = send
        self._tell_event = tell

    # messages

    def post(self, user: str, channel: str, text: str, thread_ts: str | None = None) -> str:
        """*user* says something; `@Duckferry` becomes a mention. Returns its ts."""
        self._check_member(user, channel)
        text = _mentioning(text)
        return self.workspace.post(channel=channel, user=user, text=text, thread_ts=thread_ts).ts

    def direct_message(self, user: str, text: str, thread_ts: str | None = None) -> str:
        """*user* writes to the bot alone. Returns its ts; the channel is `dm_id(user)`."""
        return self.post(user, self.workspace.open_dm(user).id, text, thread_ts)

    def edit(self, user: str, channel: str, ts: str, text: str) -> None:
        """*user* changes what they said. A mention that is new is told as `app_mention` too."""
        self._check_author(user, channel, ts)
        self.workspace.edit(channel, ts, text=_mentioning(text))

    def delete(self, user: str, channel: str, ts: str) -> None:
        """*user* takes back what they said."""
        self._check_author(user, channel, ts)
        self.workspace.delete(channel, ts)

    def react(self, user: str, channel: str, ts: str, name: str) -> None:
        """*user* puts an emoji on a message; told to an app that has `reactions:read`."""
        self._check_member(user, channel)
        self.workspace.react(channel, ts, Reaction(name=name, user=user), present=True)

    def unreact(self, user: str, channel: str, ts: str, name: str) -> None:
        """*user* takes their emoji off a message."""
        self._check_member(user, channel)
        self.workspace.react(channel, ts, Reaction(name=name, user=user), present=False)

    # files

    def upload(
        self,
        user: str,
        channel: str,
        name: str,
        content: bytes,
        text: str = "",
        thread_ts: str | None = None,
    ) -> str:
        """*user* shares a file with a comment. Returns the message's ts."""
        self._check_member(user, channel)
        file = self.state.files.add(user, name, content)
        message = self.workspace.post(
            channel=channel,
            user=user,
            text=_mentioning(text),
            thread_ts=thread_ts,
            files=(file_json(file, self.state.tickets.base_url),),
            subtype="file_share",
        )
        self.state.files.share(file.id, message)
        return message.ts

    def delete_file(self, user: str, file_id: str) -> None:
        """*user* deletes a file of theirs, everywhere it is shared."""
        if self.file_of(file_id).user != user:
            raise SlackRefusal("cant_delete_file")
        self.state.files.remove(file_id)
        self._tell_now({"type": "file_deleted", "file_id": file_id})

    def file_of(self, file_id: str) -> StoredFile:
        """A file by its id: `content` is its bytes, `shares` where it is shown."""
        return self.state.files.file(file_id)

    def files(self) -> tuple[StoredFile, ...]:
        """All files, oldest first."""
        return self.state.files.all()

    # sessions

    def stop_session(self, user: str, channel: str, thread_ts: str) -> None:
        """*user* presses Slack's own Stop below a thread; the streams in it end at once.

        Raises `NoSuchButton`: it is there while the session is `processing`, and the app has asked
        to be told.
        """
        self._check_member(user, channel)
        session = self.state.assistant.session(channel, thread_ts)
        if session is None or session.status != "processing":
            raise NoSuchButton(f"no session is processing in {channel}:{thread_ts}")
        if not self.state.grants.is_subscribed_to(STOP_EVENT):
            raise NoSuchButton(f"the app is not subscribed to {STOP_EVENT}")
        stopped: list[str] = []
        for stream in self.state.assistant.streams(channel):
            if self.workspace.message(channel, stream.ts).thread_ts == thread_ts:
                self.state.assistant.end(channel, stream.ts)
                self.workspace.edit(channel, stream.ts, is_streaming=False)
                stopped.append(stream.ts)
        where = {"channel": channel, "thread_ts": thread_ts, "streaming_message_ts": stopped}
        self._tell_now({"type": STOP_EVENT, "user": user, **where})

    # channels

    def join(self, user: str, channel: str, inviter: str | None = None) -> None:
        """*user*, or the bot when *user* is its id, joins a channel, invited or by themselves."""
        members = self.workspace.channel(channel).members
        if user in members:
            raise SlackRefusal("already_in_channel")
        joined = self.workspace.change_channel(channel, members=(*members, user))
        about: JsonObject = {
            "type": "member_joined_channel",
            "user": user,
            "channel": channel,
            "channel_type": "G" if joined.is_private else "C",
            "team": TEAM_ID,
        }
        if inviter:
            about["inviter"] = inviter
        if BOT_USER_ID in joined.members:
            self._tell_now(about, channel)
        text, subtype = f"<@{user}> has joined the channel", "channel_join"
        self.workspace.post(channel=channel, user=user, text=text, subtype=subtype)

    def leave(self, user: str, channel: str) -> None:
        """*user*, or the bot, leaves a channel or is removed from it."""
        members = self.workspace.channel(channel).members
        self._check_member(user, channel)
        left = self.workspace.change_channel(
            channel, members=tuple(each for each in members if each != user)
        )
        if BOT_USER_ID in left.members:
            kind = "G" if left.is_private else "C"
            about = {"type": "member_left_channel", "user": user, "channel": channel}
            self._tell_now({**about, "channel_type": kind, "team": TEAM_ID}, channel)

    # controls of messages

    def press(
        self, user: str, channel: str, message_ts: str, button: str, version: int = -1
    ) -> Ack:
        """*user* presses the button with this action id or label.

        *version* picks what the person was looking at: 0 is the message as first posted, -1 as it
        is now. Raises `NoSuchButton`, and `NotAcknowledged` where Slack shows a warning triangle.
        """
        delivery = self.begin_press(user, channel, message_ts, button, version)
        return self._awaited(delivery.ack, f"the press of {button!r}")

    def begin_press(
        self, user: str, channel: str, message_ts: str, button: str, version: int = -1
    ) -> Delivery:
        """Like `press`, without waiting for the ack."""
        shown = self._shown(user, channel, message_ts, version)
        control = button_named(shown.blocks, button, shown.ts)
        return self._act(user, shown, control, None)

    def choose(self, user: str, channel: str, message_ts: str, control: str, value: object) -> Ack:
        """*user* sets a menu, choice or date of a message, found by its action id.

        *value* is an option's value or text, an id or a date; a list where several are chosen.
        """
        shown = self._shown(user, channel, message_ts, -1)
        found = control_named(shown.blocks, control)
        delivery = self._act(user, shown, found, chosen(found, value))
        return self._awaited(delivery.ack, f"the choice in {control!r}")

    def _act(
        self, user: str, shown: Message, control: JsonObject, state: JsonObject | None
    ) -> Delivery:
        tickets = self.state.tickets
        payload = block_actions(
            user=self.workspace.user(user),
            channel=self.workspace.channel(shown.channel),
            message=shown,
            control=control,
            state=state,
            trigger_id=tickets.new_trigger(user),
            response_url=tickets.new_response_url(user, shown.channel, shown),
            action_ts=self.workspace.next_ts(),
        )
        return self._send("interactive", payload)

    def _shown(self, user: str, channel: str, ts: str, version: int) -> Message:
        self.workspace.user(user)
        self.workspace.message(channel, ts)
        shown = self.workspace.versions(channel, ts)[version]
        if shown.ephemeral_to not in (None, user):
            raise SlackRefusal("message_not_found")
        return shown

    def _awaited(self, future: Future[T], what: str) -> T:
        try:
            return future.result(self.press_seconds)
        except FutureTimeoutError as late:
            raise NotAcknowledged(f"no app took {what}: {late}") from late

    def _tell_now(self, inner: JsonObject, channel: str | None = None) -> None:
        ts = self.workspace.next_ts()
        place = self.workspace.channel(channel) if channel else None
        self._tell_event(new_event({**inner, "event_ts": ts}, ts, place))

    def _check_member(self, user: str, channel: str) -> None:
        if user not in self.workspace.channel(channel).members:
            raise SlackRefusal("not_in_channel")

    def _check_author(self, user: str, channel: str, ts: str) -> None:
        if self.workspace.message(channel, ts).user != user:
            raise SlackRefusal("cant_update_message")


def button_named(
    blocks: "tuple[JsonObject, ...] | list[JsonObject]", name: str, on: str
) -> JsonObject:
    """The button with this action id or label. Raises `NoSuchButton`."""
    buttons = [each for each in controls_of(blocks) if each["type"] in BUTTONS]
    for button in buttons:
        if name in (button.get("action_id"), button["text"]["text"]):
            return button
    shown = ", ".join(f"{each['text']['text']} ({each.get('action_id')})" for each in buttons)
    raise NoSuchButton(f"no button {name!r} on {on}; it shows: {shown or 'no buttons'}")


def control_named(
    blocks: "tuple[JsonObject, ...] | list[JsonObject]", action_id: str
) -> JsonObject:
    """The menu, choice or date with this action id. Raises `NoSuchField`."""
    controls = [each for each in controls_of(blocks) if each["type"] not in BUTTONS]
    for control in controls:
        if control.get("action_id") == action_id:
            return control
    shown = ", ".join(str(each.get("action_id")) for each in controls)
    raise NoSuchField(f"nothing to choose in is called {action_id!r}; there is: {shown or 'none'}")


def _mentioning(text: str) -> str:
    return text.replace(f"@{BOT_NAME}", BOT_MENTION)
