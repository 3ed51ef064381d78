"""The demo model: rules in place of a network. The same messages always get the same reply."""

import json
from collections.abc import Sequence
from dataclasses import replace

from sandbox.model.changes import why_step
from sandbox.model.orders import TodayUnknown
from sandbox.model.phrases import Language, error_sentence, names, say
from sandbox.model.replies import Calls, JsonObject, Reply, Status, Text, call
from sandbox.model.scene import Outcome, Scene, read_scene
from sandbox.model.shared_files import file_step
from sandbox.model.summarising import KEEP_SUMMARY, summarise
from sandbox.model.telling import tell, tell_event
from sandbox.model.understanding import Step, understand

LONGEST_REASON = 200
MOST_CHOICES = 5
PROPOSALS = ("start_sync", "undo_sync", "create_schedule", "change_schedule")
"""What a person decides about, so that the turn ends with it."""


def plan_reply(messages: Sequence[JsonObject], tools: Sequence[JsonObject]) -> Reply:
    """Reply to a valid history, with calls of *tools* only.

    The first words of a conversation begin with a line that says no model wrote them.
    """
    offered = {tool["function"]["name"] for tool in tools}
    if offered == {KEEP_SUMMARY}:
        return summarise(messages)
    scene = read_scene(messages)
    try:
        reply = _decide(scene)
    except TodayUnknown:
        return Status(400, message="The rules need a system message with: Today is YYYY-MM-DD.")
    if isinstance(reply, Calls):
        missing = [one.name for one in reply.calls if one.name not in offered]
        if missing:
            reply = Text(say("unavailable", scene.language, tool=missing[0]))
    if scene.introduced:
        return reply
    return _labelled(reply, scene.language)


def _decide(scene: Scene) -> Text | Calls:
    """Choose the next step: do what is left of the request, or tell how it ended."""
    opening = tell_event(scene.event, scene.language) if scene.event and not scene.allowed else ""
    if scene.event and scene.event.get("state") != "published" and not scene.allowed:
        return Text(opening)
    refused = [outcome for outcome in scene.outcomes if not outcome.ok]
    if refused:
        return _after_refusal(refused, scene)
    waiting = [outcome for outcome in scene.outcomes if outcome.name in PROPOSALS]
    if waiting:
        return Text(tell(waiting[0], None, scene.language))
    known = why_step(scene) or file_step(scene)
    steps = (
        (known,) if known else understand(scene.asked, scene.offered, scene.today, scene.imported)
    )
    if scene.verified and not scene.event:
        steps = (Step((("run_sql", {"sql": scene.verified}),)),)
    if scene.allowed:
        steps = (Step((scene.allowed,)),)
    elif scene.event:  # the sync this was about has been done
        steps = tuple(step for step in steps if step.calls and not step.is_sync)
    for step in steps:
        if step.say:
            return _said(step.say, scene)
        if not _answers(step, scene):
            return _calls(step.calls, scene.language, "" if scene.outcomes else opening)
    told = [
        tell(outcome, step.question, scene.language)
        for step in steps
        for outcome in _answers(step, scene)
    ]
    return Text(" ".join(told) or opening)


def _said(phrase: str, scene: Scene) -> Text | Calls:
    """Say a phrase, or ask what it asks with tables to choose from."""
    if phrase != "which_table" or not scene.offered:
        return Text(say(phrase, scene.language))
    wording = "{} 동기화 해줘" if scene.language == "ko" else "sync {}"
    choices = [wording.format(name) for name in scene.offered[:MOST_CHOICES]]
    asked: JsonObject = {"question": say("which_table", scene.language), "choices": choices}
    return _calls((("ask_user", asked),), scene.language, "")


def _after_refusal(refused: Sequence[Outcome], scene: Scene) -> Text | Calls:
    """Propose the sync a question needs, once; say any other error plainly."""
    unsynced = [
        str(asked["table"])
        for outcome in refused
        for asked in (outcome.arguments.get("query") or outcome.arguments,)
        if outcome.result.get("code") == "table_not_synced"
        and "table" in asked
        and outcome.name not in PROPOSALS  # nothing to go back to is no question
    ]
    if not unsynced or scene.proposed:
        error = error_sentence(refused[0].result, scene.language)
        return Text(say("failed", scene.language, error=error))
    arguments: JsonObject = {"tables": unsynced, "reason": scene.asked[:LONGEST_REASON]}
    opening = say("not_synced", scene.language, tables=names(unsynced))
    return _calls((("start_sync", arguments),), scene.language, opening)


def _answers(step: Step, scene: Scene) -> tuple[Outcome, ...]:
    """The outcomes of this turn that belong to *step*; none if it has not been done."""
    return tuple(
        outcome for outcome in scene.outcomes if (outcome.name, outcome.arguments) in step.calls
    )


def _calls(calls: Sequence[tuple[str, JsonObject]], language: Language, opening: str) -> Calls:
    thoughts = [
        say("thought", language, tool=name, arguments=json.dumps(arguments, ensure_ascii=False))
        for name, arguments in calls
    ]
    made = (call(name, arguments) for name, arguments in calls)
    return Calls(*made, text="\n".join([opening, *thoughts] if opening else thoughts))


def _labelled(reply: Text | Calls, language: Language) -> Text | Calls:
    text = f"{say('label', language)}\n{reply.text}"
    if isinstance(reply, Text):
        return replace(reply, text=text)
    return Calls(*reply.calls, text=text)
