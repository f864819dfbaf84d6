"""Departments (部门) and the tree of columns (栏目): which changes are allowed, and which facts announce them."""

from services.columns.domain.column import (
    Column,
    ColumnState,
    Draft,
    Growth,
    Rules,
    approve,
    propose,
    refuse,
    retire,
)
from services.columns.domain.department import Department, DepartmentChange, change, register
from services.columns.domain.tree import TREE, Place, Tree, TreeChanged

__all__ = [
    "TREE",
    "Column",
    "ColumnState",
    "Department",
    "DepartmentChange",
    "Draft",
    "Growth",
    "Place",
    "Rules",
    "Tree",
    "TreeChanged",
    "approve",
    "change",
    "propose",
    "refuse",
    "register",
    "retire",
]
