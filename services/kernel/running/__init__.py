"""A program as a whole: its parts, its sweeps, its ports and its commands."""
