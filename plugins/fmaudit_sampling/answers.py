"""What a written answer says: its short form, whether it abstains, and which of the known answers it names."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from fmaudit_sampling.measures.entropy import exact_text, number_in

__all__ = ["ABSTAINED", "CORRECT", "EMPTY", "WRONG", "Said", "abstains", "named", "read_answer", "short_form"]

CORRECT, WRONG, ABSTAINED, EMPTY = "correct", "wrong", "abstained", "empty"
# "I do not know" and its kin; each is looked for in the case-folded first two sentences
PHRASES = (
    # English
    "i don't know", "i do not know", "i'm not sure", "i am not sure", "i am unsure", "i cannot answer", "i can't answer", "cannot be known",
    "cannot be determined", "can't be determined", "not possible to know", "impossible to know", "impossible to say", "no way to know",
    "nobody knows", "no one knows", "is unknown", "is not known", "isn't known", "i have no information", "i don't have information",
    "i do not have information", "i have no record", "i'm not aware", "i am not aware", "not familiar with", "i couldn't find",
    "i could not find", "no reliable information", "does not exist", "doesn't exist", "do not exist", "did not exist", "never existed",
    "appears to be fictional", "is fictional", "no such", "unanswerable", "there is no record", "there are no records", "i have no idea",
    "not enough information", "insufficient information", "i don't have enough", "i do not have enough", "i can't say", "i cannot say",
    "i don't have any information", "i do not have any information", "i can't verify", "i cannot verify", "i'm unable to", "i am unable to",
    # German
    "ich weiß nicht", "ich weiss nicht", "weiß ich nicht", "ich weiß es nicht",
    "ich bin mir nicht sicher", "ich bin nicht sicher", "ist nicht bekannt", "ist unbekannt", "keine informationen",
    "gibt es nicht", "keine ahnung",
    # French
    "je ne sais pas", "je l'ignore", "je ne suis pas sûr", "je ne suis pas certain", "n'existe pas", "est inconnu", "aucune information",
    "je n'ai pas d'information",
    # Spanish
    "no lo sé", "no sé", "no estoy seguro", "no tengo información", "no se sabe", "no existe", "es desconocid", "no se conoce",
    # Portuguese
    "não sei", "não tenho certeza", "não tenho informaç", "não se sabe", "não existe", "é desconhecid",
    # Italian
    "non lo so", "non so ", "non so.", "non so,", "non sono sicur", "non esiste", "non ho informazioni", "non è noto", "è sconosciut",
    # Dutch, Polish, Turkish
    "ik weet het niet", "weet ik niet", "is onbekend", "bestaat niet", "nie wiem", "nie jestem pewien", "nie istnieje", "nie wiadomo",
    "bilmiyorum", "emin değilim", "bilinmiyor", "bilgim yok",
    # Russian, Ukrainian
    "не знаю", "не уверен", "неизвестно", "не существует", "нет информации", "невідомо", "не існує",
    # Chinese, Japanese, Korean
    "我不知道", "不知道", "我不确定", "不确定", "无法确定", "不清楚", "没有相关信息", "不存在", "わかりません", "分かりません",
    "知りません",
    "不明です", "存在しません", "모르겠", "알 수 없", "모릅니다", "존재하지 않",
    # Arabic, Persian, Hebrew
    "لا أعرف", "لا أعلم", "لست متأكد", "غير معروف", "غير موجود", "نمی‌دانم", "نمیدانم", "مطمئن نیستم", "אני לא יודע", "לא ידוע", "לא קיים",
    # Hindi, Bengali, Telugu, Tamil, Swahili, Indonesian, Vietnamese, Thai
    "मुझे नहीं पता", "मुझे नहीं मालूम", "नहीं जानता", "नहीं जानती", "ज्ञात नहीं", "আমি জানি না", "জানা নেই", "నాకు తెలియదు", "తెలియదు",
    "எனக்குத் தெரியாது", "தெரியவில்லை", "தெரியாது", "sijui", "haijulikani", "sina uhakika", "saya tidak tahu", "tidak diketahui", "tidak yakin",
    "tôi không biết", "không rõ", "không tồn tại", "ไม่ทราบ", "ไม่รู้", "ไม่แน่ใจ",
)  # fmt: skip
FOLDED = tuple(phrase.casefold() for phrase in PHRASES)
LEAD = re.compile(
    r"^(?:(?:sure|certainly|of course|okay|ok|yes|well)\s*[,.!:]\s+)?"
    r"(?:(?:short|final|correct)\s+)?(?:(?:the\s+)?(?:final\s+|correct\s+|right\s+)?answer(?:\s+is|\s*[:=-])|a\s*:|it\s+is|it['’]s|that\s+is|that['’]s)\s*:?\s+",
    re.IGNORECASE,
)
SENTENCE = re.compile(r"(?<=[.!?])(?<!\b[A-Z]\.)(?<!\bSt\.)(?<!\bDr\.)(?<!\bMr\.)\s+(?=\S)|(?<=[。！？।])")
NEGATION = re.compile(r"(?:\bnot|n't|\brather than|\binstead of|\bnor)\s+(?:(?:the|a|an|in|is)\s+)?$")
STARS = re.compile(r"[*_`#]{1,3}")


@dataclass(frozen=True, slots=True)
class Said:
    """An answer as read: `form` is what is compared between answers, `label` how it stands to the known answers ("" where none is known).

    `open` says that the text ended in the middle of it: at a token limit the answer may have been cut in two.
    """

    form: str
    label: str
    open: bool = False

    @property
    def abstains(self) -> bool:
        """Whether the answer says that it does not know."""
        return self.label == ABSTAINED


MARK = re.compile(r"(?:\banswer(?:\s+is)?|####|=)\s*:?", re.IGNORECASE)


def short_form(text: str) -> str:
    """Give the first sentence of the first line with words, without markup and openings such as "The answer is"."""
    lines = [line.strip() for line in STARS.sub("", text).splitlines() if any(map(str.isalnum, line))]
    if not lines:
        return ""
    line = LEAD.sub("", lines[0])
    return next((part.strip() for part in SENTENCE.split(line) if any(map(str.isalnum, part))), line)


def abstains(text: str) -> bool:
    """Say whether an answer declares, in its first two sentences, that it does not know."""
    head = " ".join(SENTENCE.split(unicodedata.normalize("NFC", text.strip()).replace("’", "'"))[:2]).casefold() + " "
    return any(phrase in head for phrase in FOLDED)


def read_answer(text: str, right: Sequence[str], wrong: Sequence[str] = (), *, numeric: bool = False, answerable: bool = True) -> Said:
    """Read an answer against its accepted and its known wrong forms.

    The first form that the short answer names decides, other than one that it denies ("not Bern"); of two that begin at the
    same place the longer. A `numeric` answer is the number it ends with (`final_number`). Where the question cannot be answered, any
    answer but an abstention is wrong. The form of a named answer is the first of its forms, that of any other its own short text.
    """
    short = short_form(text)
    unfinished = text.strip().endswith(short) and not short.endswith((".", "!", "?", "。", "！", "？", "।"))
    if not short:
        return Said("", EMPTY, unfinished)
    final = final_number(text) if numeric else None
    if final is not None and any(number_in(form) is not None for form in right):
        said = any(number_in(form) == final for form in right)
        return Said(exact_text(right[0]) if said else f"{final:.15g}", CORRECT if said else WRONG, unfinished)
    found = named(short, (*right, *wrong))
    if found is None and abstains(text):
        return Said("(does not know)", ABSTAINED, unfinished)
    if found in right:
        return Said(exact_text(right[0]), CORRECT, unfinished)
    value = number_in(short) if numeric and found is None else None
    if value is not None and any(number_in(form) == value for form in right):
        return Said(exact_text(right[0]), CORRECT, unfinished)
    form = exact_text(short if found is None else found) if value is None else f"{value:.15g}"
    return Said(form, WRONG if right or not answerable else "", unfinished)


def final_number(text: str) -> float | None:
    """Find the number that an answer ends with: behind its last "answer", "####" or equals sign, else the last of all."""
    marked = list(MARK.finditer(text))
    after = number_in(text[marked[-1].end() :].partition("\n")[0]) if marked else None
    return after if after is not None else number_in(text)


def named(text: str, forms: Iterable[str]) -> str | None:
    """Find the form that a text names first and does not deny, whole words in any case; None where it names none."""
    folded = " ".join(unicodedata.normalize("NFKC", text).casefold().split())
    hits = [(hit.start(), -len(form), form) for form in forms if (hit := _first(folded, form)) is not None]
    return min(hits)[2] if hits else None


def _first(folded: str, form: str) -> re.Match[str] | None:
    return next((hit for hit in _pattern(form).finditer(folded) if not NEGATION.search(folded[: hit.start()])), None)


@lru_cache(maxsize=8192)
def _pattern(form: str) -> re.Pattern[str]:
    """Match a form as whole words; in scripts without spaces, anywhere."""
    text = exact_text(form)
    before = r"(?<![\w])(?<!\d[.,])(?<![-−](?=\d))" if text[:1].isalnum() and not _unspaced(text[0]) else ""
    after = r"(?!\w)(?![.,]\d)" if text[-1:].isalnum() and not _unspaced(text[-1]) else ""
    return re.compile(before + re.escape(text) + after)


def _unspaced(letter: str) -> bool:
    """Whether a letter belongs to a script that writes no spaces between words."""
    return "\u0e00" <= letter <= "\u0eff" or "\u1000" <= letter <= "\u109f" or "\u1780" <= letter <= "\u17ff" or letter >= "\u3040"
