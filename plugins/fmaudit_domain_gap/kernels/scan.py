"""The compiled scan that counts what a document is made of; `modality` names it from the counts."""

from __future__ import annotations

from numba import int64

from fmaudit import kernels
from fmaudit_domain_gap.kernels.smiles import is_digit, is_letter, smiles_marks

__all__ = ["COLUMNS", "scan_documents"]

compiled, inlined, starts_with, is_continuation = kernels.compiled, kernels.inlined, kernels.starts_with, kernels.is_continuation

# Columns of the counts. "Sequence" columns leave out FASTA headers, and the quality lines of FASTQ.
COLUMNS = (
    "characters",  # that are no white space
    "letters",
    "digits",
    "spaces",
    "symbols",  # ASCII punctuation
    "lines",  # not empty
    "code_lines",
    "smiles_lines",  # whose first field is a valid SMILES string
    "smiles_marks",  # bonds, rings, branches, brackets and repeated carbons in those
    "smiles_bytes",
    "headers",  # FASTA and FASTQ
    "fields",  # between white space, commas, semicolons and bars
    "number_fields",
    "long_bytes",  # in fields of 40 ASCII bytes or more of base64's alphabet
    "mixed_long",  # such fields with lower case, upper case and digits
    "tags",  # "<" before a letter, "/" or "!"
    "residues",  # ASCII letters in sequence lines
    "upper_residues",
    "nucleotides",  # A C G T U N
    "core_nucleotides",  # A C G T U
    "rare_residues",  # B J O U X Z: hardly any in proteins, plenty in words
    "gaps",  # * and - in sequence lines
    "sequence_digits",
    "sequence_others",
    "blocks",  # fields in sequence lines that hold a letter
    "alphabet",  # a bit for every letter in sequence lines
)
(CHARACTERS, LETTERS, DIGITS, SPACES, SYMBOLS, LINES, CODE_LINES, SMILES_LINES, SMILES_MARKS, SMILES_BYTES, HEADERS, FIELDS, NUMBER_FIELDS,
 LONG_BYTES, MIXED_LONG, TAGS, RESIDUES, UPPER, NUCLEOTIDES, CORE, RARE, GAPS, SEQUENCE_DIGITS, SEQUENCE_OTHERS, BLOCKS,
 ALPHABET) = range(len(COLUMNS))  # fmt: skip

LONG = 40
DECIDED = 200  # words after which a document of words is not looked at for sequences and numbers any more
_NUCLEOTIDE_BITS = sum(1 << (ord(c) - 65) for c in "ACGTUN")
_CORE_BITS = sum(1 << (ord(c) - 65) for c in "ACGTU")
_RARE_BITS = sum(1 << (ord(c) - 65) for c in "BJOUXZ")


@inlined
def _is_space(byte):  # type: ignore[no-untyped-def]
    return byte == 32 or 9 <= byte <= 13


@inlined
def _is_quiet(byte):  # type: ignore[no-untyped-def]
    """Tell whether a byte says nothing of programs: small letters, the space, what is not ASCII."""
    return 97 <= byte <= 122 or byte == 32 or byte >= 128


@inlined
def _is_name(data, start, stop):  # type: ignore[no-untyped-def]
    """Tell whether a run of bytes is a name that something is given to: self.rows[i], not a sum or a phrase."""
    if not (is_letter(data[start]) or data[start] == 95):
        return False
    for position in range(start, stop):
        byte = data[position]
        if not (is_letter(byte) or is_digit(byte) or byte == 95 or byte == 46 or byte == 91 or byte == 93):
            return False
    return True


@inlined
def _is_code(data, line, start, stop, words, word_offsets):  # type: ignore[no-untyped-def]
    """Tell whether a line, without white space at its ends, looks like a line of a program; `line` is where it begins with it."""
    last = data[stop - 1]
    if last == 123 or last == 125 or data[start] == 125:
        return True
    if (
        start > line
        and stop - start >= 3
        and data[start] == data[start + 1] == data[start + 2]
        and (data[start] == 34 or data[start] == 39)
    ):
        return True
    for i in range(len(word_offsets) - 1):
        length = word_offsets[i + 1] - word_offsets[i]
        if stop - start >= length:
            same = True
            for j in range(length):
                if data[start + j] != words[word_offsets[i] + j]:
                    same = False
                    break
            if same:
                return True
    weak = 1 if last == 59 else 0
    given = 0  # sums have several "=" on a line
    for position in range(start, stop - 1):
        one, two = data[position], data[position + 1]
        if _is_quiet(one) and _is_quiet(two):
            continue
        if two == 61 and (one == 61 or one == 33 or one == 43 or one == 45 or one == 60 or one == 62):
            return True
        if two == 62 and (one == 45 or one == 61):
            return True
        if (one == 58 and two == 58) or (one == 40 and two == 41) or (one == 38 and two == 38) or (one == 124 and two == 124):
            return True
        if one == 61 and two == 32 and position > start and data[position - 1] == 32:
            if _is_name(data, start, position - 1):
                return True
            given = 1
        if (one == 47 and two == 42) or (one == 42 and two == 47) or (one == 41 and (two == 58 or two == 59)):
            return True
        if (one == 93 or is_letter(one)) and two == 40:
            weak += 1
        if (one == 91 or is_letter(one)) and two == 91:
            weak += 1
        if one == 95 and is_letter(two):
            weak += 1
    return weak + given >= 2


@inlined
def _scan_fields(data, start, stop, row):  # type: ignore[no-untyped-def]
    """Count the fields of a line, and those that are numbers."""
    position = start
    while position < stop:
        while position < stop and (_is_space(data[position]) or data[position] == 44 or data[position] == 59 or data[position] == 124):
            position += 1
        first = position
        digits, others, lower, upper, encoded = 0, 0, 0, 0, 0
        while position < stop:
            byte = data[position]
            if _is_space(byte) or byte == 44 or byte == 59 or byte == 124:
                break
            if is_digit(byte):
                digits += 1
                encoded += 1
            elif byte == 101 or byte == 69:
                lower += 1
                encoded += 1
                if digits == 0:
                    others += 1
            elif is_letter(byte):
                others += 1
                encoded += 1
                if byte >= 97:
                    lower += 1
                else:
                    upper += 1
            elif byte == 43 or byte == 47 or byte == 61 or byte == 45 or byte == 95:
                encoded += 1
            elif not (byte == 46 or byte == 37 or byte == 58 or byte == 36 or byte == 40 or byte == 41):
                others += 1
            position += 1
        if position > first:
            row[FIELDS] += 1
            if digits > 0 and others == 0:
                row[NUMBER_FIELDS] += 1
            if position - first >= LONG and encoded == position - first:
                row[LONG_BYTES] += position - first
                if digits > 0 and lower > 0 and upper > 0:
                    row[MIXED_LONG] += 1


@inlined
def _scan_sequence(data, start, stop, row):  # type: ignore[no-untyped-def]
    """Count the letters of a line that may belong to a sequence."""
    residues, upper, nucleotides, core, rare, blocks, others, alphabet = 0, 0, 0, 0, 0, 0, 0, int64(0)
    in_block = False
    for position in range(start, stop):
        byte = data[position]
        if is_letter(byte):
            bit = int64(1) << int64((byte & 31) - 1)
            residues += 1
            upper += byte < 97
            nucleotides += (bit & _NUCLEOTIDE_BITS) != 0
            core += (bit & _CORE_BITS) != 0
            rare += (bit & _RARE_BITS) != 0
            alphabet |= bit
            blocks += not in_block
            in_block = True
        elif byte == 42 or byte == 45:
            row[GAPS] += 1
        else:
            if is_digit(byte):
                row[SEQUENCE_DIGITS] += 1
            elif not _is_space(byte) and not is_continuation(byte):
                others += 1
            if byte < 128:
                in_block = False
    row[RESIDUES] += residues
    row[UPPER] += upper
    row[NUCLEOTIDES] += nucleotides
    row[CORE] += core
    row[RARE] += rare
    row[BLOCKS] += blocks
    row[SEQUENCE_OTHERS] += others
    row[ALPHABET] |= alphabet


@inlined
def _scan_bytes(data, start, stop, row):  # type: ignore[no-untyped-def]
    """Count letters, digits, white space and symbols; a code point that is not ASCII counts as a letter."""
    points, spaces, digits, symbols, tags = 0, 0, 0, 0, 0
    for position in range(start, stop):
        byte = data[position]
        points += not is_continuation(byte)
        spaces += _is_space(byte)
        digits += is_digit(byte)
        symbols += 32 < byte < 127 and not is_letter(byte) and not is_digit(byte)
        if byte == 60 and position + 1 < stop:
            following = data[position + 1]
            tags += is_letter(following) or following == 47 or following == 33
    controls = 0
    for position in range(start, stop):
        byte = data[position]
        controls += (byte < 32 and not _is_space(byte)) or byte == 127
    row[CHARACTERS] = points - spaces
    row[SPACES], row[DIGITS], row[SYMBOLS], row[TAGS] = spaces, digits, symbols, tags
    row[LETTERS] = points - spaces - digits - symbols - controls


@inlined
def _first_field(data, start, stop):  # type: ignore[no-untyped-def]
    """Find the end of a line's first field: at white space or a comma."""
    position = start
    while position < stop and not _is_space(data[position]) and data[position] != 44:
        position += 1
    return position


@inlined
def _is_fastq(data, start, stop):  # type: ignore[no-untyped-def]
    """Tell whether a document begins as FASTQ does: @name, a sequence, +."""
    if start >= stop or data[start] != 64:
        return False
    feeds = 0
    for position in range(start, stop - 1):
        if data[position] == 10:
            feeds += 1
            if feeds == 2:
                return data[position + 1] == 43
    return False


@compiled
def scan_documents(data, offsets, most, words, word_offsets, out):  # type: ignore[no-untyped-def]
    """Fill `out` (documents x COLUMNS) from the first `most` bytes of every document.

    `words` with `word_offsets` are what lines of programs begin with, end to end.
    """
    for document in range(len(offsets) - 1):
        row = out[document]
        start, stop = offsets[document], min(offsets[document + 1], offsets[document] + most)
        _scan_bytes(data, start, stop, row)
        fastq = _is_fastq(data, start, stop)
        number = -1
        position = start
        while position < stop:
            line = position
            end = position
            while end < stop and data[end] != 10:
                end += 1
            first, last = position, end
            position = end + 1
            number += 1
            while first < last and _is_space(data[first]):
                first += 1
            while last > first and _is_space(data[last - 1]):
                last -= 1
            if first == last:
                continue
            row[LINES] += 1
            if fastq and number % 4 != 1:
                row[HEADERS] += number % 4 == 0
                continue
            if data[first] == 62 and first + 1 < last and data[first + 1] != 62:
                row[HEADERS] += 1
                continue
            if row[BLOCKS] <= DECIDED or row[RESIDUES] >= 8 * row[BLOCKS]:  # else it has words, and is no sequence
                _scan_sequence(data, first, last, row)
            if row[FIELDS] <= DECIDED or row[LONG_BYTES] > 0 or row[NUMBER_FIELDS] >= row[FIELDS] // 4:
                _scan_fields(data, first, last, row)
            row[CODE_LINES] += _is_code(data, line, first, last, words, word_offsets)
            field = _first_field(data, first, last)
            marks = smiles_marks(data, first, field) if field - first >= 2 else -1
            if marks >= 0:
                row[SMILES_LINES] += 1
                row[SMILES_MARKS] += marks
                row[SMILES_BYTES] += field - first
