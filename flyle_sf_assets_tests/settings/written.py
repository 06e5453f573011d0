"""Settings written out as a settings file again, for tests that load it."""

from io import StringIO

from ruamel.yaml import YAML

from flyle_sf_assets.settings.models import TenantSettings
from flyle_sf_assets.settings.versions import Json, document


def to_yaml(settings: TenantSettings) -> str:
    """The text of a settings file that loads to equal settings; secrets only as references."""
    yaml = YAML(typ="safe", pure=True)
    yaml.default_flow_style = False
    yaml.allow_unicode = True
    yaml.width = 4096
    yaml.sort_base_mapping_type_on_output = False  # type: ignore[assignment]  # ruamel: bool or None
    text = StringIO()
    yaml.dump(_without_defaults(document(settings)), text)
    return text.getvalue()


def _without_defaults(whole: dict[str, Json]) -> dict[str, Json]:
    """Leaves out what says nothing: ``when_blank: blank`` and empty lists."""
    shortened: dict[str, Json] = {}
    for key, value in whole.items():
        if value == [] or (key == "when_blank" and value == "blank"):
            continue
        if isinstance(value, dict):
            shortened[key] = _without_defaults(value)
        elif isinstance(value, list):
            shortened[key] = [_without_defaults(v) if isinstance(v, dict) else v for v in value]
        else:
            shortened[key] = value
    return shortened
