"""Where a problem's `type` leads: a page for each code that says what it means and what to do."""

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

from gateway.cache.page import ASK_AGAIN, Page
from gateway.cache.shelf import Shelf
from gateway.pages.render import HTML, rendered
from gateway.site import Site

DECLARED = Path(__file__).parent / "data" / "problems.json"
VALUE = re.compile(r"\{\w+\}")
ADVICE = {
    401: ("请登录后再试。", "Sign in, then try again."),
    403: (
        "请由有权办理的人员办理，或者联系所说的单位。",
        "Let somebody do it who may, or ask whom the sentence names.",
    ),
    404: ("请核对编号或地址；内容也可能已经移到别处。", "Check the id or the address; it may have moved."),
    405: ("请查看该地址的接口说明。", "See what the address takes in its documentation."),
    408: ("请检查网络，然后重新提交。", "Look at your connection, then send it again."),
    409: ("请先按提示办理前一步，或者稍后再试。", "Do first what the sentence says, or ask again soon."),
    410: ("内容已经删除，无法恢复。", "It was taken away for good."),
    412: ("请重新读取现在的版本，再改动。", "Read it again, then change what is there now."),
    413: ("请缩短内容，或者换一个小一些的文件。", "Shorten it, or send a smaller file."),
    416: ("请按文件大小重新指定范围。", "Ask for a range within its size."),
    421: ("请从公布的网址访问。", "Use the address that the portal is published under."),
    422: ("请按提示改正填写的内容后重新提交。", "Mend what the sentence names, and send it again."),
    429: ("请等待一段时间再试。", "Wait a while, then try again."),
    500: ("请把请求编号告诉运维人员。", "Tell operations the request number."),
    503: ("请稍后再试。", "Try again in a moment."),
}


@cache
def declared() -> dict[str, Any]:
    """By code."""
    found: dict[str, Any] = json.loads(DECLARED.read_text("utf-8"))
    return found


def place(shelf: Shelf, site: Site) -> None:
    shelf.fixed |= pages(site)


@cache
def pages(site: Site) -> dict[str, Page]:
    """One for all codes and one for each, by address; they are the same for everybody and never change."""
    codes = declared()
    made = {"/problems": Page.of(rendered(site, "problems.html", None, codes=codes), HTML, caching=ASK_AGAIN)}
    for code, problem in codes.items():
        said = [each | {name: VALUE.sub("…", each[name]) for name in ("zh", "en")} for each in problem["said"]]
        zh, en = ADVICE[problem["status"]]
        told = {"code": code, "problem": problem | {"said": said}, "advice": {"zh": zh, "en": en}}
        page = rendered(site, "problem.html", None, **told)
        made[f"/problems/{code}"] = Page.of(page, HTML, caching=ASK_AGAIN)
    return made
