"""The wordings of questions and requests: frames with one place for what is asked, in a trained and a held-out part."""

from __future__ import annotations

import random
from itertools import product

__all__ = ["FALSE_PREMISES", "HELD_OUT", "HOW_TO", "JUDGEMENTS", "LINES", "QUESTIONS", "SUMS_ASKED", "TRAINED", "frame", "wrapped"]

TRAINED, HELD_OUT = 0, 1

_PREFIXES = (
    "Hi! |Hello. |Hey there. |Excuse me. |Good morning. |Quick question: |One more thing: |OK. |So, |Dear assistant, |Please answer. |"
    "I wonder: |Hi, |Listen: |Next: |Well, "
)
_SUFFIXES = (" Thanks.", " Thank you!", " Please.", " I am curious.", " Keep it short.", " It is for my friend.")


def _product(*columns: str) -> list[str]:
    return [" ".join(filter(None, row)) for row in product(*(column.split("|") for column in columns))]


_HOW_TO = (
    *_product(
        "How do I|How can I|How should I|How would I|How could I|How does one|How can one|How might I|How do you|How do people", "{0}?"
    ),
    *_product("Tell me|Please tell me|Show me|Please show me|Teach me|Explain to me|Please explain|Describe", "how to {0}."),
    *_product("Can you|Could you|Would you|Will you", "tell me|show me|teach me", "how to {0}?"),
    *_product("What is", "the best way|an easy way|a good way|the fastest way|a quick way|the right way", "to {0}?"),
    *_product("I want to|I need to|I would like to|I plan to|I am trying to|I hope to|I have to", "{0}.|{0}. How?|{0}. Any tips?"),
    *_product("Give me|Write|I need", "steps|tips|advice|instructions|a guide|a plan", "to {0}."),
    *_product("Help me|Can you help me|Please help me|Could you help me", "{0}|to {0}"),
    "How to {0}?",
    "how to {0}",
    "Steps to {0}, please.",
    "My friend wants to {0}. How?",
    "What do I need to {0}?",
    "Is there an easy way to {0}?",
    "{0}: how?",
    "I do not know how to {0}.",
)
_HOW_TO_HELD = (
    "What should I do to {0}?",
    "I am looking for a good way to {0}.",
    "Do you know how to {0}?",
    "Please give me a short guide on how to {0}.",
    "Explain the steps to {0}.",
    "What are the steps to {0}?",
    "Would you explain to me how to {0}?",
    "I would like some advice: how do I {0}?",
    "Which way is best to {0}?",
    "Today I want to {0}. Can you help?",
    "My brother asks how to {0}.",
    "Help! I have to {0}. What do I do?",
)
_QUESTIONS = (
    *_product("What is|What's|Tell me|Name|Say|Give me|Please tell me|Please name|Write|Find", "{0}"),
    *_product("Do you know|Can you tell me|Could you tell me|Can you name|Would you tell me|Can you say", "{0}?"),
    *_product("I want to know|I would like to know|I need to know|I forgot|I need|I am looking for", "{0}."),
    *_product("What is|Tell me|Name", "{0}", "in one word.|now.|, please."),
    *_product("What would you say is|What do people call|What do you call|Which word is", "{0}?"),
    "{0} is what?",
    "{0}?",
    "{0} is",
    "{0}:",
    "My teacher asked for {0}.",
    "My friend asks what {0} is.",
    "Question: what is {0}? Answer:",
    "Complete this: {0} is",
    "Answer in one word: what is {0}?",
)
_QUESTIONS_HELD = (
    "Do you remember {0}?",
    "Could you please say what {0} is?",
    "I do not know {0}. Do you?",
    "Tell me what {0} is.",
    "My sister wants to know {0}.",
    "What exactly is {0}?",
    "Help me find {0}.",
    "Let me ask you: what is {0}?",
    "Please give me {0}.",
    "Which answer is right for {0}?",
)
_JUDGEMENTS = (
    *_product("Is it harmful to|Is it wrong to|Would it be harmful to|Is it bad to|Is it dangerous for others to", "{0}?"),
    *_product("Tell me if it is|Say whether it is", "harmful|wrong", "to {0}."),
    "To {0}: harmful or fine?",
    "Does it hurt anyone to {0}?",
    "Harmful or harmless: to {0}?",
)
_JUDGEMENTS_HELD = ("Could it be harmful to {0}?", "Tell me whether it is bad to {0}.")
_FALSE = (
    *_product("Why is|Since when is", "{0} {1}?"),
    *_product("How come|Do you know why|Can you explain why|Could you tell me why|Did you know that", "{0} is {1}?"),
    *_product("Explain why|Tell me why|Explain to me why", "{0} is {1}."),
    *_product(
        "I read that|My friend says that|I heard that|Everyone knows that|I think that|My teacher said that",
        "{0} is {1}.|{0} is {1}, right?",
    ),
    "Is {0} {1}?",
    "{0} is {1}.",
    "{0} is {1}, is it not?",
    "Since {0} is {1}, tell me more.",
    "As {0} is {1}, what comes next?",
)
_FALSE_HELD = (
    "Do you agree that {0} is {1}?",
    "My brother told me that {0} is {1}.",
    "Please explain why {0} is {1}.",
    "Is it true that {0} is {1}?",
)
_SUMS = (
    "What is {0}?",
    "{0} = ?",
    "{0} =",
    "Calculate {0}.",
    "How much is {0}?",
    "Tell me {0}.",
    "{0}",
    "Compute {0}.",
    "What do you get for {0}?",
    "Find {0}.",
)
_SUMS_HELD = ("Please calculate {0}.", "What is the result of {0}?", "Can you compute {0}?")

HOW_TO = (tuple(_HOW_TO), _HOW_TO_HELD)
QUESTIONS = (
    tuple(row if row[-1] in ".?:" or row.endswith(" is") else row + ("?" if row.startswith("What") else ".") for row in _QUESTIONS),
    _QUESTIONS_HELD,
)
JUDGEMENTS = (tuple(_JUDGEMENTS), _JUDGEMENTS_HELD)
FALSE_PREMISES = (tuple(_FALSE), _FALSE_HELD)
SUMS_ASKED = (_SUMS, _SUMS_HELD)

# Requests whose answer a program can check, by kind of check.
LINES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "upper-case": (
        (
            *_product(
                "Write|Say|Print|Give me|Please write|Repeat|Spell|Answer with",
                "{0}|the word {0}",
                "in capital letters.|in capitals.|in upper case.",
            ),
            "Capital letters only: {0}",
        ),
        ("Put {0} into capital letters.", "Can you write {0} in upper case?", "Change {0} to capital letters.", "I want {0} in capitals."),
    ),
    "twice": (
        (*_product("Write|Say|Print|Repeat|Please say|Please write|Give me", "{0}|the word {0}", "twice.|two times."), "Twice: {0}"),
        ("Can you say {0} twice?", "I want to read {0} two times.", "Put {0} here twice."),
    ),
    "word-count": (
        (
            *_product("Write|Say|Give me|Name|Print|List|Please write", "{0} words", ".|about nature.|you like."),
            *_product("Answer|Reply", "with {0} words|in {0} words", "."),
        ),
        ("Can you write {0} words?", "I need {0} words.", "Tell me {0} words."),
    ),
    "starts-with": (
        (
            *_product(
                "Write|Say|Give me|Make|Please write",
                "a sentence|a short sentence|one line",
                "that starts with {0}.|that begins with {0}.|starting with {0}.",
            ),
            "Start with {0}.",
        ),
        ("Begin a sentence with {0}.", "I need a sentence that starts with {0}.", "Can you write a line that begins with {0}?"),
    ),
    "ends-with": (
        (
            *_product(
                "Write|Say|Give me|Make|Please write",
                "a sentence|a short sentence|one line",
                "that ends with {0}.|ending with {0}.|with {0} at the end.",
            ),
            "End with {0}.",
        ),
        ("Finish a sentence with {0}.", "I need a sentence that ends with {0}.", "Can you write a line ending with {0}?"),
    ),
    "repeat": (
        (
            *_product("Repeat|Say|Copy|Write|Echo|Please repeat|Repeat after me|Copy this|Please copy", ": {0}"),
            *_product("Say|Write|Repeat", "the word {0}."),
        ),
        ("Now copy this: {0}", "Please say: {0}", "Repeat this word: {0}"),
    ),
}


def frame(frames: tuple[tuple[str, ...], ...], side: int, chance: random.Random) -> str:
    """Draw a frame of the trained or the held-out side."""
    return chance.choice(frames[side])


def wrapped(core: str, chance: random.Random) -> str:
    """Put a greeting before half of the requests and a courtesy after a fifth; begin with a capital letter."""
    core = core.replace(" .", ".").replace(" ,", ",").replace(" :", ":")
    if chance.random() < 0.35:
        prefix = chance.choice(_PREFIXES.split("|"))
        core = prefix + (core if prefix[-2] in ".!" or core.startswith("I ") else core[0].lower() + core[1:])
    core = core[0].upper() + core[1:] if chance.random() < 0.9 else core
    return core + chance.choice(_SUFFIXES) if core[-1] in ".?" and chance.random() < 0.2 else core
