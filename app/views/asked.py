"""The message that says who asks what, where that was not written as a message."""

from app.texts import Language, say
from app.views.approval_card import Message
from app.views.text import channel_link, context, cut, escape, person, quote_lines, section

_WORDS_CHARACTERS = 1500
_QUOTE_CHARACTERS = 1000
_QUOTE_SHOWN = 1400
"""With its signs escaped; together with the words less than a section takes, so that they stay."""


def asked_message(
    language: Language, user: str, words: str, quote: str = "", *, not_in: str = ""
) -> Message:
    """Say that *user* asks *words*, about *quote*; *not_in* is a channel that cannot be told it."""
    shown = cut(escape(words), _WORDS_CHARACTERS)
    text = say(language, "asked.by", who=person(user), words=shown)
    if quote:
        quoted = cut(quote_lines(cut(quote, _QUOTE_CHARACTERS)), _QUOTE_SHOWN)
        text = f"{quoted}\n{text}"
    blocks = [section(text)]
    if not_in.startswith(("C", "G")):
        blocks.append(context(say(language, "asked.not_there", channel=channel_link(not_in))))
    return Message(text, blocks)
