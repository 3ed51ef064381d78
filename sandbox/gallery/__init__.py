"""Every message and view the product can send, drawn by its own views from literal values."""
