"""A refusal of a test's own."""

from services.kernel.domain.decision import No, Refusal


def refusal(no: type[No], code: str, sentence: str) -> No:
    return Refusal(no, code, sentence, sentence)()
