"""What people do with modals, the Home tab, slash commands and shortcuts."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar, cast

from sandbox.slack.delivery import Ack, Delivery
from sandbox.slack.interactions import (
    block_suggestion,
    global_shortcut,
    message_shortcut,
    slash_command,
    view_actions,
    view_closed,
    view_submission,
)
from sandbox.slack.limits_views import ready_view
from sandbox.slack.people import People, button_named, control_named
from sandbox.slack.responses import answer_by_url, says_something
from sandbox.slack.values import JsonObject, User
from sandbox.slack.view_state import check_complete, chosen, fill
from sandbox.slack.workspace import SlackRefusal

T = TypeVar("T")
MOST_OPTIONS = 100
"""That Slack shows of a menu at once."""


class NoOpenView(LookupError):
    """The person has no modal open, or an app Home without anything in it."""


class BadAnswer(ValueError):
    """Slack cannot use the app's answer; the person sees "We had some trouble connecting"."""


@dataclass(frozen=True, kw_only=True)
class Submitted:
    """What became of a submission: the app's ack, its errors by block id, and the view left."""

    ack: Ack
    errors: Mapping[str, str] = field(default_factory=dict[str, str])
    view: JsonObject | None = None


class Forms(People):
    """The people of a workspace, and what they do outside of messages."""

    # modals

    def view_of(self, user: str) -> JsonObject | None:
        """The modal before *user* as Slack keeps it, with what was entered so far, or None."""
        return self.state.views.top(user)

    def errors_of(self, user: str) -> Mapping[str, str]:
        """The errors that the modal before *user* shows, by block id."""
        view = self.view_of(user)
        return {} if view is None else self.state.views.errors(view["id"])

    def wait_for_view(
        self,
        user: str,
        predicate: Callable[[JsonObject], bool] = bool,
        timeout_seconds: float = 10.0,
    ) -> JsonObject:
        """The modal before *user*, once it is as *predicate* wants. Raises `NothingShown`."""
        views = self.state.views
        return views.wait_for(lambda: views.top(user), predicate, timeout_seconds)

    def enter(self, user: str, values: Mapping[str, Any]) -> None:
        """*user* fills in fields of their modal, by action id, block id or label."""
        view = self._open_view(user)
        self.state.views.enter(view["id"], fill(view, values))

    def look_up(self, user: str, menu: str, typed: str = "") -> Sequence[JsonObject]:
        """*user* types into a menu of their modal; gives the options the app offers for it.

        One of them is a value for `enter` and `submit`. Raises `BadAnswer` for what Slack refuses.
        """
        view = self._open_view(user)
        control = control_named(view["blocks"], menu)
        payload = block_suggestion(self.workspace.user(user), view, control, typed)
        ack = self._awaited(self._send("interactive", payload).ack, menu)
        found = cast("JsonObject", ack.payload or {}).get("options")
        if not isinstance(found, list) or len(cast("list[object]", found)) > MOST_OPTIONS:
            raise BadAnswer(f"the options of {menu} cannot be {found!r}")
        return cast("list[JsonObject]", found)

    def submit(self, user: str, values: Mapping[str, Any] | None = None) -> Submitted:
        """*user* fills in fields of their modal and submits it; see `enter` for *values*.

        What the ack says is done: `errors` are shown and kept, `update`, `push` and `clear` change
        the modal, nothing closes it. Raises `NoOpenView`, `NoSuchField`, `IncompleteForm` (nothing
        is sent), `NotAcknowledged`, and `BadAnswer` for an ack that Slack cannot use.
        """
        return self._awaited(self.begin_submit(user, values), "the submission")

    def begin_submit(
        self, user: str, values: Mapping[str, Any] | None = None
    ) -> "Future[Submitted]":
        """Like `submit`, without waiting for the ack."""
        self.enter(user, values or {})
        view = self._open_view(user)
        if view["submit"] is None:
            raise NoOpenView(f"the view {view['id']} cannot be submitted")
        check_complete(view, view["state"]["values"])
        trigger_id = self.state.tickets.new_trigger(user, view["id"])
        payload = view_submission(self.workspace.user(user), view, trigger_id)
        return _after(self._send("interactive", payload), lambda ack: self._settle(user, view, ack))

    def close_view(self, user: str, *, everything: bool = False) -> None:
        """*user* closes the modal on top, or all; told if the view has `notify_on_close`."""
        person, stack = self.workspace.user(user), self.state.views.stack(user)
        top = self._open_view(user)
        if everything or top["clear_on_close"]:
            self.state.views.clear(user)
            for view in reversed(stack):
                self._tell_closed(person, view, is_cleared=True)
        else:
            self.state.views.pop(user)
            self._tell_closed(person, top, is_cleared=False)

    def press_in_view(self, user: str, button: str, *, home: bool = False) -> Ack:
        """*user* presses a button of their modal, or with *home* of the Home tab."""
        view = self._seen_view(user, home=home)
        control = button_named(view["blocks"], button, view["id"])
        return self._act_in_view(user, view, control, None)

    def choose_in_view(self, user: str, control: str, value: object, *, home: bool = False) -> Ack:
        """*user* sets a menu, choice or date outside of an input block of their view."""
        view = self._seen_view(user, home=home)
        found = control_named(view["blocks"], control)
        state = chosen(found, value)
        entered = {found["block_id"]: {found["action_id"]: state}}
        self.state.views.enter(view["id"], entered)
        return self._act_in_view(user, self._seen_view(user, home=home), found, state)

    # the Home tab

    def open_home(self, user: str, tab: str = "home") -> None:
        """*user* opens the app's Home; *tab* is `home` or `messages`."""
        about: JsonObject = {
            "type": "app_home_opened",
            "user": user,
            "channel": self.workspace.open_dm(user).id,
            "tab": tab,
        }
        home = self.home_of(user)
        if tab == "home" and home is not None:
            about["view"] = home
        self._tell_now(about)

    def home_of(self, user: str) -> JsonObject | None:
        """What *user*'s Home tab shows, or None if nothing was published."""
        return self.state.views.home(user)

    def wait_for_home(
        self,
        user: str,
        predicate: Callable[[JsonObject], bool] = bool,
        timeout_seconds: float = 10.0,
    ) -> JsonObject:
        """*user*'s Home tab, once it is as *predicate* wants. Raises `NothingShown`."""
        views = self.state.views
        return views.wait_for(lambda: views.home(user), predicate, timeout_seconds)

    # commands and shortcuts

    def command(self, user: str, channel: str, command: str, text: str = "") -> Ack:
        """*user* calls a slash command, such as `/sync`. What the ack says is shown to them."""
        self.state.grants.require("commands")
        self._check_member(user, channel)
        tickets = self.state.tickets
        url = tickets.new_response_url(user, channel)
        payload = slash_command(
            user=self.workspace.user(user),
            channel=self.workspace.channel(channel),
            command=command,
            text=text,
            trigger_id=tickets.new_trigger(user),
            response_url=url,
        )

        def settle(ack: Ack) -> Ack:
            if says_something(ack.payload):
                target = replace(tickets.response_url(url.rpartition("/")[2]))
                answer_by_url(self.workspace, target, cast("JsonObject", ack.payload))
            return ack

        return self._awaited(_after(self._send("slash_commands", payload), settle), command)

    def shortcut(self, user: str, callback_id: str) -> Ack:
        """*user* uses a global shortcut."""
        self.state.grants.require("commands")
        payload = global_shortcut(
            self.workspace.user(user),
            callback_id,
            self.state.tickets.new_trigger(user),
            self.workspace.next_ts(),
        )
        return self._awaited(self._send("interactive", payload).ack, callback_id)

    def shortcut_on(self, user: str, channel: str, message_ts: str, callback_id: str) -> Ack:
        """*user* uses a shortcut on a message."""
        self.state.grants.require("commands")
        self._check_member(user, channel)
        tickets, message = self.state.tickets, self._shown(user, channel, message_ts, -1)
        payload = message_shortcut(
            user=self.workspace.user(user),
            callback_id=callback_id,
            channel=self.workspace.channel(channel),
            message=message,
            trigger_id=tickets.new_trigger(user),
            response_url=tickets.new_response_url(user, channel),
            action_ts=self.workspace.next_ts(),
        )
        return self._awaited(self._send("interactive", payload).ack, callback_id)

    def expire_triggers(self) -> None:
        """Let three seconds pass for every trigger_id so far."""
        self.state.tickets.expire_triggers()

    def _settle(self, user: str, view: JsonObject, ack: Ack) -> Submitted:
        """Do what the ack of a submission says."""
        views, answer = self.state.views, cast("Mapping[str, Any]", ack.payload or {})
        action = answer.get("response_action")
        if action == "errors":
            errors = cast("Mapping[str, str]", answer.get("errors") or {})
            inputs = {each["block_id"] for each in view["blocks"] if each["type"] == "input"}
            if not errors or not set(errors) <= inputs:
                raise BadAnswer(f"errors name {sorted(errors)}; the inputs are {sorted(inputs)}")
            views.refuse(view["id"], errors)
        elif action in ("update", "push"):
            self._show_answer(user, view, action, answer.get("view"))
        elif action == "clear":
            views.clear(user)
        elif action is None and not answer:
            views.pop(user)
        else:
            raise BadAnswer(f"an ack of a submission cannot be {ack.payload!r}")
        return Submitted(ack=ack, errors=views.errors(view["id"]), view=views.top(user))

    def _show_answer(self, user: str, view: JsonObject, action: str, given: Any) -> None:
        views = self.state.views
        if not isinstance(given, dict):
            raise BadAnswer(f"response_action {action} needs a view")
        try:
            ready = ready_view(cast("JsonObject", given), "modal")
            if action == "push":
                views.push(user, ready, view["id"])
            else:
                views.update(ready, view_id=view["id"], external_id="", hash_="")
        except SlackRefusal as refusal:
            raise BadAnswer(f"the view of response_action {action}: {refusal}") from refusal

    def _act_in_view(
        self, user: str, view: JsonObject, control: JsonObject, state: JsonObject | None
    ) -> Ack:
        is_modal = view["type"] == "modal"
        payload = view_actions(
            user=self.workspace.user(user),
            view=view,
            control=control,
            state=state,
            trigger_id=self.state.tickets.new_trigger(user, view["id"] if is_modal else None),
            action_ts=self.workspace.next_ts(),
        )
        return self._awaited(self._send("interactive", payload).ack, str(control["action_id"]))

    def _tell_closed(self, person: User, view: JsonObject, *, is_cleared: bool) -> None:
        if view["notify_on_close"]:
            self._send("interactive", view_closed(person, view, is_cleared=is_cleared))

    def _seen_view(self, user: str, *, home: bool) -> JsonObject:
        if not home:
            return self._open_view(user)
        view = self.home_of(user)
        if view is None:
            raise NoOpenView(f"nothing was published to the Home tab of {user}")
        return view

    def _open_view(self, user: str) -> JsonObject:
        view = self.view_of(user)
        if view is None:
            raise NoOpenView(f"{user} has no modal open")
        return view


def _after(delivery: Delivery, settle: Callable[[Ack], T]) -> "Future[T]":
    """What *settle* makes of the ack; its errors, and those of the delivery, are the future's."""
    settled: Future[T] = Future()

    def done(ack: "Future[Ack]") -> None:
        try:
            settled.set_result(settle(ack.result()))
        except (BadAnswer, SlackRefusal, TimeoutError) as error:
            settled.set_exception(error)

    delivery.ack.add_done_callback(done)
    return settled
