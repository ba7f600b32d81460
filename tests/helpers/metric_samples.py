"""The samples of a scrape."""

from django.test import Client
from prometheus_client.parser import text_string_to_metric_families


def scrape(client: Client) -> dict[str, dict[tuple[str, ...], float]]:
    """Return the values on the page by name and by the values of their labels."""
    found: dict[str, dict[tuple[str, ...], float]] = {}
    for family in text_string_to_metric_families(client.get("/metrics").content.decode()):
        for sample in family.samples:
            found.setdefault(sample.name, {})[tuple(sample.labels.values())] = sample.value
    return found
