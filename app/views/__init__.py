"""Block Kit as pure functions: values in, blocks out."""
