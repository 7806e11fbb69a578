"""`mih settings`."""

import typer

from pipeline.cli.output import AsJson, print_json, print_table
from pipeline.secret_keys import read_keys
from pipeline.settings import Settings, load_settings_with_sources, redacted, variable


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("settings", rich_help_panel="Look")(settings)


def settings(*, as_json: AsJson = False) -> None:
    """List every setting: what is in force, and where it comes from."""
    found, sources = load_settings_with_sources()
    rows = [
        {"setting": variable(name), "value": _shown(found, name), "from": sources[name], "meaning": field.description}
        for name, field in Settings.model_fields.items()
    ]
    if as_json:
        print_json(rows)
        return
    print_table("Settings", tuple(rows[0]), [tuple(row.values()) for row in rows])


def _shown(found: Settings, name: str) -> str:
    effective = {
        "database_url": found.effective_database_url,
        "management_url": found.effective_management_url,
    }
    if name in effective:
        return redacted(effective[name]())
    if name == "secret_keys":
        return _keys_shown(found.secret_keys.get_secret_value())
    value = found.model_dump(mode="json")[name]
    return redacted(value) if name.endswith("_url") else ", ".join(value) if isinstance(value, list) else str(value)


def _keys_shown(text: str) -> str:
    """Of keys their ids."""
    return text if text.startswith("file:") else ", ".join(f"{key_id}:***" for key_id in read_keys(text))
