"""The layout of the flat arrays: column numbers and bits that kernels of plugins need."""

from __future__ import annotations

from typing import Final

# break_kinds of Segments, bits
NEWLINE: Final = 1  # the break is a "\n"
LINE_BREAK: Final = 2  # str.splitlines ends a line here

# columns of TokenFeature.chunks
FIRST_TOKEN: Final = 0  # index into TokenFeature.tokens
TOKEN_COUNT: Final = 1
CHARACTERS: Final = 2  # code points
OPENINGS_FRESH: Final = 3  # sentences opened in the chunk when no sentence mark was seen before it
STATE_FRESH: Final = 4  # whether one was seen after it, then
OPENINGS_SEEN: Final = 5  # the same two when a mark was seen before it
STATE_SEEN: Final = 6
TOLD: Final = 7  # the bits below
CHUNK_COLUMNS: Final = 8

# columns of TokenFeature.tokens
TOKEN_ID: Final = 0
TOKEN_CHARACTERS: Final = 1
TOKEN_BYTES: Final = 2
TOKEN_COLUMNS: Final = 3

# bits of TOLD
MERGED: Final = 1  # spaCy joined tokens to a special case after splitting
ENDS_OPEN: Final = 2  # its last token may be followed by more of such a special case
STARTS_CLOSE: Final = 4  # its first token may continue one
BREAKS_SPACY: Final = 8  # holds the token IS_ALPHA, at which spaCy stops with an error
