"""Texts made for the tests: many scripts, odd white space, words that mean something to fastText."""

from __future__ import annotations

import random

SENTENCES = (
    "The committee will meet again on Thursday to discuss the budget.",
    "Wir haben gestern lange über das neue Gesetz gesprochen.",
    "Les enfants jouent dans le jardin pendant que leur mère lit un livre.",
    "El tren de la mañana llegó con una hora de retraso a la estación.",
    "Сегодня утром я видел в парке старого друга из университета.",
    "今日は天気がいいので、友達と公園へ散歩に行きました。",
    "我们明天早上八点在学校门口见面，然后一起去博物馆。",
    "오늘은 날씨가 좋아서 친구와 함께 공원에 갔습니다.",
    "ఈ రోజు ఉదయం నేను నా స్నేహితుడితో కలిసి మార్కెట్‌కు వెళ్లాను.",
    "आज सुबह मैं अपने दोस्त के साथ बाज़ार गया था।",
    "اليوم ذهبت مع صديقي إلى السوق لشراء الخضروات والفواكه.",
    "Hôm nay trời đẹp nên tôi đi dạo trong công viên với bạn bè.",
    "წიგნი მაგიდაზე დევს და ფანჯარა ღიაა, რადგან დღეს თბილა.",
    "Σήμερα το πρωί πήγα στην αγορά με τον φίλο μου.",
    "Leo asubuhi nilikwenda sokoni pamoja na rafiki yangu.",
    "Ma reggel a barátommal a piacra mentem zöldséget venni.",
    "Bugün sabah arkadaşımla birlikte pazara gittim.",
    "היום בבוקר הלכתי לשוק עם חבר שלי לקנות ירקות.",
    "วันนี้ตอนเช้าฉันไปตลาดกับเพื่อนเพื่อซื้อผัก",
    "ዛሬ ጠዋት ከጓደኛዬ ጋር ወደ ገበያ ሄድኩ።",
    "def main(): return [x for x in range(10) if x % 2 == 0]",
    "12345 67.89 +49 (0)30 2020-01-01 ... !!! ???",
    "a̐éö̲ 😀👩‍👩‍👧 ﷽ Ⅷ ª º ﬁ",
)
ODD = (
    " ",
    "  ",
    "\n",
    "\r\n",
    "\t",
    "\x00",
    "\x0b",
    "\x0c",
    "\x1c",
    "\x1d",
    "\x1e",
    "\x1f",
    "\x85",
    "\u00a0",
    "\u2028",
    "\u3000",
    "\u200b",
    "\u1680",
)
SPECIAL = ("</s>", "__label__en", "__label__zz", "__label__", "</s>x", "x</s>", "</s", "\x00</s>", "</s>\x00a", "\ufffd", "\x01")


def make_texts(count: int, seed: int = 0) -> list[str]:
    """Make texts of one to eight pieces, joined, cut and mixed."""
    rng = random.Random(seed)
    return [_text(rng) for _ in range(count)]


def _text(rng: random.Random) -> str:
    parts = []
    for _ in range(rng.randrange(1, 9)):
        sentence = rng.choice(SENTENCES)
        kind = rng.randrange(8)
        if kind == 0:
            sentence = sentence[: rng.randrange(len(sentence))]
        elif kind == 1:
            sentence = "".join(c if rng.random() > 0.1 else rng.choice(ODD) for c in sentence)
        elif kind == 2:
            sentence = rng.choice(SPECIAL)
        elif kind == 3:
            sentence = sentence.replace(" ", rng.choice(ODD))
        elif kind == 4:
            sentence = "".join(rng.sample(sentence, len(sentence)))
        parts.append(sentence)
    return rng.choice(("", rng.choice(ODD))) + "".join(part + rng.choice(ODD) for part in parts)
