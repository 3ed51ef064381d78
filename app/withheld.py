"""What a card or a window keeps from its readers, where an access rule does."""

from collections.abc import Iterable

from app.access import Asker, See, SeeIn
from app.failure_texts import word_failure
from app.texts import Language, say
from sync.access_errors import NotAllowed
from sync.plan import TableRef


def why_not_all(language: Language, see: See, ref: TableRef) -> str:
    """Say why somebody may not see all of a table; empty where they may."""
    try:
        exposure = see(ref)
    except NotAllowed as error:
        return word_failure(language, error.failure)
    return say(language, "details.by_rule", rule=exposure.rule) if exposure.is_partial else ""


def rules_for_readers(
    language: Language, see: SeeIn, channel: str, user: str, refs: Iterable[TableRef]
) -> str:
    """Name the rules by which not everybody who reads *channel* sees all of *refs*.

    Empty where they all do. A direct message is read by *user* alone.
    """
    look = see(user if Asker(user, channel).is_alone else "", channel, None)
    found = dict[str, None]()
    for ref in refs:
        try:
            exposure = look(ref)
        except NotAllowed as error:
            rule = error.params.get("rule") or say(language, "card.shared_channels")
            found[str(rule)] = None
        else:
            found |= {exposure.rule: None} if exposure.is_partial else {}
    return ", ".join(found)
