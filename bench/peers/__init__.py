"""Other ways of copying a table of Oracle, measured beside ours."""
