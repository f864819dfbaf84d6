"""Kafka: how facts leave a program and how they are heard."""
