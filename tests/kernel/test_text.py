"""One door for what people write: the same for whoever types, pastes or sends it, by form and by JSON."""

import unicodedata
from collections.abc import Callable

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from services.kernel.domain import text
from services.kernel.domain.decision import Wrong
from services.kernel.domain.text import Kind

FAMILY = "👨\u200d👩\u200d👧\u200d👦"
KINDS = [text.text, text.line, text.plain_line, text.telephone, text.email, text.digits, text.receipt]
UNSEEN = (
    "\u200b\u200c\u2060\ufeff\xad\u180e\u034f\u115f\u3164\uffa0\u2800\xa0\u3000\u200e\u061c\u2063\ufe0f\U000e0041"
    "\U0001d159"
)
STEERS = "\u202a\u202b\u202d\u202e\u2066\u2067\u2068\u2069"
NONE = "\x00\x01\x08\x1b\x7f\x80\x9f\ufffd\ufffe\uffff\ufdd0\U0001ffff\ufff9"


@pytest.mark.parametrize("unseen", [*UNSEEN, UNSEEN, "\u200d\u200d", " \t\n "])
def test_what_has_nothing_to_see_is_empty(unseen: str) -> None:
    for kind in (text.line, text.text):
        assert kind(unseen.replace("\n", " ")) == ""
        with pytest.raises(Wrong, match="empty"):
            Kind(kind, 1, 10)(unseen.replace("\n", " "))


@pytest.mark.parametrize("unseen", "\u200b\u2060\ufeff\xad\u3164\u200e\u2063")
def test_what_nobody_sees_goes_and_the_rest_stays(unseen: str) -> None:
    assert text.line(f"{unseen}关于{unseen}停水{unseen}") == "关于停水"


@pytest.mark.parametrize(
    ("written", "at_fault"), [*((f"关于{c}8002年预算", c) for c in STEERS), *((f"a{c}b", c) for c in NONE)]
)
def test_what_steers_its_neighbours_or_is_no_character_is_refused_with_its_name(written: str, at_fault: str) -> None:
    for kind in (text.line, text.text):
        with pytest.raises(Wrong) as refused:
            kind(written)
        assert f"U+{ord(at_fault):04X}" in refused.value.words.zh


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\x85", "\u2028", "\u2029", "\v", "\f"])
def test_any_line_end_ends_a_line_of_a_text_and_makes_two_of_one(end: str) -> None:
    assert text.text(f"甲{end}乙") == "甲\n乙"
    assert text.line(f"甲{end}") == "甲"
    with pytest.raises(Wrong, match="one line"):
        text.line(f"甲{end}乙")


@pytest.mark.parametrize(
    "kept",
    [FAMILY, "❤️", "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f", "葛\U000e0100城", "𠮷",
     "می\u200cخواهم", "ᠮᠣᠩᠭᠣᠯ\u180eᠠ", "（全角）：“引号”", "①", "阿卜杜拉·买买提"],
)  # fmt: skip
def test_what_people_see_stays_as_it_was_written(kept: str) -> None:
    assert text.line(kept) == unicodedata.normalize("NFC", kept)


@pytest.mark.parametrize(
    ("written", "length"),
    [("😀" * 100, 100), (FAMILY * 3, 3), ("𠮷" * 40, 40), ("e\u0301" * 5, 5), ("\u1100\u1161", 1)],
)
def test_length_is_what_people_see_as_characters(written: str, length: int) -> None:
    assert text.length(text.line(written)) == length
    assert Kind(text.line, length, length)(written)
    with pytest.raises(Wrong, match=f"not {length}"):
        Kind(text.line, 0, length - 1)(written)


@given(st.text())
def test_length_is_the_number_of_grapheme_clusters_whatever_the_text(written: str) -> None:
    assert text.length(written) == len(regex.findall(r"\X", written))


def test_marks_piled_on_one_character_are_no_way_around_a_limit() -> None:
    with pytest.raises(Wrong):
        Kind(text.line, 1, 100)("a" + "\u0301" * 500)
    with pytest.raises(Wrong, match="too long"):
        Kind(text.line, 1, 3)("👨\u200d" * 5_000)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("１３８００００００００", "13800000000"),
        ("(0763)3360000", "(0763)3360000"),
        ("（０７６３）３３６００００", "(0763)3360000"),
        ("０７６３－３３６００００", "0763-3360000"),
        ("0763—3360000", "0763-3360000"),
        ("\u202d13800000000\u202c", "13800000000"),
        ("138\u200b0000\u200b0000", "13800000000"),
        ("\ufeff13800000000", "13800000000"),
        ("138\xa00000\u30000000", "138 0000 0000"),
        ("+86 138 0000 0000", "+86 138 0000 0000"),
        ("0763-3360000转801", "0763-3360000转801"),
        ("0763-3360000-801", "0763-3360000-801"),
        ("3360000", "3360000"),
        ("+852 2123 4567", "+852 2123 4567"),
        ("400-800-8888", "400-800-8888"),
        ("19912345678", "19912345678"),
    ],
)  # fmt: skip
def test_a_telephone_number_is_taken_however_it_was_typed(typed: str, kept: str) -> None:
    assert text.telephone(typed) == kept


@pytest.mark.parametrize(
    "typed", ["打我电话", "1" * 30, "1380000000", "138000000000", "12", "", "+", "1-800-FLOWERS", "138\n00000000"]
)
def test_what_cannot_be_dialled_is_refused_with_an_example(typed: str) -> None:
    with pytest.raises(Wrong):
        text.telephone(typed)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("test＠example．com", "test@example.com"),
        ("a@EXAMPLE.com\u200b", "a@example.com"),
        ("王明@例子.公司", "王明@例子.公司"),
        ("a" * 64 + "@example.com", "a" * 64 + "@example.com"),
        ("a+b.c@mail.gd.gov.cn", "a+b.c@mail.gd.gov.cn"),
        ("x@" + ".".join(["a" * 60] * 3) + ".com", "x@" + ".".join(["a" * 60] * 3) + ".com"),
    ],
)  # fmt: skip
def test_an_email_address_is_taken_by_the_lengths_and_scripts_of_the_standards(typed: str, kept: str) -> None:
    assert text.email(typed) == kept


@pytest.mark.parametrize(
    "typed", ["a@example..com", "a" * 65 + "@example.com", "a@b", "a b@c.cn", "@c.cn", "a@c.cn\nb", "a@@c.cn", ""]
)
def test_what_is_no_email_address_is_refused(typed: str) -> None:
    with pytest.raises(Wrong):
        text.email(typed)


@pytest.mark.parametrize(
    "typed", ["12345 67890", "１２３４５６７８９０", "123-456-7890", "1234567890\u200b", "12345\u300067890"]
)
def test_a_code_is_its_digits(typed: str) -> None:
    assert text.digits(typed) == "1234567890"


@pytest.mark.parametrize(
    "typed",
    ["20261127-7K3M01", "２０２６１１２７－７Ｋ３Ｍ０１", "20261127—7k3mo1", "20261127–7K3MOI", "2O261127 - 7K3MOl",
     "202611277K3M01",
     "\u200b20261127-7K3M01\xa0"],
)  # fmt: skip
def test_a_receipt_number_is_read_as_it_was_meant(typed: str) -> None:
    assert text.receipt(typed) == "20261127-7K3M01"


def outcome(kind: Callable[[str], str], raw: str) -> str:
    try:
        return kind(raw)
    except Wrong as wrong:
        return f"refused: {wrong.words.en}"


ANY = st.text(
    st.one_of(st.sampled_from(UNSEEN + STEERS + NONE + "关于 a1-@.\n\t\u0301" + FAMILY), st.characters()), max_size=40
)


@given(ANY, st.sampled_from(KINDS))
def test_what_was_kept_is_kept_again_as_it_is(raw: str, kind: Callable[[str], str]) -> None:
    once = outcome(kind, raw)
    if not once.startswith("refused"):
        assert kind(once) == once


@given(ANY, st.sampled_from([text.line, text.text]))
def test_nothing_that_is_kept_steers_or_hides(raw: str, kind: Callable[[str], str]) -> None:
    kept = outcome(kind, raw)
    if not kept.startswith("refused"):
        assert not text.STEERING.search(kept)
        assert not text.NO_CHARACTER.search(kept)
        assert kept == "" or text.VISIBLE.search(kept)


@given(ANY, st.sampled_from(KINDS))
def test_the_same_text_in_another_form_gets_the_same_verdict(raw: str, kind: Callable[[str], str]) -> None:
    forms = {outcome(kind, unicodedata.normalize(form, raw)).startswith("refused: ") for form in ("NFC", "NFD")}
    assert len(forms) == 1


@pytest.mark.parametrize("made", ["\U0001f1e6" * 41, "\U0001f1e8\U0001f1f3" * 5_000, "e" + "\u0301" * 10])
def test_what_costs_too_much_to_tell_apart_is_refused_before_it_is_counted(made: str) -> None:
    with pytest.raises(Wrong, match="piled"):
        Kind(text.text, 1, 200_000)(made)


def test_a_flag_keeps_the_tags_that_a_flag_may_have() -> None:
    assert text.line("\U0001f3f4" + "\U000e0067" * 500) == "\U0001f3f4" + "\U000e0067" * 12


def test_what_is_cut_is_cut_between_what_people_see() -> None:
    assert text.brief("字" * 95 + FAMILY + FAMILY, 96) == "字" * 95 + FAMILY + "……"
    assert text.brief("e\u0301" * 97, 96) == "e\u0301" * 96 + "……"
    assert text.brief("字" * 95 + FAMILY, 96) == "字" * 95 + FAMILY
