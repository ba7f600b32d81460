"""Made-up guests and their wishes, the same ones for the same seed. Pure.

Names are common ones; addresses are at example.com, and numbers those that the United Kingdom keeps for fiction.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

T = TypeVar("T")

FIRST_NAMES = (
    *("Amara", "Ben", "Carla", "Duarte", "Elif", "Femi", "Grace", "Hugo", "Ines", "Jonas", "Kavya", "Liam"),
    *("Marta", "Nadia", "Oscar", "Priya", "Rafael", "Sofia", "Tomas", "Uma", "Vera", "Wren", "Yusuf", "Zoe"),
)
LAST_NAMES = (
    *("Almeida", "Baker", "Costa", "Demir", "Evans", "Ferreira", "Gupta", "Hughes", "Ito", "Jensen", "Khan"),
    *("Lopes", "Murphy", "Novak", "Okafor", "Patel", "Quinn", "Rossi", "Silva", "Taylor", "Usman", "Young"),
)
ALLERGIES = {"Nut allergy": "Nuts"}
NOTES = ("Birthday", "Window table, please", "One high chair", "Nut allergy", "Anniversary", "Vegetarian")
# Party size to how many of a hundred parties have it.
PARTY_SIZES = {1: 6, 2: 46, 3: 14, 4: 19, 5: 5, 6: 6, 7: 2, 8: 2}
# Source to how many of a hundred bookings come that way.
SOURCES = {"web": 68, "phone": 22, "partner": 10}


@dataclass(frozen=True)
class Visit:
    """One party that would like to come: its guest, its size, its start as a share of the service (0 to 1)."""

    name: str
    email: str
    phone: str
    party_size: int
    start: float
    source: str
    seating: str | None
    notes: str
    marketing_opt_in: bool
    allergies: str = ""


def make_visit(rng: random.Random, *, largest_party: int, seating_types: Sequence[str]) -> Visit:
    """Make up one visit; most like to start a little after the middle of the service, few care for a seating type."""
    first, last = rng.choice(FIRST_NAMES), rng.choice(LAST_NAMES)
    visit = Visit(
        name=f"{first} {last}",
        email=f"{first}.{last}@example.com".lower(),
        phone=f"+442079460{rng.randrange(1000):03d}",
        party_size=min(_weighted(rng, PARTY_SIZES), largest_party),
        start=rng.triangular(0, 1, 0.55),
        source=_weighted(rng, SOURCES),
        seating=rng.choice(seating_types) if seating_types and rng.random() < 0.06 else None,
        notes=rng.choice(NOTES) if rng.random() < 0.12 else "",
        marketing_opt_in=rng.random() < 0.3,
    )
    return replace(visit, notes="", allergies=ALLERGIES[visit.notes]) if visit.notes in ALLERGIES else visit


def _weighted(rng: random.Random, weights: dict[T, int]) -> T:
    return rng.choices(list(weights), weights=list(weights.values()))[0]
