"""The scripted backend does with a request what a real one would."""

from __future__ import annotations

from fmaudit.models.backends.fake import FakeBackend
from fmaudit.models.requests import ScoreRequest


def test_tokens_by_number_are_scored_like_the_text_they_spell() -> None:
    made = FakeBackend(score=lambda context, continuation: [-float(byte) for byte in continuation.encode()])
    text, ids = made.score([ScoreRequest(context="a", continuation="bc"), ScoreRequest(context="a", continuation_ids=(98, 99))])
    assert text == ids
    assert ids.log_likelihood == -197.0
