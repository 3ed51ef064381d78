"""`make judge`: install the judges under build/ and let them read, one generation at a time."""

import itertools
import sys
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType

from sandbox.judges import go, node
from sandbox.judges.cases import DOCUMENTS, ITEMS
from sandbox.oracle.process import REPOSITORY, start_oracle
from sandbox.oracle.release import ReleaseName, Verifier

FOLDER = REPOSITORY / "build" / "judges"
JUDGES = (node, go)
RELEASES: tuple[ReleaseName, ...] = ("19c", "23ai")
VERIFIERS: tuple[Verifier, ...] = ("11G", "12C")


def main() -> int:
    """0 where every judge that could be installed found all as it was stored."""
    installed: list[tuple[ModuleType, Path]] = []
    for judge in JUDGES:
        folder = FOLDER / judge.__name__.rpartition(".")[2]
        folder.mkdir(parents=True, exist_ok=True)
        reason = judge.install(folder)
        if reason:
            print(f"{judge.NAME}: not installed, so not asked: {reason}")
        else:
            installed.append((judge, folder))
    if not installed:
        print("no judge could be installed: nothing was judged")
        return 1
    faults = 0
    for release, verifier in itertools.product(RELEASES, VERIFIERS):
        with start_oracle(
            "judge", datetime.now(UTC).date(), tables=[ITEMS, DOCUMENTS],
            release=release, verifier=verifier,
        ) as oracle:  # fmt: skip
            scn = oracle.control.execute("SELECT 1")
            for judge, folder in installed:
                for verdict in judge.judge(folder, oracle, scn):
                    said = f"WRONG: {verdict.fault}" if verdict.fault else "right"
                    print(f"{release} {verifier} {judge.NAME}: {verdict.what}: {said}")
                    faults += bool(verdict.fault)
    print(f"{faults} wrong" if faults else "all right")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
