"""The two ways that every procedure is gone through: in English by mouse, in Japanese by the keyboard alone."""

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar

from playwright.sync_api import Locator, expect

from tests.browser.keyboard import press, tab_to

if TYPE_CHECKING:  # conftest reads this before Django is set up
    from users.models import User


class Hand(ABC):
    language: ClassVar[str]
    theme: ClassVar[str]
    width: ClassVar[int]

    @property
    def look(self) -> dict[str, Any]:
        """For `open_page`, where the width matters."""
        return {"theme": self.theme, "width": self.width}

    def of(self, person: "User") -> "User":
        """The person who does it, set to the language and the theme."""
        person.language, person.theme = self.language, self.theme
        person.save(update_fields=["language", "theme"])
        return person

    def reads(self, english: str, japanese: str) -> str:
        """What the page says."""
        return {"en": english, "ja": japanese}[self.language]

    @abstractmethod
    def press(self, place: Locator) -> None: ...

    @abstractmethod
    def tick(self, place: Locator) -> None: ...

    @abstractmethod
    def choose(self, place: Locator) -> None:
        """One of a group."""

    @abstractmethod
    def select(self, place: Locator, value: str) -> None: ...

    @abstractmethod
    def fill(self, place: Locator, text: str) -> None: ...


class Mouse(Hand):
    language, theme, width = "en", "light", 1440

    def press(self, place: Locator) -> None:
        place.click()

    def tick(self, place: Locator) -> None:
        place.check()

    def choose(self, place: Locator) -> None:
        place.check()

    def select(self, place: Locator, value: str) -> None:
        place.select_option(value)

    def fill(self, place: Locator, text: str) -> None:
        place.fill(text)


class Keyboard(Hand):
    language, theme, width = "ja", "dark", 390

    def press(self, place: Locator) -> None:
        press(place.page, place)

    def tick(self, place: Locator) -> None:
        press(place.page, place, "Space")
        expect(place).to_be_checked()

    def choose(self, place: Locator) -> None:
        """Tab leads to the one that is chosen already."""
        tab_to(place.page, place.page.locator(f"input[name={place.get_attribute('name')}]:checked"))
        for _ in range(10):
            if place.is_checked():
                return
            place.page.keyboard.press("ArrowDown")
        raise AssertionError(f"the arrow does not get to {place}")

    def select(self, place: Locator, value: str) -> None:
        tab_to(place.page, place)
        place.page.keyboard.press("Home")
        for _ in range(10):
            if place.input_value() == value:
                return
            place.page.keyboard.press("ArrowDown")
        raise AssertionError(f"the arrow does not get to {value}")

    def fill(self, place: Locator, text: str) -> None:
        """What was there before is selected on the way, and gone."""
        tab_to(place.page, place)
        place.page.keyboard.type(text)
        expect(place).to_have_value(text)


HANDS = {"by_mouse_in_english": Mouse(), "by_keyboard_in_japanese": Keyboard()}
