"""The Web API's `agents.sessions.*` methods.

https://docs.slack.dev/reference/methods/agents.sessions.setStatus and .rename, and
https://docs.slack.dev/ai/agent-sessions. Only an app that is declared an agent has sessions; that
adds `assistant:write` to its scopes, by which the stand-in knows one.
"""

from sandbox.slack.call import Call
from sandbox.slack.methods_streams import MAX_TITLE
from sandbox.slack.values import JsonObject
from sandbox.slack.workspace import SlackRefusal

STATUSES = ("active", "processing", "suspended", "closed")
STOP_EVENT = "agent_session_stopped"
NO_STOP = f"missing_{STOP_EVENT}_event_subscription"
"""The warning to an app that could not be told of a stop: people see no button then."""


def set_status(call: Call) -> JsonObject:
    """Begin the session of a thread, or change what it is at."""
    channel, thread_ts = _thread(call)
    status, who = call.required("status"), call.text("initiator_user_id")
    if status not in STATUSES:
        raise SlackRefusal("invalid_arguments", [f"[ERROR] status is none of {STATUSES}"])
    if who and who not in call.workspace.channel(channel).members:
        raise SlackRefusal("user_not_in_channel")
    title = _title(call.text("title"))
    call.state.assistant.set_session(channel, thread_ts, status, title, who)
    session = call.state.assistant.session(channel, thread_ts)
    answer: JsonObject = {
        "status": status,
        "agent_status": status,
        "title": session.title if session else title,
    }
    if not call.state.grants.is_subscribed_to(STOP_EVENT):
        answer |= {"warning": NO_STOP, "response_metadata": {"warnings": [NO_STOP]}}
    return answer


def rename(call: Call) -> JsonObject:
    """Give a session another title."""
    channel, thread_ts = _thread(call)
    title = _title(call.required("title"))
    if not call.state.assistant.rename_session(channel, thread_ts, title):
        raise SlackRefusal("not_authorized")
    return {"title": title}


def _thread(call: Call) -> tuple[str, str]:
    if not call.state.grants.has("assistant:write"):
        raise SlackRefusal("not_authorized")
    channel = call.channel_with_bot("channel_id")
    root = call.required("thread_ts")
    messages = call.workspace.messages(channel.id, root)
    if not any(message.ts == root for message in messages):
        raise SlackRefusal("thread_not_found")
    return channel.id, root


def _title(title: str) -> str:
    if len(title) > MAX_TITLE:
        raise SlackRefusal("invalid_arguments", [f"[ERROR] title is over {MAX_TITLE} characters"])
    return title.replace(":", "_")
