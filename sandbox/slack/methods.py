"""The Web API methods the stand-in knows, by name. A method that is not here does not exist.

Each is one function of a `Call`: arguments in, answer out, state in `Call.state`. Refusals are
`SlackRefusal` with Slack's own error codes (https://docs.slack.dev/reference/methods). Which scope
each needs stands in `sandbox.slack.scopes`.
"""

from collections.abc import Callable, Mapping

from sandbox.slack import (
    methods_chat,
    methods_files,
    methods_people,
    methods_sessions,
    methods_streams,
    methods_views,
)
from sandbox.slack.call import Call
from sandbox.slack.values import JsonObject

METHODS: Mapping[str, Callable[[Call], JsonObject]] = {
    "auth.test": methods_people.auth_test,
    "apps.connections.open": methods_people.apps_connections_open,
    "users.info": methods_people.users_info,
    "usergroups.list": methods_people.usergroups_list,
    "usergroups.users.list": methods_people.usergroups_users_list,
    "conversations.open": methods_people.conversations_open,
    "conversations.info": methods_people.conversations_info,
    "conversations.members": methods_people.conversations_members,
    "conversations.history": methods_people.conversations_history,
    "conversations.replies": methods_people.conversations_replies,
    "chat.postMessage": methods_chat.post_message,
    "chat.postEphemeral": methods_chat.post_ephemeral,
    "chat.update": methods_chat.update,
    "chat.delete": methods_chat.delete,
    "chat.getPermalink": methods_chat.get_permalink,
    "chat.startStream": methods_streams.start,
    "chat.appendStream": methods_streams.append,
    "chat.stopStream": methods_streams.stop,
    "reactions.add": methods_chat.reactions_add,
    "reactions.remove": methods_chat.reactions_remove,
    "files.getUploadURLExternal": methods_files.get_upload_url,
    "files.completeUploadExternal": methods_files.complete_upload,
    "files.info": methods_files.info,
    "assistant.threads.setStatus": methods_streams.set_status,
    "assistant.threads.setTitle": methods_streams.set_title,
    "assistant.threads.setSuggestedPrompts": methods_streams.set_suggested_prompts,
    "agents.sessions.setStatus": methods_sessions.set_status,
    "agents.sessions.rename": methods_sessions.rename,
    "views.open": methods_views.views_open,
    "views.push": methods_views.views_push,
    "views.update": methods_views.views_update,
    "views.publish": methods_views.views_publish,
}
APP_TOKEN_METHODS = frozenset({"apps.connections.open"})
