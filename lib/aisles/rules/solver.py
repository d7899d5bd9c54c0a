"""A small search for an assignment of truth values under clauses and implications.

Literals are numbers: n stands for variable n being true, -n for its being false. Rules are small
and nearly always settled by propagation alone, so there is no learning, only a limit on conflicts.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from typing import Literal

MOST_CONFLICTS = 500


class Solver:
    """Searches the assignment; `implied` names literals that must be true along with one."""

    def __init__(
        self, clauses: Iterable[tuple[int, ...]], implied: Callable[[int], Collection[int]]
    ) -> None:
        self.clauses = [list(dict.fromkeys(clause)) for clause in clauses]
        self.implied = implied
        self.watching: dict[int, list[list[int]]] = defaultdict(list)
        self.true: set[int] = set()
        self.trail: list[int] = []
        self.done = 0
        for clause in self.clauses:
            for literal in clause[:2] if len(clause) > 1 else ():
                self.watching[literal].append(clause)

    def solve(self, last: bool = False) -> set[int] | Literal[False] | None:
        """The true literals of a solution, False when there is none, None when it takes too long.

        A solution may leave variables open, where the clauses hold whatever their values are.
        last: of a clause try its last literal first.
        """
        choices: list[tuple[int, int]] = []  # length of the trail before it, literal
        conflicts = 0
        sound = all(len(clause) > 1 or self._set(clause[0]) for clause in self.clauses)
        while True:
            if sound and self._propagate():
                literal = self._open_literal(last)
                if literal is None:
                    return self.true
                choices.append((len(self.trail), literal))
            else:
                conflicts += 1
                if not choices or conflicts > MOST_CONFLICTS:
                    return None if choices else False
                before, tried = choices.pop()
                self._take_back(before)
                literal = -tried  # what follows from the earlier choices alone
            sound = self._set(literal)

    def _take_back(self, before: int) -> None:
        """Forgets all that was set after the trail had this length."""
        self.true.difference_update(self.trail[before:])
        del self.trail[before:]
        self.done = before

    def _open_literal(self, last: bool) -> int | None:
        """A literal of the first clause without a true one; None when every clause has one."""
        for clause in self.clauses:
            if self.true.isdisjoint(clause):
                order = reversed(clause) if last else iter(clause)
                return next(literal for literal in order if -literal not in self.true)
        return None

    def _set(self, literal: int) -> bool:
        if -literal in self.true:
            return False
        if literal not in self.true:
            self.true.add(literal)
            self.trail.append(literal)
        return True

    def _propagate(self) -> bool:
        """Sets what follows from what is set; False on a contradiction."""
        while self.done < len(self.trail):
            literal = self.trail[self.done]
            self.done += 1
            if not all(map(self._set, self.implied(literal))) or not self._falsified(-literal):
                return False
        return True

    def _falsified(self, literal: int) -> bool:
        """Moves the watches of clauses from a literal that became false."""
        watching = self.watching[literal]
        self.watching[literal] = kept = []
        for at, clause in enumerate(watching):
            if clause[0] == literal:
                clause[0], clause[1] = clause[1], literal
            if clause[0] in self.true or not self._moved(clause):
                kept.append(clause)
                if not self._set(clause[0]):
                    kept += watching[at + 1 :]
                    return False
        return True

    def _moved(self, clause: list[int]) -> bool:
        """Whether the second watch of the clause found another literal that is not false."""
        for i in range(2, len(clause)):
            if -clause[i] not in self.true:
                clause[1], clause[i] = clause[i], clause[1]
                self.watching[clause[1]].append(clause)
                return True
        return False
