"""The manifest asks for what the code uses, no more and no less, within Slack's limits."""

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from click.testing import CliRunner
from slack_sdk import WebClient

from app.cli.main import botctl
from app.listeners.shortcuts import ABOUT_A_MESSAGE, EVERYWHERE
from app.listeners.slash import COMMAND
from app.manifest import EVENTS, SCOPES, Asked, Size, build_manifest

ROOT = Path(__file__).resolve().parents[2]
SIZES: tuple[Size, ...] = get_args(Size)
URL = "https://bot.example.com"

#: What a bot token needs for a method; "" for none.
#: Source: https://docs.slack.dev/reference/methods/<method>, under "Required scopes".
SCOPE_OF_METHOD = {
    "agents_sessions_setStatus": "chat:write",
    "api_call": "",  # of app/slack_client.py: any of these
    "apps_connections_open": "",  # the app-level token's connections:write
    "assistant_threads_setSuggestedPrompts": "assistant:write",
    "assistant_threads_setStatus": "chat:write",  # since 2026-03-05
    "auth_test": "",
    "chat_appendStream": "chat:write",
    "chat_postEphemeral": "chat:write",
    "chat_postMessage": "chat:write",
    "chat_startStream": "chat:write",
    "chat_stopStream": "chat:write",
    "chat_update": "chat:write",
    "conversations_info": "channels:read groups:read mpim:read",  # by the channel's kind
    "files_upload_v2": "files:write",
    "reactions_add": "reactions:write",
    "reactions_remove": "reactions:write",
    "usergroups_users_list": "usergroups:read",
    "users_info": "users:read",
    "views_open": "",
    "views_publish": "",
}
#: What an event needs. Source: https://docs.slack.dev/reference/events/<event>.
SCOPE_OF_EVENT = {
    "agent_session_stopped": "",
    "app_home_opened": "",
    "app_mention": "app_mentions:read",
    "member_joined_channel": "channels:read groups:read",  # by the channel's kind
    "message.channels": "channels:history",
    "message.groups": "groups:history",
    "message.im": "im:history",
    "message.mpim": "mpim:history",
    "file_deleted": "files:read",
    "tokens_revoked": "",
    "app_uninstalled": "",
}
#: Calls whose refusal changes nothing else: see app/slack_gateway.py and app/doctor/slack.py. Of a
#: file it is said in its place.
DISPENSABLE = {
    "agents_sessions_setStatus",
    "assistant_threads_setSuggestedPrompts",
    "conversations_info",
    "files_upload_v2",
    "reactions_add",
    "reactions_remove",
    "usergroups_users_list",
    "users_info",
}


def scopes(size: Size) -> set[str]:
    return set(build_manifest(size)["oauth_config"]["scopes"]["bot"])


def events(size: Size) -> list[str]:
    return build_manifest(size)["settings"]["event_subscriptions"]["bot_events"]


def needed(methods: set[str], subscribed: list[str]) -> set[str]:
    asked = {scope for method in methods for scope in SCOPE_OF_METHOD[method].split()}
    asked |= {scope for event in subscribed for scope in SCOPE_OF_EVENT[event].split()}
    return asked - {""}


def commands(size: Size) -> list[dict[str, Any]]:
    return build_manifest(size)["features"].get("slash_commands", [])


def web_api_calls(source: str) -> Iterator[str]:
    """Yield the methods of Slack's client that *source* calls, `api_call` among them."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            name = node.func.attr
            if "_" in name.strip("_") and callable(getattr(WebClient, name, None)):
                yield name


def registered(source: str) -> Iterator[tuple[str, str]]:
    """Yield what *source* registers with Bolt, as kind and first argument: event, app_mention."""
    kinds = {"event", "action", "command", "view", "shortcut", "options", "function", "message"}
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            owner = node.func.value
            if isinstance(owner, ast.Name) and owner.id == "app" and node.func.attr in kinds:
                yield node.func.attr, ast.unparse(node.args[0]).strip("'\"") if node.args else ""


def sources() -> Iterator[str]:
    return (path.read_text(encoding="utf-8") for path in (ROOT / "app").rglob("*.py"))


def test_a_call_is_found() -> None:
    found = set(web_api_calls("x.y.chat_update(a=1)\nself.api_call('b')\nz.strip()\nz.is_open()"))
    assert found == {"chat_update", "api_call"}
    assert set(
        registered("app.event('a')(f)\n@app.command('/b')\ndef g(): ...\nnode.event(c)")
    ) == {
        ("event", "a"),
        ("command", "/b"),
    }


def test_the_full_size_asks_for_exactly_what_the_code_calls_and_hears() -> None:
    methods = {method for source in sources() for method in web_api_calls(source)}
    assert methods == set(SCOPE_OF_METHOD)
    assert scopes("full") == needed(methods, events("full")) | {"commands"}
    assert [each["command"] for each in commands("full")] == [COMMAND]


def test_the_minimal_size_leaves_out_only_what_the_bot_can_do_without() -> None:
    methods = set(SCOPE_OF_METHOD) - DISPENSABLE
    assert scopes("minimal") == needed(methods, events("minimal"))
    needed_anyway = ["app_mention", "message.im", "tokens_revoked", "app_uninstalled"]
    assert events("minimal") == [*needed_anyway, "app_home_opened"]
    assert commands("minimal") == []
    shortcuts = build_manifest("full")["features"]["shortcuts"]
    assert [one["callback_id"] for one in shortcuts] == [EVERYWHERE, ABOUT_A_MESSAGE]
    assert all(len(one["name"]) <= 24 and len(one["description"]) <= 150 for one in shortcuts)
    assert "shortcuts" not in build_manifest("minimal")["features"]


def test_the_events_are_those_that_are_listened_to() -> None:
    heard = {entry for source in sources() for entry in registered(source)}
    # What is for nobody is acknowledged all the same, which needs no part of the manifest.
    heard = {(kind, name) for kind, name in heard if name != "_ANY"}
    assert {name for kind, name in heard if kind == "event"} == {
        event.partition(".")[0] for event in events("full")
    }
    # Nothing is registered that would need a part of the manifest it does not have.
    assert {kind for kind, _ in heard} == {
        "event",
        "action",
        "view",
        "command",
        "options",
        "shortcut",
    }
    for size in SIZES:
        assert build_manifest(size)["settings"]["interactivity"]["is_enabled"] is True


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("url", [None, URL])
def test_it_obeys_slacks_limits(size: Size, url: str | None) -> None:
    manifest = build_manifest(size, url)
    shown, bot = manifest["display_information"], manifest["features"]["bot_user"]
    assert 1 <= len(shown["name"]) <= 35
    assert 1 <= len(shown["description"]) <= 140
    assert re.fullmatch(r"[a-z0-9._-]{1,80}", bot["display_name"])
    assert len(scopes(size)) <= 255
    assert len(events(size)) <= 100
    agent = manifest["features"].get("agent_view")
    assert (agent is not None) == ("assistant:write" in scopes(size)) == (size == "full")
    if agent:
        assert [set(prompt) for prompt in agent["suggested_prompts"]] == [{"title", "message"}] * 4
    assert set(manifest) == {"display_information", "features", "oauth_config", "settings"}


def test_socket_mode_has_no_address_and_http_has_one_for_both() -> None:
    socket, http = build_manifest()["settings"], build_manifest(url=URL)["settings"]
    assert socket["socket_mode_enabled"] is True
    assert "request_url" not in json.dumps(socket)
    assert http["socket_mode_enabled"] is False
    address = "https://bot.example.com/slack/events"
    assert http["event_subscriptions"]["request_url"] == address
    assert http["interactivity"]["request_url"] == address
    [command] = build_manifest(url=URL)["features"]["slash_commands"]
    assert command.pop("url") == http["interactivity"]["message_menu_options_url"] == address
    assert [command] == commands("full")
    for part in (socket, http):
        part.pop("socket_mode_enabled")
        for inner in ("event_subscriptions", "interactivity"):
            part[inner].pop("request_url", None)
        part["interactivity"].pop("message_menu_options_url", None)
    assert socket == http


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("https://a.example/", "https://a.example/slack/events"),
        ("https://a.example/bots/duck", "https://a.example/bots/duck/slack/events"),
        ("https://a.example/slack/events", "https://a.example/slack/events"),
        ("https://a.example/slack/events/", "https://a.example/slack/events"),
    ],
)
def test_an_address_may_be_given_with_or_without_its_path(url: str, address: str) -> None:
    assert build_manifest(url=url)["settings"]["interactivity"]["request_url"] == address


def test_an_address_without_tls_is_refused() -> None:
    with pytest.raises(ValueError, match="does not begin with https://"):
        build_manifest(url="http://bot.example.com")
    done = botctl_manifest("--url", "http://bot.example.com")
    assert done.exit_code == 2
    assert "does not begin with https://" in done.output


@pytest.mark.parametrize(
    ("options", "manifest"),
    [
        ((), build_manifest()),
        (("--size", "minimal"), build_manifest("minimal")),
        (("--size", "full", "--url", URL), build_manifest("full", URL)),
    ],
)
def test_the_command_prints_the_manifest_and_nothing_else(
    options: tuple[str, ...], manifest: dict[str, Any]
) -> None:
    done = botctl_manifest(*options)
    assert done.exit_code == 0
    assert json.loads(done.output) == manifest


@pytest.mark.parametrize("asked", [SCOPES, EVENTS])
def test_the_setup_page_tells_each_scope_and_event_and_why(asked: tuple[Asked, ...]) -> None:
    page = (ROOT / "docs" / "slack-setup.md").read_text(encoding="utf-8")
    title = "scope" if asked is SCOPES else "event"
    table = page.partition(f"\n| {title} |")[2].partition("\n\n")[0]
    told = re.findall(r"^\| `([\w:.]+)` \| (.+?) \| (\w+) \|$", table, re.MULTILINE)
    assert told == [(e.name, e.why, "both" if e.minimal else "full") for e in asked]


def botctl_manifest(*options: str) -> Any:
    return CliRunner().invoke(botctl, ["manifest", *options])
