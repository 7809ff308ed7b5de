"""Diversity with known values, and the split of a variance into its planted parts."""

from __future__ import annotations

import math

import numpy as np
import pytest

from fmaudit import StatisticsError
from fmaudit_sampling.measures.diversity import compression_ratio, distinct, ngram_kernel, self_bleu, units_of, vendi
from fmaudit_sampling.measures.variance import variance_split


def test_words_and_characters_are_units() -> None:
    assert units_of("The cat, 3 Cats!") == ["the", "cat", "3", "cats"]
    assert units_of("猫が好き cats") == ["猫", "が", "好", "き", "cats"]
    assert units_of("हिन्दी शब्द") == ["हिन्दी", "शब्द"]
    assert units_of("안녕 세상") == ["안녕", "세상"]
    assert units_of("น้ำ กี่") == ["น้", "ำ", "กี่"]  # a character with its marks
    assert units_of("မြန်မာ")[0].startswith("မ")
    assert units_of("don't_stop 'quoted' 猫s") == ["don't", "stop", "quoted", "猫", "s"]
    assert units_of("") == units_of("?! …") == []


def test_distinct_of_known_texts() -> None:
    assert distinct(["a b c d"]) == 1.0
    assert distinct(["a a a a"]) == 0.25
    assert distinct(["a b", "a b"]) == 0.5
    assert distinct(["a b a b"], 2) == pytest.approx(2 / 3)


def test_distinct_does_not_fall_with_length() -> None:
    rng = np.random.default_rng(0)
    words = [f"w{i}" for i in range(50)]
    short, long_ = ([" ".join(rng.choice(words, n)) for _ in range(20)] for n in (30, 300))
    assert distinct(long_, units=30) == pytest.approx(distinct(short), abs=0.02)
    assert distinct([*short, "w1 w2"], 2) <= 1.0
    with pytest.raises(StatisticsError):
        distinct(["", "a"], 2)


@pytest.mark.parametrize("phrase", ["今天天气很好", "ฝนตกหนัก", "the rain falls hard ", "ಮಳೆ ಜೋರಾಗಿದೆ "])
def test_a_phrase_written_again_and_again_is_not_distinct_in_any_script(phrase: str) -> None:
    """Twenty times the same phrase has the pairs of one phrase and the seam, whether words or characters are the units."""
    units = len(units_of(phrase))
    assert distinct([phrase * 20], 2) == pytest.approx(units / (20 * units - 1))
    assert distinct([phrase * 20], 2) < 0.06
    assert distinct([phrase] * 20, 2) == pytest.approx(1 / 20)  # also as twenty samples of one phrase each


def test_a_chinese_text_that_says_something_new_is_distinct() -> None:
    fresh = "天地玄黄宇宙洪荒日月盈昃辰宿列张寒来暑往秋收冬藏"
    assert distinct([fresh], 2) == 1.0
    assert distinct([fresh, "今天天气很好" * 4], 2) < distinct([fresh, fresh[::-1]], 2)


def test_equal_samples_and_one_longer_are_compared_at_equal_length() -> None:
    """A long repetitive sample must not be excused by a short one, nor a short one look varied beside it."""
    short, long_ = "猫在树上睡觉", "猫在树上睡觉" * 30
    assert distinct([short, long_], 2) == pytest.approx(distinct([short, short], 2)) == 0.5


def test_self_bleu_of_equal_and_of_unlike_samples() -> None:
    assert self_bleu(["the cat sat on the mat"] * 3) == pytest.approx(1.0)
    assert self_bleu(["a b c d e", "f g h i j", "k l m n o"]) < 0.15
    assert self_bleu(["same"] * 2) == 1.0
    with pytest.raises(StatisticsError):
        self_bleu(["alone", ""])


def test_self_bleu_equals_its_formula() -> None:
    # "a b c" against "a b d e": 1-grams 2/3, 2-grams 1/2; its reference is longer: exp(1 - 4/3)
    first = math.exp(1 - 4 / 3) * math.sqrt(2 / 3 * 1 / 2)
    second = math.sqrt(2 / 4 * 1 / 3)
    assert self_bleu(["a b c", "a b d e"], order=2) == pytest.approx((first + second) / 2)
    # counts are clipped at the largest count in any one other sample
    assert self_bleu(["x x x", "x x y", "x z w"], order=1) == pytest.approx((2 / 3 + 2 / 3 + 1 / 3) / 3)


@pytest.mark.parametrize("n", [1, 2, 7])
def test_vendi_of_identical_and_of_orthogonal_samples(n: int) -> None:
    assert vendi(np.ones((n, n))) == 1.0  # exactly: what is no different is not shown as 1.000000000001
    assert vendi(np.eye(n)) == pytest.approx(float(n), abs=1e-12)
    blocks = np.kron(np.eye(3), np.ones((n, n)))
    assert vendi(blocks) == pytest.approx(3.0, abs=1e-10)


def test_vendi_of_texts() -> None:
    assert vendi(ngram_kernel(["a b", "a b", "a b"])) == pytest.approx(1.0, abs=1e-6)
    assert vendi(ngram_kernel(["a b", "c d", ""])) == pytest.approx(3.0)
    assert 1.0 < vendi(ngram_kernel(["a b c", "a b d"])) < 2.0
    with pytest.raises(StatisticsError, match="diagonal"):
        vendi([[0.5]])
    with pytest.raises(StatisticsError, match="negative"):
        vendi([[1.0, 2.0], [2.0, 1.0]])


def test_repetition_compresses() -> None:
    rng = np.random.default_rng(1)
    varied = ["".join(rng.choice(list("abcdefghij"), 200)) for _ in range(10)]
    assert compression_ratio(varied[:1] * 10) > 5 * compression_ratio(varied)
    with pytest.raises(StatisticsError):
        compression_ratio([""])


def planted(
    items: int, paraphrases: int, samples: int, spreads: tuple[float, float, float], rng: np.random.Generator
) -> tuple[np.ndarray, dict]:
    shape = (items, paraphrases, samples)
    y = 5.0 + sum(rng.normal(0, s, (*shape[: i + 1], *[1] * (2 - i))) for i, s in enumerate(spreads))
    item, paraphrase, _ = (axis.ravel() for axis in np.indices(shape))
    return np.broadcast_to(y, shape).ravel(), {"item": item.tolist(), "paraphrase": paraphrase.tolist()}


def test_a_balanced_split_equals_the_textbook() -> None:
    y, levels = planted(6, 4, 1, (1.0, 0.5, 0.0), np.random.default_rng(2))
    table = y.reshape(6, 4)
    within = table.var(axis=1, ddof=1).mean()
    between = table.mean(axis=1).var(ddof=1) - within / 4
    item, rest = variance_split(y, {"item": levels["item"]}, draws=50)
    assert (item.value, rest.value) == pytest.approx((between, within))
    assert item.share + rest.share == pytest.approx(1.0)
    assert (item.groups, rest.groups) == (6, 24)


def test_planted_parts_are_recovered_without_bias() -> None:
    rng = np.random.default_rng(3)
    found = []
    for _ in range(25):
        y, levels = planted(40, 4, 3, (1.0, 0.5, 0.7), rng)
        keep = rng.random(len(y)) < 0.8  # groups of unequal size
        parts = variance_split(y[keep], {name: np.array(groups)[keep].tolist() for name, groups in levels.items()}, draws=20)
        found.append([part.value for part in parts])
    assert np.mean(found, axis=0) == pytest.approx([1.0, 0.25, 0.49], rel=0.15)
    assert [part.name for part in parts] == ["item", "paraphrase", "sampling"]


def test_three_levels_name_numerical_noise() -> None:
    rng, truths, inside = np.random.default_rng(4), (1.0, 0.36, 0.64, 0.01), []
    shape = (60, 3, 3, 2)
    codes = [axis.ravel().tolist() for axis in np.indices(shape)[:3]]
    levels = dict(zip(("item", "paraphrase", "sampling"), codes, strict=True))
    for _ in range(15):
        y = sum(rng.normal(0, math.sqrt(v), (*shape[: i + 1], *[1] * (3 - i))) for i, v in enumerate(truths))
        parts = variance_split(np.broadcast_to(y, shape).ravel(), levels, residual="numeric", draws=200)
        inside += [part.interval.low <= truth <= part.interval.high for part, truth in zip(parts, truths, strict=True)]
    assert np.mean(inside) >= 0.85
    assert [part.name for part in parts] == ["item", "paraphrase", "sampling", "numeric"]


def test_parts_that_are_not_there_are_zero_and_never_negative() -> None:
    y, levels = planted(30, 3, 2, (0.0, 0.0, 1.0), np.random.default_rng(5))
    item, paraphrase, sampling = variance_split(y, levels, draws=100)
    assert min(item.value, paraphrase.value, item.interval.low, paraphrase.interval.low) >= 0.0
    assert item.interval.low == 0.0
    assert sampling.share > 0.8


def test_the_interval_of_the_item_part_covers() -> None:
    rng, inside = np.random.default_rng(6), []
    for _ in range(60):
        y, levels = planted(40, 5, 1, (1.0, 0.8, 0.0), rng)
        part = variance_split(y, {"item": levels["item"]}, draws=200)[0]
        inside.append(part.interval.low <= 1.0 <= part.interval.high)
    assert np.mean(inside) >= 0.82


def test_what_cannot_be_split_is_refused() -> None:
    with pytest.raises(StatisticsError, match="sampling"):
        variance_split([1.0, 2.0, 3.0], {"item": [0, 1, 2]})
    with pytest.raises(StatisticsError, match="item"):
        variance_split([1.0, 2.0], {"item": [0, 0]})
    with pytest.raises(StatisticsError, match="groups by item"):
        variance_split([1.0, 2.0], {"item": [0]})
