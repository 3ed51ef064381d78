"""The whole gallery, in both languages. A new view is one more line in one of its families."""

from collections.abc import Callable, Iterator, Mapping

from agent.deps import Language
from sandbox.gallery.answers import answers
from sandbox.gallery.cards import cards
from sandbox.gallery.commands import commands
from sandbox.gallery.homes import homes
from sandbox.gallery.notices import notices
from sandbox.gallery.openings import openings
from sandbox.gallery.other_cards import question_cards, schedule_cards
from sandbox.gallery.pieces import CALM, LANGUAGES, Content, Piece
from sandbox.gallery.shared_files import shared_files
from sandbox.gallery.whispers import whispers
from sandbox.gallery.windows import windows

FAMILIES: tuple[Callable[[Language, Content], Iterator[Piece]], ...] = (
    cards,
    schedule_cards,
    question_cards,
    answers,
    commands,
    openings,
    notices,
    shared_files,
    whispers,
    windows,
    homes,
)


def gallery(contents: Mapping[Language, Content] = CALM) -> Iterator[Piece]:
    """Draw everything the product can send, with these words of data, people and a model in it."""
    for language in LANGUAGES:
        for family in FAMILIES:
            yield from family(language, contents[language])
