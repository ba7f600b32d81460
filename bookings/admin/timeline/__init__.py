"""The timeline of an evening: tables against time, live, with the planner's answer before a move."""
