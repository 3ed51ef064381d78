"""The buttons of a card: one decision, and an answer to every click."""

import logging
import re
from collections.abc import Callable, Mapping
from typing import Any, cast

import redis
from slack_bolt import App
from slack_sdk import WebClient

from app.bot_config import Approvals, BotConfig
from app.slack_gateway import whisper
from app.texts import say, word_failure
from app.views.approval_card import APPROVE, REJECT, read_button_value
from app.views.text import person
from sync.approvals import Approval, Outcome, Verdict, decide, load_approval
from sync.jobs import enqueue
from sync.state import named_error, team_of

log = logging.getLogger(__name__)


def register(app: App, client: "redis.Redis", config: BotConfig) -> None:
    """Listen to the buttons."""

    def pressed(verdict: Verdict) -> Callable[..., None]:
        def listener(ack: Callable[[], None], body: Mapping[str, Any], client: WebClient) -> None:
            ack()
            try:
                answer = _decide(state, config, body, verdict)
            except Exception as error:  # a listener is an outer edge: every click is answered
                named = named_error(error)
                log.exception("a click failed: %s", named)
                answer = word_failure(config.language, named.failure)
            if answer:
                _tell(client, body, answer)

        return listener

    def unknown(ack: Callable[[], None], body: Mapping[str, Any], client: WebClient) -> None:
        ack()
        _tell(client, body, say(config.language, "click.inactive"))

    state = client
    app.action(APPROVE)(pressed("approve"))
    app.action(REJECT)(pressed("reject"))
    app.action(re.compile(".*"))(unknown)


def may_decide(approvals: Approvals, approval: Approval, user: str, verdict: Verdict) -> str | None:
    """Give None if *user* may decide so now, else the phrase that says why not."""
    asked_it = approval.request.requested_by == user
    if verdict == "reject" and asked_it:
        return None
    if user not in approvals.approvers:
        return "click.not_allowed" if approvals.approvers else "click.nobody"
    return "click.not_self" if asked_it and not approvals.self_approval else None


def _decide(
    client: "redis.Redis", config: BotConfig, body: Mapping[str, Any], verdict: Verdict
) -> str:
    """Decide, and give what to tell the person in private; nothing where the card shows it."""
    user = str(body["user"]["id"])
    approval_id, digest = read_button_value(str(body["actions"][0].get("value", "")))
    approval = load_approval(client, approval_id) if approval_id else None
    # An id is no secret: a click from another workspace decides nothing.
    if approval is None or team_of(approval_id) != _team(body):
        return say(config.language, "click.unknown")
    tables = approval.request.plan.tables
    if verdict == "approve" and any(table.ref not in config.offered for table in tables):
        return say(approval.request.language, "click.not_offered")
    refusal = may_decide(config.approvals, approval, user, verdict)
    outcome = decide(
        client, approval, digest=digest, user=user, verdict=verdict, may_decide=refusal is None
    )
    if outcome == "approved":
        try:
            enqueue(client, approval.id)
        except redis.RedisError as error:
            # It is decided all the same; the reconciler hands the run to a worker.
            log.warning("run %s is handed over later: %s", approval.id, type(error).__name__)
    if outcome in ("approved", "rejected"):
        return ""
    return _answer(client, config.approvals, approval, outcome, refusal)


def _answer(
    client: "redis.Redis",
    approvals: Approvals,
    approval: Approval,
    outcome: Outcome,
    refusal: str | None,
) -> str:
    language = approval.request.language
    if outcome == "not_allowed" and refusal:
        who = ", ".join(person(user) for user in sorted(approvals.approvers)[:20])
        return say(language, refusal, who=who)
    decided = load_approval(client, approval.id)
    return say(
        language, f"click.{outcome}", who=person(decided.decided_by or "?") if decided else "?"
    )


def _team(body: Mapping[str, Any]) -> str:
    team = cast("Mapping[str, Any]", body.get("team") or body.get("user") or {})
    return str(team.get("id") if body.get("team") else team.get("team_id", ""))


def _tell(slack: WebClient, body: Mapping[str, Any], text: str) -> None:
    container = cast("Mapping[str, Any]", body.get("container") or {})
    channel = cast("Mapping[str, Any]", body.get("channel") or {}).get("id") or container.get(
        "channel_id"
    )
    if channel:
        thread = str(container.get("thread_ts") or "")
        whisper(slack, str(channel), str(body["user"]["id"]), thread, text)
