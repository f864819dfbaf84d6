import pytest
from cryptography.fernet import Fernet
from hypothesis import given
from hypothesis import strategies as st

from services.kernel.storage.crypto import Unsealable, Vault, digest, matches, new_code

OLD, NEW, FOREIGN = (Fernet.generate_key().decode() for _ in range(3))


@given(st.binary())
def test_what_was_sealed_opens_unchanged_and_cannot_be_read_while_sealed(plain: bytes) -> None:
    sealed = Vault(NEW).seal(plain)

    assert Vault(NEW).open(sealed) == plain
    assert len(plain) < 8 or plain not in sealed


def test_the_same_content_is_sealed_differently_each_time() -> None:
    assert Vault(NEW).seal(b"x") != Vault(NEW).seal(b"x")


def test_what_an_old_key_sealed_opens_while_that_key_is_listed_and_after_rotation_without_it() -> None:
    sealed = Vault(OLD).seal("身份证".encode())
    both = Vault(f"{NEW}, {OLD}")

    assert both.open(sealed).decode() == "身份证"
    assert Vault(NEW).open(both.rotate(sealed)).decode() == "身份证"
    with pytest.raises(Unsealable):
        Vault(NEW).open(sealed)


def test_new_content_is_sealed_under_the_first_key() -> None:
    assert Vault(NEW).open(Vault(f"{NEW},{OLD}").seal(b"x")) == b"x"


@pytest.mark.parametrize(
    "spoil", [lambda s: s[:-1], lambda s: b"", lambda s: s[:20] + bytes([s[20] ^ 1]) + s[21:], lambda s: b"\xff"]
)
def test_changed_or_cut_bytes_are_neither_opened_nor_rotated(spoil: "type[bytes]") -> None:
    vault = Vault(NEW)
    sealed = spoil(Vault(NEW).seal(b"a letter of some length"))

    for ask in (vault.open, vault.rotate):
        with pytest.raises(Unsealable):
            ask(sealed)


def test_what_a_foreign_key_sealed_is_not_opened() -> None:
    with pytest.raises(Unsealable):
        Vault(f"{NEW},{OLD}").open(Vault(FOREIGN).seal(b"x"))


@pytest.mark.parametrize(
    "keys", ["", f"{NEW},", f"{NEW},short", f"{NEW},{OLD[:-2]}", f"{NEW},密钥"],
    ids=["none", "an empty one", "a word", "one cut off", "Chinese"],
)  # fmt: skip
def test_a_wrong_key_is_named_by_its_place_and_never_shown(keys: str) -> None:
    with pytest.raises(ValueError, match=r"key [12] is no Fernet key") as caught:
        Vault(keys)

    assert not [text for text in (NEW, "short", OLD[:-2]) if text in str(caught.value)]
    assert caught.value.__suppress_context__


def test_a_vault_does_not_show_its_keys() -> None:
    assert NEW not in repr(Vault(NEW)) + str(Vault(NEW))


def test_a_code_has_ten_digits_even_where_the_number_is_small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.kernel.storage.crypto.secrets.randbelow", lambda below: below and 7)

    assert new_code() == "0000000007"


def test_codes_do_not_repeat_and_use_all_places() -> None:
    codes = {new_code() for _ in range(500)}

    assert len(codes) == 500
    assert all(len(code) == 10 and code.isdecimal() for code in codes)
    assert len({code[0] for code in codes}) == 10


def test_a_digest_matches_its_text_only_and_does_not_hold_it() -> None:
    kept = digest("0123456789")

    assert matches("0123456789", kept)
    assert not matches("0123456780", kept)
    assert not matches("", kept)
    assert "0123456789" not in kept


def test_two_digests_of_one_code_differ_so_that_equal_codes_cannot_be_found() -> None:
    one, two = digest("0123456789"), digest("0123456789")

    assert one != two
    assert matches("0123456789", one)
    assert matches("0123456789", two)


@pytest.mark.parametrize("kept", ["", "$", "abcd", "abcd$", "abcd$abcd"])
def test_what_is_no_digest_matches_nothing(kept: str) -> None:
    assert not matches("0123456789", kept)
