"""What can go wrong when Genkan is launched, said to the person at the terminal."""


class LaunchError(Exception):
    """A start that cannot go on: one sentence on what happened and one on what to do."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint

    def __str__(self) -> str:
        return "\n".join(filter(None, [self.args[0], self.hint]))
