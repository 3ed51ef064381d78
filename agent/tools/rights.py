"""What every tool keeps to without a line of its own: what is hidden, and what is for one alone."""

from dataclasses import replace

from agent.deps import AnalystDeps
from sync.errors import DuckferryError, TableNotOffered
from sync.plan import TableRef
from sync.planning import trial_ref
from sync.warehouse.exposure import Exposure


def noting_private(deps: AnalystDeps, rules: dict[str, None]) -> AnalystDeps:
    """The same deps; what a tool asks to be shown for the caller alone puts its rule into *rules*.

    A tool that reads a table asks `deps.exposure` first, so none can forget to say so.
    """

    def exposure(ref: TableRef) -> Exposure:
        found = deps.exposure(ref)
        if found.private:
            rules[found.rule] = None
        return found

    return replace(deps, exposure=exposure)


def told_by_rule(deps: AnalystDeps, error: DuckferryError) -> DuckferryError:
    """The error that says by which rule a table is hidden, where it was called not offered.

    Tools look names up among what their caller may see, so that no hint names another table.
    """
    if not isinstance(error, TableNotOffered):
        return error
    wanted = str(error.params["table"]).strip().casefold()
    for ref, why in deps.hidden.items():
        for one in (ref, trial_ref(ref)):
            if wanted in (
                one.table.casefold(),
                str(one).casefold(),
                f"{one.source}.{one}".casefold(),
            ):
                return why
    return error
