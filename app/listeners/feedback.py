"""The buttons that judge an answer, and the window that asks what was wrong with it."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

from slack_bolt import App
from slack_sdk import WebClient

from agent.conversation import ConversationHistory, Message, turn_by
from app.desk import CardDesk
from app.feedback import UsedCopy, Vote, keep_vote, load_vote, vote_id
from app.listeners.actions import guarded
from app.listeners.clicks import (
    Answer,
    ClickOutcome,
    Pressed,
    open_window,
    read_press,
    team_in,
    tell,
)
from app.places import Place, parse_place
from app.slack_gateway import whisper
from app.texts import Language, say
from app.views.feedback import VOTE, WHY_FORM, Judged, read_vote, read_why, why_form
from app.views.schedule_lines import to_plain
from sync.errors import WarehouseDamaged
from sync.state import moment_of
from sync.warehouse.manifest import Manifest, read_manifest

_QUESTION_CHARACTERS = 4000
_SQL_KEPT = 10


def register(app: App, desk: CardDesk, on_click: Callable[[ClickOutcome], None]) -> None:
    """Listen to the buttons and the window; *on_click* is told of each vote."""

    def pressed_one(ack: Callable[[], None], body: Mapping[str, Any], client: WebClient) -> None:
        ack()
        pressed = read_press(body)
        actions = cast("list[Mapping[str, Any]]", body.get("actions") or [{}])
        value = str(actions[0].get("value", ""))
        language = _language(desk, pressed.user)
        answer = guarded(desk, lambda: judge(desk, client, pressed, value), language)
        on_click(answer.outcome)
        tell(client, pressed, answer.words)

    def explained(
        ack: Callable[..., object],
        body: Mapping[str, Any],
        view: Mapping[str, Any],
        client: WebClient,
    ) -> None:
        team, user = team_in(body), str(body["user"]["id"])
        language, kept = _language(desk, user), list[Vote]()

        def act() -> Answer:
            kept.extend(explain(desk, team, user, view))
            return Answer("bad", say(language, "vote.thanks" if kept else "answer.forgotten"))

        answer = guarded(desk, act, language)
        if answer.outcome == "failed":  # the form stays, with what was entered
            ack(response_action="errors", errors={"words": to_plain(answer.words)})
            return
        ack()
        channel, thread_ts = _place_of(kept[0]) if kept else ("", "")
        whisper(client, channel, user, thread_ts, answer.words)

    app.action(VOTE)(pressed_one)
    app.view(WHY_FORM)(explained)


def judge(desk: CardDesk, slack: WebClient, pressed: Pressed, value: str, /) -> Answer:
    """Keep a vote with what it is about; ask whoever is not content what was wrong."""
    language, judged = _language(desk, pressed.user), read_vote(value)
    if judged is None:
        return Answer("unknown", say(language, "answer.forgotten"))
    thread, turn = _turn(desk, pressed, judged)
    vote = _vote(desk, pressed, judged, thread, turn)
    before = load_vote(desk.redis, pressed.team, vote.id)
    if before and not before.good and not vote.good:  # pressed again: what was said stays said
        vote = vote.model_copy(update={"reason": before.reason, "words": before.words})
    keep_vote(desk.redis, pressed.team, vote)
    if judged.good:
        return Answer("good", say(language, "vote.thanks"))
    is_open = open_window(slack, pressed.trigger_id, why_form(language, vote.id))
    return Answer("bad", "" if is_open else say(language, "vote.thanks"))


def explain(desk: CardDesk, team: str, user: str, view: Mapping[str, Any]) -> list[Vote]:
    """Keep with a vote what its person says of it; none where it has made room for newer ones."""
    found = load_vote(desk.redis, team, str(view.get("private_metadata", "")))
    if found is None or found.user != user:
        return []
    reason, words = read_why(view)
    vote = found.model_copy(update={"reason": reason, "words": words})
    keep_vote(desk.redis, team, vote)
    return [vote]


def _place_of(vote: Vote) -> tuple[str, str]:
    channel, thread = vote.where.partition(":")[0], parse_place(vote.thread)
    return channel, thread.thread_ts if thread.channel == channel else ""


def _language(desk: CardDesk, user: str) -> Language:
    return desk.readers_language(user) or desk.config.language


def _turn(desk: CardDesk, pressed: Pressed, judged: Judged) -> tuple[Place, Sequence[Message]]:
    """Find the turn that gave the answer; none where it is not kept, or is not the presser's.

    A press names another thread than its own only below what its person was shown alone.
    """
    place = Place(pressed.team, pressed.channel, pressed.thread or pressed.message)
    if judged.asked_in:
        place = parse_place(judged.asked_in)
    if place.team != pressed.team:
        return Place(pressed.team, pressed.channel, pressed.thread), ()
    turn = turn_by(ConversationHistory(desk.redis, str(place)).messages(), judged.turn)
    shown_alone = any(one.private and one.private.user == pressed.user for one in turn)
    return place, turn if shown_alone or not judged.asked_in else ()


def _vote(
    desk: CardDesk, pressed: Pressed, judged: Judged, thread: Place, turn: Sequence[Message]
) -> Vote:
    question = turn[0].content if turn and turn[0].role == "user" else ""
    said = [one.content for one in turn if one.role == "assistant" and not one.tool_calls]
    return Vote(
        id=vote_id(pressed.team, pressed.where, pressed.user),
        user=pressed.user,
        good=judged.good,
        at=moment_of(desk.redis),
        thread=str(thread),
        where=pressed.where,
        question=question[:_QUESTION_CHARACTERS],
        answer="".join(said[-1:])[:_QUESTION_CHARACTERS],
        sql=tuple(one.sql for one in turn if one.sql)[-_SQL_KEPT:],
        copies=_copies(desk, turn),
    )


def _copies(desk: CardDesk, turn: Sequence[Message]) -> tuple[UsedCopy, ...]:
    manifest = _manifest(desk)
    bases = dict.fromkeys((basis.table, basis.as_of) for one in turn for basis in one.basis)
    return tuple(
        UsedCopy(table=table, as_of=as_of, generation=_generation(manifest, table, as_of))
        for table, as_of in bases
    )


def _manifest(desk: CardDesk) -> Manifest:
    try:
        return read_manifest(desk.warehouse) if desk.warehouse else Manifest()
    except WarehouseDamaged:  # a vote is kept whatever became of the copies
        return Manifest()


def _generation(manifest: Manifest, table: str, as_of: str) -> str:
    for entry in manifest.entries:
        names = (str(entry.ref), f"{entry.ref.source}.{entry.ref}", entry.ref.table)
        if table in names and entry.as_of == as_of:
            return entry.generation
    return ""
