"""Local stand-ins that let the whole product run on one machine."""
