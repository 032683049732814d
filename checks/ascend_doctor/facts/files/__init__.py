"""Files that the vendor's packages leave on a host."""
