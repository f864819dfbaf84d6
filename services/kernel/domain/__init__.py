"""The words that rules are written in; no driver, no framework."""
