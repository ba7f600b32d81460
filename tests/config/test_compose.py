"""The compose files: as compose accepts them, with settings that exist. No container is started."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from config.env import BASE_DIR
from tests.helpers.inventory import settings_read

BASE, STAGE = BASE_DIR / "compose.yaml", BASE_DIR / "compose.stage.yaml"
STAGE_FILES = BASE_DIR / "deploy" / "stage"
EXAMPLE = STAGE_FILES / "env.example"
# Read by compose and the images, not by the application.
READ_ELSEWHERE = {"COMPOSE_FILE", "POSTGRES_PASSWORD", "STAGE_HOST"}
VARIABLE = re.compile(r"\$\{([A-Z_]+)(?:(:[-?])([^}]*))?\}")

every_file = pytest.mark.parametrize("path", [BASE, STAGE], ids=lambda path: path.name)


def load(path: Path) -> dict[str, Any]:
    """Return a compose file with its anchors merged in."""
    content: dict[str, Any] = yaml.safe_load(path.read_text())
    return content


def merged() -> dict[str, Any]:
    """Return the services of the stage, with compose's rule for maps: what the later file says wins."""
    services: dict[str, Any] = load(BASE)["services"]
    for name, later in load(STAGE)["services"].items():
        earlier = services.get(name, {})
        services[name] = {**earlier, **later, "environment": _environment(earlier) | _environment(later)}
    return services


def _environment(service: dict[str, Any]) -> dict[str, str]:
    environment: dict[str, str] = service.get("environment", {})
    return environment


def application(services: dict[str, Any]) -> dict[str, Any]:
    """Return the services that run this project's image."""
    return {name: service for name, service in services.items() if service.get("image") == "maitre"}


def example() -> dict[str, str]:
    """Return what the example of a stage sets."""
    return dict(re.findall(r"^([A-Z_]+)=(.*)$", EXAMPLE.read_text(), re.MULTILINE))


def interpolate(text: str, values: dict[str, str]) -> str:
    """Fill in variables as compose does; `:?` fails without one."""

    def value(found: re.Match[str]) -> str:
        given = values.get(found[1], "")
        if not given and found[2] == ":?":
            raise ValueError(found[3])
        return given or (found[3] or "")

    return VARIABLE.sub(value, text)


@every_file
def test_a_file_is_one_that_the_compose_specification_allows(path: Path) -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(path)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)

    assert ended.returncode == 0, ended.stdout


@every_file
def test_volumes_and_services_that_a_file_names_exist(path: Path) -> None:
    services, known = load(path)["services"], load(BASE)["services"].keys() | load(path)["services"].keys()
    volumes = [volume.split(":") for service in services.values() for volume in service.get("volumes", [])]
    named = {source for source, *_ in volumes if not source.startswith(".")}

    assert named == set(load(path)["volumes"])
    assert {name for service in services.values() for name in service.get("depends_on", {})} <= known


@every_file
def test_every_variable_is_a_setting(path: Path) -> None:
    services = application(merged() if path == STAGE else load(path)["services"])
    set_there = {name for service in services.values() for name in _environment(service)}
    asked_for = {found[1] for found in VARIABLE.finditer(path.read_text())}

    assert set_there - settings_read() == set()
    assert asked_for - settings_read() - READ_ELSEWHERE == set()


def test_the_example_of_a_stage_sets_what_there_is() -> None:
    assert set(example()) - settings_read() - READ_ELSEWHERE == set()


def test_a_stage_runs_with_the_settings_of_production() -> None:
    keys = {"SECRET_KEY": "one", "MANAGE_TOKEN_KEY": "another", "POSTGRES_PASSWORD": "secret"}
    given = example() | keys

    for name, service in application(merged()).items():
        # As compose gives it: .env as a whole, and what the files say above it.
        settings = given | {key: interpolate(text, given) for key, text in _environment(service).items()}
        said = {key: settings.get(key) for key in ("HTTPS_ONLY", "NUM_PROXIES", "EMAIL_URL", "MANAGE_TOKEN_KEY")}
        assert said == {
            "HTTPS_ONLY": "true",
            "NUM_PROXIES": "1",
            "EMAIL_URL": "consolemail://",
            "MANAGE_TOKEN_KEY": "another",
        }, name
        # Prometheus comes by the first name, a runbook's curl by the second.
        assert {"web", "127.0.0.1"} <= set(settings["ALLOWED_HOSTS"].split(","))


@pytest.mark.parametrize("missing", ["SECRET_KEY", "MANAGE_TOKEN_KEY", "ALLOWED_HOSTS", "POSTGRES_PASSWORD"])
def test_a_stage_without_its_own_keys_and_name_does_not_start(missing: str) -> None:
    keys = {"SECRET_KEY": "one", "MANAGE_TOKEN_KEY": "another", "POSTGRES_PASSWORD": "secret"}
    given = example() | keys | {missing: ""}

    with pytest.raises(ValueError, match=f"set {missing}"):
        [interpolate(text, given) for service in merged().values() for text in _environment(service).values()]


def test_the_example_of_a_stage_names_both_files() -> None:
    assert example()["COMPOSE_FILE"].split(":") == [BASE.name, STAGE.name]


def test_a_database_that_is_only_being_made_is_not_healthy() -> None:
    # The image makes it with a server that listens at a socket alone.
    assert "--host=127.0.0.1" in load(BASE)["services"]["postgres"]["healthcheck"]["test"]


def test_the_web_server_has_more_time_to_end_than_it_gives_its_workers() -> None:
    (given,) = re.findall(r"--workers-kill-timeout (\d+)", (BASE_DIR / "Dockerfile").read_text())

    assert int(load(BASE)["services"]["web"]["stop_grace_period"].removesuffix("s")) > int(given)


def test_what_the_proxy_sends_on_and_what_is_scraped_is_the_web_server() -> None:
    services = merged()
    web = f"web:{services['web']['environment']['PORT']}"
    proxied = (STAGE_FILES / "Caddyfile").read_text()
    prometheus = load(STAGE_FILES / "prometheus.yml")

    assert f"reverse_proxy {web}\n" in proxied
    assert "path /metrics /metrics/*" in proxied
    assert prometheus["scrape_configs"][0]["static_configs"] == [{"targets": [web]}]
    assert prometheus["alerting"]["alertmanagers"][0]["static_configs"] == [{"targets": ["alertmanager:9093"]}]
    assert services["alertmanager"]["ports"] == ["127.0.0.1:9093:9093"]
    assert "./deploy/prometheus:/etc/prometheus/rules:ro" in services["prometheus"]["volumes"]


def test_files_that_are_mounted_are_there() -> None:
    volumes = [volume.split(":")[0] for service in merged().values() for volume in service.get("volumes", [])]
    files = [BASE_DIR / source for source in volumes if source.startswith("./deploy/stage")]

    assert [path for path in files if not path.is_file()] == []
    assert len(files) == 2
