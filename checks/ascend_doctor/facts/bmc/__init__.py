"""Answers of the server's management controller, asked from the host."""
