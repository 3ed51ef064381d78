"""The Home tab: gathered from Redis and the manifest alone, and published for one person."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from slack_sdk import WebClient

from agent.deps import Language
from agent.ledger import day_spent
from agent.threads import threads_of
from app.access import See
from app.broken_answers import broken
from app.desk import CardDesk, free_bytes, judgement_of, refusal
from app.places import parse_place
from app.slack_client import in_its_time
from app.slack_gateway import SlackBusy, publish_home
from app.texts import say
from app.views.card_parts import moment_of as moment_in
from app.views.home import Home, home_view, outsiders_view
from app.views.home_admin import Operations, Waiter
from app.views.home_parts import (
    Conversation,
    Planned,
    Ran,
    TableState,
    Waiting,
    names_line,
)
from app.views.schedule_lines import when_line
from app.views.text import escape
from app.workspace import permalink
from sync.access_errors import NotAllowed
from sync.approvals import Approval, pending_approvals
from sync.blackout import closed_until
from sync.counts import count_state
from sync.errors import WarehouseDamaged
from sync.names import resolve_table, shown_names
from sync.pauses import pause_reason
from sync.plan import TableRef
from sync.receipt import part_of
from sync.runs import recent_runs
from sync.schedules import list_schedules
from sync.state import moment_of
from sync.stops import stops
from sync.warehouse.exposure import Exposure
from sync.warehouse.manifest import Manifest, ManifestEntry, read_manifest
from sync.when import in_words, next_time

Look = Callable[[TableRef], Exposure | None]
"""What the reader may see of a table; None where that is nothing."""

LOOKED_AT = 300
"""Pending requests that are looked at, the soonest to expire."""
RUNS_LOOKED_AT = 40
"""Newest runs that are looked at for those the reader may see."""


def show_home(desk: CardDesk, slack: WebClient, user: str, team: str, note: str = "") -> bool:
    """Draw the Home tab of *user* anew, once there is room; False where Slack does not take it.

    *note* is safe mrkdwn and stands above all else. Raises `redis.RedisError`.
    """

    def draw(client: WebClient) -> bool:
        language = reader_of(desk, user)
        if desk.is_outsider(user):
            return publish_home(client, user, outsiders_view(language))
        view = home_view(language, gather(desk, language, user, team), note)
        return publish_home(client, user, view)

    try:
        return draw(slack)
    except SlackBusy:
        in_its_time(slack, draw)  # as it is by then
        return True


def reader_of(desk: CardDesk, user: str) -> Language:
    """Tell in which language somebody's windows are drawn."""
    return desk.readers_language(user) or desk.config.language


def gather(desk: CardDesk, language: Language, user: str, team: str) -> Home:
    """Look up what *user* may see at this moment, as in a direct message."""
    look = _looking(desk.see(user, "", None))
    pending = pending_approvals(desk.redis, team, LOOKED_AT)
    now = moment_of(desk.redis)
    is_admin = user in desk.config.admins
    return Home(
        now=now,
        waiting=tuple(_waiting(desk, pending, user)),
        threads=tuple(_threads(desk, team, user)),
        tables=_tables(desk, look, now),
        schedules=tuple(_schedules(desk, language, look, team, now)),
        runs=tuple(_runs(desk, look, team, user)),
        admins=desk.config.admins,
        operations=_operations(desk, language, team, pending, now) if is_admin else None,
        has_more=len(pending) >= LOOKED_AT,
    )


def _waiting(desk: CardDesk, pending: Sequence[Approval], user: str) -> Iterable[Waiting]:
    for approval in pending:
        request = approval.request
        may_approve = refusal(desk, approval, user, "approve") is None
        may_reject = refusal(desk, approval, user, "reject") is None
        if may_approve or may_reject:
            is_own = user in (request.requested_by, request.on_behalf_of)
            yield Waiting(
                approval=approval,
                may_approve=may_approve and user not in approval.yeses,
                may_reject=may_reject,
                is_own=is_own,
                quorum=judgement_of(desk, approval).quorum,
                link=_card_link(desk, approval, is_own=is_own),
            )


def _threads(desk: CardDesk, team: str, user: str) -> Iterable[Conversation]:
    for one in threads_of(desk.redis, team, user):
        place = parse_place(one.thread)
        url = permalink(desk.workspace.url, place.channel, place.thread_ts)
        yield Conversation(one.title, one.asked_at, url)


def _tables(desk: CardDesk, look: Look, now: datetime) -> tuple[TableState, ...] | None:
    """The copies in the order of bot.toml, then trials and imports, then what has none yet."""
    try:
        manifest = read_manifest(desk.warehouse) if desk.warehouse else Manifest()
    except WarehouseDamaged:
        return None
    offered = dict.fromkeys(desk.config.offered)  # made anew each time it is asked for
    copies = {entry.ref: entry for entry in manifest.entries}
    others = [
        entry.ref
        for entry in manifest.entries
        if entry.ref.is_imported or entry.receipt.trial_of in offered
    ]
    listed = {ref: copies[ref].receipt.of if ref in copies else ref for ref in (*offered, *others)}
    shown = {ref: seen for ref, of in listed.items() if (seen := look(of))}
    names = shown_names(shown)
    found = [
        _table(desk, names[ref], ref, exposure, copies.get(ref), now, can_sync=ref in offered)
        for ref, exposure in shown.items()
    ]
    return tuple(sorted(found, key=lambda one: one.receipt is None))


def _table(
    desk: CardDesk,
    name: str,
    ref: TableRef,
    exposure: Exposure,
    entry: ManifestEntry | None,
    now: datetime,
    *,
    can_sync: bool,
) -> TableState:
    to_sync = ref if can_sync else None
    if entry is None:
        return TableState(name, to_sync)
    age = now - datetime.fromisoformat(entry.as_of)
    return TableState(
        name=name,
        ref=to_sync,
        receipt=entry.receipt,
        stale_hours=desk.config.stale_hours(ref),
        age_seconds=max(age / timedelta(seconds=1), 0.0),
        rule=exposure.rule if exposure.where else "",
        part="" if exposure.is_partial else part_of(entry.receipt),
    )


def _schedules(
    desk: CardDesk, language: Language, look: Look, team: str, now: datetime
) -> Iterable[Planned]:
    """Those of which the reader may see at least one table; the others go unnamed."""
    for one in list_schedules(desk.redis, team):
        tables = _named(language, look, one.tables)
        # What a schedule follows is a table too.
        if tables and all(look(ref) for ref in one.after):
            yield Planned(
                name=one.name,
                tables=tables,
                when=when_line(language, one),
                next_at=next_time(one.cron, one.timezone, now) if one.cron else None,
                paused=one.paused,
                paused_because=pause_reason(desk.redis, team, one) if one.paused else None,
            )
    offered = desk.config.offered
    for configured in desk.config.schedule:
        refs = [resolve_table(name, offered) for name in configured.tables]
        tables = _named(language, look, refs)
        if tables:
            yield Planned(
                name=configured.name,
                tables=tables,
                when=escape(in_words(configured.cron, configured.timezone, language)),
                next_at=next_time(configured.cron, configured.timezone, now),
                asks=True,
            )


def _runs(desk: CardDesk, look: Look, team: str, user: str) -> Iterable[Ran]:
    for run in recent_runs(desk.redis, team, RUNS_LOOKED_AT):
        request = run.approval.request
        if all(look(table.source_ref) for table in request.plan.tables):
            is_own = user == request.requested_by
            yield Ran(run, _card_link(desk, run.approval, is_own=is_own))


def _operations(
    desk: CardDesk, language: Language, team: str, pending: Sequence[Approval], now: datetime
) -> Operations:
    config = desk.config
    today = now.astimezone(ZoneInfo(config.timezone)).date()
    ends = {
        source.name: closed_until(source.blackout, config.timezone, now) for source in config.source
    }
    return Operations(
        counts=count_state(desk.redis),
        free_bytes=free_bytes(desk),
        spent=day_spent(desk.redis, team, today, ""),
        stopped=stops(desk.redis),
        closed={name: until for name, until in ends.items() if until},
        missing_scopes=desk.workspace.missing_scopes,
        given_up=desk.given_up(),
        broken_answers=len(broken(desk.redis)),
        waiters=[
            Waiter(
                who=one.request.requested_by,
                tables=names_line(language, [table.ref for table in one.request.plan.tables]),
                since=moment_in(one.created_ms),
            )
            for one in sorted(pending, key=lambda one: one.created_ms)
        ],
    )


def _card_link(desk: CardDesk, approval: Approval, *, is_own: bool) -> str:
    """Lead to a card; nowhere where it stands in somebody else's direct messages."""
    channel, _, ts = (approval.card or "").partition(":")
    if channel.startswith("D") and not is_own:
        return ""
    thread = parse_place(approval.request.thread).thread_ts
    return permalink(desk.workspace.url, channel, ts, thread)


def _named(language: Language, look: Look, refs: Sequence[TableRef]) -> str:
    """Name the tables the reader may see, and that there are others; empty where they see none."""
    seen = [ref for ref in refs if look(ref)]
    names = names_line(language, seen)
    hidden = say(language, "home.hidden_table")
    return f"{names}, {hidden}" if seen and len(seen) < len(refs) else names


def _looking(see: See) -> Look:
    """Judge each table once: the same ones stand in copies, schedules and runs."""
    judged: dict[TableRef, Exposure | None] = {}

    def look(ref: TableRef) -> Exposure | None:
        if ref not in judged:
            try:
                judged[ref] = see(ref)
            except NotAllowed:
                judged[ref] = None
        return judged[ref]

    return look
