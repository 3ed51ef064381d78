"""What is said of a file that was made."""

from agent.outputs import File
from app.texts import Language, say
from app.views.text import escape, number, size


def file_notes(language: Language, file: File) -> list[str]:
    """Say how much it holds, and what of the result it does not."""
    named = {"name": escape(file.name), "rows": number(file.rows), "size": size(file.bytes)}
    notes = [say(language, "file.made", **named)]
    if file.cut:
        notes.append(say(language, "file.cut"))
    if file.cut_cells:
        notes.append(say(language, "file.cut_cells", count=file.cut_cells))
    return notes
