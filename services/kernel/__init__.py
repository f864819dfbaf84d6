"""The foundation that all programs of the suite share."""

import os

# Motor reads this once, at import. It has one pool of threads, and each idle change stream occupies one of them.
os.environ.setdefault("MOTOR_MAX_WORKERS", "32")
