"""The metrics of the decision records of the last day."""

from collections import defaultdict
from collections.abc import Iterator

from prometheus_client.metrics_core import GaugeMetricFamily, Metric

from bookings.insight.metrics.asked import Question
from bookings.insight.replay.alternatives import AlternativeRow, match_alternatives
from bookings.insight.verdict.reading.decisions import list_latest_alternatives


class AlternativesQuestion(Question):
    """Reckon the share of refusals that a booking of another start answered. Without any refusal there is no sample."""

    about = "alternatives"
    # Many thousand rows on a busy day, for a share that hardly moves within a minute.
    keeps_for = 60

    def ask(self) -> Iterator[Metric]:
        """Yield the share over all restaurants in 1 query."""
        by_restaurant: defaultdict[int, list[AlternativeRow]] = defaultdict(list)
        for restaurant_id, row in list_latest_alternatives():
            by_restaurant[restaurant_id].append(row)
        offered = sum(row.is_refused for rows in by_restaurant.values() for row in rows)
        if not offered:
            return
        answered = sum(len(match_alternatives(rows)) for rows in by_restaurant.values())
        yield GaugeMetricFamily(
            "booking_alternative_accepted_ratio",
            "Share of the refusals of the last 24 hours with other starts that were answered by booking one of them.",
            answered / offered,
        )
