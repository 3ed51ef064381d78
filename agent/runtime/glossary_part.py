"""The part of the prompt that tells what words of the newest message mean to this team."""

from collections.abc import Iterator, Sequence

from agent.conversation import Message
from agent.deps import AnalystDeps
from agent.relevance import Relevant, relevant

MOST_CHARACTERS = 4_000
_HEAD = """
Words of this team
From the glossary the team wrote itself: what it says of a word goes before what you would guess.
"""


def glossary_part(deps: AnalystDeps, messages: Sequence[Message]) -> str:
    """Write the entries a person's newest message is about, and none where there are none."""
    asked = next((one.content for one in reversed(messages) if one.role == "user"), "")
    kept, left = list[str](), MOST_CHARACTERS
    for line in _lines(relevant(deps, asked, private=False)):
        left -= len(line)
        if left >= 0:
            kept.append(line)
    return _HEAD + "".join(f"- {line}\n" for line in kept) if kept else ""


def _lines(found: Relevant) -> Iterator[str]:
    if found.verified:
        yield (
            "This question has a verified answer. If nothing else is asked, run exactly this by "
            f"run_sql: {found.verified.sql}"
        )
    for term in found.terms:
        about = f" (tables: {', '.join(term.tables)})" if term.tables else ""
        yield f"{', '.join(term.words)}: {term.means}{about}"
    for ref, code in found.codes:
        yield f"{', '.join(code.words)}: {ref}, column {code.column}, stored as {code.value!r}"
    for example in found.examples:
        yield f"An example, {example.question!r} is answered by: {example.sql}"
