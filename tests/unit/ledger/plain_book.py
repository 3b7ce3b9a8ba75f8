"""The rules of credits once more, as plainly as can be, to hold the ledger against."""

from __future__ import annotations

from dataclasses import dataclass, field


class RefusedError(Exception):
    """The step is not allowed."""


@dataclass
class PlainHold:
    amount: int
    expires: int
    state: str = "held"


@dataclass
class PlainBook:
    """One account; time is counted in minutes."""

    balance: int = 0
    minute: int = 0
    holds: list[PlainHold] = field(default_factory=list)

    def topup(self, amount: int) -> None:
        self._allow(amount > 0)
        self.balance += amount

    def hold(self, amount: int) -> None:
        self._allow(amount <= self.balance)
        self.balance -= amount
        self.holds.append(PlainHold(amount, self.minute + 30))

    def settle(self, which: int, charge: int | None) -> None:
        self._allow(which < len(self.holds))
        hold = self.holds[which]
        if hold.state == "settled":
            return
        self._allow(hold.state == "held" and self.minute < hold.expires)
        charge = hold.amount if charge is None else charge
        self._allow(charge <= hold.amount)
        hold.state = "settled"
        self.balance += hold.amount - charge

    def release(self, which: int) -> None:
        self._allow(which < len(self.holds) and self.holds[which].state != "settled")
        hold = self.holds[which]
        if hold.state == "held":
            hold.state = "released"
            self.balance += hold.amount

    def wait(self, minutes: int) -> None:
        self.minute += minutes

    def sweep(self) -> None:
        for which, hold in enumerate(self.holds):
            if hold.state == "held" and hold.expires <= self.minute:
                self.release(which)

    def _allow(self, allowed: bool) -> None:  # noqa: FBT001  # it reads as a sentence
        if not allowed:
            raise RefusedError
