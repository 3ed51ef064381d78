"""What is said before anything was asked: prompts, a first hello, and a word to a channel."""

from collections.abc import Iterable

from agent.deps import Language
from app.openers import Openers
from app.texts import say
from app.views.approval_card import Message
from app.views.text import FALLBACK_CHARACTERS, context, cut, escape, person, section, whoever

MOST_PROMPTS = 4
_TITLE_CHARACTERS = 75
_PEOPLE_NAMED = 5
_QUESTIONS = ("example.ask_list", "example.ask_count", "example.ask_sync")
_COMMANDS = ("prompt.list_words", "prompt.stats_words", "prompt.sync_words")


def opening_prompts(language: Language, openers: Openers) -> list[dict[str, str]]:
    """Make up to four prompts. Each sends a command, which is understood without a model, too."""
    wanted = [("prompt.list", "prompt.list_words", "")]
    wanted += [("prompt.stats", "prompt.stats_words", name) for name in openers.fresh[:1]]
    wanted += [("prompt.refresh", "prompt.refresh_words", name) for name in openers.stale[:1]]
    wanted += [("prompt.sync", "prompt.sync_words", name) for name in openers.uncopied[:1]]
    wanted.append(("prompt.status", "prompt.status_words", ""))
    return [
        {
            "title": cut(say(language, title, table=name), _TITLE_CHARACTERS),
            "message": say(language, words, table=name),
        }
        for title, words, name in wanted[:MOST_PROMPTS]
    ]


def hello(language: Language, openers: Openers, *, has_model: bool) -> str:
    """Answer who called and asked nothing: what can be asked, with tables there are. Mrkdwn."""
    if not openers.all:
        return say(language, "command.no_table")
    lines = [say(language, "opening.hello" if has_model else "opening.hello_commands")]
    lines += _examples(language, openers, has_model=has_model)
    return "\n".join(lines)


def channel_welcome(
    language: Language,
    bot: str,
    openers: Openers,
    approvers: Iterable[str],
    *,
    has_model: bool,
    is_shared: bool,
) -> Message:
    """Introduce the bot to a channel it has joined; of a shared one nothing of data is told."""
    what = say(language, "welcome.what", bot=person(bot))
    if is_shared:
        told = f"{what}\n{say(language, 'welcome.shared')}"
        return Message(told, [section(told)])
    asks = say(language, "welcome.ask", bot=person(bot))
    examples = _examples(language, openers, has_model=has_model, call=f"{person(bot)} ")
    people = [whoever(one) for one in sorted(approvers)[:_PEOPLE_NAMED]]
    approval = "welcome.approval" if people else "welcome.approval_by_rule"
    note = say(language, approval, people=", ".join(people))
    blocks = [section(what), section("\n".join([asks, *examples])), context(note)]
    told = "\n".join([what, asks, *examples, note])
    return Message(cut(told, FALLBACK_CHARACTERS), blocks)


def _examples(
    language: Language, openers: Openers, *, has_model: bool, call: str = ""
) -> list[str]:
    known, wanted = openers.copied[:1], (openers.uncopied or openers.stale)[:1]
    tables, count, sync = _QUESTIONS if has_model else _COMMANDS
    words = [say(language, tables)]
    words += [say(language, count, table=escape(name)) for name in known]
    words += [say(language, sync, table=escape(name)) for name in wanted or known]
    return [f"• {call}{one}" for one in words]
