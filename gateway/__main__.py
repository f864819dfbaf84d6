"""Builds the gateway from its parts."""

import asyncio
from argparse import ArgumentParser

from fastapi import APIRouter

from gateway import api, pages, store
from gateway.program import Gateway, serve
from gateway.projections import HEARING
from gateway.settings import GatewaySettings
from services.kernel.running import commands
from services.kernel.running.filling import rebuild
from services.kernel.running.program import Service, begin
from services.kernel.settings import load

router = APIRouter()
router.include_router(api.router)
router.include_router(pages.router)

SERVICE = Service(
    name="gateway", title="清远市政府门户网站", router=router, may=None, indexes=store.INDEXES,
    hearing=HEARING, says=api.SAYS, about=api.ABOUT, tags=api.TAGS,
)  # fmt: skip


def main() -> None:
    """Without a command: serve."""
    parser = ArgumentParser(prog="python -m gateway", description="The public portal. Without a command: serve.")
    asks = parser.add_subparsers(dest="command")
    commands.resend_parser(asks)
    commands.waiting_parser(asks)
    commands.rebuild_parser(asks)
    asked = parser.parse_args()
    settings = load(GatewaySettings)
    begin(SERVICE.name, settings, command=asked.command is not None)
    gateway = Gateway(SERVICE, settings)
    if asked.command is None:
        return serve(gateway)
    work = {
        "resend": lambda _: commands.resend(gateway, asked),
        "waiting": lambda _: commands.waiting(gateway, asked),
        "rebuild": lambda _: rebuild(gateway, asked),
    }
    asyncio.run(commands.once(gateway, work[asked.command]))


if __name__ == "__main__":
    main()
