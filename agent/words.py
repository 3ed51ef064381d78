"""Words as people write them: Korean with particles and in compounds, English in any case."""

import re
import unicodedata
from collections.abc import Iterable

_WORD = re.compile(r"[가-힣]+|[^\W_가-힣]+")  # "ORDERS를" is two words, "주문수" is one
_HANGUL = re.compile(r"[가-힣]")
_PARTICLE = re.compile(
    r"(?<=[가-힣])(?:에서는|에서|에게|한테|까지|부터|보다|처럼|으로|이랑|하고|이나|들의|들이|들을|별로"
    r"|[은는이가을를의에도만와과로랑나들별])$"
)
_FILLER = re.compile(
    r"(?:테이블|컬럼|칼럼|열|데이터|정보|자료|목록|뭐|뭔|무엇|무슨|어떤|어느|관련|관한|대한|관해|것|거|중|수"
    r"|어디|검색|조회)(?:[은는이가을를의에도만와과로들]|에서|인지|이?야|예요|이?에요)*"
    r"|(?:있|없|찾|알려|보여|검색해|조회해|말해|주세요|줘|해줘|해주|하는|되는|된|나오|들어|담긴|싶).*|좀|그|저|이"
    r"|a|an|the|of|is|are|in|on|for|with|about|and|or|to|me|my|any|all|some|please|there|what|which"
    r"|where|who|find|search|show|list|tell|look|give|have|has|do|does|can|you|i|we"
    r"|tables?|columns?|fields?|data|related|named|called|hold|holds|contain|contains"
)
"""Words that ask for something and say nothing of what it is."""

EXACT = 3
STARTS = 2
PART = 1


def words_of(text: str) -> tuple[str, ...]:
    """The words of *text* in its order, each in lower case and one script."""
    return tuple(_WORD.findall(unicodedata.normalize("NFC", text).casefold()))


def telling_words(text: str) -> tuple[str, ...]:
    """Those that say what *text* is about, without particles, each once."""
    telling = (word for word in words_of(text) if not _FILLER.fullmatch(word))
    return tuple(dict.fromkeys(map(_bare, telling)))


def occurs(wanted: str, text: str) -> bool:
    """Whether *text* uses the words *wanted*: 주문상세 in "주문 상세를", user in "USERS"."""
    return _occurs("".join(words_of(wanted)), words_of(text))


def closeness(word: str, texts: Iterable[str]) -> int:
    """How well a word of a question fits the best of *texts*: `EXACT` to `PART`, 0 for not at all.

    A compound fits what it begins with: 유저수 fits 유저, and 주문상세 fits 주문.
    """
    return max((_closeness(word, words_of(text)) for text in texts), default=0)


def _occurs(wanted: str, words: tuple[str, ...]) -> bool:
    if not wanted:
        return False
    forms = _forms(wanted)
    if any(forms & _forms(word) for word in words):
        return True
    if len(wanted) > 1 and _HANGUL.search(wanted) and any(wanted in word for word in words):
        return True
    # Written apart in one place and together in the other: from where a word begins.
    return len(wanted) > _SHORT and any(
        len(words[at]) < len(wanted) and "".join(words[at:]).startswith(wanted)
        for at in range(len(words))
    )


def _closeness(word: str, words: tuple[str, ...]) -> int:
    forms = _forms(word)
    if any(forms & _forms(one) for one in words):
        return EXACT
    least = 2 if _HANGUL.search(word) else 3
    if any(len(one) >= least and (one.startswith(word) or word.startswith(one)) for one in words):
        return STARTS if len(word) >= least else 0
    return PART if len(word) >= least and word in "".join(words) else 0


def _forms(word: str) -> frozenset[str]:
    """The word as it stands, and without what may be a particle or a plural."""
    return frozenset((word, _bare(word)))


def _bare(word: str) -> str:
    if _HANGUL.search(word):
        return _PARTICLE.sub("", word)
    if len(word) > _SHORT and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word


_SHORT = 3
"""Shorter words of Latin letters are no plural, and too common to be found inside others."""
