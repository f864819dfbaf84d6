"""What can be asked of columns, a module for each aggregate: load, decide, save."""
