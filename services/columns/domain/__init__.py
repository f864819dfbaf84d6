"""Departments (部门) and the tree of columns (栏目): which changes are allowed, and which facts announce them."""
