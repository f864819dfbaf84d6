"""Builds columns from its parts."""

from services.columns import api, city, store
from services.columns.settings import ColumnsSettings
from services.kernel.running import commands
from services.kernel.running.program import Service

SERVICE = Service(
    name="columns",
    title="Columns: departments and the tree of the portal",
    about=(
        "Who the departments are, and the tree of columns they publish in (栏目). The IT bureau registers departments; "
        "columns are proposed, and the leading group decides. Every write takes `If-Match` and `Idempotency-Key`. "
        "Moments are UTC; days are of Beijing's calendar."
    ),
    tags=api.TAGS,
    router=api.router,
    may=api.MAY,
    says=api.SAYS,
    indexes=store.INDEXES,
)

if __name__ == "__main__":
    commands.main(SERVICE, ColumnsSettings, city=city.load)
