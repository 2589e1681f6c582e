"""One edition of the publication: the content that its audience may see, with the look-ups that every page needs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from riskreg.model.base import split_ref
from riskreg.model.content import Content
from riskreg.model.metric import Metric
from riskreg.model.network import CLIENT, Network
from riskreg.model.plan import FailoverPlan, Verdict
from riskreg.model.playbook import PlaybookTemplate, RenderedPlaybook
from riskreg.model.risk import Risk, Score
from riskreg.model.role import Role
from riskreg.model.rule import Rule
from riskreg.model.settings import Band, Settings
from riskreg.publishing import words

_FOLDER = {"site": "fails/site-", "system": "fails/system-", "vendor": "fails/vendor-", "function": "functions/"}
_RESERVED = ("index", "readme")


def slug(ident: str) -> str:
    """File name of an id. Builders give `index` and `README` a meaning of their own, so these ids get a dash."""
    return f"{ident}-" if ident.lower() in _RESERVED else ident


@dataclass(frozen=True)
class Edition:
    """Content plus names, addresses, bands and people. `content` has been through `audience.visible`."""

    content: Content

    @property
    def settings(self) -> Settings:
        return self.content.workspace.settings

    @property
    def network(self) -> Network:
        return self.content.workspace.network

    @property
    def zone(self) -> str:
        return self.settings.time_zone

    @property
    def public(self) -> bool:
        return self.settings.publishing.audience == "public"

    @cached_property
    def roles(self) -> dict[str, Role]:
        return {role.id: role for role in self.content.workspace.roles}

    @cached_property
    def rules(self) -> dict[str, Rule]:
        return {rule.id: rule for rule in self.content.workspace.rules}

    @cached_property
    def metrics(self) -> dict[str, Metric]:
        return {metric.id: metric for metric in self.content.workspace.metrics}

    @cached_property
    def spoken(self) -> dict[str, str]:
        """What sentences about rules say instead of ids: `site:MNL` → `Manila`, `metric:csat` → `Customer satisfaction`,
        `tier:tier-2` → the roles that it reaches, `concluded:coverage_at_risk` → the title of the rule that finds it."""
        reached: dict[str, list[str]] = {}
        for role in self.content.workspace.roles:
            for tier in role.tiers:
                reached.setdefault(f"tier:{tier}", []).append(role.title)
        return (
            self.network.names
            | {f"metric:{metric.id}": metric.name for metric in self.content.workspace.metrics}
            | {tier: words.listed(list(dict.fromkeys(titles))) for tier, titles in reached.items()}
            | {f"concluded:{rule.then.conclude.fact}": rule.title for rule in self.rules.values() if rule.then.conclude}
        )

    @cached_property
    def templates(self) -> dict[str, PlaybookTemplate]:
        return {template.id: template for template in self.content.workspace.playbooks}

    @cached_property
    def rendered(self) -> dict[str, RenderedPlaybook]:
        return {playbook.id: playbook for playbook in self.content.playbooks}

    @cached_property
    def risks(self) -> dict[str, Risk]:
        return {risk.id: risk for risk in self.content.risks}

    @cached_property
    def standing(self) -> tuple[Risk, ...]:
        """Risks that are not closed, worst first; those without a score last."""
        return tuple(
            sorted((risk for risk in self.content.risks if risk.state != "closed"), key=lambda risk: (-self.rank(risk), risk.id))
        )

    def rank(self, risk: Risk) -> int:
        """Orders risks, worst largest (see `Matrix.rank`); −1 without a score."""
        return self.settings.matrix.rank(risk.score.likelihood, risk.score.impact) if risk.score else -1

    def band(self, score: Score) -> Band:
        return self.settings.matrix.band(score.likelihood, score.impact)

    def name(self, ref: str) -> str:
        """What people call the thing that a reference names; the id itself where the network does not know it."""
        kind, ident = split_ref(ref)
        if CLIENT in (ref, ident):
            return "the client" if kind != "vendor" else "Our own teams"
        return self.network.name_of(ref)

    def address(self, ref: str) -> str | None:
        """The page of a reference, without its ending; None where there is no such page."""
        kind, ident = split_ref(ref)
        if kind == "pool" and ident in self.network.pool:
            return self.address(f"site:{self.network.pool[ident].site}")
        return f"{_FOLDER[kind]}{slug(ident)}" if kind in _FOLDER and self.network.has(ref) else None

    def role_title(self, role: str) -> str:
        """A role in words: its title, or its id made readable."""
        return self.roles[role].title if role in self.roles else words.capital(words.spaced(role))

    def who(self, role: str) -> str:
        """The person who holds a role where this audience may know, otherwise the role."""
        held = self.roles.get(role)
        return held.holder if held and held.holder else self.role_title(role)

    def continuity_playbook(self, ref: str) -> RenderedPlaybook | None:
        """The continuity playbook made for the loss of `ref`, if there is one."""
        for playbook in self.content.playbooks:
            template = self.templates.get(playbook.playbook)
            if playbook.scope == ref and template is not None and template.kind == "continuity":
                return playbook
        return None

    def plan_of(self, playbook: RenderedPlaybook) -> FailoverPlan | None:
        """The plan that a playbook was rendered with: by the thing lost."""
        return self.content.plans.get(playbook.scope)

    @cached_property
    def losses(self) -> dict[str, FailoverPlan]:
        """Plans for the loss of one named thing, by reference: those the pages 'If this fails' show."""
        return {ref: plan for ref, plan in sorted(self.content.plans.items()) if self.address(ref)}

    def verdicts_on(self, function: str) -> Iterator[tuple[str, FailoverPlan, Verdict]]:
        """Every plan that touches a function, with its verdict, by reference of what is lost."""
        for ref, plan in self.losses.items():
            for verdict in plan.verdicts:
                if verdict.function == function:
                    yield ref, plan, verdict

    def risks_touching(self, *refs: str) -> tuple[Risk, ...]:
        """Open risks whose scope is one of the references, or whose findings name one in their key, worst first."""
        wanted = set(refs)

        def touches(risk: Risk) -> bool:
            keys = {f"{field}:{value}" for finding in risk.findings for field, value in finding.key.items()}
            return risk.scope in wanted or bool(keys & wanted)

        return tuple(risk for risk in self.standing if touches(risk))
