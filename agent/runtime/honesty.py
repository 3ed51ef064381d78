"""Whether an answer claims a sync that no record knows: words are the model's, facts are not."""

import json
import re
from collections.abc import Collection, Iterator, Sequence
from typing import Any, cast

from agent.conversation import Message, newest_turn

_NOTHING_YET = re.compile(
    r"\b(?:not|n't|never|no|cannot|once|when|after|if|until|unless|will|would|can|could|should|may"
    r"|shall|before|want|please|propose[ds]?|waiting|needs?|failed"
    r"|rejected|cancell?ed|withdrawn|expired|declined|stopped|superseded)\b"
    r"|않|못|없|아직|전에|되면|하면|나면|끝나면|대로|후에|뒤에|할까|될|하려|필요|예정|기다|제안|실패|원하|주세요|거절|취소|철회|만료|중단",
    re.IGNORECASE,
)
"""A sentence with one of these tells of no sync that has been done."""

_DONE = re.compile(
    r"\b(?:sync(?:ed|hroni[sz]ed)|refreshed|re-?copied)\b"
    r"|\b(?:sync|synchroni[sz]ation|refresh)\b.{0,60}\b(?:complet\w+|finished|done|succe\w+|ran|over)\b"
    r"|(?:동기화|싱크).{0,30}(?:완료|마쳤|마치었|끝났|끝냈|성공)"
    r"|(?:동기화|싱크)(?:가|는|를)?\s*(?:(?:성공적으로|모두|전부|잘|이미|방금)\s*)*(?:됐|되었|했|하였)",
    re.IGNORECASE,
)
_BY_ME = re.compile(
    r"\bI(?:'ve| have)?\b|\bjust\b|\bnow\b|\bsuccessfully\b"
    r"|방금|지금|제가|완료했|마쳤|끝냈|했습|했어|하였",
    re.IGNORECASE,
)
_SENTENCES = re.compile(r"(?<=[.!?。\n])\s+|\n")
_READS_COPIES = frozenset(
    {"list_tables", "get_table_stats", "describe_table", "query_table", "run_sql", "explain_change"}
)


def claims_a_sync(text: str, messages: Sequence[Message], known: Collection[str]) -> bool:
    """Tell whether *text* says of a sync that it ran, while nothing in the thread knows of one.

    Records of it are a published run that the thread was told of, of a table that is meant, and
    `get_sync_status` in this turn. That a copy was made some day, in the passive voice, is known by
    whoever looked at the copies in this turn. *known* are the names of tables, without schemas.
    """
    claims = [
        sentence
        for sentence in _SENTENCES.split(text)
        if _DONE.search(sentence) and not _NOTHING_YET.search(sentence)
    ]
    if not claims:
        return False
    turn = newest_turn(messages)
    called = {call.name for message in turn for call in message.tool_calls}
    if "get_sync_status" in called:
        return False
    published = {name for message in messages for name in _published(message)}
    looked = bool(called & _READS_COPIES)
    return any(
        not _is_recorded(sentence, published, known)
        and (not looked or _BY_ME.search(sentence) is not None)
        for sentence in claims
    )


def _is_recorded(sentence: str, published: set[str], known: Collection[str]) -> bool:
    meant = {name for name in re.findall(r"[\w$#]+", sentence.upper()) if name in known}
    return bool(published & meant if meant else published)


def _published(message: Message) -> Iterator[str]:
    """Name the tables of a run that the thread was told of, as they are without their schemas."""
    if message.role != "system":
        return
    try:
        told: object = json.loads(message.content)
    except ValueError:
        return
    event = cast("dict[str, Any]", told) if isinstance(told, dict) else {}
    if event.get("event") == "run_ended" and event.get("state") == "published":
        for table in event.get("tables", ()):
            yield str(table.get("table", "")).rpartition(".")[2].upper()
