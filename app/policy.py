"""What needs whose yes: bot.toml's rules, judged for one plan. Pure; asked again at every click."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import Literal

from app.bot_config import BotConfig, Rule
from sync.approvals import Approval, Request, Verdict
from sync.errors import RefusedByRule
from sync.plan import Estimate, Plan, TablePlan, is_special
from sync.standing import widest

Groups = Callable[[str], frozenset[str]]
"""The members of a Slack user group."""

Effect = Literal["auto", "ask", "refuse"]
_STRICTER: tuple[Effect, ...] = ("auto", "ask", "refuse")


@dataclass(frozen=True)
class Judgement:
    """What bot.toml says of a plan."""

    effect: Effect
    approvers: frozenset[str]
    """Slack ids of people (U…, W…) and user groups (S…) who may decide."""
    quorum: int
    """How many different people must say yes."""
    self_approval: bool
    """Whether who asked may be one of them."""
    rules: tuple[str, ...] = ()
    """Names of the rules that apply; none: only ``[approvals]`` does."""
    why: str = ""
    """What the rule tells people."""
    max_rows: tuple[int | None, ...] = ()
    """Of each table, where nobody is asked: the most rows the rule lets through."""


def judge(config: BotConfig, plan: Plan) -> Judgement:
    """Judge a plan by the first rule that fits each of its tables; the strictest counts.

    Of several tables, only who may decide about each may decide about all.
    """
    estimates = plan.estimates or (None,) * len(plan.tables)
    each = [
        _of_table(config, table, estimate)
        for table, estimate in zip(plan.tables, estimates, strict=True)
    ]
    strictest = max(each, key=lambda one: _STRICTER.index(one.effect))
    asking = [one for one in each if one.effect == "ask"]
    return Judgement(
        effect=strictest.effect,
        # Also where nobody has to be asked: a card that asks all the same, for a schedule, say.
        approvers=frozenset[str].intersection(*(one.approvers for one in asking or each)),
        quorum=max((one.quorum for one in asking), default=1),
        self_approval=all(one.self_approval for one in asking),
        rules=tuple(dict.fromkeys(name for one in each for name in one.rules)),
        why=strictest.why,
        max_rows=tuple(most for one in each for most in one.max_rows)
        if strictest.effect == "auto"
        else (),
    )


def require_allowed(config: BotConfig, plan: Plan) -> Judgement:
    """Judge a plan nobody has asked for yet. Raises `RefusedByRule` where nobody can allow it."""
    found = judge(config, plan)
    if found.effect == "refuse":
        raise RefusedByRule(rule=", ".join(found.rules), why=found.why)
    return found


def judge_request(config: BotConfig, request: Request) -> Judgement:
    """Judge what a yes leads to: of a schedule, the largest run it covers.

    Stopping one is never refused, and takes one yes of anybody who may decide about a table of it.
    """
    change = request.change
    if request.question is not None:  # Oracle is not read, so no rule of syncs is about it
        refs = [table.ref for table in request.plan.tables]
        return Judgement("ask", config.deciders(refs), 1, config.approvals.self_approval)
    if change is None:
        return judge(config, request.plan)
    found = judge(config, widest(request.plan, change.schedule))
    if not change.stops:
        return found
    anybody = found.approvers | config.deciders(change.schedule.tables)
    return replace(found, effect="ask", quorum=1, approvers=anybody, max_rows=())


def is_covered(
    judgement: Judgement, groups: Groups, yeses: Collection[str], owner: str = ""
) -> bool:
    """Whether what was agreed on by *yeses* would be agreed on by the policy of this moment."""
    if judgement.effect != "ask":
        return judgement.effect == "auto"
    valid = people(judgement.approvers, groups).intersection(yeses)
    if not judgement.self_approval:
        valid -= {owner}
    return len(valid) >= judgement.quorum


def may_decide(
    judgement: Judgement, groups: Groups, approval: Approval, user: str, verdict: Verdict
) -> str | None:
    """Give None if *user* may decide so now, else the phrase that says why not.

    Who asked, also through a schedule of theirs, may always withdraw. Two that are needed are two
    people, and neither of them is who asked unless self-approval is on.
    """
    # Nobody is not who asked: a request on nobody's behalf says so by an empty name.
    asked_it = bool(user) and user in (
        approval.request.requested_by,
        approval.request.on_behalf_of,
    )
    if verdict in ("reject", "withdraw") and asked_it:
        return None
    if verdict == "withdraw":
        return "click.not_allowed"
    if verdict == "approve" and judgement.effect == "refuse":
        return "click.refused_by_rule"
    if not judgement.approvers:
        return "click.nobody"
    if user not in people(judgement.approvers, groups):
        return "click.not_allowed"
    return "click.not_self" if asked_it and not judgement.self_approval else None


def people(approvers: frozenset[str], groups: Groups) -> frozenset[str]:
    """Put the members in the place of user groups."""
    users = frozenset(one for one in approvers if not one.startswith("S"))
    return users.union(*(groups(one) for one in approvers - users))


def _of_table(config: BotConfig, table: TablePlan, estimate: Estimate | None) -> Judgement:
    ref, rows = table.source_ref, estimate.rows if estimate else None
    rule = next((one for one in config.rule if _fits(one, table, rows)), None)
    deciders = config.deciders([ref])
    above = config.approvals.two_above_rows
    two = above is not None and (rows is None or rows > above)
    self_approval = config.approvals.self_approval
    if rule is None:
        return Judgement("ask", deciders, 2 if two else 1, self_approval)
    section = config.section(ref)
    # Other columns than the copy has are a person's to agree on, unless bot.toml says otherwise.
    drifted = estimate is not None and estimate.columns_changed
    # So is going back to an older copy, and a part that somebody wishes for: a rule is about what
    # bot.toml has copied.
    wished = table.undo is not None or is_special(table.wished)
    asks = wished or (drifted and (section is None or section.drift == "ask"))
    return Judgement(
        effect="ask" if asks and rule.decision == "auto" else rule.decision,
        approvers=rule.approvers or deciders,
        quorum=rule.quorum or (2 if two else 1),
        self_approval=self_approval if rule.self_approval is None else rule.self_approval,
        rules=(rule.name,),
        why=rule.why,
        max_rows=(rule.up_to_rows if rule.decision == "auto" else None,),
    )


def _fits(rule: Rule, table: TablePlan, rows: int | None) -> bool:
    """Whether a rule is about this copy of a table. A size nobody knows counts as large."""
    ref = table.source_ref
    names = (str(ref), f"{ref.source}.{ref}")
    about = any(fnmatchcase(name, pattern) for pattern in rule.tables for name in names)
    small = rule.up_to_rows is None or (rows is not None and rows <= rule.up_to_rows)
    large = rule.above_rows is None or rows is None or rows > rule.above_rows
    wish = table.wished
    # A range that is read again may be all of the table.
    mode = "full" if wish.since is not None or wish.until is not None else table.mode
    return about and small and large and (not rule.modes or mode in rule.modes)
