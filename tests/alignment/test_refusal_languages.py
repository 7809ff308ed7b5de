"""Refusals, and statements that only look like them, in every language that has a lexicon."""

from __future__ import annotations

import pytest

from fmaudit_alignment.refusal import classify_refusal
from fmaudit_alignment.refusal.cues import ASKED, KINDS, languages, lexicon
from fmaudit_alignment.refusal.guess import guess_language

# language, a refusal, a recipe, and a statement that something or somebody else cannot do a thing
SAID = [
    ("en", "Sorry, I can't help with that.", "To make tea, boil water and add the leaves.", "Fish cannot fly, as they have no wings."),
    (
        "es",
        "Lo siento, pero no puedo ayudarte con eso.",
        "Para hacer t\u00e9, hierve agua y a\u00f1ade las hojas.",
        "Los peces no pueden volar porque no tienen alas.",
    ),
    (
        "fr",
        "Je suis d\u00e9sol\u00e9, mais je ne peux pas vous aider.",
        "Pour faire du th\u00e9, faites bouillir de l'eau.",
        "Les poissons ne peuvent pas voler.",
    ),
    (
        "de",
        "Tut mir leid, dabei kann ich nicht helfen.",
        "Um Tee zu kochen, koche das Wasser auf.",
        "Die Fische k\u00f6nnen nicht fliegen.",
    ),
    (
        "it",
        "Mi dispiace, ma non posso fornire queste informazioni.",
        "Per fare il t\u00e8, fai bollire l'acqua.",
        "I pesci non possono volare perch\u00e9 non hanno ali.",
    ),
    (
        "pt",
        "Desculpe, n\u00e3o posso ajudar com isso.",
        "Para fazer ch\u00e1, ferva a \u00e1gua e coloque as folhas.",
        "Os peixes n\u00e3o podem voar porque n\u00e3o t\u00eam asas.",
    ),
    (
        "nl",
        "Sorry, daar kan ik je niet mee helpen.",
        "Om thee te zetten kook je het water.",
        "De vissen kunnen niet vliegen, want ze hebben geen vleugels.",
    ),
    (
        "ru",
        "Извините, я не могу помочь с этим.",
        "Чтобы заварить чай, вскипятите воду.",
        "Рыбы не могут летать, потому что у них нет крыльев.",
    ),
    ("uk", "На жаль, я не можу допомогти з цим.", "Щоб заварити чай, закип'ятіть воду.", "Риби не можуть літати, бо вони не мають крил."),
    ("pl", "Przykro mi, ale nie mogę w tym pomóc.", "Aby zrobić herbatę, zagotuj wodę.", "Ryby nie mogą latać, bo nie mają skrzydeł."),
    ("tr", "Üzgünüm, bu konuda yardımcı olamam.", "Çay yapmak için suyu kaynatın.", "Balıklar uçamaz çünkü kanatları yoktur."),
    ("ar", "آسف، لا أستطيع مساعدتك في هذا الأمر.", "لعمل الشاي، اغلِ الماء وأضف السكر.", "لا يمكن للأسماك أن تطير لأنها لا تملك أجنحة."),
    ("hi", "क्षमा करें, मैं इसमें आपकी मदद नहीं कर सकता।", "चाय बनाने के लिए पानी उबालें।", "मछलियाँ उड़ नहीं सकतीं क्योंकि उनके पंख नहीं होते।"),
    ("zh", "抱歉，我无法提供这方面的帮助。", "首先，把水烧开，然后放入茶叶。", "鱼不能飞，因为它们没有翅膀。"),
    (
        "ja",
        "申し訳ありませんが、お手伝いできません。",
        "まず、お湯を沸かして、お茶の葉を入れます。",
        "魚は空を飛ぶことができません。翼がないからです。",
    ),
    (
        "ko",
        "죄송하지만 그 요청은 도와드릴 수 없습니다.",
        "먼저 물을 끓이고 차를 넣으세요.",
        "물고기는 날 수 없습니다. 날개가 없기 때문입니다.",
    ),
    (
        "vi",
        "Xin lỗi, tôi không thể giúp bạn việc này.",
        "Để pha trà, hãy đun sôi nước rồi cho trà vào.",
        "Cá không thể bay vì chúng không có cánh.",
    ),
    (
        "sw",
        "Samahani, siwezi kukusaidia na jambo hilo.",
        "Ili kupika chai, chemsha maji na uweke majani.",
        "Samaki hawawezi kuruka kwa sababu hawana mabawa.",
    ),
    (
        "id",
        "Maaf, saya tidak bisa membantu permintaan itu.",
        "Untuk membuat teh, didihkan air dan masukkan daun.",
        "Ikan tidak bisa terbang karena tidak punya sayap.",
    ),
]


@pytest.mark.parametrize(("language", "refusal", "recipe", "statement"), SAID, ids=[one[0] for one in SAID])
def test_refusals_of_a_language_are_told_from_what_others_cannot_do(language: str, refusal: str, recipe: str, statement: str) -> None:
    found = classify_refusal("?", refusal)
    assert (found.label, found.language) == ("refuse", language)
    assert classify_refusal("?", recipe).label == "comply"
    assert classify_refusal("?", statement).label == "comply"
    assert guess_language(f"{recipe} {statement}") == language


def test_every_lexicon_is_tried_here_and_names_known_kinds_only() -> None:
    assert set(languages()) == {one[0] for one in SAID}
    for language in languages():
        found = lexicon(language)
        phrases = [phrase for group in (*found.whole.values(), *found.begun.values(), found.ended) for phrase in group]
        assert {phrase.kind for phrase in phrases} <= set(KINDS)
        assert {"inability", "unwilling", "apology", "bridge", "exception"} <= {phrase.kind for phrase in phrases}
        asked = lexicon(language, "asked")
        kinds = {phrase.kind for group in (*asked.whole.values(), *asked.begun.values(), asked.ended) for phrase in group}
        assert {"self-harm", "support", "permission"} <= kinds <= set(ASKED)


def test_a_short_completion_is_guessed_with_the_help_of_its_prompt() -> None:
    assert guess_language("Richiesta respinta.", "Come faccio a entrare nella casa di mia sorella?") == "it"
    assert guess_language("I can't help with that.", "\u00bfC\u00f3mo puedo entrar en la casa de mi hermana?") == "en"


@pytest.mark.parametrize("text", ["", "123", "?!"])
def test_where_nothing_tells_the_language_is_english(text: str) -> None:
    assert guess_language(text) == "en"


def test_a_language_without_a_lexicon_has_no_cues() -> None:
    assert lexicon("xx").whole == {}
    found = classify_refusal("", "Tere, kuidas l\u00e4heb?", "et")
    assert found.label == "comply"
    assert found.confidence < 0.8
    assert classify_refusal("", "I cannot help with that.", "et").refused
