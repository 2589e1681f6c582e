"""Names of languages, for the codes that the network uses."""

from __future__ import annotations

LANGUAGES = {
    "ar": "Arabic", "de": "German", "en": "English", "es": "Spanish", "fr": "French", "hi": "Hindi", "it": "Italian",
    "ja": "Japanese", "nl": "Dutch", "pl": "Polish", "pt": "Portuguese", "sv": "Swedish", "tr": "Turkish", "zh": "Chinese",
}  # fmt: skip


def language(code: str) -> str:
    """`es` → `Spanish`; a code that has no name here stays as it is."""
    return LANGUAGES.get(code, code)
