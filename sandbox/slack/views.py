"""The views people have before them: a stack of modals each, and the Home tab.

https://docs.slack.dev/surfaces/modals: at most three views on top of each other; a view may be
updated with the hash it was read with, so that two updates cannot cross.
"""

import secrets
import time
from collections.abc import Callable, Mapping
from threading import Condition

from sandbox.slack.values import APP_ID, BOT_ID, TEAM_ID, JsonObject
from sandbox.slack.view_state import States, state_of
from sandbox.slack.workspace import SlackRefusal

MAX_STACK = 3
MAX_VIEWS = 50_000

Errors = Mapping[str, str]


class NothingShown(TimeoutError):
    """No view became as wanted in time."""


class Views:
    """Open modals and Home tabs by person. All methods may be called from any thread."""

    def __init__(self, on_change: Callable[[], None] = lambda: None) -> None:
        self._stacks: dict[str, list[JsonObject]] = {}
        self._homes: dict[str, JsonObject] = {}
        self._entered: dict[str, States] = {}
        self._errors: dict[str, Errors] = {}
        self._count = 0
        self._changed = Condition()
        self._on_change = on_change

    # what the app does

    def open(self, user: str, view: JsonObject) -> JsonObject:
        """Show a modal; what the person had open from this app goes."""
        with self._changed:
            self._check_external_id(view)
            shown = self._new(view)
            self._stacks[user] = [{**shown, "root_view_id": shown["id"]}]
            return self._noted(self._stacks[user][-1])

    def push(self, user: str, view: JsonObject, onto: str | None) -> JsonObject:
        """Put a modal on top of the one an interaction came from."""
        with self._changed:
            stack = self._stacks.get(user, [])
            if not stack or onto not in [each["id"] for each in stack]:
                raise SlackRefusal("not_found")
            if len(stack) >= MAX_STACK:
                raise SlackRefusal("push_limit_reached")
            self._check_external_id(view)
            below = {"root_view_id": stack[0]["root_view_id"], "previous_view_id": stack[-1]["id"]}
            stack.append({**self._new(view), **below})
            return self._noted(stack[-1])

    def update(self, view: JsonObject, *, view_id: str, external_id: str, hash_: str) -> JsonObject:
        """Replace what a view shows; what was entered under a known block id is kept."""
        with self._changed:
            old = self._find(view_id, external_id)
            if old["type"] != view["type"]:
                raise SlackRefusal("invalid_arguments", ["[ERROR] a view keeps its type"])
            if hash_ and hash_ != old["hash"]:
                raise SlackRefusal("hash_conflict")
            if view.get("external_id") != old["external_id"]:
                self._check_external_id(view)
            kept = ("id", "root_view_id", "previous_view_id")
            new = {**self._new(view), **{name: old[name] for name in kept}}
            self._errors.pop(old["id"], None)
            for shown in (*self._stacks.values(), self._homes):
                _replace(shown, old["id"], new)
            return self._noted(new)

    def publish(self, user: str, view: JsonObject, hash_: str) -> JsonObject:
        """Set what a person's Home tab shows."""
        with self._changed:
            old = self._homes.get(user)
            if hash_ and old and hash_ != old["hash"]:
                raise SlackRefusal("hash_conflict")
            new = self._new(view)
            view_id = old["id"] if old else new["id"]
            self._homes[user] = {**new, "id": view_id, "root_view_id": view_id}
            return self._noted(self._homes[user])

    # what people do

    def enter(self, view_id: str, states: States) -> None:
        """Remember what a person has put into the fields of a view."""
        with self._changed:
            known = self._entered.setdefault(view_id, {})
            for block_id, actions in states.items():
                known[block_id] = {**known.get(block_id, {}), **actions}

    def refuse(self, view_id: str, errors: Errors) -> None:
        """Show *errors* (texts by block id) in a view that was submitted."""
        with self._changed:
            self._errors[view_id] = dict(errors)
            self._tell()

    def pop(self, user: str) -> None:
        """Take the topmost modal away."""
        with self._changed:
            if self._stacks.get(user):
                self._stacks[user].pop()
            self._tell()

    def clear(self, user: str) -> None:
        """Take all modals of a person away."""
        with self._changed:
            self._stacks.pop(user, None)
            self._tell()

    # what can be seen

    def stack(self, user: str) -> tuple[JsonObject, ...]:
        """The modals of a person, the topmost last."""
        with self._changed:
            return tuple(self._with_state(view) for view in self._stacks.get(user, ()))

    def top(self, user: str) -> JsonObject | None:
        """The modal before a person, with what was entered so far, or None."""
        return (self.stack(user) or (None,))[-1]

    def home(self, user: str) -> JsonObject | None:
        """What a person's Home tab shows, or None if nothing was published."""
        with self._changed:
            home = self._homes.get(user)
            return None if home is None else self._with_state(home)

    def errors(self, view_id: str) -> Errors:
        """The errors a view shows since it was last submitted, by block id."""
        with self._changed:
            return self._errors.get(view_id, {})

    def wait_for(
        self,
        look: Callable[[], JsonObject | None],
        predicate: Callable[[JsonObject], bool],
        timeout_seconds: float,
    ) -> JsonObject:
        """The view that *look* finds, once it is as *predicate* wants. Raises `NothingShown`."""

        def found() -> JsonObject | None:
            view = look()
            return view if view is not None and predicate(view) else None

        with self._changed:
            view = self._changed.wait_for(found, timeout_seconds)
        if view is None:
            raise NothingShown(f"no view was as wanted in {timeout_seconds} s; shown: {look()}")
        return view

    def _new(self, view: JsonObject) -> JsonObject:
        if self._count >= MAX_VIEWS:
            raise SlackRefusal("fatal_error", [f"sandbox is full after {MAX_VIEWS} views"])
        self._count += 1
        defaults: JsonObject = {"private_metadata": "", "callback_id": "", "external_id": ""}
        return {
            **defaults,
            "clear_on_close": False,
            "notify_on_close": False,
            "title": None,
            "close": None,
            "submit": None,
            **view,
            "id": f"V{self._count:08d}",
            "team_id": TEAM_ID,
            "app_id": APP_ID,
            "app_installed_team_id": TEAM_ID,
            "bot_id": BOT_ID,
            "previous_view_id": None,
            "state": {"values": {}},
            "hash": f"{int(time.time())}.{secrets.token_hex(4)}",
        }

    def _find(self, view_id: str, external_id: str) -> JsonObject:
        for view in self._all():
            if view_id == view["id"] or (external_id and external_id == view["external_id"]):
                return view
        raise SlackRefusal("not_found")

    def _check_external_id(self, view: JsonObject) -> None:
        wanted = view.get("external_id")
        if wanted and wanted in [each["external_id"] for each in self._all()]:
            raise SlackRefusal("duplicate_external_id")

    def _all(self) -> list[JsonObject]:
        opened = [view for stack in self._stacks.values() for view in stack]
        return [*opened, *self._homes.values()]

    def _with_state(self, view: JsonObject) -> JsonObject:
        return {**view, "state": {"values": state_of(view, self._entered.get(view["id"], {}))}}

    def _tell(self) -> None:
        self._changed.notify_all()
        self._on_change()

    def _noted(self, view: JsonObject) -> JsonObject:
        self._tell()
        return self._with_state(view)


def _replace(
    shown: list[JsonObject] | dict[str, JsonObject], view_id: str, new: JsonObject
) -> None:
    if isinstance(shown, list):
        shown[:] = [new if each["id"] == view_id else each for each in shown]
    else:
        shown |= {user: new for user, each in shown.items() if each["id"] == view_id}
