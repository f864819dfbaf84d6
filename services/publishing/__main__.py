"""Builds publishing from its parts."""

from services.kernel.running import commands
from services.kernel.running.program import Service
from services.publishing import api, city, consumers, store, timers
from services.publishing.settings import PublishingSettings

SERVICE = Service(
    name="publishing",
    title="Publishing: items reviewed and made public, columns kept current",
    router=api.router,
    may=api.MAY,
    says=api.SAYS,
    indexes=store.INDEXES,
    sweeps=timers.sweeps,
    hearing=consumers.HEARING,
)

if __name__ == "__main__":
    commands.main(SERVICE, PublishingSettings, city=city.load)
