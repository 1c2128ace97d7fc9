"""The workflow that publishes the book calls what is there, and holds no address."""

import re
from pathlib import Path

import pytest
import yaml

from book import __main__ as command

pytestmark = pytest.mark.once

FILE = Path(__file__).resolve().parents[1] / ".github" / "workflows" / "book.yml"


def test_there_is_no_address_in_it():
    assert not re.search(r"://|\b(?:\d{1,3}\.){3}\d{1,3}\b|localhost", FILE.read_text("utf-8"))


def test_its_commands_are_there():
    jobs = yaml.safe_load(FILE.read_text("utf-8"))["jobs"]
    lines = "\n".join(step.get("run", "") for job in jobs.values() for step in job["steps"])
    called = re.findall(r"-m book\b(.*)", lines)
    assert len(called) >= 2
    for arguments in called:
        command.parser().parse_args(arguments.split())


def test_what_it_hands_on_is_what_is_made():
    jobs = yaml.safe_load(FILE.read_text("utf-8"))["jobs"]
    folders = {
        step["with"]["path"] for step in jobs["build"]["steps"] if "upload" in step.get("uses", "")
    }
    built = command.BUILT.relative_to(command.ROOT).as_posix()
    assert folders == {built, f"{built}/{command.EDITIONS}"}
