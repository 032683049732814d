"""What nodes tell their cluster, a module for each topic."""
