"""What is said before anything was asked, and in the place of a message nobody wrote."""

from collections.abc import Iterator

from agent.deps import Language
from app.openers import Openers
from app.views.asked import asked_message
from app.views.notices import sentence
from app.views.opening import channel_welcome, hello
from sandbox.gallery.parts import APPROVER, ASKER, CHANNEL, GROUP, ref
from sandbox.gallery.pieces import Content, Piece, message

BOT = "U0DUCK"


def openings(language: Language, content: Content) -> Iterator[Piece]:
    """Draw the first words, with a model and without, and to a channel of two organisations."""
    first, second = str(ref(content)), str(ref(content, 2))
    known = Openers(fresh=(first,), stale=(second,), uncopied=(first,))
    for name, openers in (("hello", known), ("hello_nothing", Openers())):
        told = hello(language, openers, has_model=True)
        yield message(f"opening.{name}", language, sentence(told))
    told = hello(language, known, has_model=False)
    yield message("opening.commands", language, sentence(told))
    for name, people, is_shared in (
        ("welcome", (APPROVER, GROUP), False),
        ("welcome_by_rule", (), False),
        ("welcome_shared", (), True),
    ):
        drawn = channel_welcome(language, BOT, known, people, has_model=True, is_shared=is_shared)
        yield message(f"opening.{name}", language, drawn)
    asked = asked_message(language, ASKER, content.typed)
    about = asked_message(language, ASKER, content.typed, content.said, not_in=CHANNEL)
    yield message("asked.words", language, asked)
    yield message("asked.quote", language, about)
