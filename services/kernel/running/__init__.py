"""A program as a whole: what it consists of, what runs in time, what it can be asked."""
