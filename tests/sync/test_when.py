from datetime import UTC, datetime

import pytest

from sync.when import Language, cron_problem, in_words, next_time, next_times

BERLIN, SEOUL = "Europe/Berlin", "Asia/Seoul"


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("cron", "timezone", "after", "expected"),
    [
        ("30 6 * * *", "Asia/Seoul", "2026-11-22T00:00", "2026-11-22T21:30"),
        ("0 0 * * 0", "UTC", "2026-11-22T00:00", "2026-11-29T00:00"),  # 0 is Sunday
        ("0 0 * * 7", "UTC", "2026-11-22T00:00", "2026-11-29T00:00"),  # and so is 7
        ("0 0 * * 1", "UTC", "2026-11-22T00:00", "2026-11-23T00:00"),
        ("0 0 * * mon-fri", "UTC", "2026-11-27T00:00", "2026-11-30T00:00"),
        ("0 0 13 * fri", "UTC", "2026-11-22T00:00", "2026-11-27T00:00"),  # either day field
        ("0 0 * * fri#2", "UTC", "2026-11-22T00:00", "2026-12-11T00:00"),
        ("*/15 * * * *", "UTC", "2026-11-22T00:00", "2026-11-22T00:15"),
        ("0 0 29 2 *", "UTC", "2026-11-22T00:00", "2028-02-29T00:00"),
        ("30 2 * * *", BERLIN, "2026-03-28T12:00", "2026-03-29T01:00"),  # skipped: end of the gap
        ("30 2 * * *", BERLIN, "2026-10-24T12:00", "2026-10-25T00:30"),  # the first of two
        ("0 9 * * *", BERLIN, "2026-10-25T00:00", "2026-10-25T08:00"),
    ],
)
def test_cron_means_what_it_means_to_unix(
    cron: str, timezone: str, after: str, expected: str
) -> None:
    assert next_time(cron, timezone, at(after)).astimezone(UTC) == at(expected)
    assert cron_problem(cron, timezone) is None


@pytest.mark.parametrize(
    ("cron", "timezone", "words"),
    [
        ("0 0 31 2 *", "UTC", "never comes true"),
        ("0 0 31 4,6 *", "UTC", "never comes true"),
        ("0 0 * *", "UTC", "needs five fields"),
        ("0 0 0 * * *", "UTC", "needs five fields"),
        ("@daily", "UTC", "needs five fields"),
        ("60 0 * * *", "UTC", "cannot be read"),
        ("*/0 * * * *", "UTC", "cannot be read"),
        ("-1 0 * * *", "UTC", "cannot be read"),
        ("0 0 * * 8", "UTC", "cannot be read"),
        ("R R * * *", "UTC", "'R' is no cron field"),
        ("H 0 * * *", "UTC", "'H' is no cron field"),
        ("0 0 15W * *", "UTC", "'15W' is no cron field"),
        ("*/14 * * * *", "UTC", "comes true every 4 min; at least 15 min"),
        ("0,50 * * * *", "UTC", "comes true every 10 min"),
        ("0,55 0,23 * * *", "UTC", "comes true every 5 min"),
        ("* * * * *", "UTC", "comes true every 1 min"),
        ("a b c d e", "UTC", "'a' is no cron field"),
        ("0 0 * * *", "Asia/Soul", "not a name of the tz database"),
        ("0 0 * * *", "Asia", "not a name of the tz database"),
        ("0 0 * * *", "", "not a name of the tz database"),
        ("0 0 * * *", "../../etc/passwd", "not a name of the tz database"),
    ],
)
def test_what_can_never_fire_is_refused_in_plain_words(
    cron: str, timezone: str, words: str
) -> None:
    problem = cron_problem(cron, timezone)
    assert problem is not None
    assert words in problem


def test_another_limit_lets_a_line_come_true_more_often() -> None:
    assert cron_problem("*/5 * * * *", "UTC", least_minutes=5) is None
    assert cron_problem("*/5 * * * *", "UTC", least_minutes=6) is not None


@pytest.mark.parametrize(
    ("cron", "after", "expected"),
    [
        (
            "30 2 * * *",
            "2026-03-28T00:00",
            ["2026-03-28T01:30", "2026-03-29T01:00", "2026-03-30T00:30"],
        ),
        (
            "30 2 * * *",
            "2026-10-24T12:00",
            ["2026-10-25T00:30", "2026-10-26T01:30", "2026-10-27T01:30"],
        ),
        (
            "30 * * * *",
            "2026-10-25T00:00",
            ["2026-10-25T00:30", "2026-10-25T01:30", "2026-10-25T02:30"],
        ),
    ],
)
def test_the_next_times_follow_the_clocks_of_their_zone(
    cron: str, after: str, expected: list[str]
) -> None:
    found = next_times(cron, BERLIN, at(after), 3)
    assert [moment.astimezone(UTC) for moment in found] == [at(text) for text in expected]


@pytest.mark.parametrize(
    ("cron", "korean", "english"),
    [
        ("0 6 * * *", "매일 06:00", "every day at 06:00"),
        ("0 6,18 * * *", "매일 06:00, 18:00", "every day at 06:00, 18:00"),
        ("30 18 * * 1-5", "평일 18:30", "every weekday at 18:30"),
        ("30 18 * * mon-fri", "평일 18:30", "every weekday at 18:30"),
        ("0 10 * * 0,6", "주말 10:00", "every Saturday and Sunday at 10:00"),
        ("0 9 * * 7", "매주 일요일 09:00", "every Sunday at 09:00"),
        ("0 9 * * 0,1", "매주 월요일, 일요일 09:00", "every Monday and Sunday at 09:00"),
        ("5 * * * *", "매시 05분", "every hour at :05"),
        ("*/15 * * * *", "15분마다", "every 15 minutes"),
        ("0,30 * * * *", "30분마다", "every 30 minutes"),
        ("10 */6 * * *", "6시간마다 10분", "every 6 hours at :10"),
        ("0 9 1,15 * *", "매월 1일, 15일 09:00", "every month on day 1 and 15 at 09:00"),
    ],
)
def test_a_cron_line_is_said_in_words(cron: str, korean: str, english: str) -> None:
    assert in_words(cron, SEOUL, "ko") == f"{korean} (Asia/Seoul)"
    assert in_words(cron, SEOUL, "en") == f"{english} (Asia/Seoul)"


@pytest.mark.parametrize(
    "cron",
    [
        "0 9 1 1 *",
        "0 9 l * *",
        "0 0 * * fri#2",
        "0 9 1 * 1",
        "10,40 * * * *",
        "0 */6 * * 1",
        "0 0-8 * * *",
    ],
)
@pytest.mark.parametrize("language", ["ko", "en"])
def test_what_has_no_short_name_is_shown_as_the_line_itself(cron: str, language: Language) -> None:
    assert in_words(cron, SEOUL, language) == f"{cron} (Asia/Seoul)"
