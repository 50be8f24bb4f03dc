"""What the documentation and the help texts tell people to type exists."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from typer.main import get_command

from deepz_live.cli import app

REPOSITORY = Path(__file__).resolve().parents[1]
PAGES = [
    *sorted(REPOSITORY.glob("*.md")),
    *sorted((REPOSITORY / "docs").rglob("*.md")),
    *sorted((REPOSITORY / "configs").rglob("*.yaml")),
    *sorted((REPOSITORY / "deepz_live").rglob("README.md")),
]
COMMANDS = get_command(app).commands


def typed_lines(text: str) -> list[str]:
    """What follows ``deepz-live`` in code: fenced blocks and `inline code`."""
    blocks = re.findall(r"```\w*\n(.*?)```", text, flags=re.DOTALL)
    inline = re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))
    lines = [line.split("  #")[0] for block in blocks for line in block.splitlines()] + inline
    found = []
    for line in lines:
        match = re.match(r"\s*(?:uv run )?deepz-live(?: (.*))?$", line)
        if match:
            found.append(match.group(1) or "")
    return found


def complaint(line: str) -> str | None:
    """What is wrong with ``deepz-live <line>``; brackets and bars of a synopsis are ignored."""
    words = shlex.split(re.sub(r"[\[\]()]|\\?\|", " ", line))
    if not words:
        return None
    command, rest = words[0], words[1:]
    if command.startswith("-"):
        return None
    if command not in COMMANDS:
        return f"there is no command {command!r}"
    found = COMMANDS[command]
    if subcommands := getattr(found, "commands", {}):
        if rest and rest[0] in subcommands:
            found, rest = subcommands[rest[0]], rest[1:]
        elif rest and not rest[0].startswith("-"):
            return f"{command} has no command {rest[0]!r}"
    known = {name for option in found.params for name in option.opts} | {"--help"}
    wrong = [w.split("=")[0] for w in rest if w.startswith("--") and w.split("=")[0] not in known]
    return f"{command} has no option {', '.join(wrong)}" if wrong else None


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(REPOSITORY)))
def test_a_page_names_commands_that_exist(page: Path):
    lines = typed_lines(page.read_text(encoding="utf-8"))
    assert {line: text for line in lines if (text := complaint(line))} == {}


def test_the_readme_names_every_command():
    named = {
        line.split()[0] for line in typed_lines((REPOSITORY / "README.md").read_text()) if line
    }
    assert set(COMMANDS) <= named


def every_command() -> dict[str, object]:
    """Commands by what is typed, those of groups as ``"group command"``."""
    found = dict(COMMANDS)
    for name, command in COMMANDS.items():
        for own, inner in getattr(command, "commands", {}).items():
            found[f"{name} {own}"] = inner
    return found


@pytest.mark.parametrize("name", sorted(every_command()))
def test_every_help_has_an_example_that_works(name: str):
    text = re.sub(r"\[/?bold\]", "", every_command()[name].help or "")
    match = re.search(r"Example: deepz-live (.+)", text)
    assert match is not None, "the help shows no example"
    assert match.group(1).startswith(name)
    assert complaint(match.group(1)) is None


def test_links_between_pages_lead_somewhere():
    link = re.compile(r"\]\((?!https?:|#)([^)#]+)")
    broken = [
        f"{page.name}: {target}"
        for page in PAGES
        for target in link.findall(page.read_text(encoding="utf-8"))
        if not (page.parent / target).exists()
    ]
    assert broken == []


def test_the_check_itself_finds_what_is_wrong():
    assert typed_lines("`deepz-live fly --far`\n```bash\nuv run deepz-live demo  # x\n```") == [
        "demo",
        "fly --far",
    ]
    assert complaint("fly --far") == "there is no command 'fly'"
    assert complaint("demo --far") == "demo has no option --far"
    assert complaint("demo [--seconds N] [--json]") is None
    assert complaint("analyze dance --out x") == "analyze has no command 'dance'"
    assert complaint("analyze drift s --far") == "analyze has no option --far"
