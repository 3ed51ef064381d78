"""bot.toml: what it says, and that a wrong one says what is wrong with it."""

from pathlib import Path

import pytest

from app.bot_config import BotConfig, check_bot_config, load_bot_config
from app.settings import SettingsError
from sync.plan import TableRef

FULL = """
language = "en"
timezone = "Europe/Lisbon"

admins = ["U9"]

[[source]]
name = "main"
dsn = "db.example.com:1521/ERP"
user = "duckferry"
driver = "thick"
schemas = ["SHOP"]
max_sessions = 2
readers = 3
connect_timeout_seconds = 5
call_timeout_seconds = 120
blackout = ["mon-fri 08:30-09:30"]

[[table]]
name = "SHOP.ORDERS"
max_rows = 500
key = ["ORDER_ID"]
cursor = "UPDATED_AT"
columns = { BODY = "truncate", PHOTO = "skip" }
lob_limit = 4_000
owners = ["U3"]
model_sees = "rows"

[[table]]
name = "SHOP.주문"
source = "main"

[model]
sees = "aggregates"

[approvals]
approvers = ["U1", "U2"]
self_approval = false
expires_hours = 2

[limits]
max_rows = 1_000
query_seconds = 5
query_rows = 10
turn_steps = 3
turns = 2

[[schedule]]
name = "nightly"
tables = ["ORDERS", "SHOP.주문"]
cron = "0 6 * * 1-5"
timezone = "Asia/Seoul"
channel = "C1"
"""
SOURCE = '[[source]]\nname = "main"\n'
ORDERS = '[[table]]\nname = "SHOP.ORDERS"\n'


def ref(table: str) -> TableRef:
    return TableRef(source="main", schema_name="SHOP", table=table)


def load(tmp_path: Path, content: str) -> BotConfig:
    file = tmp_path / "bot.toml"
    file.write_text(content, encoding="utf-8")
    return load_bot_config(file)


def problems(tmp_path: Path, content: str) -> str:
    with pytest.raises(SettingsError) as raised:
        load(tmp_path, content)
    for problem in raised.value.problems:
        assert problem.startswith(str(tmp_path / "bot.toml"))
    return "\n".join(raised.value.problems)


def schedule(cron: str = "0 6 * * *", tables: str = '"ORDERS"', **more: str) -> str:
    lines = {"name": "nightly", "cron": cron, "channel": "C1", **more}
    pairs = "\n".join(f'{name} = "{value}"' for name, value in lines.items())
    return f"[[schedule]]\n{pairs}\ntables = [{tables}]\n"


def test_a_full_file_says_everything(tmp_path: Path) -> None:
    config = load(tmp_path, FULL)
    assert (config.language, config.timezone) == ("en", "Europe/Lisbon")
    assert config.offered == (ref("ORDERS"), ref("주문"))
    assert config.approvals.approvers == {"U1", "U2"}
    assert (config.approvals.self_approval, config.approvals.expires_hours) == (False, 2)
    limits = config.limits
    assert (limits.query_seconds, limits.query_rows, limits.turn_steps, limits.turns) == (
        5,
        10,
        3,
        2,
    )
    assert [(one.name, one.tables, one.channel) for one in config.schedule] == [
        ("nightly", ("ORDERS", "SHOP.주문"), "C1")
    ]


def test_a_source_says_how_it_is_reached_and_how_gently(tmp_path: Path) -> None:
    (source,) = load(tmp_path, FULL).source
    assert (source.dsn, source.user, source.driver) == (
        "db.example.com:1521/ERP",
        "duckferry",
        "thick",
    )
    assert (source.max_sessions, source.readers, source.connect_timeout_seconds) == (2, 3, 5)
    assert (source.call_timeout_seconds, source.blackout) == (120, ("mon-fri 08:30-09:30",))


def test_what_the_model_may_see_is_said_of_a_table_or_of_all_and_is_little_where_nothing_is(
    tmp_path: Path,
) -> None:
    config = load(tmp_path, FULL)
    assert config.model_sees(ref("ORDERS")) == "rows"
    assert config.model_sees(ref("주문")) == "aggregates"
    assert load(tmp_path, SOURCE + ORDERS).model_sees(ref("ORDERS")) == "schema"


def test_the_same_table_of_two_sources_is_two_tables(tmp_path: Path) -> None:
    config = load(
        tmp_path,
        f'{SOURCE}{SOURCE.replace("main", "erp")}dsn = "x"\n'
        f'{ORDERS}source = "main"\n{ORDERS}source = "erp"\nmax_rows = 5\n',
    )
    erp = TableRef(source="erp", schema_name="SHOP", table="ORDERS")
    assert config.offered == (ref("ORDERS"), erp)
    assert (config.max_rows(ref("ORDERS")), config.max_rows(erp)) == (10_000_000, 5)


def test_a_table_has_its_own_ceiling_or_the_common_one(tmp_path: Path) -> None:
    config = load(tmp_path, FULL)
    assert (config.max_rows(ref("ORDERS")), config.max_rows(ref("주문"))) == (500, 1_000)


def test_without_a_file_nothing_is_offered_and_nobody_approves(tmp_path: Path) -> None:
    config = load_bot_config(tmp_path / "bot.toml")
    assert config == BotConfig()
    assert (config.offered, config.approvals.approvers) == ((), frozenset())


def test_an_empty_file_is_like_none(tmp_path: Path) -> None:
    assert load(tmp_path, "") == BotConfig()


def test_the_sandbox_has_a_good_file() -> None:
    config = load_bot_config(Path(__file__).parents[2] / "sandbox" / "bot.toml")
    assert ref("ORDERS") in config.offered


def test_a_folder_or_bytes_that_are_no_text_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "bot.toml").mkdir()
    with pytest.raises(SettingsError, match="cannot be read"):
        load_bot_config(tmp_path / "bot.toml")
    (tmp_path / "bytes.toml").write_bytes(b"language = '\xff'")
    with pytest.raises(SettingsError, match="cannot be read"):
        load_bot_config(tmp_path / "bytes.toml")


def test_what_is_no_toml_names_the_line(tmp_path: Path) -> None:
    told = problems(tmp_path, 'language = "ko"\ntimezone = Asia/Seoul\n')
    assert "is not valid TOML" in told
    assert "line 2" in told


@pytest.mark.parametrize(
    ("content", "where"),
    [
        ("langauge = 'ko'", "langauge: Extra inputs"),
        ("[approvals]\napprover = ['U1']", "approvals.approver: Extra inputs"),
        ("[limits]\nmax_row = 1", "limits.max_row: Extra inputs"),
        (f"{SOURCE}password = 'x'", "source.0.password: Extra inputs"),
        ("[model]\nmay_see = 'rows'", "model.may_see: Extra inputs"),
        (f"{SOURCE}{ORDERS}maxrows = 1", "table.0.maxrows: Extra inputs"),
        (SOURCE + ORDERS + schedule(table="x"), "schedule.0.table: Extra inputs"),
    ],
)
def test_an_unknown_name_is_told_with_where_it_stands(
    content: str, where: str, tmp_path: Path
) -> None:
    assert where in problems(tmp_path, content)


@pytest.mark.parametrize(
    ("content", "where"),
    [
        ("language = 'fr'", "language: Input should be 'ko' or 'en'"),
        ("[approvals]\napprovers = 'U1'", "approvals.approvers: "),
        ("[approvals]\napprovers = [1]", "approvals.approvers.0: "),
        ("[approvals]\nexpires_hours = 0", "approvals.expires_hours: "),
        ("[approvals]\nexpires_hours = 337", "approvals.expires_hours: "),
        ("[limits]\nmax_rows = 0", "limits.max_rows: "),
        ("[limits]\nmax_rows = 'many'", "limits.max_rows: "),
        ("[limits]\nquery_rows = 101", "limits.query_rows: "),
        ("[limits]\nquery_seconds = 601", "limits.query_seconds: "),
        ("[limits]\nturn_steps = 51", "limits.turn_steps: "),
        ("[limits]\nturns = 65", "limits.turns: "),
        ("[[source]]\nname = 'Main DB'", "source.0.name: "),
        (f"{SOURCE}driver = 'jdbc'", "source.0.driver: "),
        (f"{SOURCE}max_sessions = 0", "source.0.max_sessions: "),
        (f"{SOURCE}readers = 9", "source.0.readers: "),
        (f"{SOURCE}call_timeout_seconds = 0", "source.0.call_timeout_seconds: "),
        ("[model]\nsees = 'all'", "model.sees: "),
        (f"{SOURCE}[[table]]\nname = 'ORDERS'", "table.0.name: "),
        (f"{SOURCE}[[table]]\nname = 'A.B.C'", "table.0.name: "),
        (f"{SOURCE}{ORDERS}max_rows = -1", "table.0.max_rows: "),
        (f"{SOURCE}[[table]]\nmax_rows = 1", "table.0.name: Field required"),
        (f"{SOURCE}[table]\nname = 'SHOP.ORDERS'", "table: Input should be a valid tuple"),
    ],
)
def test_a_wrong_value_is_told_with_where_it_stands(
    content: str, where: str, tmp_path: Path
) -> None:
    assert where in problems(tmp_path, content)


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    told = problems(tmp_path, "langauge = 'ko'\n[limits]\nturns = 0\nmax_rows = 'x'")
    assert len(told.splitlines()) == 3


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (ORDERS, "there are tables but no [[source]]"),
        (SOURCE + SOURCE, "source main is listed twice"),
        (f'{SOURCE}[[source]]\nname = "two"', "only one source may leave out its dsn"),
        (
            '[[source]]\nname = "a-b"\ndsn = "x"\n[[source]]\nname = "a_b"\ndsn = "y"',
            "two sources would read their password from ORACLE_PASSWORD_A_B",
        ),
        ('[[source]]\nname = "file"', "ORACLE_PASSWORD_FILE, which is the name of a secret file"),
        (f'{SOURCE}[[source]]\nname = "two"\ndsn = "x"\n{ORDERS}', "does not name its source"),
        (f'{SOURCE}schemas = ["HR"]\n{ORDERS}', "table SHOP.ORDERS is outside the schemas of"),
        (f'{SOURCE}blackout = ["at lunch"]', "source main: "),
        (
            f'{SOURCE}[[source]]\nname = "two"\ndsn = "x"\n{ORDERS}source = "main"\n'
            '[[table]]\nname = "SHOP.USERS"\nsource = "two"\n'
            + schedule(tables='"ORDERS", "USERS"'),
            "schedule nightly names tables of more than one source",
        ),
        (
            f'{SOURCE}{ORDERS}source = "other"',
            "table SHOP.ORDERS names the source 'other', which is not a [[source]]",
        ),
        (SOURCE + ORDERS + ORDERS, "table SHOP.ORDERS is listed twice"),
        (f'{SOURCE}{ORDERS}source = "main"\n{ORDERS}', "table SHOP.ORDERS is listed twice"),
        (SOURCE + ORDERS + schedule() + schedule(), "schedule nightly is listed twice"),
        (SOURCE + ORDERS + schedule("0 6 * *"), "schedule nightly: cron '0 6 * *' needs five"),
        (SOURCE + ORDERS + schedule("0 25 * * *"), "schedule nightly: cron '0 25 * * *' cannot"),
        (SOURCE + ORDERS + schedule("0 0 30 2 *"), "schedule nightly: cron '0 0 30 2 *' never"),
        (SOURCE + ORDERS + schedule("0 0 * * bad"), "schedule nightly: cron '0 0 * * bad' cannot"),
        (
            SOURCE + ORDERS + schedule(timezone="Korea/Seoul"),
            "schedule nightly: timezone 'Korea/Seoul' is not",
        ),
        (
            SOURCE + ORDERS + schedule(tables='"SHOP.PAYROLL"'),
            "schedule nightly: SHOP.PAYROLL is not among the tables",
        ),
        (ORDERS + schedule("0 6 * *"), "schedule nightly: cron"),
        ("timezone = 'Seoul'", "timezone 'Seoul' is not"),
    ],
)
def test_parts_that_do_not_fit_together_are_told(content: str, told: str, tmp_path: Path) -> None:
    assert told in problems(tmp_path, content)


def test_two_tables_of_one_name_need_the_schema_in_a_schedule(tmp_path: Path) -> None:
    tables = ORDERS + '[[table]]\nname = "OLD.ORDERS"\n'
    told = problems(tmp_path, SOURCE + tables + schedule())
    assert "schedule nightly: ORDERS fits more than one table" in told
    assert load(tmp_path, SOURCE + tables + schedule(tables='"OLD.ORDERS"')).schedule


def test_problems_carry_the_name_of_the_file() -> None:
    with pytest.raises(SettingsError, match="the wizard: turns: Extra inputs"):
        check_bot_config({"turns": 1}, "the wizard")
