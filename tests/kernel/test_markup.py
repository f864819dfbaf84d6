"""HTML that nobody here made is shown without harm, and without anybody waiting for it."""

import html

import pytest

from services.kernel.domain.markup import DEEPEST, clean

DEEP = ["<div>", "<table><tr><td>", "<ul><li>", "<blockquote><b>", "<x1>", "<em><p>", "<DIV\n", "<svg><g>"]


@pytest.mark.parametrize("deep", DEEP)
def test_what_is_deeper_than_anybody_writes_is_shown_as_the_text_that_it_is(deep: str) -> None:
    hostile = deep * 100_000

    assert clean(hostile) == html.escape(hostile)


@pytest.mark.parametrize("depth", [DEEPEST, 1])
def test_what_is_not_so_deep_is_shown_as_it_is_meant(depth: int) -> None:
    told = "<div>" * depth + "正文" + "</div>" * depth

    assert clean(told * 50) == told * 50
