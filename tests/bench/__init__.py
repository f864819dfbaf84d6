"""Speeds as ratios against a named ceiling measured in the same run; never a timed test."""
