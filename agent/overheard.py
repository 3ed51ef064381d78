"""Whether words that call nobody ask for what the copies hold. Decided by words alone, no model.

It had rather miss a question, whose person can still call, than speak up among people: the words
must ask, for a figure or a list, of something the glossary or a table's name knows, and propose
nothing.
"""

import re
from collections.abc import Sequence

from agent.glossary import Glossary, is_same_question
from agent.words import occurs
from sync.plan import TableRef

MOST_CHARACTERS = 300
"""Who asks in passing is brief; longer words tell or discuss something."""

_ASKS = re.compile(
    r"\?\s*$"
    r"|(?:알려|보여|뽑아|찾아|조회해|구해|계산해|세어)\s*(?:줘|주세요|주실|줄래|달라|주라|주시)"
    r"|(?:몇|얼마).*(?:야|지|나|까|요|죠|냐|니|가)[.!~ ]*$"
    r"|^\s*(?:please\s+)?(?:how many|how much|show|list|count|give me|tell me)\b",
    re.IGNORECASE,
)
_COUNTS = re.compile(
    r"(?P<before>몇\s*(?:건|개|명|행|곳|종류|퍼센트|%|원)|얼마)"
    r"|\b(?P<after>how many|how much(?!\s+(?:do|does)\b)|number of|count"
    r"|(?:sum|list|share|percentage) of)\b",
    re.IGNORECASE,
)
"""Figures of what stands right before, in Korean, or right behind, in English."""
_NEAR = 3
"""Words between."""
_OF_DATA = re.compile(
    r"건수|개수|갯수|합계|총액|총합|총\s|평균|추이|순위|비율|분포|[상하]위\s*\d"
    r"|(?:일|주|월|연도|분기|상태|지역|고객|상품)별"
    r"|[가-힣]{2,}\s?수(?=[는가를도\s?]|$)(?!\s*[있없])"
    r"|\b(?:total|average|median)\b|\btop \w+\b"
    r"|\bby (?:day|week|month|quarter|year|status|region|customer|product)\b"
    r"|\bper (?:day|week|month|quarter|year|customer|product)\b",
    re.IGNORECASE,
)
_OF_PEOPLE = re.compile(
    r"(?:할|갈|볼|줄|둘|을)까|하실|드실|오실|오시|[할갈]래|하시죠|합시다|하자|같이|생각|[것거] 같"
    r"|들었|보냈|봤|보셨|맞아|맞나|ㅋㅋ|ㅎㅎ|언제|어떻게|확인|참석|회의|미팅|발표|보고서|자료"
    r"|점심|저녁|커피|회식|휴가|예약|서버|배포|화면"
    r"|\b(?:shall|should|can|could|may) we\b|\blet'?s\b|\bwhy don'?t\b"
    r"|\b(?:do we|i|we) (?:think|guess|wonder|want|need|have to)\b|(?<!can )(?<!could )\byou\b"
    r"|\b(?:guys|something|anyone have|people|team|meetings?|deck|slides|call|party|lunch|coffee"
    r"|servers?|services?|deploy(?:ed|ing|ment)?|join(?:ing)?|coming|restart\w*|pages?|screens?)\b",
    re.IGNORECASE,
)
"""Plans, opinions and errands, which people ask one another about with the same words."""
_NO_TALK = re.compile(r"```|https?://|<mailto:")


def asks_about_data(text: str, glossary: Glossary, tables: Sequence[TableRef]) -> bool:
    """Tell whether *text* plainly asks for figures or rows of what *glossary* or *tables* name."""
    if len(text) > MOST_CHARACTERS or _NO_TALK.search(text) or not _ASKS.search(text):
        return False
    if any(one.verified and is_same_question(one.question, text) for one in glossary.example):
        return True
    if _OF_PEOPLE.search(text):
        return False
    known = _known(glossary, tables)
    about = [text] if _OF_DATA.search(text) else [_near(found) for found in _COUNTS.finditer(text)]
    return any(occurs(word, part) for part in about for word in known)


def _near(counted: re.Match[str]) -> str:
    """Cut out the words whose number is asked for."""
    if counted["after"]:
        return " ".join(counted.string[counted.end() :].split()[:_NEAR])
    return " ".join(counted.string[: counted.start()].split()[-_NEAR:])


def _known(glossary: Glossary, tables: Sequence[TableRef]) -> list[str]:
    terms = [word for one in (*glossary.term, *glossary.code) for word in one.words]
    return [*terms, *(ref.table for ref in tables)]
