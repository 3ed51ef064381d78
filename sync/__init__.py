"""Oracle to immutable DuckDB generations: plans, approvals, runs, schedules. Knows no model and no Slack."""
