"""The checks: one module each below `node` and `cluster`, and the engine that runs them over parsed facts."""
