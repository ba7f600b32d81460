"""The project's addresses, and a view that does nothing: what an answer of this stack costs at least."""

from django.urls import path
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from config.urls import handler400, handler403, handler404, handler500, urlpatterns

__all__ = ["handler400", "handler403", "handler404", "handler500", "urlpatterns"]

NOTHING_PATH = "/api/nothing"


class NothingView(APIView):
    """An empty answer by the same server, through the same middleware."""

    def get(self, request: Request) -> Response:
        return Response({})


urlpatterns = [path(NOTHING_PATH[1:], NothingView.as_view()), *urlpatterns]
