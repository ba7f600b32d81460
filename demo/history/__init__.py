"""Days of the demo's bar that are over: who asked, who came, who did not, what the support heard."""

from demo.history.dates import list_dates_to_play
from demo.history.playing import note_tickets, play_date
from demo.history.plot import DatePlot, plot_date

__all__ = ["DatePlot", "list_dates_to_play", "note_tickets", "play_date", "plot_date"]
