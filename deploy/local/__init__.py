"""The whole suite on one machine: real servers from packages, no root, no containers."""
