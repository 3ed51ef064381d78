"""What is said of files that people share in a thread."""

from collections.abc import Iterator
from typing import get_args

from agent.deps import Language
from app.views.notices import sentence
from app.views.shared_files import Joint, files_words, questions
from sandbox.gallery.parts import AS_OF, ASKER, ref
from sandbox.gallery.pieces import Content, Piece, message
from sync.attach_errors import FileIsWorkbook, FileRagged
from sync.attached import Attached
from sync.plan import Column, TableRef
from sync.receipt import TableReceipt
from sync.warehouse.attaching import Reading
from sync.warehouse.csv_columns import Odd, OddCode
from sync.warehouse.manifest import ManifestEntry

KINDS = ("BIGINT", "VARCHAR", "DECIMAL(12,2)", "DATE", "TIMESTAMP")


def shared_files(language: Language, content: Content) -> Iterator[Piece]:
    """Draw a file that was read, one in which all is odd, and some that were not read."""
    calm = _file(content, ())
    columns = calm.entry.columns
    for name, joint in (("joined", Joint(content.column, str(ref(content)))), ("alone", None)):
        asked = questions(language, columns, joint)
        yield message(f"shared.{name}", language, sentence(files_words(language, [calm], asked)))
    odd = tuple(
        Odd(code=code, columns=tuple(one.name for one in columns), line=17)
        for code in get_args(OddCode)
        if code != "none"
    )
    yield message("shared.odd", language, sentence(files_words(language, [_file(content, odd)])))
    ragged = FileRagged(file=content.file, line=17, found=5, expected=4).failure
    told = [calm, ragged, FileIsWorkbook(file=content.file).failure]
    yield message("shared.refused", language, sentence(files_words(language, told)))


def _file(content: Content, odd: tuple[Odd, ...]) -> Attached:
    table = TableRef(source="file:0", schema_name="FILE", table=content.table)
    columns = tuple(
        Column(
            name=content.column if number == 0 else f"{content.column}_{number + 1}",
            oracle_type=KINDS[number % len(KINDS)],
            duckdb_type=KINDS[number % len(KINDS)],
            nullable=True,
        )
        for number in range(content.columns)
    )
    receipt = TableReceipt(
        ref=table,
        generation="g1",
        fence=1,
        rows=1204,
        oracle_rows=None,
        scn=None,
        consistency="imported",
        as_of=AS_OF,
        seconds=0.4,
        bytes=536_576,
        proof="none",
        imported=content.file,
        shared_by=content.typed,
    )
    entry = ManifestEntry(
        ref=table,
        generation="g1",
        fence=1,
        rows=1204,
        as_of=AS_OF,
        published_at=AS_OF,
        columns=columns,
        key=(),
        comment=None,
        column_comments={},
        bytes=536_576,
        receipt=receipt,
    )
    reading = Reading(rows=1204, columns=columns, encoding="CP949", separator=",", odd=odd)
    return Attached(id="F0CSV", message="message:1", user=ASKER, entry=entry, reading=reading)
