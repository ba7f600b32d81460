"""Past days of the demo's bar: the requests, the parties that came, the no-shows, the tickets of the support."""

from demo.history.dates import list_dates_to_play
from demo.history.playing import note_tickets, play_date
from demo.history.plot import DatePlot, plot_date

__all__ = ["DatePlot", "list_dates_to_play", "note_tickets", "play_date", "plot_date"]
