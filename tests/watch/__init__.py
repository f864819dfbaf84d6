"""Operations' eyes: what is shown and what wakes somebody, against the code, a real Prometheus, and the runbook."""
