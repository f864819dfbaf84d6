"""Every kind of page, by the state in which it is looked at; of the city that `whole_portal` tells."""

PAGES = {
    "many of everything": [
        "/", "/columns", "/columns/news", "/columns/open", "/columns/mailbox", "/items/item-0", "/departments",
        "/departments/office", "/letters", "/letters/20261000-7K3M9Q", "/letters/new", "/letters/status", "/scores",
        "/scores/2026-10", "/scores/2026-10/finance", "/scores/2026-10/finance/facts?indicator=quantity",
        "/scores/schemes", "/scores/schemes/qingyuan-2008/2", "/ledger/finance", "/sitemap", "/privacy",
        "/accessibility", "/api/docs", "/problems", "/problems/item.empty",
    ],
    "nothing in it": ["/columns/empty", "/columns/empty/below", "/departments/planning"],
    "no longer whole": ["/ledger/office"],
    "no longer there": ["/items/item-1", "/columns/gone"],
    "a fault": ["/nothing", "/columns/nothing", "/letters/of-nobody", "/items/none"],
}  # fmt: skip
OF_AN_EMPTY_CITY = ["/", "/columns", "/departments", "/letters", "/letters/new", "/scores"]
