"""Every sentence exists in Korean and in English, has its values, and is really said."""

import importlib
import re
from collections.abc import Iterator
from pathlib import Path
from string import Formatter
from typing import get_args

import pytest

from agent.deps import Language
from agent.events import Limit
from agent.outputs import ChartKind
from agent.remarks import RemarkCode
from agent.runtime.suggestions import Suggestion
from app.failure_texts import FAILURES, word_failure
from app.remark_texts import REMARK_PHRASES
from app.texts import PHRASES, language_of, say
from app.views.receipt_details import Standing
from sync.approvals import ApprovalState, Outcome
from sync.errors import DuckferryError, Failure
from sync.pauses import PauseReason
from sync.plan import Deletes, FullBecause, Mode, Proof
from sync.receipt import Consistency, NoteCode
from sync.runs import RunState
from sync.warehouse.csv_columns import OddCode

ROOT = Path(__file__).parents[2]
APP = ROOT / "app"
SOURCE = "\n".join(
    path.read_text(encoding="utf-8")
    for path in APP.rglob("*.py")
    if not path.name.endswith("texts.py") or path.name == "failure_texts.py"
)
HANGUL = re.compile("[가-힣]")
TOLD_OF_A_COPY = (Standing, Mode, Consistency)


def kinds(kind: type[DuckferryError] = DuckferryError) -> Iterator[type[DuckferryError]]:
    for below in kind.__subclasses__():
        yield below
        yield from kinds(below)


def codes() -> dict[str, type[DuckferryError]]:
    """Every error of the product that carries a code of its own."""
    for path in (*ROOT.glob("sync/*_errors.py"), ROOT / "agent" / "llm_errors.py"):
        importlib.import_module(f"{path.parent.name}.{path.stem}")  # so among the subclasses
    product = [kind for kind in kinds() if kind.__module__.split(".")[0] in ("sync", "agent")]
    return {kind.code: kind for kind in product if "code" in vars(kind)}


def places(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def computed_keys() -> set[str]:
    """Keys that are put together when they are used."""
    states = {*ApprovalState, *RunState} - {ApprovalState.APPROVED}
    # Told by the card, or by the policy's phrase.
    silent = ("approved", "rejected", "withdrawn", "replaced", "not_allowed")
    asked = set(ApprovalState) - {ApprovalState.REPLACED}  # no form edits a question
    ended = set(ApprovalState) - {ApprovalState.APPROVED, ApprovalState.PENDING}
    return (
        {f"card.{state}" for state in (*states, "parked")}
        | {f"card.change_{state}" for state in ApprovalState}
        | {f"system.{state}" for state in ended}
        | {f"chart.{kind}" for kind in get_args(ChartKind)}
        | {f"card.{mode}" for mode in get_args(Mode) if mode != "full"}
        | {f"card.full_{reason}" for reason in get_args(FullBecause)}
        | {f"card.deletes_{way}" for way in get_args(Deletes) if way != "keep"}
        | {f"{where}.proof_{level}" for level in get_args(Proof) for where in ("card", "receipt")}
        | {f"receipt.{code}" for code in get_args(NoteCode)}
        | {f"details.{word}" for told in TOLD_OF_A_COPY for word in get_args(told)}
        | {f"suggest.{one}" for one in get_args(Suggestion)}
        | {f"shared.{code}" for code in get_args(OddCode) if code != "none"}
        | {f"shared.type_{one}" for one in ("whole", "decimal", "date", "moment", "text")}
        | {f"shared.by_{one}" for one in ("comma", "semicolon", "tab", "bar", "nothing")}
        | {f"card.undo_{state}" for state in (*states, "parked")}
        | {f"card.question_{word}" for word in (*asked, "chart", "file")}
        | {f"home.paused_{reason}" for reason in get_args(PauseReason)}
        | {f"limit.{limit}" for limit in get_args(Limit)}
        | {*get_args(RemarkCode), "receipt.proof_none"}
        | {f"click.{outcome}" for outcome in get_args(Outcome) if outcome not in silent}
    )


# One test for all words, which names those that are wrong: there are too many for a test each.


def test_every_error_is_worded_with_its_own_values() -> None:
    def is_wrong(code: str, language: Language) -> bool:
        values: dict[str, str | int] = {name: f"<{name}>" for name in places(codes()[code].message)}
        told = word_failure(language, Failure(code=code, params=values))
        is_korean = HANGUL.search(told) is not None
        return bool(re.search(r"\{\w*\}", told)) or is_korean != (language == "ko")

    languages: tuple[Language, ...] = ("ko", "en")
    assert set(codes()) <= set(FAILURES)
    assert [(code, each) for code in codes() for each in languages if is_wrong(code, each)] == []


def test_a_wording_asks_for_no_value_its_error_does_not_have() -> None:
    worded = {code: tuple(map(places, FAILURES[code])) for code in codes()}
    assert [code for code, (korean, english) in worded.items() if korean != english] == []
    has = {code: places(kind.message) for code, kind in codes().items()}
    assert [code for code, (_, english) in worded.items() if not english <= has[code]] == []


def test_no_wording_is_left_of_an_error_that_is_gone() -> None:
    assert set(FAILURES) == set(codes())


def test_a_code_nobody_worded_is_told_as_an_unexpected_one() -> None:
    assert word_failure("en", Failure(code="of_tomorrow", params={"reference": "ab12"})) == (
        "Something failed on our side (reference ab12). "
        "If it goes on, give an admin this reference."
    )
    assert "(참조 -)" in word_failure("ko", Failure(code="of_tomorrow"))


def test_a_failure_stored_without_its_values_is_still_told() -> None:
    told = [
        word_failure(language, Failure(code=code)) for code in codes() for language in ("ko", "en")
    ]
    assert [words for words in told if re.search(r"\{\w*\}", words)] == []


def test_a_phrase_has_the_same_places_in_both_languages() -> None:
    assert [key for key, (ko, en) in PHRASES.items() if places(ko) != places(en)] == []


def test_a_korean_phrase_is_korean_and_an_english_one_english() -> None:
    def has_words(english: str) -> bool:
        own = re.sub(r"\{\w+\}|Oracle|DuckDB|\[System\]", "", english)
        return bool(re.search("[A-Za-z]{4}", own))

    assert [key for key, (_, en) in PHRASES.items() if HANGUL.search(en)] == []
    assert [
        key for key, (ko, en) in PHRASES.items() if has_words(en) and not HANGUL.search(ko)
    ] == []


def test_what_a_phrase_sets_in_bold_is_bold_in_slack_which_takes_none_beside_a_letter() -> None:
    beside = re.compile(r"(?<![*\w])\*(?=\S)[^*\n]+(?<=\S)\*\w|\w\*(?=\S)[^*\n]+(?<=\S)\*")
    assert [key for key, words in PHRASES.items() if any(map(beside.search, words))] == []


def test_every_phrase_is_said_somewhere() -> None:
    computed = computed_keys()
    said = set(re.findall(r"""["']([a-z_]+\.[a-z_]+)["']""", SOURCE))
    assert set(PHRASES) - said - computed == set()


def test_no_phrase_is_written_twice_and_none_is_left_unmerged() -> None:
    """A second one of the same name would silently take the place of the first."""
    written: list[str] = []
    for path in APP.glob("*texts.py"):
        found = vars(importlib.import_module(f"app.{path.stem}")).items()
        own = [value for name, value in found if name.endswith("_PHRASES")]
        written += [key for phrases in own for key in phrases if path.name != "texts.py"]
    assert [key for key in set(written) if written.count(key) > 1] == []
    assert set(written) <= set(PHRASES)


def test_nothing_in_our_own_words_needs_escaping() -> None:
    """So that values alone are made safe, where an error is told with them."""
    told = {**PHRASES, **FAILURES}
    assert [key for key, pair in told.items() if re.search("[<>&]", "".join(pair))] == []


def test_every_remark_there_is_is_worded() -> None:
    assert set(REMARK_PHRASES) == set(get_args(RemarkCode))


def test_every_phrase_that_is_said_exists() -> None:
    families = {key.partition(".")[0] for key in PHRASES}
    written = set(re.findall(rf'"((?:{"|".join(families)})\.[a-z_]+)"', SOURCE))
    written |= set(re.findall(r'say\(\s*[\w.]+,\s*"([^"]+)"', SOURCE))
    assert len(written) > 30
    assert (written | computed_keys()) - set(PHRASES) == set()


def test_the_keys_that_are_put_together_are_the_ones_known_here() -> None:
    found = set(re.findall(r'f"(\w+)\.\{[^}]+\}"', SOURCE))
    assert found & {key.partition(".")[0] for key in PHRASES} == {
        "card",
        "chart",
        "click",
        "details",
        "receipt",
        "shared",
        "suggest",
        "system",
    }


def test_a_phrase_is_said_in_the_language_asked_for() -> None:
    assert say("ko", "card.columns", count=3) == "열 3개"
    assert say("en", "card.columns", count=3) == "3 columns"


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("ORDERS 테이블 동기화 해줘", "ko"),
        ("SHOP.ORDERS 몇 건?", "ko"),
        ("how many orders are there?", "en"),
        ("ORDERS", "ko"),
        ("SHOP.ORDERS vs SHOP.USERS", "en"),
        ("order_id 42?", "ko"),
        ("USERS, ORDERS?", "ko"),
        ("HOW MANY ORDERS ARE THERE?", "en"),
        ("orders", "en"),
        ("12345", "ko"),
        ("", "ko"),
        ("?! …", "ko"),
        ("ㅇㅇ", "ko"),
        ("ㅋㅋ ok", "ko"),
        ("日本", "ko"),
    ],
)
def test_the_language_of_a_message(text: str, language: Language) -> None:
    assert language_of(text, "ko") == language


def test_what_has_no_letters_is_in_the_language_of_the_bot() -> None:
    assert (language_of("42", "en"), language_of("42", "ko")) == ("en", "ko")
