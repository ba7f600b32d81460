"""The auditor shares no code with the engine."""

import grimp

PROJECT = ("bookings", "capacity", "config", "tables")


def test_the_auditor_imports_nothing_of_the_project_but_itself() -> None:
    graph = grimp.build_graph(*PROJECT, cache_dir=None)
    # `keeping` stores what the auditor has found.
    own = {"bookings.insight.audit", *graph.find_descendants("bookings.insight.audit")} - {
        "bookings.insight.audit.keeping"
    }

    imported = {name for module in own for name in graph.find_modules_directly_imported_by(module)}

    assert len(own) > 1
    assert imported <= own
