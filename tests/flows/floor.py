"""The workers' shop floor of a test: chunks are done one after the other, in a home of their own."""

import threading
from collections import deque
from collections.abc import Callable
from pathlib import Path

import pytest

from flows import chunks as flow
from flows.file_batch import Tools
from flows.intake import intake
from flows.publish import deliver
from infra.wiring import Services
from register.models import Batch, Chunk, PageFate
from tests.flows.test_intake import station
from tests.small import small_tiff

on_both = pytest.mark.parametrize("office", ["sqlite", "postgresql"], indirect=True)


class Floor:
    """The workers' shop floor: what was asked for, and who does it."""

    def __init__(self, tools: Tools) -> None:
        self.tools = tools
        self.asked: deque[Chunk] = deque()
        self.log: list[str] = []

    def ask(self, chunk: Chunk) -> None:
        self.asked.append(chunk)

    def run(self, until: Callable[[Chunk], bool] = lambda chunk: False) -> None:
        """Do what is asked for, until nothing is left or the next chunk is such a one."""
        while self.asked and not until(self.asked[0]):
            chunk = self.asked.popleft()
            self.log.append(chunk.stage)
            flow.work(self.tools, chunk.pk, f"worker {len(self.log)}", self.ask)


def hand_over(office: tuple[Services, Path], floor: Floor, batch: int = 1) -> Batch:
    """The station's part: take, keep, ask."""
    services, drop = office

    def file_one(tools: Tools, batch: Batch) -> Batch:
        return flow.hand_over(tools, batch, floor.ask)

    intake(services, drop, once=True, stop=threading.Event(), file_one=file_one, deliver=deliver)
    return Batch.objects.order_by("id")[batch - 1]


def eight_pages(drop: Path) -> None:
    folder = station(drop, "counted", "[separation]\npages = 2\n")
    small_tiff(folder / "eight.tif", [f"Letter {number}" for number in range(8)])


def accounted() -> list[tuple[int, int, str, int | None]]:
    fates = PageFate.objects.order_by("claim__ordinal", "page")
    return [(fate.claim.ordinal, fate.page, fate.kind, fate.position) for fate in fates]
