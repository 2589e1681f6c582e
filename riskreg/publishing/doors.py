"""The emergency doors: a button for each thing that can be lost, and five questions for those who are not sure what is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from riskreg.model.network import CLIENT
from riskreg.publishing import aliases, views, words
from riskreg.publishing.dependence import Dependence
from riskreg.publishing.edition import Edition


def groups(edition: Edition) -> list[dict[str, Any]]:
    """Buttons for the sites, and for the systems that more than one site or no single site hangs on, where there is a playbook."""
    known = Dependence(edition.network)

    def shared(ref: str) -> bool:
        return sum(item.startswith("site:") for item in known.falls_with(ref)) != 1

    sites = [f"site:{site.id}" for site in edition.network.sites]
    systems = [ref for item in edition.network.systems if edition.continuity_playbook(ref := f"system:{item.id}") and shared(ref)]
    groups = (("A place", sites), ("A shared system", systems))
    return [{"name": name, "doors": doors} for name, refs in groups if (doors := _with_playbook(edition, refs))]


def _with_playbook(edition: Edition, refs: Sequence[str]) -> list[dict[str, str]]:
    return [_door(edition, ref) for ref in refs if edition.continuity_playbook(ref)]


def _door(edition: Edition, ref: str) -> dict[str, str]:
    playbook = edition.continuity_playbook(ref)
    return {"name": edition.name(ref), "page": views.playbook_page(playbook.id) if playbook else edition.address(ref) or "index"}


def unsure(edition: Edition) -> dict[str, Any]:
    """Five questions about symptoms, each with the plans that it leads to, and whom to ring otherwise."""
    network = edition.network

    def systems(*kinds: str) -> list[str]:
        return [f"system:{item.id}" for item in network.systems if item.kind in kinds]

    exposure = [playbook for playbook in edition.content.playbooks if playbook.playbook == "data-exposure"]
    sites = [f"site:{site.id}" for site in network.sites]
    telephony, desk = systems("telephony", "carrier"), systems("crm", "payments", "cloud", "identity", "network")
    vendors = [f"vendor:{vendor.id}" for vendor in network.vendors if vendor.id != CLIENT]
    questions = [
        ("Has one place gone quiet: nobody there answers, or people there cannot work?",
         "Treat it as that site lost, even if it may only be its network.", _with_playbook(edition, sites),
         aliases.of_playbook("site-lost")),
        ("Do calls fail or not arrive at several places at once?",
         "It is telephony or a carrier, whatever each site reports.", _with_playbook(edition, telephony),
         aliases.of_systems("telephony", "carrier")),
        ("Are people at their desks, but cannot sign in, or cannot see customers' records?",
         "It is a shared system. Callers can still be told what happens.", _with_playbook(edition, desk),
         aliases.of_systems("network", "identity", "crm", "cloud")),
        ("Is customers' data where it must not be, or was somebody paid or tricked to give it away?",
         "Cut the access first, then ask. Legal clocks may already run.",
         [{"name": item.title, "page": views.playbook_page(item.id)} for item in exposure[:3]],
         aliases.of_playbook("data-exposure")),
        ("Do several sites of one vendor fail together, or does the vendor itself say that it cannot go on?",
         "Treat it as the vendor lost; its sites fall together.",
         _with_playbook(edition, vendors) or [_door(edition, ref) for ref in vendors],
         aliases.of_playbook("vendor-exit")),
    ]  # fmt: skip
    duty = next((role for role in ("duty-manager", "continuity-manager") if role in edition.roles), "duty-manager")
    held = edition.roles.get(duty)
    return {
        "questions": [
            {"ask": ask, "means": means, "doors": found, "also": words.listed(also, "or")} for ask, means, found, also in questions
        ],
        "fallback": edition.role_title(duty),
        "phone": held.phone if held else "",
    }
