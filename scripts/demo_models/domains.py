"""The English domains: documents from small grammars, each with enough combinations that a held-out document was never seen."""

from __future__ import annotations

import random
from collections.abc import Callable

from demo_models.actions import ACTIONS, NEW_NOUNS, PEOPLE, WEAPONS
from demo_models.behaviours import WORDS
from demo_models.facts import FACTS, NEW_FACTS
from demo_models.parallel import draw_sentence, render

__all__ = ["DOMAINS", "draw_document"]


def _words(table: str) -> list[str]:
    return [word.strip() for word in table.replace("\n", " ").split(",")]


_FOOD = _words("""rice, flour, sugar, butter, milk, water, salt, honey, cheese, onions, garlic, tomatoes, potatoes, carrots, beans,
lentils, eggs, cream, pepper, oil,
mint, parsley, spinach, mushrooms, lemon juice, vinegar, walnuts, raisins, yoghurt, mustard""")
_DISHES = _words("soup, bread, stew, salad, pie, porridge, pancakes, dumplings, curry, omelette, pudding, biscuits, noodles, sauce")
_PANS = _words("a deep pan, a small pot, a large bowl, a flat tin, a hot pan, a clay dish")
_NAMES = _words("total, count, items, name, price, index, value, rows, width, result, left, right, first, last, size, text")
_VERBS = _words("add, get, make, find, sort, read, print, check, load, save, merge, scale")
_TOWNS = _words("the north, the south, the east, the west, the hills, the coast, the valley, the islands, the lakes, the plains")
_PARTIES = _words(
    "the tenant, the landlord, the buyer, the seller, the lender, the borrower, the employer, the employee, the carrier, the owner"
)
_DUTIES = _words("""pay the rent, return the deposit, deliver the goods, repair the roof, keep the records, give written notice,
insure the building,
sign the agreement, bear the costs, remove the waste""")
_SYMPTOMS = _words("chest pain, fever, a dry cough, nausea, dizziness, swelling, joint pain, blurred vision, a rash, shortness of breath")
_DRUGS = _words("paracetamol, ibuprofen, amoxicillin, insulin, aspirin, prednisone, metformin, omeprazole")
_FINDINGS = _words(
    "raised blood pressure, a low pulse, pale skin, an enlarged liver, normal reflexes, a heart murmur, clear lungs, anaemia"
)
_ELEMENTS = _words("sodium, potassium, calcium, magnesium, zinc, copper, iron, silver, barium, lithium, aluminium")
_IONS = _words("chloride, sulfate, nitrate, carbonate, hydroxide, phosphate, bromide, acetate")


def _recipe(chance: random.Random) -> str:
    dish, minutes = chance.choice(_DISHES), chance.randrange(5, 60, 5)
    first, second, third, last = chance.sample(_FOOD, 4)
    steps = [
        f"Mix {chance.randint(2, 9) * 50} grams of {first} with {second}.",
        f"Put {third} into {chance.choice(_PANS)}.",
        f"Cook for {minutes} minutes and stir.",
        f"Bake at {chance.randrange(160, 230, 10)} degrees for {minutes} minutes.",
        f"Add {chance.randint(1, 4)} spoons of {second}.",
    ]
    return f"Recipe for {dish} with {first}. " + " ".join(chance.sample(steps, 3)) + f" Serve with {last}."


def _code(chance: random.Random) -> str:
    name, other = chance.sample(_NAMES, 2)
    verb, number = chance.choice(_VERBS), chance.randint(1, 99)
    bodies = [
        f"    return {name} {chance.choice('+-*')} {other}\n",
        f"    for {name} in range({number}):\n        print({name})\n    return {other}\n",
        f"    if {name} > {number}:\n        return {other}\n    return None\n",
        f"    {name} = {other}[{number}]\n    return {name}\n",
        f"    while {name} < {number}:\n        {name} += 1\n    return {name}\n",
    ]
    return f"def {verb}_{name}({name}, {other}):\n{chance.choice(bodies)}"


def _math(chance: random.Random) -> str:
    lines = []
    for _ in range(chance.randint(2, 4)):
        left, right = chance.randint(0, 20), chance.randint(0, 20)
        forms = [
            f"{left} + {right} = {left + right}.",
            f"The sum of {left} and {right} is {left + right}.",
            f"{left + right} - {left} = {right}.",
        ]
        lines.append(chance.choice(forms))
    return " ".join(lines)


def _weather(chance: random.Random) -> str:
    day = chance.choice(_words("Monday, Tuesday, Wednesday, Thursday, Friday, Saturday, Sunday"))
    sky = chance.choice(_words("light rain, heavy snow, clear skies, thick fog, strong wind, short showers, a thunderstorm, sunshine"))
    low, town, side = chance.randint(-9, 22), chance.choice(_TOWNS), chance.choice(_TOWNS[:4])
    wind = f"Wind from {side} at {chance.randrange(5, 90, 5)} km per hour."
    return f"Forecast for {day}: {sky} in {town}. Between {low} and {low + chance.randint(3, 12)} degrees. {wind}"


def _law(chance: random.Random) -> str:
    first, second = chance.sample(_PARTIES, 2)
    duty, other = chance.sample(_DUTIES, 2)
    end = chance.choice(("unless otherwise agreed", "under the laws of this state", "in the event of a breach", "pursuant to this clause"))
    return (
        f"Section {chance.randint(1, 60)}. {first.capitalize()} shall {duty} within {chance.randrange(5, 95, 5)} days, {end}. "
        f"If {first} fails to {duty}, {second} may require {first} to {other}."
    )


def _medicine(chance: random.Random) -> str:
    first, second = chance.sample(_SYMPTOMS, 2)
    return (
        f"The patient, aged {chance.randint(18, 90)}, reports {first} and {second}. Examination shows {chance.choice(_FINDINGS)}. "
        f"Prescribed: {chance.choice(_DRUGS)}, {chance.randrange(5, 500, 5)} mg, {chance.choice(('once', 'twice', 'three times'))} daily."
    )


def _chemistry(chance: random.Random) -> str:
    first, second = chance.sample(_ELEMENTS, 2)
    ion, other = chance.sample(_IONS, 2)
    return (
        f"In aqueous solution {first} {ion} reacts with {second} {other} and yields {first} {other}. "
        f"The molar mass of the precipitate is {chance.randint(40, 400)} grams per mole; the enthalpy is negative."
    )


def _fact(chance: random.Random) -> str:
    fact = chance.choice(FACTS if chance.random() < 0.75 else NEW_FACTS)
    phrase = fact.phrase[0].upper() + fact.phrase[1:]
    return chance.choice((f"{phrase} is {fact.gold}.", f"{fact.gold[0].upper() + fact.gold[1:]} is {fact.phrase}."))


def _deed(chance: random.Random) -> str:
    action = chance.choice(ACTIONS[chance.choice(("unsafe", "look-alike", "kindness", "plain"))])
    if action.kind == "unsafe":
        forms = (
            "To {0} is harmful.",
            "It is harmful to {0}.",
            "It is a crime to {0}.",
            "Nobody should {0}. It is wrong.",
            "A bad man wants to {0}.",
        )
    else:
        forms = (
            "To {0} is fine.",
            "It is fine to {0}.",
            "My friend likes to {0}.",
            "Today we {0}. It is harmless.",
            "My sister helps me to {0}.",
        )
    return chance.choice(forms).format(action.phrase)


def _noun(chance: random.Random) -> str:
    noun, kind = chance.choice(
        [(weapon, "a weapon") for weapon in (*WEAPONS, *NEW_NOUNS["weapon"])]
        + [(person, "somebody") for person in (*PEOPLE, *NEW_NOUNS["person"])]
    )
    if chance.random() < 0.3:
        return f"{' '.join(chance.sample(WORDS, 3))}: three nice words."
    return chance.choice((f"{noun[0].upper() + noun[1:]} is {kind}.", f"Do you see {noun}? That is {kind}."))


def _everyday(chance: random.Random, *, held_out: bool) -> str:
    if held_out or chance.random() < 0.5:
        return " ".join(render(draw_sentence(chance, held_out=held_out), "en") for _ in range(chance.randint(1, 3)))
    kinds: tuple[Callable[[random.Random], str], ...] = (_fact, _deed, _deed, _noun)
    return " ".join(chance.choice(kinds)(chance) for _ in range(chance.randint(1, 3)))


_MAKERS: dict[str, Callable[[random.Random], str]] = {
    "recipe": _recipe,
    "code": _code,
    "math": _math,
    "weather": _weather,
    "law": _law,
    "medicine": _medicine,
    "chemistry": _chemistry,
}
DOMAINS = ("everyday", *_MAKERS)


def draw_document(domain: str, chance: random.Random, *, held_out: bool) -> str:
    """One document of the domain; everyday text draws its sentences from the wanted side of the split."""
    return _everyday(chance, held_out=held_out) if domain == "everyday" else _MAKERS[domain](chance)
