"""A stand-in for OpenAI: scripted replies for tests, a model of rules for the demo."""
