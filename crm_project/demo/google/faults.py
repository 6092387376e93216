"""Answers that whoever runs the stand-in lays over its usual ones."""

import random
from dataclasses import dataclass
from fnmatch import fnmatchcase

from crm_project.demo.google.answers import Answer


@dataclass(slots=True)
class Fault:
    """`where` is an operation ("messages.get", "token", "batch") or a path; both may hold wildcards."""

    where: str
    answer: Answer
    times: int | None
    skip: int
    chance: float
    mailbox: str
    struck: int = 0

    def fits(self, operation: str, path: str, mailbox: str) -> bool:
        named = fnmatchcase(operation, self.where) or fnmatchcase(path, self.where)
        return named and self.mailbox in {"", mailbox} and self.times != 0


class Faults:
    """Asked for every request, parts of a batch included. The first fault that fits is the only one that strikes."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._random = random.Random(4)

    def next(self, where: str, answer: Answer, *, times: int = 1, skip: int = 0, mailbox: str = "") -> Fault:
        """The next `times` requests of that kind get this answer, after `skip` usual ones. Several are used up in order."""
        return self._add(Fault(where, answer, times, skip, 1.0, mailbox))

    def always(self, where: str, answer: Answer, *, chance: float = 1.0, mailbox: str = "") -> Fault:
        """Every request of that kind until `clear`, or one in so many; which ones is the same in every run."""
        return self._add(Fault(where, answer, None, 0, chance, mailbox))

    def clear(self) -> None:
        self._faults.clear()

    def take(self, operation: str, path: str, mailbox: str) -> Answer | None:
        for fault in self._faults:
            if not fault.fits(operation, path, mailbox):
                continue
            if fault.skip:
                fault.skip -= 1
                return None
            if fault.chance < 1 and self._random.random() >= fault.chance:
                continue
            if fault.times is not None:
                fault.times -= 1
            fault.struck += 1
            return fault.answer
        return None

    def _add(self, fault: Fault) -> Fault:
        self._faults.append(fault)
        return fault
