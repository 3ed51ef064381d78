import ast
from graphlib import TopologicalSorter
from pathlib import Path

import agent

ROOT = Path(agent.__file__).parent


def imports() -> dict[str, set[str]]:
    """Name the modules of the agent and which of each other they import."""
    files = {
        ".".join(("agent", *path.relative_to(ROOT).with_suffix("").parts)): path
        for path in ROOT.rglob("*.py")
    }
    found: dict[str, set[str]] = {}
    for module, path in files.items():
        nodes = ast.walk(ast.parse(path.read_text()))
        names = {node.module for node in nodes if isinstance(node, ast.ImportFrom)}
        found[module] = {name for name in names if name in files}
    return found


def test_no_module_of_the_agent_imports_itself_through_others() -> None:
    order = list(TopologicalSorter(imports()).static_order())
    assert order[-1] == "agent.service"
    assert "agent.runtime.approval_flow" in order


def test_only_the_service_is_above_the_loop() -> None:
    above = {module for module, below in imports().items() if "agent.loop" in below}
    assert above == {"agent.service"}
