"""A conversation that can act: a model, its tools and a thread. It knows no Slack."""
