"""What a house may keep to itself: how full it is."""

from typing import Any

from capacity.policy import CAPACITY_REASONS

CAPACITY_NUMBERS = frozenset({"maxCovers", "bookedCovers", "bookedParties", "remainingCovers", "utilizationPercent"})


def without_capacity_numbers(answer: Any) -> Any:
    """Return an answer with the numbers that tell how full a restaurant is set to null."""
    if isinstance(answer, list):
        return [without_capacity_numbers(item) for item in answer]
    if not isinstance(answer, dict):
        return answer
    if answer.get("code") in CAPACITY_REASONS:
        return {name: value if name == "code" else None for name, value in answer.items()}
    return {
        name: None if name in CAPACITY_NUMBERS else without_capacity_numbers(value) for name, value in answer.items()
    }
