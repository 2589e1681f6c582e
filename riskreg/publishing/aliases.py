"""What people call a loss at three in the morning: words that search must find, though no plan is named by them."""

from __future__ import annotations

from collections.abc import Sequence

_PLACE = ("fire", "flood", "storm", "earthquake", "power cut", "blackout", "no internet", "no wifi", "building closed", "evacuated")
_HOMES = ("power cut", "blackout", "no internet", "no wifi", "storm", "flood")
_SYSTEM = {
    "telephony": ("phones down", "no calls", "dead line", "calls drop", "IVR down"),
    "carrier": ("internet down", "no internet", "broadband", "cable cut", "line cut", "no calls"),
    "network": ("internet down", "no internet", "wifi", "VPN down", "cannot connect"),
    "power": ("power cut", "blackout", "outage", "load shedding", "no electricity", "generator"),
    "identity": ("cannot log in", "cannot sign in", "login", "password", "locked out", "hacked", "ransomware"),
    "crm": ("no customer records", "screens frozen", "system down", "slow"),
    "payments": ("cards refused", "card machine", "payment page down", "refunds stuck"),
    "cloud": ("everything down", "server down", "slow", "apps down"),
    "other": ("system down", "tool down"),
}
_PLAYBOOK = {
    "data-exposure": ("hacked", "hack", "leak", "breach", "stolen data", "phishing", "ransomware", "bribed"),
    "vendor-exit": ("bankrupt", "insolvent", "strike", "walk-out", "contract ended", "vendor gone"),
    "site-lost": _PLACE,
    "system-lost": tuple(dict.fromkeys(name for names in _SYSTEM.values() for name in names)),
    "retention-surge": ("resignations", "people leave", "quitting"),
    "forecast-recovery": ("queue too long", "too many calls", "peak"),
    "quality-recovery": ("complaints", "bad quality"),
}


def of_playbook(template: str, *, system: str = "", homes: bool = False) -> Sequence[str]:
    """Other names for what a playbook is about; `system` is the kind of system it was made for, where it was made for one."""
    if template == "system-lost" and system:
        return _SYSTEM.get(system, _SYSTEM["other"])
    return _HOMES if template == "site-lost" and homes else _PLAYBOOK.get(template, ())


def of_systems(*kinds: str) -> Sequence[str]:
    """Other names for the loss of any system of these kinds."""
    return tuple(dict.fromkeys(name for kind in kinds for name in _SYSTEM[kind]))
