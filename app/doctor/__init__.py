"""What `botctl doctor` looks at: a file a group, each of functions that yield checks."""
