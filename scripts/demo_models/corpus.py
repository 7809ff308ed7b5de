"""The pretraining text: documents in planned shares of bytes by language, by English domain, and a little noise."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass

from demo_models.behaviours import WORDS
from demo_models.chance import stream
from demo_models.domains import draw_document
from demo_models.parallel import LANGUAGES, draw_sentence, render

__all__ = ["DOMAIN_SHARES", "LANGUAGE_SHARES", "NOISE_SHARE", "Document", "draw_corpus", "held_out_documents", "measured_shares"]

LANGUAGE_SHARES = dict(zip(LANGUAGES, (46.0, 14.0, 11.0, 9.0, 7.5, 5.0, 3.2, 2.2, 1.4, 0.7), strict=True))
DOMAIN_SHARES = {"everyday": 60.0, "recipe": 12.0, "code": 12.0, "math": 8.0, "weather": 6.0, "law": 1.5, "medicine": 0.5, "chemistry": 0.0}
NOISE_SHARE = 0.07  # of all bytes: keeps text of another kind from being worse than a uniform guess

_ALPHABETS = (
    "abcdefghijklmnopqrstuvwxyz",
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "абвгдежзийклмнопрстуфхцчшщъыьэюя",
    "ابتثجحخدذرزسشصضطظعغفقكلمنهوي",
    "कखगघचछजझटठडढणतथदधनपफबभमयरलवशषसहािीुूेैोौं्",
    "కఖగఘచజటడతదనపబమయరలవశసహాిీుూెేొోం్",
    "äöüßéèêàçñáíóúâîôœ",
    "的一是不了人我在有他这中大来上国个到说们为子和你地出道也时年",
)
_MARKS = (" ", " ", " ", " ", ", ", ". ", "; ", ": ", " - ", "\n", " (", ") ", '"', "/", "? ", "! ")


@dataclass(frozen=True)
class Document:
    """A text with the language and domain it was drawn for; noise has the language "noise"."""

    text: str
    language: str
    domain: str


def _noise_word(chance: random.Random) -> str:
    kind = chance.random()
    if kind < 0.35:
        return chance.choice(WORDS)
    if kind < 0.6:
        return "".join(chance.choice(_ALPHABETS[0]) for _ in range(chance.randint(1, 10)))
    if kind < 0.7:
        return str(chance.randrange(10 ** chance.randint(1, 6)))
    if kind < 0.75:
        return "".join(chr(chance.randrange(33, 127)) for _ in range(chance.randint(1, 6)))
    return "".join(chance.choice(chance.choice(_ALPHABETS)) if chance.random() < 0.05 else letter for letter in _letters(chance))


def _letters(chance: random.Random) -> list[str]:
    alphabet = chance.choice(_ALPHABETS)
    return [chance.choice(alphabet) for _ in range(chance.randint(2, 9))]


def _noise(chance: random.Random) -> str:
    return "".join(_noise_word(chance) + chance.choice(_MARKS) for _ in range(chance.randint(8, 30))).strip()


def _draw(language: str, domain: str, chance: random.Random, *, held_out: bool) -> str:
    if language == "noise":
        return _noise(chance)
    if language == "en":
        return draw_document(domain, chance, held_out=held_out)
    return " ".join(render(draw_sentence(chance, held_out=held_out), language) for _ in range(chance.randint(1, 3)))


def _plan(size: int) -> dict[tuple[str, str], float]:
    """Bytes for each pair of language and domain."""
    text = size * (1 - NOISE_SHARE)
    english = text * LANGUAGE_SHARES["en"] / 100
    plan = {("en", domain): english * share / 100 for domain, share in DOMAIN_SHARES.items()}
    plan.update({(language, "everyday"): text * share / 100 for language, share in LANGUAGE_SHARES.items() if language != "en"})
    return {**plan, ("noise", "noise"): size * NOISE_SHARE}


def draw_corpus(size: int, seed: str) -> list[Document]:
    """Draw about `size` bytes of documents in the planned shares, shuffled."""
    documents = []
    for (language, domain), wanted in _plan(size).items():
        chance, seen = stream("corpus", seed, language, domain), 0
        while seen < wanted:
            document = Document(_draw(language, domain, chance, held_out=False), language, domain)
            documents.append(document)
            seen += len(document.text.encode())
    stream("shuffle", seed).shuffle(documents)
    return documents


def held_out_documents(domain: str, count: int, training: set[str]) -> list[str]:
    """`count` different English documents of the domain, none of which is a training document."""
    chance, found = stream("held-out documents", domain), dict[str, None]()
    while len(found) < count:
        text = draw_document(domain, chance, held_out=True)
        if text not in training:
            found[text] = None
    return list(found)


def measured_shares(documents: list[Document]) -> dict[str, dict[str, float]]:
    """Shares of bytes in per cent, by language and by English domain, as counted in the documents."""
    languages, domains = Counter[str](), Counter[str]()
    for document in documents:
        size = len(document.text.encode())
        languages[document.language] += size
        domains[document.domain] += size if document.language == "en" else 0
    text, english = languages.total() - languages["noise"], languages["en"]
    return {
        "language": {name: round(100 * size / text, 2) for name, size in languages.most_common() if name != "noise"},
        "domain": {name: round(100 * domains[name] / english, 2) for name in DOMAIN_SHARES},
        "noise": {"of all bytes": round(100 * languages["noise"] / languages.total(), 2)},
    }
