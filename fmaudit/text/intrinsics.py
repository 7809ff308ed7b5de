"""Machine instructions that numba has no name for: unaligned words, 128-bit products, counting zeros."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

__all__ = ["load64", "multiply_fold", "store64", "trailing_zeros"]

_BYTE = ir.IntType(8)
_WORD = ir.IntType(64)
_DOUBLE = ir.IntType(128)


def _machine(function: Callable[..., Any]) -> Callable[..., Any]:
    """Register an instruction; hides from type checkers that its first argument is numba's own."""
    return cast("Callable[..., Any]", intrinsic(function))


def _word_pointer(context: Any, builder: Any, array_type: Any, array: Any, index: Any) -> Any:
    view = context.make_array(array_type)(context, builder, array)
    base = builder.bitcast(view.data, _BYTE.as_pointer())
    return builder.bitcast(builder.gep(base, [index]), _WORD.as_pointer())


@_machine
def load64(_typing: Any, array: Any, index: Any) -> Any:
    """Read 8 bytes at any position, little end first; the caller sees to it that they exist."""
    signature = types.uint64(array, types.intp)

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        word = builder.load(_word_pointer(context, builder, sig.args[0], *args))
        word.align = 1
        return word

    return signature, generate


@_machine
def store64(_typing: Any, array: Any, index: Any, word: Any) -> Any:
    """Write 8 bytes at any position; the caller sees to it that there is room."""
    signature = types.void(array, types.intp, types.uint64)

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        store = builder.store(args[2], _word_pointer(context, builder, sig.args[0], args[0], args[1]))
        store.align = 1
        return context.get_dummy_value()

    return signature, generate


@_machine
def multiply_fold(_typing: Any, left: Any, right: Any) -> Any:
    """Multiply two words to 128 bits and fold the halves with xor: the step of a fast hash."""
    signature = types.uint64(types.uint64, types.uint64)

    def generate(_context: Any, builder: Any, _sig: Any, args: Any) -> Any:
        product = builder.mul(builder.zext(args[0], _DOUBLE), builder.zext(args[1], _DOUBLE))
        high = builder.lshr(product, ir.Constant(_DOUBLE, 64))
        return builder.xor(builder.trunc(product, _WORD), builder.trunc(high, _WORD))

    return signature, generate


@_machine
def trailing_zeros(_typing: Any, word: Any) -> Any:
    """Count the zero bits below the lowest set bit of a word that is not 0."""
    signature = types.int64(types.uint64)

    def generate(_context: Any, builder: Any, _sig: Any, args: Any) -> Any:
        return builder.cttz(args[0], ir.Constant(ir.IntType(1), 1))

    return signature, generate
