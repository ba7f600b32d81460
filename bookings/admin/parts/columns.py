"""The decorators of unfold with types."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar, cast

from unfold.decorators import action, display

Method = TypeVar("Method", bound=Callable[..., Any])


def column(
    description: str,
    *,
    ordering: str | None = None,
    label: Mapping[Any, str] | None = None,
    boolean: bool | None = None,
) -> Callable[[Method], Method]:
    """Make a method a column or a read-only field; `label` gives colours by value."""
    decorate = display(description=description, ordering=ordering, label=label, boolean=boolean)
    return cast(Callable[[Method], Method], decorate)


def page_action(
    description: str, *, url_path: str, icon: str, permissions: tuple[str, ...]
) -> Callable[[Method], Method]:
    """Make a method a button on the page of a row, under an address of its own."""
    decorate = action(description=description, url_path=url_path, icon=icon, permissions=permissions)
    return cast(Callable[[Method], Method], decorate)


def list_action(description: str, *, permissions: tuple[str, ...]) -> Callable[[Method], Method]:
    """Make a method an action on chosen rows of a list."""
    return cast(Callable[[Method], Method], action(description=description, permissions=permissions))
