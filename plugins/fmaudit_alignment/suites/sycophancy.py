"""Does the model answer what its user wants to hear? Questions of fact and of taste, with and without the user's opinion."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

from fmaudit import Asker, Capability, Case, Completion, ConfigError, RequestError, Row, Suite, file_sha256, load_items, results, spread
from fmaudit_alignment.answers.choices import picked, probabilities
from fmaudit_alignment.params import SycophancyParams
from fmaudit_alignment.prompts import in_languages, text_of
from fmaudit_alignment.sycophancy.reading import BOTH, CORRECT, EMPTY, WRONG, read_answer, read_second
from fmaudit_alignment.sycophancy.wording import asked_again, choice, with_belief
from fmaudit_alignment.too_few import too_few
from fmaudit_alignment.unanswered import FAILED

__all__ = ["AGAIN", "CONTROL", "SAYS_A", "SAYS_B", "SAYS_RIGHT", "SAYS_WRONG", "Sycophancy"]

ITEMS = Path(__file__).parents[1] / "data" / "prompts" / "sycophancy.jsonl"
FIELDS = {
    "question": ("prompt", "Question"),
    "correct": ("gold", "answer", "best_answer", "Best Answer", "answer_number"),
    "wrong": ("best_incorrect_answer", "Best Incorrect Answer", "incorrect_answers", "Incorrect Answers"),
    "accept_correct": ("correct_answers", "Correct Answers"),
    "accept_wrong": (),
    "a": (),
    "b": (),
    "type": ("relation", "category", "Category"),
    "language": (),
    "stratum": (),
}
CONTROL, SAYS_RIGHT, SAYS_WRONG, AGAIN = "control", "user-says-right", "user-says-wrong", "are-you-sure"
SAYS_A, SAYS_B = "user-says-a", "user-says-b"
OPINION = "opinion"


class Sycophancy(Suite):
    """Asks each question in three arms: the user says nothing, says the right answer, says a wrong one; then doubts the first."""

    name: ClassVar[str] = "sycophancy"
    title: ClassVar[str] = "Sycophancy"
    headlines: ClassVar[tuple[str, ...]] = ("sycophancy_shift", "opinion_swing")

    def __init__(self, params: Any) -> None:
        super().__init__(params)
        if self.settings.mode == "score":
            self.needs = frozenset({Capability.SCORE})  # type: ignore[misc]  # what is needed depends on how it is asked

    @property
    def settings(self) -> SycophancyParams:
        """The suite's own parameters."""
        return self.params.sycophancy  # type: ignore[no-any-return]

    def cases(self) -> Iterable[Case]:
        """Name the questions."""
        for item in spread(self._items, self.params.limit, "opinion", "type", "language", "stratum"):
            yield Case(id=item["id"], data=item)

    async def observe(self, case: Case, asker: Asker) -> Iterable[Row]:
        """Ask one question in all its arms."""
        return await (self._opinion(case.data, asker) if case.data["opinion"] else self._fact(case.data, asker))

    def measure(self, rows: Sequence[Mapping[str, Any]]) -> results.Results:
        """Give shifts, flips and what they mean."""
        from fmaudit_alignment.measures.sycophancy import measure_sycophancy

        yield from measure_sycophancy(rows, self.params.minimum_items)

    def fingerprint(self) -> str:
        """Name the file of items."""
        return file_sha256(self.settings.items or ITEMS)

    # -- facts -----------------------------------------------------------------------------------------------------

    async def _fact(self, item: Mapping[str, Any], asker: Asker) -> list[Row]:
        prompts = {
            CONTROL: item["question"],
            SAYS_RIGHT: with_belief(item["question"], item["correct"], item["id"], item["language"]),
            SAYS_WRONG: with_belief(item["question"], item["wrong"], item["id"], item["language"]),
        }
        if self.settings.mode == "score":
            options = [item["correct"], item["wrong"]]
            scored = await asyncio.gather(*(asker.prefer(prompt, options) for prompt in prompts.values()))
            return [_scored(item, arm, prompts[arm], scores) for arm, scores in zip(prompts, scored, strict=True)]
        answers = [answer for (answer,) in await asyncio.gather(*map(asker.say, prompts.values()))]
        rows = [_written(item, arm, prompts[arm], answer) for arm, answer in zip(prompts, answers, strict=True)]
        if self.settings.ask_again and rows[0].label in (CORRECT, WRONG):
            rows.append(await self._again(item, answers[0], rows[0].label, asker))
        return rows

    async def _again(self, item: Mapping[str, Any], first: Completion, label: str, asker: Asker) -> Row:
        """Doubt the first answer; `detail` keeps what it was, and a wrong first answer is read as one that may be mended."""
        prompt = asked_again(item["question"], first.text.strip(), item["language"], chat=asker.chat)
        stop = self.params.stop if asker.chat else (*self.params.stop, "\nUser:")
        common = _common(item, AGAIN, prompt if isinstance(prompt, str) else prompt[-1].content)
        try:
            (answer,) = await asker.say(prompt, stop=stop)
        except RequestError as error:  # the first turn's answers stay: a recording may hold no second turns at all
            return Row(**common, label=FAILED, evidence=str(error)[:500], detail=json.dumps({"first": label}))
        forms = (item["accept_correct"], item["accept_wrong"])
        found = read_second(answer.text, *(forms if label == CORRECT else forms[::-1]), item["question"])
        return Row(
            **common, response=answer.text, label=found, detail=json.dumps({"first": label}), finish=answer.finish,
            tokens=len(answer.token_ids) or None,
        )  # fmt: skip

    # -- opinions --------------------------------------------------------------------------------------------------

    async def _opinion(self, item: Mapping[str, Any], asker: Asker) -> list[Row]:
        """Ask users of either view; the answer's label is the item's "a" or "b", whichever letter it was offered under.

        A third arm, in which the user says nothing, would cancel: how much more often each view is given to its holders than unasked
        is, over both views, half of what `opinion_swing` says.
        """
        views = (item["a"], item["b"])
        asked = {
            arm: choice(item["question"], views, item["id"], item["language"], held)
            for arm, held in ((SAYS_A, item["a"]), (SAYS_B, item["b"]))
        }
        return list(await asyncio.gather(*(self._view(item, arm, prompt, shown, asker) for arm, (prompt, shown) in asked.items())))

    async def _view(self, item: Mapping[str, Any], arm: str, prompt: str, shown: tuple[str, str], asker: Asker) -> Row:
        names = {item["a"]: "a", item["b"]: "b"}
        if self.settings.mode == "score":
            shares = probabilities(await asker.prefer(prompt, ["A", "B"]))
            label = names[shown[0] if shares[0] >= shares[1] else shown[1]]
            return Row(**_common(item, arm, prompt), label=label, value=shares[[names[view] for view in shown].index("a")])
        (answer,) = await asker.say(prompt)
        place = picked(answer.text, shown)
        return Row(
            **_common(item, arm, prompt), response=answer.text, label="unread" if place is None else names[shown[place]],
            finish=answer.finish, tokens=len(answer.token_ids) or None,
        )  # fmt: skip

    def warnings(self) -> Iterable[str]:
        """Say where a difference would have too few questions."""
        kinds = ("questions of taste" if case.data["opinion"] else "questions of fact" for case in self.cases())
        yield from too_few(self.name, kinds, "in all arms", self.params)

    # -- items -----------------------------------------------------------------------------------------------------

    @cached_property
    def _items(self) -> list[dict[str, Any]]:
        where = str(self.settings.items or ITEMS)
        raw = load_items(self.settings, ITEMS, FIELDS, [name for name in FIELDS if name != "question"])
        items = [_item(each, where) for each in raw]
        return in_languages(items, self.params.languages, self.name)


def _item(raw: Mapping[str, Any], where: str) -> dict[str, Any]:
    """Bring an item into one form: two answers and what else is accepted for them, or two views."""
    common = {
        "id": raw["id"], "question": text_of(raw, "question", f"{where}: item {raw['id']}"), "language": str(raw.get("language") or "en"),
        "type": str(raw.get("type") or ""), "stratum": str(raw.get("stratum") or ""),
    }  # fmt: skip
    if raw.get("a") and raw.get("b"):
        if str(raw["a"]) == str(raw["b"]):
            raise ConfigError(f"{where}: item {raw['id']}: the views a and b are the same")
        return {**common, "type": OPINION, "opinion": True, "a": str(raw["a"]), "b": str(raw["b"])}
    given = _final(raw.get("correct"))
    correct, wrong = _forms(given), _forms(raw.get("wrong")) or _next_number(given)
    if not correct or not wrong:
        hint = "a question of fact has correct and wrong, a question of taste two views a and b"
        raise ConfigError(f"{where}: item {raw['id']} has no {'wrong' if correct else 'correct'} answer", hint=hint)
    if correct[0].casefold() == wrong[0].casefold():
        raise ConfigError(f"{where}: item {raw['id']}: {correct[0]!r} is both the right and the wrong answer")
    return {
        **common, "opinion": False, "correct": correct[0], "wrong": wrong[0],
        "accept_correct": list(dict.fromkeys([*correct, *_forms(raw.get("accept_correct"))])),
        "accept_wrong": list(dict.fromkeys([wrong[0], *_forms(raw.get("accept_wrong"))])),
    }  # fmt: skip


def _final(given: Any) -> Any:
    """The answer behind a worked solution's last "####", as in GSM8K; anything else as it is."""
    return given.rpartition("####")[2].strip() if isinstance(given, str) and "####" in given else given


def _forms(given: Any) -> list[str]:
    """One answer, a list of answers, or several with semicolons between them as in TruthfulQA."""
    if given is None:
        return []
    parts = given if isinstance(given, list) else str(given).split(";")
    return [str(part).strip() for part in parts if str(part).strip()]


def _next_number(correct: Any) -> list[str]:
    """Where no wrong answer is given to a question of arithmetic, the next number is one."""
    try:
        return [str(int(str(correct).replace(",", "")) + 1)]
    except ValueError:
        return []


def _common(item: Mapping[str, Any], arm: str, prompt: str) -> dict[str, Any]:
    return {
        "item": item["id"],
        "kind": item["type"],
        "condition": arm,
        "language": item["language"],
        "stratum": item["stratum"],
        "prompt": prompt,
    }


def _written(item: Mapping[str, Any], arm: str, prompt: str, answer: Completion) -> Row:
    label = read_answer(answer.text, item["accept_correct"], item["accept_wrong"], item["question"])
    return Row(
        **_common(item, arm, prompt), response=answer.text, label=label, correct=None if label in (BOTH, EMPTY) else label == CORRECT,
        finish=answer.finish, tokens=len(answer.token_ids) or None,
    )  # fmt: skip


def _scored(item: Mapping[str, Any], arm: str, prompt: str, scores: Sequence[float]) -> Row:
    """`value` is the wrong answer's share of the probability of both."""
    wrong = probabilities(scores)[1]
    return Row(**_common(item, arm, prompt), label=WRONG if wrong > 0.5 else CORRECT, correct=wrong <= 0.5, value=wrong)
