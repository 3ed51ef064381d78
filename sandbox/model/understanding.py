"""From a person's words to the calls that answer them, by keywords in Korean and English."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from sandbox.model.charts import (
    CHART,
    FILE,
    MONTHLY,
    chart_of,
    file_format,
    monthly_sales,
    written_sql,
)
from sandbox.model.orders import OrdersQuestion, query_of, read_orders_question
from sandbox.model.replies import JsonObject
from sandbox.model.scene import HANGUL
from sandbox.model.schedules import (
    ABOUT,
    CHANNEL,
    LIST,
    after_part,
    is_recurring,
    named_schedule,
    schedule_arguments,
    wanted_action,
)

MAX_TABLES = 20
LONGEST_SEARCH = 300
ASKING = ("PROFILE", "DISTRIBUTION", "OF", "IN", "THE", "SHOW", "COLUMN", "TABLE")

ALIASES: tuple[tuple[str, str], ...] = (
    (r"주문\s*(?:상품|항목)|order items?", "ORDER_ITEMS"),
    (r"주문(?!\s*(?:상품|항목))", "ORDERS"),
    (r"고객|\bcustomers?\b", "CUSTOMERS"),
    (r"제품|(?<!주문)(?<!주문\s)상품|\bproducts?\b", "PRODUCTS"),
    (r"사용자|회원|직원|\busers?\b", "USERS"),
)

# ASCII: a Latin word ends where a Hangul particle begins, as in "ORDERS를" and "sync하고".
FLAGS = re.IGNORECASE | re.ASCII
SYNC = re.compile(
    r"(?:(?<!다음\s)(?<!마지막\s)(?<!최근\s)(?:동기화|싱크)"
    r"(?!\s*(?:상태|현황|이력|기록|일정|스케[줄쥴]|된|됐|되|했))"
    r"|(?<!next\s)(?<!last\s)\b(?:sync(?:ing|hroni[sz]e)?|copy|refresh)\b"
    r"(?!\s+(?:status|state|history|schedules?|runs?)))",
    FLAGS,
)
UNDO = re.compile(r"되돌려|되돌리|롤백|\bundo\b|\broll(?:ed)?\s?back\b", FLAGS)
NOT_SYNC = re.compile(r"하지\s*(?:마|말)|don'?t|do not|\bwithout\b", FLAGS)
WORD = re.compile(r"(?<![\w$#.])(?:([a-z][\w$#]*)\.)?([a-z][\w$#]*)", FLAGS)
EVERYTHING = re.compile(r"모두|전부|전체|모든|\ball\b|everything", FLAGS)
# Korean says the verb last, so a sync's tables stand before it; English says it first.
KOREAN_VERB_ENDING = re.compile(r"\S*(?:\s+(?:한\s+)?(?:후|뒤|다음)에?)?")
ENGLISH_CLAUSE_END = re.compile(
    r",?\s*(?:and\s+)?\bthen\b|,?\s+and\s+(?=show|tell|count|how|which|what|list|give)"
    r"|\s+(?=after\b)|[.;!?](?=\s|$)|\n",
    FLAGS,
)


INCREMENTAL = re.compile(r"증분|바뀐\s*(?:것|행)만|\bincremental(?:ly)?\b|only what changed", FLAGS)
IN_FULL = re.compile(
    r"전체\s*(?:를|을)?\s*(?:다시|복사|동기화)|\bin full\b|\bfull (?:sync|copy)\b", FLAGS
)
TRIAL = re.compile(
    r"(?:시험|테스트)\D{0,12}?(\d+)\s*(?:행|건|줄)|\b(?:trial|test)\b\D{0,20}?(\d+)\s*rows", FLAGS
)


@dataclass(frozen=True)
class Step:
    """One thing to do: calls, made together, or a sentence of `PHRASES` where none is needed."""

    calls: tuple[tuple[str, JsonObject], ...] = ()
    question: OrdersQuestion | None = None
    say: str = ""

    @property
    def is_sync(self) -> bool:
        """Whether a person will have to decide."""
        return any(name in ("start_sync", "undo_sync") for name, _ in self.calls)


def _how(text: str) -> JsonObject:
    """How somebody wants it copied, where they say so."""
    trial = TRIAL.search(text)
    if trial:
        return {"trial_rows": int(trial[1] or trial[2])}
    if INCREMENTAL.search(text):
        return {"mode": "incremental"}
    return {"mode": "full"} if IN_FULL.search(text) else {}


@dataclass(frozen=True)
class _Words:
    text: str
    tables: tuple[str, ...]
    today: date | None
    synced: tuple[str, ...] = ()
    """Tables the same sentence asks to sync: "sync USERS and count them" counts USERS."""

    def have(self, pattern: str) -> bool:
        return re.search(pattern, self.text, FLAGS) is not None


def understand(
    text: str, offered: tuple[str, ...], today: date | None, imported: tuple[str, ...] = ()
) -> tuple[Step, ...]:
    """What to do for *text*, in order: a sync first, then the rest of the sentence."""
    named = _named_imported(text, imported)
    if named:
        if SYNC.search(text) and not NOT_SYNC.search(text):
            return (Step((("start_sync", {"tables": list(named)}),)),)
        # The shop's words for its own tables, such as 주문, may stand in their names.
        words = _Words(text, named, today)
        return (_count(words) or _rows(words) or Step((("get_table_stats", {"table": named[0]}),)),)
    written = written_sql(text)
    settled = Step((written,)) if written else _about_schedule(text, offered)
    if settled is not None:
        return (settled,)
    if UNDO.search(text):
        return (_undo(text, offered),)
    cut = _cut(text)
    if cut is None:
        step = _first(_Words(text, find_tables(text, offered), today))
        return (step or Step(say="help"),)
    if NOT_SYNC.search(text):
        return (Step(say="left_alone"),)
    syncing, rest = cut
    tables, then = find_tables(syncing, offered), None
    if tables:
        then = _first(_Words(rest, find_tables(rest, offered), today, tables))
    elif EVERYTHING.search(text):
        tables = offered[:MAX_TABLES]
    else:
        tables = find_tables(text, offered)
    if not tables:
        return (Step(say="which_table"),)
    sync = Step((("start_sync", {"tables": list(tables), **_how(syncing)}),))
    return (sync, then) if then else (sync,)


def _named_imported(text: str, imported: tuple[str, ...]) -> tuple[str, ...]:
    """Imported tables whose whole name stands in *text*, without their schema."""
    bare = [name.partition(".")[2] for name in imported]
    return tuple(
        name for name in bare if re.search(rf"(?<!\w){re.escape(name)}(?![A-Za-z0-9_])", text)
    )


def _undo(text: str, offered: tuple[str, ...]) -> Step:
    if NOT_SYNC.search(text):
        return Step(say="left_alone")
    tables = find_tables(text, offered)
    if not tables:
        return Step(say="undo_which_table")
    return Step(tuple(("undo_sync", {"table": table}) for table in tables[:1]))


def find_tables(text: str, offered: tuple[str, ...]) -> tuple[str, ...]:
    """Tables named in *text*, in its order: with their schema only where the person wrote it.

    Particles may follow at once ("ORDERS를"). Else the shop's words for its tables count, and else
    whatever is called a table, so that the tool can say that there is none.
    """
    known = {table.rpartition(".")[2] for table in offered}
    places: list[tuple[int, str]] = []
    for word in WORD.finditer(text):
        full, bare = word[0].upper(), word[2].upper()
        if full in offered or bare in known:
            places.append((word.start(), full if full in offered else bare))
    if not places:
        aliases = [(re.search(pattern, text, FLAGS), table) for pattern, table in ALIASES]
        places = [(found.start(), table) for found, table in aliases if found and table in known]
    if not places:
        called = re.search(r"\b([A-Z][A-Z0-9_$#.]+)\s*(?:테이블|table\b)", text, re.ASCII)
        if called:
            return (called[1],)
    return tuple(dict.fromkeys(name for _, name in sorted(places)))[:MAX_TABLES]


def _cut(text: str) -> tuple[str, str] | None:
    """Split into the part that asks for a sync and the rest; None if nothing does."""
    verb = SYNC.search(text)
    if verb is None:
        return None
    if HANGUL.search(text):
        ending = KOREAN_VERB_ENDING.match(text, verb.end())
        end = ending.end() if ending else verb.end()
        return text[:end], text[end:]
    clause_end = ENGLISH_CLAUSE_END.search(text, verb.end())
    if clause_end is None:
        return text[verb.start() :], text[: verb.start()]
    return text[verb.start() : clause_end.start()], text[: verb.start()] + text[clause_end.end() :]


def _first(words: _Words) -> Step | None:
    return next((step for read in _READERS if (step := read(words))), None)


def _about_schedule(text: str, offered: tuple[str, ...]) -> Step | None:
    """What to do for a wish that comes again and again, or about one there is."""
    if NOT_SYNC.search(text):
        return None
    if SYNC.search(text) and is_recurring(text):
        part = after_part(text)
        after = find_tables(part, offered) if part else ()
        named = find_tables(CHANNEL.sub(" ", text), offered)
        tables = tuple(name for name in named if name not in after)
        if not tables:
            return Step(say="which_table")
        return Step((("create_schedule", schedule_arguments(text, tables, after)),))
    action = wanted_action(text)
    if action and ABOUT.search(text):
        name = named_schedule(text)
        if name is None:
            return Step((("list_schedules", {}),))
        return Step((("change_schedule", {"name": name, "action": action}),))
    return None


def _schedules(words: _Words) -> Step | None:
    if ABOUT.search(words.text):
        named = "list_schedules" if LIST.search(words.text) else "get_scheduler_status"
        return Step(((named, {}),))
    return None


def _drawn_or_exported(words: _Words) -> Step | None:
    """A chart, or a file, of sales by month, of what is asked of orders, or of a table."""
    is_chart = words.have(CHART)
    if not is_chart and not words.have(FILE):
        return None
    question = read_orders_question(words.text, words.today)
    if is_chart:
        return Step((("make_chart", chart_of(words.text, question)),))
    table = next(iter(words.tables), "ORDERS")
    query = query_of(question) if question and not words.tables else {"table": table}
    if words.have(MONTHLY):
        query = monthly_sales()
    asked = {"query": query, "format": file_format(words.text), "name": table}
    return Step((("export_result", asked),))


def _orders(words: _Words) -> Step | None:
    question = read_orders_question(words.text, words.today)
    return question and Step((("query_table", query_of(question)),), question)


def _table_list(words: _Words) -> Step | None:
    if words.have(
        r"(?:어떤|무슨|동기화된)\s*테이블|테이블[은이들]*\s*(?:목록|리스트|뭐|몇\s*개)"
        r"|(?:what|which|list|show|how many)\b[^.?!]*\btables\b|^\s*tables\b"
    ):
        return Step((("list_tables", {}),))
    return None


def _count(words: _Words) -> Step | None:
    if words.have(
        r"몇\s*[건개행명]|[건행]\s*수|통계|컬럼|무슨 열"
        r"|how many|\bcount\b|number of|\bstats\b|\bcolumns?\b"
    ):
        tables = words.tables or words.synced
        if not tables:
            return Step((("list_tables", {}),))
        return Step(tuple(("get_table_stats", {"table": table}) for table in tables))
    return None


def _status(words: _Words) -> Step | None:
    if words.have(
        r"상태|현황|진행|(?:마지막|최근)\s*동기화|동기화\s*(?:된|됐|되|했)|언제|승인\s*대기"
        r"|status|progress|last sync|synced|pending"
    ):
        only = {"table": words.tables[0]} if len(words.tables) == 1 else {}
        return Step((("get_sync_status", only),))
    return None


def _rows(words: _Words) -> Step | None:
    if not words.tables or not words.have(
        r"보여|조회|출력|알려|최근|샘플|show|list|display|preview|latest|recent|sample|rows"
    ):
        return None
    wanted = re.search(r"(\d{1,3})\s*(?:건|개|행|rows?\b|orders?\b)", words.text, FLAGS)
    query: JsonObject = {"table": words.tables[0], "limit": int(wanted[1]) if wanted else 10}
    if words.tables[0].endswith("ORDERS") and words.have(r"최근|latest|recent"):
        query["order_by"] = [{"column": "ORDERED_AT", "direction": "desc"}]
    return Step((("query_table", query),))


def _named_only(words: _Words) -> Step | None:
    if words.tables and re.fullmatch(r"[\w.$#]+(?:\s*(?:테이블|table))?\W*", words.text.strip()):
        return Step((("get_table_stats", {"table": words.tables[0]}),))
    return None


def _small_talk(words: _Words) -> Step | None:
    if words.have(r"고마워|고맙|감사|\bthank"):
        return Step(say="welcome")
    if words.have(
        r"^\s*(?:네|넵|응|예|그래|승인(?:해\s*줘|할게|합니다)?"
        r"|yes|okay|ok|approve|go ahead)[\s.!~]*$"
    ):
        return Step(say="press_button")
    return None


def _search(words: _Words) -> Step | None:
    if words.have(
        r"검색|찾아|\bsearch\b|\b(?:find|where)\b[^.?!]*\b(?:tables?|columns?)\b|어느\s*테이블에"
    ):
        return Step((("search_schema", {"text": words.text[:LONGEST_SEARCH]}),))
    return None


def _look_closer(words: _Words) -> Step | None:
    """Describe a table, or profile a column of it."""
    if not words.tables:
        return None
    if words.have(r"프로파일|값\s*분포|\bprofile\b|distribution"):
        named = [found[2].upper() for found in WORD.finditer(words.text)]
        columns = [name for name in named if name != words.tables[0] and name not in ASKING]
        if columns:
            arguments = {"table": words.tables[0], "column": columns[0]}
            return Step((("profile_column", arguments),))
    if words.have(r"구조|설명|\bdescribe\b|\bstructure\b"):
        return Step(tuple(("describe_table", {"table": table}) for table in words.tables))
    return None


_READERS: tuple[Callable[[_Words], Step | None], ...] = (
    _schedules,
    _search,
    _look_closer,
    _table_list,
    _drawn_or_exported,
    _orders,
    _count,
    _status,
    _rows,
    _named_only,
    _small_talk,
)
