"""A real Prometheus with the deployed rules, every second, ended by its process id."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import yaml

from tests.deploy.programs import PROMETHEUS, find_program
from tests.helpers.deployed_artifacts import RULES
from tests.helpers.polling import wait_until
from tests.helpers.web_servers import free_port

START_SECONDS = 60.0
STOP_SECONDS = 30.0


@dataclass(frozen=True)
class Prometheus:
    """A client of its API."""

    client: httpx.Client

    def rules(self) -> list[dict[str, Any]]:
        """Return every rule with its state."""
        groups = self._get("/api/v1/rules")["groups"]
        return [rule for group in groups for rule in group["rules"]]

    def firing(self, name: str) -> list[dict[str, Any]]:
        """Return what fires of an alert."""
        alerts = self._get("/api/v1/alerts")["alerts"]
        return [each for each in alerts if each["labels"]["alertname"] == name and each["state"] == "firing"]

    def values(self, expression: str) -> list[float]:
        """Return the present values of an expression."""
        found = self._get("/api/v1/query", query=expression)["result"]
        return [float(each["value"][1]) for each in found]

    def _get(self, path: str, **parameters: str) -> Any:
        answer = self.client.get(path, params=parameters)
        assert answer.is_success, answer.text
        return answer.json()["data"]


@contextmanager
def running_prometheus(target_url: str, directory: Path) -> Iterator[Prometheus]:
    """Run Prometheus with the sample configuration on one target; its data are kept in the directory."""
    configuration = directory / "prometheus.yml"
    configuration.write_text(yaml.safe_dump(_configured_for(target_url)))
    address = f"127.0.0.1:{free_port()}"
    command = [find_program("prometheus"), f"--config.file={configuration}", f"--web.listen-address={address}"]
    command += [f"--storage.tsdb.path={directory / 'data'}", "--log.level=error"]
    process = subprocess.Popen(command, cwd=directory)
    try:
        with httpx.Client(base_url=f"http://{address}", timeout=30) as client:
            assert wait_until(lambda: process.poll() is not None or _is_ready(client), seconds=START_SECONDS)
            assert process.poll() is None, f"Prometheus ended with {process.returncode}"
            yield Prometheus(client)
    finally:
        process.terminate()
        try:
            process.wait(timeout=STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise


def _configured_for(target_url: str) -> dict[str, Any]:
    configuration: dict[str, Any] = yaml.safe_load((PROMETHEUS / "prometheus.yml").read_text())
    configuration["global"] = {"scrape_interval": "1s", "evaluation_interval": "1s"}
    configuration["rule_files"] = [str(RULES)]
    del configuration["alerting"]
    (job,) = configuration["scrape_configs"]
    job["static_configs"] = [{"targets": [urlsplit(target_url).netloc]}]
    job["scrape_timeout"] = "1s"
    return configuration


def _is_ready(client: httpx.Client) -> bool:
    try:
        return client.get("/-/ready").is_success
    except httpx.TransportError:
        return False
