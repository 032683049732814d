"""Checks that need the facts of several nodes."""
