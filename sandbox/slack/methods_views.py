"""The Web API's `views.*` methods. None needs a scope."""

import json
from typing import Any, cast

from sandbox.slack.call import Call
from sandbox.slack.limits_views import ready_view
from sandbox.slack.values import JsonObject
from sandbox.slack.workspace import SlackRefusal


def views_open(call: Call) -> JsonObject:
    """Show a modal to whom the trigger belongs to, once per trigger."""
    trigger = call.state.tickets.trigger(call.required("trigger_id"))
    view = ready_view(_view(call), "modal")
    shown = call.state.views.open(trigger.user, view)
    trigger.exchanged = True
    return {"view": shown}


def views_push(call: Call) -> JsonObject:
    """Put a modal on top of the one in which the trigger was made."""
    trigger = call.state.tickets.trigger(call.required("trigger_id"))
    view = ready_view(_view(call), "modal")
    shown = call.state.views.push(trigger.user, view, trigger.view_id)
    trigger.exchanged = True
    return {"view": shown}


def views_update(call: Call) -> JsonObject:
    """Replace what an open modal shows, found by its id or its external id."""
    if not call.text("view_id") and not call.text("external_id"):
        raise SlackRefusal("invalid_arguments", ["[ERROR] missing required field: view_id"])
    given = _view(call)
    view = ready_view(given, "home" if given.get("type") == "home" else "modal")
    shown = call.state.views.update(
        view,
        view_id=call.text("view_id"),
        external_id=call.text("external_id"),
        hash_=call.text("hash"),
    )
    return {"view": shown}


def views_publish(call: Call) -> JsonObject:
    """Set someone's Home tab."""
    user = call.workspace.user(call.required("user_id"))
    view = ready_view(_view(call), "home")
    return {"view": call.state.views.publish(user.id, view, call.text("hash"))}


def _view(call: Call) -> JsonObject:
    view: Any = call.arguments.get("view")
    if isinstance(view, str):
        try:
            view = json.loads(view)
        except json.JSONDecodeError as error:
            raise SlackRefusal("invalid_arguments", [f"[ERROR] view: {error}"]) from error
    if not isinstance(view, dict):
        raise SlackRefusal("invalid_arguments", ["[ERROR] missing required field: view"])
    return cast("JsonObject", view)
