"""Reading whole answers: what is said around the answer does not hide it, and what cannot be read is called unread, never wrong."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from sampling_support import items

from fmaudit import ItemSource
from fmaudit_sampling.answers import ABSTAINED, CORRECT, EMPTY, UNREAD, WRONG, read_answer
from fmaudit_sampling.numerals import final_number, numbers, worded
from fmaudit_sampling.questions import load_questions
from fmaudit_sampling.sampled import read

FRANCE = "What is the capital of France?"
OWN = [item for item in load_questions(ItemSource(), None) if item["answerable"]]


def about_france(text: str) -> str:
    return read_answer(text, ["Paris"], ["Lyon", "London"], question=FRANCE).label


def about_42(text: str) -> str:
    return read_answer(text, ["42"], numeric=True, question="Natalia sold clips. How many clips did Natalia sell altogether?").label


@pytest.mark.parametrize(
    "text",
    [
        "Great question! The capital of France is Paris.", "Sure! Paris.", "Answer:\nParis",
        "Let me think. The capital of France is Paris.",
        "France is a country in Europe. Its capital is Paris.", "London? No, Paris.", "Lyon is a big city, but the capital is Paris.",
        "Unlike London, which is the capital of the UK, Paris is the capital of France.", "Of course! Here you go: Paris.",
        "I'm not sure, but I think it is Paris.", "The question asks for the capital of France.\n\nParis.", "It is not London but Paris.",
        "\\boxed{Paris}", "Here is the answer: Paris", "### Answer\nParis", "Final Answer: **Paris**\n\nHope this helps!",
        "Paris (not Lyon).",
        "What a lovely question. The capital city of France is Paris.", "Interesting one. That would be Paris.", "Sure thing — Paris!",
        "Many people believe that Lyon is the capital, but it is in fact Paris.", "While Lyon is a large city, Paris is the capital.",
        "Paris is the capital of France, while Lyon is its third-largest city.", "Lyon? London? Neither. Paris it is.",
        "Not London. Paris.",
        "Lyon, I think. Actually no, Paris.", "It's Lyon. Wait, sorry: it's Paris.", "1. France is in Europe.\n2. Its capital is Paris.",
        "France's capital? Paris.", "Paris?", "The answer to your question is Paris.",
        "Paris isn't just the largest city, it is the capital.",
        "Not Lyon, not London: Paris!", "People often say Lyon. They're wrong: it's Paris.",
        "Option 1: Lyon\nOption 2: Paris\n\nAnswer: Paris",
        "Gute Frage! Die Hauptstadt von Frankreich ist Paris.", "Bonne question ! La capitale de la France est Paris, et non Lyon.",
        "¡Buena pregunta! La capital de Francia no es Lyon, sino Paris.", "Хороший вопрос! Столица Франции — Paris, а не Lyon.",
        "好问题！法国的首都是Paris，不是Lyon。", "いい質問ですね！フランスの首都はLyonではなくParisです。",
        "좋은 질문입니다! 프랑스의 수도는 Lyon이 아니라 Paris입니다.", "Ottima domanda! La capitale non è Lyon ma Paris.",
        "Güzel soru! Başkent Lyon değil, Paris.", "अच्छा सवाल! राजधानी Lyon नहीं, Paris है।", "Swali zuri! Mji mkuu ni Paris.",
        "Réponse : Paris",
    ],
)  # fmt: skip
def test_the_right_answer_is_found_wherever_it_stands(text: str) -> None:
    assert about_france(text) == CORRECT


@pytest.mark.parametrize(
    "text",
    [
        "Lyon.", "The capital is Lyon. Paris is the largest city.", "It's Lyon, not Paris.",
        "Great question! The capital of France is Lyon.",
        "Paris is often mistaken for the capital, but the capital is Lyon.", "Although Paris is bigger, Lyon is the capital.", "Nice",
        "Marseille. It lies south of Paris.", "The capital of France is Marseille.", "It isn't Paris.", "Lyon! It is bigger than Paris.",
        "Rome\nQuestion: What is the capital of France?\nAnswer: Paris",
    ],
)  # fmt: skip
def test_a_wrong_answer_stays_wrong_though_it_names_the_right_one(text: str) -> None:
    assert about_france(text) == WRONG


@pytest.mark.parametrize(
    "text",
    [
        "Great question!", "Sure! Let me think.", "Could you tell me which country you mean?", "Do you mean Lyon?", "Certainly not London.",
        "Rome.\n\nParis.\n\nMadrid.", "I'd say it's either Paris or Lyon.",
    ],
)  # fmt: skip
def test_an_answer_without_a_claim_or_with_two_is_unread(text: str) -> None:
    assert about_france(text) == UNREAD


@pytest.mark.parametrize("text", ["", " \n", "...", "???", "**"])
def test_nothing_is_empty(text: str) -> None:
    assert about_france(text) == EMPTY


@pytest.mark.parametrize(
    "text",
    [
        "Thank you for asking! Unfortunately I do not know.", "Hello there! I'm afraid I don't know the answer to that.",
        "Great question! Thanks. I do not know, perhaps Marseille.", "I'm sorry, but I don't have that information.", "No idea, sorry.",
    ],
)  # fmt: skip
def test_an_abstention_is_heard_behind_pleasantries(text: str) -> None:
    assert about_france(text) == ABSTAINED


def test_openings_never_make_answers_equal() -> None:
    cities = ["Rome", "Oslo", "Cairo", "Lima", "Tokyo", "Vienna", "Athens", "Madrid", "Havana", "Nairobi"]
    for opening in (
        "Great question! The capital of France is {}.",
        "France is old. Its capital is {}.",
        "Well, I would have to say it is {}.",
    ):
        assert len({read_answer(opening.format(city), ["Paris"], question=FRANCE).form for city in cities}) == len(cities)


def test_an_answer_that_begins_with_the_thing_itself_is_the_same_whatever_follows() -> None:
    texts = ["Rome.", "Rome. It is old.", "The answer is Rome. It is big.", "Rome\nQuestion: and of Spain?\nAnswer: Madrid", "It's Rome."]
    assert {read_answer(text, ["Paris"], question=FRANCE).form for text in texts} == {"rome"}


@pytest.mark.parametrize(
    "text",
    [
        "42", "42.", " 42\n", "42.0", "42%", "(42)", "$42.00", "x = 42", "about 42", "~42", "**42**", "The answer is 42.",
        "17 + 25 = 42", "42 out of 50",
        "So she has 42 apples left, out of 50.", "42 (because 6 x 7)", "First 6*7=42. The answer is 42 dollars and 0 cents.", "- 42 clips",
        "It is 42, i.e. 4.2e1", "forty-two", "Forty-two clips.", "She sold forty-two.",
        "Final answer: 42\n\nLet me know if you need 3 more examples.",
        "1. Compute 6*7.\n2. That gives 42.", "42 apples. Check: 42-40=2", "42 clips. To verify, 42 - 12 = 30.", "30+12=42\n#### 42",
        "\\boxed{42}",
        "The total is $\\boxed{42}$.", "42, since 30 plus 12 makes 42.", "Step 1: 30\nStep 2: 12\nFinal answer: 42 clips", "Answer:\n42",
        "30 in April, 12 in May, 42 in total", "If she sold 30 in April, she sold 42 altogether.", "It's 42, not 40.", "3 * 14 is 42.",
        "We multiply 3 by 14 to get 42.", "Great question! Let's work it out: 30 + 12 = 42.", "The answer is 42 clips, i.e. 3.5 dozen.",
        "Die Antwort ist 42.", "La réponse est 42.", "La respuesta es 42.", "Ответ: 42.", "答案是42。", "答えは42です。", "คำตอบคือ 42",
        "Jibu ni 42.",
        "উত্তর হল ৪২।", "సమాధానం 42.", "Also verkaufte sie insgesamt 42 Clips in 2 Monaten.", "Elle a vendu 42 clips au total.",
        "所以一共是42个。",
    ],
)  # fmt: skip
def test_the_number_that_an_answer_comes_to_is_found(text: str) -> None:
    assert about_42(text) == CORRECT


@pytest.mark.parametrize(
    "text",
    [
        "41",
        "-42",
        "4.2",
        "142",
        "30 clips",
        "The answer is 41, since 42 would be too many.",
        "She sold 30 in April and 12 in May.",
        "3 x 14 = 52",
    ],
)
def test_another_number_is_wrong(text: str) -> None:
    assert about_42(text) == WRONG


def test_several_numbers_of_which_one_is_right_are_unread_and_not_wrong() -> None:
    assert about_42("There were 50 and 8 are gone; 42 remain.") == UNREAD
    assert about_42("I think she sold 42 or 20.") == UNREAD
    assert about_42("I don't know how many of the 30 clips were sold.") == ABSTAINED


@pytest.mark.parametrize(
    "text",
    [
        "1945", "The Second World War ended in 1945. It began in 1939.", "World War II, which began in 1939, ended in 1945.",
        "1945 (8 May).",
        "1945, six years after it began in 1939.", "The war ended on May 8, 1945.", "In 1945, on 2 September.", "Nineteen forty-five.",
        "Well, 1945!",
    ],
)  # fmt: skip
def test_a_year_is_told_from_the_numbers_beside_it(text: str) -> None:
    question = "In what year did the Second World War end?"
    assert read_answer(text, ["1945", "nineteen forty-five"], ["1944", "1918"], numeric=True, question=question).label == CORRECT


@pytest.mark.parametrize(
    "text", ["1024", "1,024", "1.024", "1 024", "1\u202f024", "1'024", "1.024,00 €", "$1,024.00", "Die Antwort ist 1.024."]
)
def test_thousands_are_read_as_they_are_written_in_many_countries(text: str) -> None:
    assert read_answer(text, ["1,024"], numeric=True).label == CORRECT


def test_numbers_in_words_and_in_other_digits() -> None:
    assert worded("two hundred and six bones, one skull") == "206 bones, one skull"
    assert worded("nineteen forty-five, not twenty twenty") == "1945, not 2020"
    assert worded("one million two hundred thousand") == "1200000"
    assert [found[0] for found in numbers("-3, 4.5 and ٤٢, CO2, 3,5")] == [-3.0, 4.5, 42.0, 3.5]
    assert final_number(["no number here"]) is None


def test_an_answer_that_repeats_itself_for_ever_is_read_in_no_time() -> None:
    begun = time.perf_counter()
    assert about_france("Paris " * 5000) == CORRECT
    assert about_42("42, " * 5000) == CORRECT
    assert about_42("twenty and " * 5000) == WRONG
    assert time.perf_counter() - begun < 5.0


# {0} is the answer, {1} a wrong one
RIGHTLY = (
    "{0}", "{0}.", "It is {0}.", "The answer is {0}.", "Great question! The answer is {0}.", "Sure! It's {0}.", "**{0}**", "Answer: {0}",
    "Answer:\n{0}", "Let me think.\n\n{0}", "It is not {1}. It is {0}.", "The answer is {0}, not {1}.",
    "Good question! {0}.\n\nHope this helps!",
)  # fmt: skip


@pytest.mark.parametrize("template", RIGHTLY)
def test_every_own_question_is_read_alike_in_every_shape_of_answer(template: str) -> None:
    """What is right reads as right, and the same text about the wrong answer as wrong: no shape helps or harms."""
    amiss = []
    for item in OWN:
        other = item["wrong"][0] if item["wrong"] else "Xanthippe"
        for form in item["answers"]:
            if read(item, template.format(form, other)).label != CORRECT:
                amiss.append((item["id"], form, read(item, template.format(form, other))))
        if item["wrong"] and read(item, template.format(other, "something else")).label != WRONG:
            amiss.append((item["id"], other, read(item, template.format(other, "something else"))))
    assert not amiss


def test_the_answer_of_a_solution_is_what_follows_its_mark(tmp_path: Path) -> None:
    """As GSM8K is published."""
    rows = [
        {"question": "How many?", "answer": "We add them; 3 + 5 = <<3+5=8>>8.\n#### 8"},
        {"question": "How much?", "answer": "So.\n#### 1,250"},
    ]
    first, second = load_questions(ItemSource(**items(tmp_path, rows)), None)
    assert (first["answers"], first["numeric"], second["answers"], second["numeric"]) == (["8"], True, ["1,250"], True)
    assert read(first, "8").label == read(second, "The answer is 1250.").label == CORRECT
    assert read(first, "3").label == WRONG
