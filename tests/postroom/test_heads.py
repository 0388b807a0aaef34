"""``postroom heads`` and what ``postroom verify`` says of a chain that was rewritten."""

import json
from pathlib import Path

import time_machine

from register.models import Event
from tests.register.tampering import rewrite
from tests.typed import asked, refused, run


def test_heads_are_taken_kept_and_compared(home: Path, tmp_path: Path) -> None:
    with time_machine.travel("2026-03-04T09:00:00Z", tick=True):
        number = asked(home, "entry", "new", "--subject", "Noise", "--sender", "Ada", "--by", "eva")["number"]
        kept = tmp_path / "kept.json"
        made = asked(home, "heads", "export", "-o", str(kept))
        event = Event.objects.get()
        assert (made["day"], made["new"], made["key"]) == ("2026-03-04", True, "office/heads/2026-03-04.json")
        (chain,) = [one for one in made["chains"] if one["register"] == "IN"]
        assert (chain["register"], chain["sequence"], chain["hash"]) == ("IN", 1, event.hash)
        assert json.loads(kept.read_text())["heads"]["chains"] == made["chains"]
        again = asked(home, "heads", "export", "--day", "2026-03-04")
        assert again == {**made, "new": False}
        assert "in the archive: office/heads/2026-03-04.json" in run(home, "heads", "export").output
    days = asked(home, "heads", "list")
    assert days == {"days": [{name: made[name] for name in ("day", "at", "sha256")}]}
    assert asked(home, "heads", "check", str(kept)) == {
        "ok": True, "days": 1, "files": 1, "differing": [], "first_altered": [],
    }  # fmt: skip
    rewrite("IN", 1, actor="eve")
    problem = "the chain was rewritten: the event has another hash than then"
    altered = "the event was altered: its actor differs from its record in the archive"
    place = {"register": "IN", "sequence": 1, "number": number}
    done = run(home, "heads", "check", str(kept), "--json")
    assert (done.exit_code, json.loads(done.output)) == (
        1,
        {
            "ok": False,
            "days": 1,
            "files": 1,
            "differing": [{"day": "2026-03-04", **place, "problem": problem}],
            "first_altered": [{**place, "problem": altered}],
        },
    )
    assert f"First altered: IN 1 {number}: {altered}" in " ".join(run(home, "heads", "check").output.split())
    said = " ".join(run(home, "verify").output.split())
    assert f"The first event that was altered: register IN, event 1, entry {number}: {altered}" in said


def test_what_cannot_be_is_told(home: Path, tmp_path: Path) -> None:
    assert "there are no heads of 2020-01-01: see postroom heads list" in refused(
        home, "heads", "export", "--day", "2020-01-01"
    )
    assert "holds no slash" in refused(home, "heads", "export", "--day", "../x y")
    assert "none.json cannot be read: No such file" in refused(
        home, "heads", "check", str(tmp_path / "none.json")
    )
    spoiled = tmp_path / "spoiled.json"
    spoiled.write_text("{}")
    assert "spoiled.json: not a record of ours" in refused(home, "heads", "check", str(spoiled))
    assert "cannot be written" in refused(home, "heads", "export", "-o", str(tmp_path / "no" / "x.json"))


def test_a_receipt_is_proven_where_there_is_no_register(home: Path, tmp_path: Path) -> None:
    with time_machine.travel("2026-03-04T09:00:00Z", tick=True):
        number = asked(home, "entry", "new", "--subject", "Noise", "--sender", "Ada", "--by", "eva")["number"]
        receipt, kept, proof = (str(tmp_path / name) for name in ("r.pdf", "heads.json", "proof.json"))
        asked(home, "receipt", "issue", number, "-o", receipt)
        asked(home, "heads", "export", "-o", kept)
        made = asked(home, "receipt", "proof", number, "-o", proof)
    assert made == {"number": number, "file": proof, "size": Path(proof).stat().st_size}
    nowhere = tmp_path / "nowhere"
    found = asked(nowhere, "receipt", "verify", receipt, "--heads", kept, "--proof", proof)
    says = f"Genuine: given for {number}, as the heads of 2026-03-04 (Registry) prove"
    assert found == {"genuine": True, "what": "receipt", "number": number, "says": says, "differs": []}
    assert not nowhere.exists()
    assert "both are needed" in refused(nowhere, "receipt", "verify", receipt, "--heads", kept)
