"""What every program of the suite stands on."""

import os

# Motor reads this once, at import. Each idle change stream holds a thread of its one pool.
os.environ.setdefault("MOTOR_MAX_WORKERS", "32")
