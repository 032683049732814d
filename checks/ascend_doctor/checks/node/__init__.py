"""Checks that one node can answer from its own facts."""
