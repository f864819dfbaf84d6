"""Operations' eyes: what Prometheus scrapes, what is shown of it, and what wakes somebody."""
