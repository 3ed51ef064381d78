"""botctl receipt, as whoever asks what a copy is types it: with a warehouse, and nothing else."""

import json
from pathlib import Path

from sync.plan import TableRef
from sync.receipt import Check, Note
from sync.warehouse.manifest import ManifestEntry, publish
from tests.botctl import call_botctl
from tests.sync.tables import place_rows, table_plan

ROWS = [(1, "a"), (2, "b")]
KEY_COLUMN = [("ID", "NUMBER(10)"), ("NAME", "VARCHAR2(40 CHAR)")]


def publish_copy(root: Path, fence: int, source: str = "main") -> ManifestEntry:
    """A copy whose receipt has a figure that does not agree, and a note."""
    plan = table_plan(KEY_COLUMN, key=("ID",))
    plan = plan.model_copy(update={"ref": plan.ref.model_copy(update={"source": source})})
    entry = place_rows(root, plan, ROWS, fence)
    receipt = entry.receipt.model_copy(
        update={
            "proof": "sums",
            "checks": (
                Check(what="rows", oracle="2", copy_value="2"),
                Check(what="sum(ID)", oracle="3", copy_value="\x1b[31m4"),
            ),
            "notes": (Note(code="lag_only", params={"seconds": 600}),),
        }
    )
    return publish(root, [entry.model_copy(update={"receipt": receipt})]).entry(plan.ref)


def test_the_receipt_of_the_current_copy_is_printed_in_full(tmp_path: Path) -> None:
    entry = publish_copy(tmp_path, 1)
    told = call_botctl({"WAREHOUSE_DIR": str(tmp_path)}, "receipt", "t")
    assert (told.returncode, told.stderr) == (0, "")
    assert told.stdout.splitlines() == [
        "SHOP.T",
        f"  of main, copy {entry.generation}, the current one",
        "  steps back 600 s, without a look at open transactions (no right to see them)",
        "  rows: Oracle 2, copy 2, agree",
        "  as of 2026-11-22 00:00 UTC · SCN 7 · read in one read-only transaction",
        "  full copy",
        "  proof (sums): 1 of 2 figures agree",
        f"  read in one piece · 0.1 s, {entry.bytes / 1000:.1f} kB",
        "  nothing is noted of its columns (a receipt of an older release)",
        "To look at first (1):",
        "  :warning: sum(ID): Oracle 3, copy [31m4, differ",
        "Figures that agree (1):",
        "  rows: Oracle 2, copy 2, agree",
    ]


def test_a_kept_copy_is_meant_by_its_name_or_by_how_far_back_it_is(tmp_path: Path) -> None:
    old, _ = publish_copy(tmp_path, 1), publish_copy(tmp_path, 2)
    environ = {"WAREHOUSE_DIR": str(tmp_path)}
    for spelled in ("-1", old.generation):
        told = call_botctl(environ, "receipt", "T", "--generation", spelled)
        assert told.returncode == 0
        line = told.stdout.splitlines()[1]
        assert line == f"  of main, copy {old.generation}, kept; another one is current"


def test_json_has_the_stored_receipt_with_each_figure_judged(tmp_path: Path) -> None:
    entry = publish_copy(tmp_path, 1)
    told = call_botctl({"WAREHOUSE_DIR": str(tmp_path)}, "receipt", "T", "--json")
    found = json.loads(told.stdout)
    assert TableRef.model_validate(found["ref"]) == entry.ref
    assert (found["generation"], found["is_current"], found["scn"]) == (entry.generation, True, 7)
    assert found["key"] == ["ID"]
    assert found["checks"] == [
        {"what": "rows", "oracle": "2", "copy": "2", "agrees": True},
        {"what": "sum(ID)", "oracle": "3", "copy": "\x1b[31m4", "agrees": False},
    ]
    assert found["notes"][0]["code"] == "lag_only"
    assert found["notes"][0]["words"].startswith("steps back 600 s")


def test_what_cannot_be_told_is_said_in_a_sentence(tmp_path: Path) -> None:
    environ = {"WAREHOUSE_DIR": str(tmp_path)}
    unknown = call_botctl(environ, "receipt", "NOWHERE")
    assert (unknown.returncode, unknown.stdout) == (1, "")
    assert "NOWHERE" in unknown.stderr
    first, *later = (publish_copy(tmp_path, fence) for fence in range(1, 5))
    kept = ", ".join(entry.generation for entry in reversed(later))
    pruned = call_botctl(environ, "receipt", "T", "--generation", first.generation)
    assert (pruned.returncode, pruned.stdout) == (1, "")
    assert f"Kept are, newest first: {kept}." in pruned.stderr
    publish_copy(tmp_path, 1, source="other")
    several = call_botctl(environ, "receipt", "T")
    assert several.returncode == 1
    assert "other" in several.stderr
    assert call_botctl(environ, "receipt", "T", "--source", "other").returncode == 0
    (tmp_path / "manifest.json").write_text("{")
    damaged = call_botctl(environ, "receipt", "T")
    assert damaged.returncode == 1
    assert "manifest.json" in damaged.stderr
