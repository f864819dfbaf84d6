"""Builds scoring from its parts."""

from services.kernel.running import commands
from services.kernel.running.program import Service
from services.scoring import api, city, consumers, store, timers
from services.scoring.settings import ScoringSettings

SERVICE = Service(
    name="scoring",
    title="Scoring: facts, and the monthly assessment that rests on them",
    about=(
        "The monthly assessment (月度考评, art. 14): what departments did, measured by a scheme, with every point "
        "explained by the facts it rests on. A month runs, is closed, confirmed and published; `POST /replays` gives "
        "the same bytes again. Moments are UTC; months are of Beijing's calendar."
    ),
    tags=api.TAGS,
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
