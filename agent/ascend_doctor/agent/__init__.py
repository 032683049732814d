"""The unprivileged half of the agent, the parent of both halves, and what systemd wants of them."""
