"""Changed copies of the policy file."""

from pathlib import Path

from functions.domain import policy

FILE = Path(policy.__file__).with_name("policy.toml")


def changed(folder: Path, *changes: tuple[str, str]) -> Path:
    """Write a copy of the policy into a folder, with texts replaced."""
    text = FILE.read_text(encoding="utf-8")
    for before, after in changes:
        assert before in text
        text = text.replace(before, after, 1)
    copy = folder / "policy.toml"
    copy.write_text(text, encoding="utf-8")
    return copy
