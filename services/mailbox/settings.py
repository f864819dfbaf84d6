"""What mailbox needs to know at start: nothing beyond what every program does."""

from services.kernel.settings import Settings


class MailboxSettings(Settings):
    """CITYGATE_… as in every service."""
