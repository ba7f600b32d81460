"""Bar charts for unfold's component, each with the same in words for whoever does not see it."""

import json
from collections.abc import Iterable, Mapping, Sequence

FIRST_COLOUR, SECOND_COLOUR = "var(--color-base-400)", "var(--color-primary-600)"
GREY = "#9ca3af"
# All that a chart needs: unfold's own options draw the bars of one date over each other.
OPTIONS = {
    "animation": False,
    "responsive": True,
    "maintainAspectRatio": False,
    "plugins": {"legend": {"position": "top", "align": "end", "labels": {"color": GREY}}},
    "scales": {
        "x": {"grid": {"display": False}, "ticks": {"color": GREY}},
        "y": {"beginAtZero": True, "ticks": {"color": GREY, "precision": 0}, "grid": {"lineWidth": 1}},
    },
}


def bar_chart(title: str, text: str, series: Iterable[str], bars: Mapping[str, Sequence[float]]) -> dict[str, str]:
    """Return a chart of bars by label, each with a number for every one of at most two series."""
    datasets = [
        {"label": name, "backgroundColor": colour, "data": [bar[place] for bar in bars.values()]}
        for place, (name, colour) in enumerate(zip(series, (FIRST_COLOUR, SECOND_COLOUR), strict=False))
    ]
    data = {"labels": list(bars), "datasets": datasets}
    return {"title": title, "text": text, "data": json.dumps(data), "options": json.dumps(OPTIONS)}
