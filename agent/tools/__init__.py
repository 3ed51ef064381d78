"""What the model may call, each tool with its parameters and its result."""
