"""Questions at a terminal: numbered lists with ticks, a line of text, and what was typed read."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import click

from app.views.text import CONTROL

MOST_SHOWN = 30
"""Lines of a list; a longer one is searched by text."""
MOST_ANSWERS = 500
"""To one question; then whoever types is no person."""


@dataclass(frozen=True)
class Item:
    """A line of a list: its name, what is told of it, and whether it is ticked from the start."""

    name: str
    about: str
    ticked: bool
    is_advised: bool = True
    """Whether ``all`` means it too."""


def read_selection(text: str, items: Sequence[Item]) -> frozenset[int] | None:
    """Read ``1,3-5``, ``all`` or ``none`` as places from 0; None where *text* is none of these."""
    words, count = text.lower().replace(",", " ").split(), len(items)
    if words == ["all"]:
        return frozenset(place for place, item in enumerate(items) if item.is_advised)
    if words == ["none"]:
        return frozenset()
    chosen: set[int] = set()
    for word in words:
        found = re.fullmatch(r"(\d{1,6})(?:-(\d{1,6}))?", word)
        if found is None:
            return None
        first, last = int(found[1]), int(found[2] or found[1])
        if not 1 <= first <= last <= count:
            return None
        chosen.update(range(first - 1, last))
    return frozenset(chosen) if words else None


def pick(title: str, items: Sequence[Item]) -> tuple[str, ...]:
    """Ask which of *items* are meant; Enter keeps what is ticked.

    Of up to `MOST_SHOWN`, one answer is all. Of more, each answer adds or, being text, searches,
    and Enter ends.
    """
    ticked = frozenset(place for place, item in enumerate(items) if item.ticked)
    if len(items) <= MOST_SHOWN:
        chosen = _pick_once(title, items, ticked)
    else:
        chosen = _pick_by_search(title, items, ticked)
    return tuple(item.name for place, item in enumerate(items) if place in chosen)


def ask(title: str, default: str, check: Callable[[str], str | None]) -> str:
    """Ask for a line until *check* finds no problem with it."""
    for _ in range(MOST_ANSWERS):
        answer = str(click.prompt(title, default=default, show_default=bool(default))).strip()
        problem = check(answer)
        if problem is None:
            return answer
        click.secho(f"  {problem}", fg="red")
    raise click.Abort


def ask_one(title: str, choices: Sequence[tuple[str, str]], default: str) -> str:
    """Ask for one of *choices*, (name, meaning), by its number or name."""
    names = [name for name, _ in choices]
    click.echo(title)
    for number, (name, meaning) in enumerate(choices, start=1):
        click.echo(f"  {number}. {name:<10}  {meaning}")
    numbered = {str(number): name for number, name in enumerate(names, start=1)}

    def check(answer: str) -> str | None:
        if answer in numbered or answer in names:
            return None
        return f"Type a number from 1 to {len(names)}, or one of {', '.join(names)}."

    answer = ask("Which one", default, check)
    return numbered.get(answer, answer)


def _pick_once(title: str, items: Sequence[Item], ticked: frozenset[int]) -> frozenset[int]:
    click.echo(title)
    _show(items, range(len(items)), ticked)
    for _ in range(MOST_ANSWERS):
        answer = _answer("Numbers such as 1,3-5, or all, or none; Enter keeps what is ticked")
        if not answer:
            return ticked
        chosen = read_selection(answer, items)
        if chosen is not None:
            return chosen
        click.secho(f"  There are the numbers 1 to {len(items)}, all and none.", fg="red")
    raise click.Abort


def _pick_by_search(title: str, items: Sequence[Item], ticked: frozenset[int]) -> frozenset[int]:
    click.echo(f"{title} There are {len(items):,}: type part of a name to search.")
    chosen = set(ticked)
    for _ in range(MOST_ANSWERS):
        click.echo(f"  {len(chosen):,} ticked.")
        answer = _answer("Text to search, numbers such as 1,3-5 to tick, all, none; Enter ends")
        if not answer:
            return frozenset(chosen)
        numbers = read_selection(answer, items)
        if numbers is None:
            wanted = answer.casefold()
            fitting = [n for n, item in enumerate(items) if wanted in item.name.casefold()]
            _show(items, fitting[:MOST_SHOWN], frozenset(chosen))
            more = len(fitting) - MOST_SHOWN
            told = f"  … and {more:,} more; type more of the name." if more > 0 else ""
            click.echo(
                told if fitting else "  No name has that in it.", nl=bool(told or not fitting)
            )
        elif numbers:
            chosen |= numbers
        else:
            chosen.clear()
    raise click.Abort


def _show(items: Sequence[Item], places: Sequence[int], ticked: frozenset[int]) -> None:
    width = max((len(items[place].name) for place in places), default=0)
    for place in places:
        item, mark = items[place], "x" if place in ticked else " "
        line = f"  {place + 1:>4} [{mark}] {item.name:<{width}}  {item.about}".rstrip()
        click.echo(CONTROL.sub("", line))


def _answer(title: str) -> str:
    return str(click.prompt(title, default="", show_default=False)).strip()
