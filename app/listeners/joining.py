"""The bot joins a channel: it introduces itself there, once."""

import logging
from collections.abc import Mapping
from typing import Any

from slack_bolt import App, BoltContext
from slack_sdk import WebClient

from app.desk import CardDesk
from app.openers import find_openers
from app.places import Place
from app.slack_client import in_its_time
from app.slack_gateway import NotDelivered, SlackAway, post
from app.views.opening import channel_welcome
from sync.state import key

log = logging.getLogger(__name__)

POSTING_SECONDS = 600
"""After this a bot that has not said that it is done has died of it."""


def register(app: App, desk: CardDesk) -> None:
    """Listen to the bot's own joining; that of others is theirs."""

    def is_the_bot(event: Mapping[str, Any], context: BoltContext) -> bool:
        return bool(context.bot_user_id) and event.get("user") == context.bot_user_id

    def joined(body: Mapping[str, Any], event: Mapping[str, Any], client: WebClient) -> None:
        place = Place(str(body["team_id"]), str(event["channel"]))
        shared = body.get("is_ext_shared_channel")
        bot, inviter = str(event["user"]), str(event.get("inviter") or "")
        welcome(desk, client, place, bot, inviter, is_shared=shared)

    app.event("member_joined_channel", matchers=[is_the_bot])(joined)


def welcome(
    desk: CardDesk,
    slack: WebClient,
    place: Place,
    bot: str,
    inviter: str,
    *,
    is_shared: bool | None,
) -> None:
    """Say once in a channel what the bot is for, in the language of who invited it."""
    told = key(place.team, "welcomed", place.channel)
    if not desk.redis.set(told, "1", nx=True, ex=POSTING_SECONDS):
        return
    language = (desk.readers_language(inviter) if inviter else None) or desk.config.language
    see = desk.see("", place.channel, is_shared)  # as anybody who reads it
    message = channel_welcome(
        language,
        bot,
        find_openers(desk.config, desk.warehouse, see),
        desk.config.approvals.approvers,
        has_model=desk.has_model,
        is_shared=bool(is_shared),
    )

    def introduce(client: WebClient) -> None:
        try:
            post(client, place, message)
        except SlackAway as error:
            desk.redis.delete(told)  # when it is invited again
            log.info("no welcome in %s: %s", place.channel, error)
            return
        except NotDelivered as error:
            log.info("no welcome in %s: %s", place.channel, error)
        desk.redis.persist(told)

    in_its_time(slack, introduce)
