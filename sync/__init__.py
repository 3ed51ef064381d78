"""Oracle to immutable DuckDB generations. Knows no model and no Slack."""
