"""People: Slack and the terminal."""
