"""The calls of the staff, by admin session or API key."""

from rest_framework.request import Request
from rest_framework.response import Response
from structlog.contextvars import bind_contextvars

from bookings.api import schema
from bookings.api.answers import table_counts_answer, utilization_answer
from bookings.api.base import OpsView
from bookings.api.serializers import (
    ExplanationQuery,
    RestaurantQuery,
    StrictSerializer,
    TableCountsQuery,
    UtilizationQuery,
    Values,
    read_query,
)
from bookings.insight.explain import explain_availability
from bookings.insight.explain.answer import explanation_answer
from bookings.insight.explain.overruns import list_overruns
from bookings.insight.explain.overruns_answer import overruns_answer
from bookings.selectors import get_utilization
from bookings.selectors.table_counts import list_table_counts
from config.replica import reads_replica
from tables.selectors import get_active_restaurant


class RestaurantOpsView(OpsView):
    """A call about one restaurant, which the query names."""

    def read_arguments(self, form: type[StrictSerializer], request: Request) -> Values:
        """Return what the query asks, with `restaurant_id` for the restaurant that the caller may see.

        Raises: `ValidationError`, `RecordNotFound`, `PermissionDenied`.
        """
        query = read_query(form, request)
        restaurant = get_active_restaurant(query.pop("restaurant"))
        self.check_object_permissions(request, restaurant)
        bind_contextvars(restaurant_id=restaurant.pk)
        return {**query, "restaurant_id": restaurant.pk}


class UtilizationView(RestaurantOpsView):
    """How full are the services of a business date?"""

    right = "capacity.view_serviceday"

    @schema.utilization
    @reads_replica
    def get(self, request: Request) -> Response:
        return Response(utilization_answer(get_utilization(**self.read_arguments(UtilizationQuery, request))))


class ExplanationView(RestaurantOpsView):
    """Why is a party taken or refused?"""

    right = "capacity.view_serviceday"

    @schema.explanation
    @reads_replica
    def get(self, request: Request) -> Response:
        return Response(explanation_answer(explain_availability(**self.read_arguments(ExplanationQuery, request))))


class OverrunsView(RestaurantOpsView):
    """Who sits past their time, and whom does it hit?"""

    right = "bookings.view_booking"

    @schema.overruns
    @reads_replica
    def get(self, request: Request) -> Response:
        return Response(overruns_answer(list_overruns(**self.read_arguments(RestaurantQuery, request))))


class TableCountsView(RestaurantOpsView):
    """How many tables are there for each party size?"""

    right = "tables.view_table"

    @schema.table_counts
    @reads_replica
    def get(self, request: Request) -> Response:
        return Response(table_counts_answer(list_table_counts(**self.read_arguments(TableCountsQuery, request))))
