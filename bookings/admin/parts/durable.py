"""The form and delete views for rows that a service writes."""

from typing import TYPE_CHECKING, Any

from django.contrib.admin import ModelAdmin
from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse

from bookings.admin.parts.bases import SturdyAdmin
from config.errors import DomainError

REFUSAL_ATTRIBUTE = "_settings_refusal"


def refusal_of(request: HttpRequest) -> DomainError | None:
    """Return the service's refusal of the save or delete of this request, None without one."""
    return getattr(request, REFUSAL_ATTRIBUTE, None)


class DurableViews(ModelAdmin[Any]):
    """Form and delete views that run outside a transaction, and show a refusal on their own screen.

    Django wraps these views in `atomic()`, where a service that opens the outermost transaction
    itself fails. A view makes one service call and writes nothing else, so nothing has to be undone.
    """

    if TYPE_CHECKING:
        # Django's views without their transaction, which its type stubs leave out.
        def _changeform_view(
            self, request: HttpRequest, object_id: str | None, form_url: str, extra_context: dict[str, Any] | None
        ) -> HttpResponse: ...

        def _delete_view(
            self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None
        ) -> HttpResponse: ...

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Save, or show the form again as it was filled in, with the refusal as its error."""
        try:
            return self._changeform_view(request, object_id, form_url, extra_context)
        except DomainError as refusal:
            setattr(request, REFUSAL_ATTRIBUTE, refusal)
        except IntegrityError:
            # Somebody saved the same key between validation and save: validation sees it now. An
            # error that it cannot explain comes back from the second run.
            pass
        return self._changeform_view(request, object_id, form_url, extra_context)

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Delete, or show the page again with the refusal."""
        try:
            return self._delete_view(request, object_id, extra_context)
        except DomainError as refusal:
            setattr(request, REFUSAL_ATTRIBUTE, refusal)
        return self._delete_view(request, object_id, {**(extra_context or {}), "refusal": refusal_of(request)})


if TYPE_CHECKING:
    DurableAdmin = DurableViews
else:

    class DurableAdmin(SturdyAdmin, DurableViews):
        """Unfold's views around the durable ones, which replace only the wrapper of Django's own."""
