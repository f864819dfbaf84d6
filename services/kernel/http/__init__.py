"""HTTP in, HTTP out: what the APIs of all services share."""
