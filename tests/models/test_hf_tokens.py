"""Requests become tokens as lm-eval 0.4.13 makes them."""

from __future__ import annotations

from typing import Any

import pytest
from tiny_models import BOS, tiny_tokenizer

from fmaudit.errors import ModelError
from fmaudit.models.backends.transformers.loaded import Loaded
from fmaudit.models.backends.transformers.tokens import Piece, RequestEncoder
from fmaudit.models.backends.transformers.windows import rolling_windows
from fmaudit.models.requests import Failure, ScoreRequest


def encoder(
    *, bos: bool = False, seq2seq: bool = False, add_bos: bool | None = None, longest: int = 64, words: bool = False
) -> RequestEncoder:
    loaded = Loaded(
        model=None,
        tokenizer=tiny_tokenizer(bos=bos, words=words),
        device=None,
        dtype=None,
        seq2seq=seq2seq,
        max_length=longest,
        prefix_id=BOS,
        end_ids=(2,),
        pad_id=0,
        vocabulary=512,
    )
    return RequestEncoder(loaded, add_bos)


def piece(made: RequestEncoder, context: str, continuation: str) -> Piece:
    pieces = made.encode([ScoreRequest(context=context, continuation=continuation)])[0]
    assert not isinstance(pieces, Failure)
    return pieces[0]


def plain(text: str) -> tuple[int, ...]:
    return tuple(tiny_tokenizer()(text, add_special_tokens=False)["input_ids"])


def test_white_space_at_the_end_of_a_context_moves_to_the_continuation() -> None:
    assert piece(encoder(), "the cat  ", "sat") == piece(encoder(), "the cat", "  sat")


def test_a_continuation_is_what_the_whole_has_beyond_the_context() -> None:
    made = piece(encoder(), "the ca", "t sat")
    assert made.context == plain("the ca")
    assert made.targets == plain("the cat sat")[len(plain("the ca")) :]


@pytest.mark.parametrize(("bos", "add_bos", "first"), [(True, None, BOS), (True, False, None), (False, None, None), (True, True, BOS)])
def test_the_tokenizer_adds_bos_unless_told_otherwise(bos: bool, add_bos: bool | None, first: int | None) -> None:
    made = piece(encoder(bos=bos, add_bos=add_bos), "the cat", " sat")
    assert made.context == (() if first is None else (first,)) + plain("the cat")
    assert made.targets == plain(" sat")


def test_a_text_that_begins_with_bos_gets_no_second_one() -> None:
    assert piece(encoder(bos=True), "<s>the cat", " sat").context == (BOS, *plain("the cat"))


def test_an_empty_context_is_the_prefix_token() -> None:
    assert piece(encoder(bos=True), "", "the cat") == Piece((BOS,), plain("the cat"))
    assert piece(encoder(), "", "<s>the cat") == Piece((BOS,), plain("the cat"))


def test_sequence_to_sequence_parts_are_encoded_apart() -> None:
    made = piece(encoder(bos=True, seq2seq=True), "the ca", "t sat")
    assert (made.context, made.targets) == ((BOS, *plain("the ca")), plain("t sat"))


def test_a_context_is_cut_on_the_left_to_the_window() -> None:
    made = encoder(longest=8)
    pieces = made.encode([ScoreRequest(context_ids=tuple(range(10, 30)), continuation_ids=(5, 6, 7))])[0]
    assert pieces == (Piece(tuple(range(24, 30)), (5, 6, 7), truncated=14),)


def test_what_cannot_be_encoded_is_a_failure_of_its_own() -> None:
    found = encoder(longest=8).encode(
        [
            ScoreRequest(continuation_ids=(5,) * 9),
            ScoreRequest(context="a", continuation=""),
            ScoreRequest(continuation_ids=(512,)),
            ScoreRequest(continuation_ids=(5,) * 8),
        ]
    )
    assert [each.reason for each in found if isinstance(each, Failure)] == ["too-long", "bad-request", "bad-request"]
    assert found[3] == (Piece((BOS,), (5,) * 8),)


def test_a_text_needs_a_tokenizer_and_ids_do_not() -> None:
    made = encoder()
    made.loaded.tokenizer = None
    bare = RequestEncoder(made.loaded)
    assert bare.encode([ScoreRequest(continuation_ids=(5, 6))]) == [(Piece((BOS,), (5, 6)),)]
    with pytest.raises(ModelError, match="no tokenizer"):
        bare.encode([ScoreRequest(continuation="a")])


def test_a_rolling_document_predicts_the_bos_that_its_tokenizer_adds() -> None:
    pieces: Any = encoder(bos=True).encode([ScoreRequest(continuation="the cat", rolling=True)])[0]
    assert pieces == (Piece((BOS,), (BOS, *plain("the cat"))),)


@pytest.mark.parametrize("count", [1, 4, 5, 8, 9, 11, 40])
def test_rolling_windows_score_every_token_once_within_the_window(count: int) -> None:
    tokens = tuple(range(100, 100 + count))
    windows = list(rolling_windows(tokens, 1, 4))
    assert [token for _, targets in windows for token in targets] == list(tokens)
    assert windows[0][0] == (1,)
    for context, targets in windows[1:]:
        whole = context + targets
        assert len(whole) == 5
        assert whole == tuple(range(whole[0], whole[0] + 5))


def test_rolling_windows_of_a_known_document() -> None:
    # ten tokens, window of four: the figure in lm-eval's documentation of loglikelihood_rolling
    assert list(rolling_windows(tuple(range(10)), -1, 4)) == [
        ((-1,), (0, 1, 2, 3)),
        ((3,), (4, 5, 6, 7)),
        ((5, 6, 7), (8, 9)),
    ]


def test_an_empty_document_has_no_windows() -> None:
    assert list(rolling_windows((), 1, 4)) == []
