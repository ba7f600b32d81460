"""The project's web application with a gauge for each worker process, which it has none of itself."""

from prometheus_client import Gauge

from config.wsgi import application

Gauge("test_worker_is_up", "1 for each worker.", multiprocess_mode="liveall").set(1)

__all__ = ["application"]
