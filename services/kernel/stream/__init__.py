"""Kafka: how a program sends its events, and hears those of others."""
