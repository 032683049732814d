"""The command line: one thin module for each verb, loaded only when that verb runs."""
