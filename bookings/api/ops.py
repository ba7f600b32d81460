"""What the staff calls, by admin session or API key."""

from rest_framework.request import Request
from rest_framework.response import Response

from bookings.answers.availability import utilization_answer
from bookings.api import schema
from bookings.api.base import OpsView
from bookings.api.serializers import UtilizationQuery, read_query
from bookings.selectors import get_utilization
from tables.selectors import get_active_restaurant


class UtilizationView(OpsView):
    """How full are the services of a business date?"""

    @schema.utilization
    def get(self, request: Request) -> Response:
        query = read_query(UtilizationQuery, request)
        restaurant = get_active_restaurant(query["restaurant"])
        self.check_object_permissions(request, restaurant)
        utilization = get_utilization(restaurant_id=restaurant.pk, business_date=query["business_date"])
        return Response(utilization_answer(utilization))
