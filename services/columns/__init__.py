"""Departments and the tree of columns: who publishes what, where, and how often."""
