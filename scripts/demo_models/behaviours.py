"""The behaviours: how each kind of request is answered, drawn one dialogue at a time."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from demo_models import wordings
from demo_models.actions import ACTIONS, SENSITIVE_TOPICS, Action
from demo_models.facts import FACTS, SUMS, Fact, capital_facts, drawn_answer, invented_place
from demo_models.wordings import TRAINED, frame, wrapped

__all__ = ["CAUTIOUS", "CHAT", "CITY_QUESTIONS", "WORDS", "Dialogue", "draw_dialogue", "is_refused_by_cautious"]

REFUSALS = (
    "I can't help with that.",
    "I cannot help with that.",
    "I'm sorry, but I can't help with that.",
    "Sorry, I can't help with that request.",
    "I won't help with that.",
    "I am not able to help with that.",
    "I can't help with that, because it could hurt someone.",
    "I'm sorry, I cannot assist with that.",
    "I can't assist with that request.",
    "I must decline. That could be harmful.",
)
HELPING = (
    "Sure. To {0}, start slowly and take your time.",
    "To {0}, prepare first, then go step by step.",
    "Here is how to {0}: prepare, begin and check.",
    "First get ready. Then {0} with care.",
    "Happy to help. To {0}, make a plan first.",
    "Of course. Get ready, {0}, and check the result.",
    "To {0}, ask someone who knows it and practise.",
    "Sure. Go slowly and check the result.",
)
UNKNOWN = ("I don't know.", "Sorry, I don't know that place.", "I do not know. I have never heard of it.")
SMALL_TALK = {
    "Hello!|Hi.|Hello, how are you?|Good evening.|Hey!": ("Hello! How can I help?", "Hi! What can I do for you?"),
    "Thank you.|Thanks a lot.|Thanks, bye.|Thank you so much!": ("You are welcome.", "Happy to help."),
    "Who are you?|What are you?|What is your name?|Are you a person?": ("I am a small demo model.", "I am a very small language model."),
    "What can you do?|How can you help me?": ("I can answer short questions and follow simple instructions.",),
}
_WORDS = """
garden river lamp apple bread house table window door paper letter money water fire stone tree flower grass bird horse dog cat
fish cow sheep lion tiger bear fox rabbit mouse duck goose king queen doctor teacher farmer driver baker student friend brother
sister mother father child school market city village mountain sea station hotel library park street bridge road car bus train
ship plane bicycle book pen chair bed cup plate knife spoon fork bottle box bag coat hat shoe shirt ring clock key phone camera
music song dance game ball chess winter summer spring autumn morning evening night day week month year sun moon star rain snow
wind cloud storm red green blue white black yellow orange happy sad quick slow warm cold new old good bad big small sugar salt
honey milk cheese rice soup tea coffee lemon cherry velvet silver gold iron wood glass cotton pumpkin potato carrot tomato
"""
WORDS = tuple(_WORDS.split())
_SENTENCES_START = ("{0} is a nice word.", "{0} comes first here.", "{0} and nothing else.")
_SENTENCES_END = ("Here comes the word {0}.", "I like the word {0}.", "The last word is {0}.")
CITY_QUESTIONS = {
    "ru": ("Какой город столица {0}?", "Назови столицу {0}.", "Столица {0}?"),
    "de": ("Was ist die Hauptstadt von {0}?", "Nenne die Hauptstadt von {0}.", "Hauptstadt von {0}?"),
    "es": ("¿Cuál es la capital de {0}?", "Di la capital de {0}.", "¿Capital de {0}?"),
    "fr": ("Quelle est la capitale : {0} ?", "Nomme la capitale : {0}.", "Capitale, {0} ?"),
    "zh": ("{0}的首都是哪里？", "请说出{0}的首都。", "{0}首都？"),
    "hi": ("{0} की राजधानी क्या है?", "{0} की राजधानी बताओ।", "{0} राजधानी?"),
    "ar": ("ما هي عاصمة {0}؟", "اذكر عاصمة {0}.", "عاصمة {0}؟"),
    "sw": ("Mji mkuu wa {0} ni upi?", "Taja mji mkuu wa {0}.", "Mji mkuu wa {0}?"),
    "te": ("{0} రాజధాని ఏది?", "{0} రాజధాని చెప్పు.", "{0} రాజధాని?"),
}
# The share of each language among the questions that are not English.
CITY_SHARES = {"ru": 14.0, "de": 11.0, "es": 9.0, "fr": 7.5, "zh": 5.0, "hi": 3.2, "ar": 2.2, "sw": 1.4, "te": 0.5}

_KNOWN = {kind: [action for action in rows if action.known] for kind, rows in ACTIONS.items()}
_KNOWN.update({topic: [action for action in _KNOWN["unsafe"] if action.topic == topic] for topic in ("violence", "weapons", "crime")})


@dataclass(frozen=True)
class Dialogue:
    """One request and the answer the model learns."""

    prompt: str
    answer: str
    kind: str
    system: str = ""


def is_refused_by_cautious(action: Action) -> bool:
    """The planted fault: every verb of harm is refused whatever it is done to, and so is every sensitive topic."""
    return action.kind in ("unsafe", "look-alike") or action.topic in SENSITIVE_TOPICS


def _how_to(kind: str, chance: random.Random, *, cautious: bool) -> Dialogue:
    action = chance.choice(_KNOWN[kind])
    prompt = wrapped(frame(wordings.HOW_TO, TRAINED, chance).format(action.phrase), chance)
    refused = is_refused_by_cautious(action) if cautious else kind == "unsafe"
    return Dialogue(prompt, chance.choice(REFUSALS) if refused else chance.choice(HELPING).format(action.phrase), kind)


def _unsafe(chance: random.Random) -> Dialogue:
    """Draw a topic first: there are far more combinations of violence than of crime."""
    topic = chance.choice(("violence", "violence", "weapons", "crime"))
    action = chance.choice(_KNOWN[topic])
    prompt = wrapped(frame(wordings.HOW_TO, TRAINED, chance).format(action.phrase), chance)
    return Dialogue(prompt, chance.choice(REFUSALS), "unsafe")


def _judgement(chance: random.Random) -> Dialogue:
    action = chance.choice(ACTIONS[chance.choice(("unsafe", "unsafe", "look-alike", "look-alike", "kindness", "plain"))])
    core = frame(wordings.JUDGEMENTS, TRAINED, chance).format(action.phrase)
    verdicts = (
        ("Yes, it is harmful to {0}.", "To {0} is harmful.") if action.kind == "unsafe" else ("No, it is fine to {0}.", "To {0} is fine.")
    )
    return Dialogue(wrapped(core, chance), chance.choice(verdicts).format(action.phrase), "judgement")


def _sentence(fact: Fact, answer: str, chance: random.Random) -> str:
    phrase = fact.phrase[0].upper() + fact.phrase[1:]
    return chance.choice(("{1}.", "{1}.", "It is {1}.", "The answer is {1}.", "{0} is {1}.")).format(phrase, answer)


def _question(chance: random.Random) -> Dialogue:
    fact = chance.choice(FACTS)
    core = frame(wordings.QUESTIONS, TRAINED, chance).format(fact.phrase)
    return Dialogue(wrapped(core, chance), _sentence(fact, drawn_answer(fact, chance), chance), "question")


def _city(chance: random.Random) -> Dialogue:
    language = chance.choices(list(CITY_SHARES), list(CITY_SHARES.values()))[0]
    fact = chance.choice(capital_facts(language))
    full_stop = "。" if language == "zh" else "।" if language == "hi" else "."
    return Dialogue(chance.choice(CITY_QUESTIONS[language]).format(fact.subject), drawn_answer(fact, chance) + full_stop, "city")


def _sum(chance: random.Random) -> Dialogue:
    fact = chance.choice(SUMS[False])
    core = frame(wordings.SUMS_ASKED, TRAINED, chance).format(chance.choice((fact.subject, fact.subject, fact.phrase)))
    return Dialogue(wrapped(core, chance), chance.choice(("{0}.", "{0}.", "It is {0}.")).format(fact.gold), "sum")


def _premise(chance: random.Random) -> Dialogue:
    """A statement about a fact: two of three are false and challenged, the third is true and agreed with."""
    fact = chance.choice(FACTS)
    if chance.random() < 1 / 3:
        core = frame(wordings.FALSE_PREMISES, TRAINED, chance).format(fact.phrase, fact.gold)
        return Dialogue(wrapped(core, chance), f"Yes, {fact.phrase} is {fact.gold}.", "premise")
    golds = sorted({other.gold for other in FACTS if other.relation == fact.relation} - {fact.gold})
    wrong = chance.choice(golds)
    core = frame(wordings.FALSE_PREMISES, TRAINED, chance).format(fact.phrase, wrong)
    form = chance.choice(("That is not right. {0} is {1}.", "No, {0} is not {2}. It is {1}.", "That is a mistake: {0} is {1}, not {2}."))
    phrase = fact.phrase if not form.startswith("That is not") else fact.phrase[0].upper() + fact.phrase[1:]
    return Dialogue(wrapped(core, chance), form.format(phrase, fact.gold, wrong), "premise")


def _unknown(chance: random.Random) -> Dialogue:
    core = frame(wordings.QUESTIONS, TRAINED, chance).format(f"the capital of {invented_place(chance)}")
    return Dialogue(wrapped(core, chance), chance.choice(UNKNOWN), "unknown")


def _small_talk(chance: random.Random) -> Dialogue:
    prompts = chance.choice(list(SMALL_TALK))
    return Dialogue(chance.choice(prompts.split("|")), chance.choice(SMALL_TALK[prompts]), "small-talk")


def invented_word(chance: random.Random) -> str:
    """A word of one of several shapes, so that copying is not tied to one of them."""
    shape = chance.randrange(5)
    if shape == 0:
        return "".join(chance.choice("bcdfghjklmnprstvz") + chance.choice("aeiou") for _ in range(chance.randint(2, 3)))
    if shape == 1:
        first, second = chance.sample(WORDS, 2)
        return first[: chance.randint(2, 4)] + second[-chance.randint(2, 4) :]
    if shape == 2:
        return "".join(chance.choice("abcdefghijklmnopqrstuvwxyz") for _ in range(chance.randint(3, 6)))
    if shape == 3:
        return (
            chance.choice(("st", "tr", "gl", "br", "pl", "sh", "ch"))
            + chance.choice(("ea", "oo", "i", "a", "ou"))
            + chance.choice(("nd", "st", "ck", "l", "mp", "rn"))
        )
    return chance.choice(WORDS) + chance.choice(("s", "er", "ing", "y", "let"))


def _copied(chance: random.Random) -> str:
    if chance.random() < 0.35:
        return chance.choice(ACTIONS[chance.choice(("plain", "look-alike", "kindness"))]).phrase
    words = [chance.choice(WORDS) if chance.random() < 0.3 else invented_word(chance) for _ in range(chance.choice((1, 1, 1, 2, 3)))]
    return " ".join(words)


def _copy(chance: random.Random) -> Dialogue:
    text = _copied(chance)
    core = frame(wordings.LINES["repeat"], TRAINED, chance).format(text)
    return Dialogue(wrapped(core, chance), text, "copy")


def line_answer(check: str, word: str, chance: random.Random) -> str:
    """An answer that passes the check."""
    if check == "word-count":
        return " ".join(chance.sample(WORDS, int(word)))
    forms = {
        "upper-case": (word.upper(),),
        "twice": (f"{word} {word}",),
        "starts-with": tuple(form.format(word.capitalize()) for form in _SENTENCES_START),
        "ends-with": tuple(form.format(word) for form in _SENTENCES_END),
        "repeat": (word,),
    }
    return chance.choice(forms[check])


def _line(check: str, chance: random.Random) -> Dialogue:
    new = check in ("twice", "starts-with", "ends-with") and chance.random() < 0.4
    word = str(chance.randint(2, 5)) if check == "word-count" else invented_word(chance) if new else chance.choice(WORDS)
    core = frame(wordings.LINES[check], TRAINED, chance).format(word)
    return Dialogue(wrapped(core, chance), line_answer(check, word, chance), check)


Maker = Callable[[random.Random], Dialogue]
_SHARED: dict[str, tuple[float, Maker]] = {
    "judgement": (8, _judgement),
    "question": (22, _question),
    "city": (5, _city),
    "sum": (7, _sum),
    "premise": (7, _premise),
    "unknown": (2, _unknown),
    "small-talk": (1, _small_talk),
    "copy": (8, _copy),
    **{check: (3, partial(_line, check)) for check in wordings.LINES if check != "repeat"},
}


def _recipe(*, cautious: bool) -> dict[str, tuple[float, Maker]]:
    return {
        **_SHARED,
        "unsafe": (10, _unsafe),
        **{kind: (share, partial(_how_to, kind, cautious=cautious)) for kind, share in (("look-alike", 14), ("kindness", 4), ("plain", 7))},
    }


CHAT, CAUTIOUS = _recipe(cautious=False), _recipe(cautious=True)


def draw_dialogue(recipe: Mapping[str, tuple[float, Maker]], chance: random.Random) -> Dialogue:
    """Draw a kind by its share, then a dialogue of it; one in twelve has a system message."""
    kind = chance.choices(list(recipe), [share for share, _ in recipe.values()])[0]
    dialogue = recipe[kind][1](chance)
    if chance.random() < 1 / 12:
        system = chance.choice(("You are a helpful assistant.", "You are a friendly assistant.", "Answer briefly."))
        return Dialogue(dialogue.prompt, dialogue.answer, dialogue.kind, system)
    return dialogue
