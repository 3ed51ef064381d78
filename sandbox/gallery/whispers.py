"""What one person alone is told after a click or a command."""

from collections.abc import Iterator

from agent.deps import Language
from app.texts import PHRASES, say
from sandbox.gallery.notices import spoken
from sandbox.gallery.pieces import Content, Piece, whisper

BEGIN = (
    *("click.", "slash.", "answer.not_yours", "answer.forgotten", "answer.refresh"),
    *("suggest.", "vote.thanks"),
)
"""How the phrases begin that are such answers."""


def whispers(language: Language, content: Content) -> Iterator[Piece]:
    """Say each."""
    for phrase in PHRASES:
        if phrase.startswith(BEGIN):
            yield whisper(phrase, language, say(language, phrase, **spoken(language, content)))
