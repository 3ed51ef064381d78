"""What Slack tells us, one module a kind; registered by a call, never by an import."""
