"""Replay: a new attempt at what was refused, from the originals in the archive."""

from collections.abc import Sequence

from capture.pool import Pool
from domain.errors import PostroomError, Unavailable, Usage
from flows.file_batch import Tools, file_batch
from flows.intake import Failure, Intake
from flows.opening import unlock_file
from flows.publish import deliver
from infra.classifier import lazy_champion
from infra.wiring import Services, sole_worker
from register.models import Batch
from register.problems import retry, waiting


def replay(services: Services, problems: Sequence[int], password: str | None = None) -> Intake:
    """Try these lines of the exceptions queue again and publish what comes of it.

    With ``password``, their files are opened by it first. A line whose file it does not open, that is not
    there, or was dealt with already, is a failure; the others are done.
    """
    done = Intake()
    with Pool(services.settings.processes, services.settings.capture) as pool:
        tools = Tools(services, pool, lazy_champion(services))
        for one in problems:
            try:
                with sole_worker(services, waiting(one).batch.key) as free:
                    if password is not None:
                        if not free:
                            raise Usage(
                                "Another process is at its batch. Nothing was changed; try again in a moment."
                            )
                        unlock_file(services, pool, one, password)
                    batch = retry(one)
                    done.batches.append(batch.pk)
                    if free:
                        file_into(done, tools, batch)
            except Usage as error:
                done.failures.append(Failure(0, f"exception {one}", str(error)))
    deliver_into(done, services)
    return done


def file_into(done: Intake, tools: Tools, batch: Batch) -> None:
    """File a batch for somebody who waits for it; that it could not be is a failure of what was ``done``."""
    try:
        file_batch(tools, batch)
    except PostroomError as error:
        done.failures.append(Failure(batch.pk, batch.source, str(error)))


def deliver_into(done: Intake, services: Services) -> None:
    """Deliver what came of it; that a service does not answer now is a failure of what was ``done``."""
    try:
        deliver(services)
    except Unavailable as error:
        done.failures.append(Failure(0, "", f"not everything could be published: {error}"))
