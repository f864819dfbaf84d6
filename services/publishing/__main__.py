"""Builds publishing from its parts."""

from services.kernel.running import commands
from services.kernel.running.program import Service
from services.publishing import api, city, consumers, store, timers
from services.publishing.settings import PublishingSettings

SERVICE = Service(
    name="publishing",
    title="Publishing: items reviewed and made public, columns kept current",
    about=(
        "What departments make public, from the first draft to the page and off it again (信息); each column's duty "
        "to be current (更新职责). An item is drafted, submitted, reviewed by another person, and published as it was "
        "released. Every write takes `If-Match` and `Idempotency-Key`. "
        "Moments are UTC; days are of Beijing's calendar."
    ),
    tags=api.TAGS,
    router=api.router,
    may=api.MAY,
    says=api.SAYS,
    indexes=store.INDEXES,
    sweeps=timers.sweeps,
    hearing=consumers.HEARING,
)

if __name__ == "__main__":
    commands.main(SERVICE, PublishingSettings, city=city.load)
