"""The addresses of the rollout, below `/admin/rollout/`."""

from django.urls import path

from bookings.admin.rollout.pages import owners_view, serve_page, serve_step
from bookings.admin.rollout.steps import AddNote, Resume, RollBack, SetMode, SetPercent

app_name = "rollout"
urlpatterns = [
    path("", owners_view(serve_page), name="page"),
    path("rollback/", owners_view(serve_step(RollBack)), name=RollBack.name),
    path("resume/", owners_view(serve_step(Resume)), name=Resume.name),
    path("percent/<int:percent>/", owners_view(serve_step(SetPercent)), name=SetPercent.name),
    path("set/<int:restaurant_id>/", owners_view(serve_step(SetMode)), name=SetMode.name),
    path("note/<int:restaurant_id>/", owners_view(serve_step(AddNote)), name=AddNote.name),
]
