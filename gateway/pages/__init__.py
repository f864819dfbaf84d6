"""The portal as web pages."""

from fastapi import APIRouter

from gateway.pages import about, docs, private, public

router = APIRouter(include_in_schema=False)
router.include_router(about.router)
router.include_router(docs.router)
router.include_router(private.router)
router.include_router(public.router)
