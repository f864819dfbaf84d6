"""Builds scoring from its parts."""

from services.kernel.running import commands
from services.kernel.running.program import Service
from services.scoring import api, city, consumers, store, timers
from services.scoring.settings import ScoringSettings

SERVICE = Service(
    name="scoring",
    title="Scoring: facts, and the monthly assessment that rests on them",
    router=api.router,
    may=api.MAY,
    says=api.SAYS,
    indexes=store.INDEXES,
    first=timers.first,
    works=timers.WORKS,
    beside=timers.beside,
    hearing=consumers.HEARING,
)

if __name__ == "__main__":
    commands.main(SERVICE, ScoringSettings, city=city.load)
