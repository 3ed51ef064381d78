"""A stand-in for Slack: Web API, Socket Mode and the people who type and press."""
