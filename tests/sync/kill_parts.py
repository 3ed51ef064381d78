"""What the workers that are killed and the test that kills them agree on."""

from sync.dispatch import RunLimits

ALIVE_SECONDS = 1.5
LIMITS = RunLimits(runs_per_user=3, runs_per_source=3)


def pause(_: int) -> float:
    """Wait this long before the next attempt."""
    return 0.1
