"""The network: sites, vendors, functions, agent pools, systems, contracts, and what depends on what."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from functools import cached_property
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Discriminator, Field, PlainSerializer, Tag, WithJsonSchema, model_validator

from riskreg.model.base import Frozen, Id, Level, Number, Prose, Ref, Remark, Share, Text, Whole, content_hash
from riskreg.model.times import Duration, Profile, tenths

CLIENT = "client"
"""The party that is not a vendor: the company that outsources."""

Channel = Literal["voice", "chat", "email", "social", "back-office"]
Firmness = Literal["firm", "best-effort", "hoped"]
Grade = Literal["asserted", "discussed", "tested", "used"]

Positions = Annotated[
    int,
    BeforeValidator(tenths),
    PlainSerializer(lambda amount: amount / 10, when_used="json"),
    WithJsonSchema({"type": "number", "minimum": 0, "maximum": 100000, "multipleOf": 0.1}),
]
"""Positions as written in files; tenths of a position in the code."""


class Evidence(Frozen):
    """How we know that an option works. Only `tested` and `used` count in a proof, and only until they expire."""

    grade: Grade = "asserted"
    at: Annotated[date | None, Field(alias="on")] = None
    note: Remark = ""
    positions: Annotated[Positions | None, Field(gt=0)] = None
    """How many positions were shown; what the option gives beyond them counts as asserted. None: all that it gives."""

    @model_validator(mode="after")
    def _dated(self) -> Self:
        if self.grade != "asserted" and self.at is None:
            raise ValueError(f"evidence of grade '{self.grade}' needs the date: on: 2026-06-30")
        return self


class Lever(Frozen):
    """What every option has in common: when it opens after the loss, how long it lasts, what it costs, and how sure it is."""

    opens: Duration
    lasts: Duration | None = None
    firmness: Firmness = "firm"
    evidence: Evidence = Evidence()
    price: Annotated[Number, Field(ge=0)] = 0.0
    """Extra cost of one position for one hour, in the workspace's currency."""
    clause: Remark = ""

    @property
    def ready(self) -> int:
        """Seconds from the loss until it is open."""
        return self.opens


class Routing(Lever):
    """Rerouting other work to a pool that is trained for it and has idle positions, or whose own work can be cut."""


class ShareLever(Lever):
    """An option sized as a share of the pool's own positions (overtime, work from home)."""

    share: Annotated[Share, Field(gt=0)]


class PoolLever(Lever):
    """An option that adds positions to a named pool (surge, standby, client takeover)."""

    pool: Id
    positions: Annotated[Positions, Field(gt=0)]


class Triggered(Lever):
    """An option that a contract opens only once its trigger has held; `opens` counts from the call, not from the loss."""

    authority: Id
    trigger: Prose
    after: Duration = 0
    """How long the trigger must hold before the clause can be called, as its text says; the option is open `opens` later."""

    @property
    def ready(self) -> int:
        return self.after + self.opens


class Takeover(PoolLever, Triggered):
    """The client takes the work back to its own seats and trained staff (repatriation)."""


class StepIn(ShareLever, Triggered):
    """The client runs the vendor's operation: same people, same seats, other management."""


class AllOf(Frozen):
    all: Annotated[tuple[Need, ...], Field(min_length=1)]


class AnyOf(Frozen):
    any: Annotated[tuple[Need, ...], Field(min_length=1)]


class Quorum(Frozen):
    k: Annotated[Whole, Field(ge=1)]
    of: Annotated[tuple[Need, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if self.k > len(self.of):
            raise ValueError(f"at least {self.k} of {len(self.of)} can never hold")
        return self


class AtLeast(Frozen):
    at_least: Quorum


def _need_kind(value: Any) -> str:
    if isinstance(value, str):
        return "ref"
    keys = set(value) if isinstance(value, dict) else set(getattr(type(value), "model_fields", ()))
    return next((kind for kind in ("all", "any", "at_least") if kind in keys), "ref")


Need = Annotated[
    Annotated[Ref, Tag("ref")] | Annotated[AllOf, Tag("all")] | Annotated[AnyOf, Tag("any")] | Annotated[AtLeast, Tag("at_least")],
    Discriminator(_need_kind),
]
"""What something needs in order to work: a reference, or `all`, `any`, `at_least` over needs, nested to any depth."""

for _model in (AllOf, AnyOf, Quorum, AtLeast):
    _model.model_rebuild()


def need_refs(need: Need | None) -> tuple[str, ...]:
    """Every reference that a need mentions, sorted, each once."""
    if need is None:
        return ()
    if isinstance(need, str):
        return (need,)
    parts: Iterable[Need]
    if isinstance(need, AllOf):
        parts = need.all
    elif isinstance(need, AnyOf):
        parts = need.any
    else:
        parts = need.at_least.of
    return tuple(sorted({ref for part in parts for ref in need_refs(part)}))


class Hazard(Frozen):
    """What several sites share and lose together: a city, a power grid, a cable, a labour pool."""

    id: Id
    name: Text
    kind: Literal["city", "power", "cable", "carrier", "identity", "labour", "flood", "seismic", "storm", "group", "other"] = (
        "other"
    )
    note: Remark = ""


class Vendor(Frozen):
    """A party that runs sites for the client."""

    id: Id
    name: Text
    manager: Id | None = None
    """The client's role that manages this vendor."""


class Site(Frozen):
    """A place. Home-based people belong to a site of kind `home`, which has hazards of its own."""

    id: Id
    name: Text
    party: Id
    country: Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
    time_zone: Text
    kind: Literal["office", "home"] = "office"
    seats: Annotated[Whole, Field(ge=0)] = 0
    hazards: tuple[Id, ...] = ()
    needs: Need | None = None
    restore: Duration | None = None
    """How long until the place works again after a loss, as far as is known; none: nobody knows."""
    contact: Id | None = None


class Pool(Frozen):
    """Agents at one site with one skill set. `positions` is what they can staff through the week, in the site's local time."""

    id: Id
    name: Text
    site: Id
    languages: Annotated[tuple[Id, ...], Field(min_length=1)]
    channels: Annotated[tuple[Channel, ...], Field(min_length=1)]
    skills: Annotated[tuple[Id, ...], Field(min_length=1)]
    certificates: tuple[Id, ...] = ()
    positions: Profile
    needs: Need | None = None
    routing: Routing | None = None
    overtime: ShareLever | None = None
    home: ShareLever | None = None
    """Share of the positions that goes on from home when the workplace is lost."""
    home_needs: Need | None = None


class Served(Frozen):
    """Which share of a function's demand a pool serves today."""

    pool: Id
    share: Annotated[Share, Field(gt=0)]


class Function(Frozen):
    """A line of customer-service work with its objectives. `demand` is in positions through the week, in `time_zone`."""

    id: Id
    name: Text
    channel: Channel
    language: Id
    skill: Id
    time_zone: Text
    demand: Profile
    served_by: Annotated[tuple[Served, ...], Field(min_length=1)]
    tier: Annotated[Whole, Field(ge=1, le=6)]
    rto: Duration
    mtpd: Duration
    mbco: Annotated[Share, Field(gt=0)]
    """Least share of the demand, in positions, that must be served during a disruption."""
    legal_minimum: Share = 0.0
    """Share that law or safety demands at all times; placed before every tier."""
    impact: Level
    certificates: tuple[Id, ...] = ()
    countries: tuple[str, ...] = ()
    """Countries where its data may be handled; empty: anywhere."""
    needs: Need | None = None
    owner: Id | None = None

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        if self.rto > self.mtpd:
            raise ValueError("rto is later than mtpd: the work must be back before the loss becomes intolerable")
        if abs(sum(part.share for part in self.served_by) - 1.0) > 1e-6:
            raise ValueError("the shares of served_by must add up to 1")
        if self.legal_minimum > self.mbco:
            raise ValueError("legal_minimum is larger than mbco")
        return self


class System(Frozen):
    """Telephony, CRM, VPN hub, carrier, power feed, identity provider: what people work with."""

    id: Id
    name: Text
    kind: Literal["telephony", "crm", "network", "carrier", "power", "identity", "payments", "cloud", "other"] = "other"
    party: str = CLIENT
    needs: Need | None = None
    restore: Duration | None = None
    contact: Id | None = None


class Penalty(Frozen):
    """A service credit: what a miss of `metric` beyond `limit` costs, as a share of the monthly invoice."""

    metric: Id
    limit: Number
    credit: Share
    clause: Remark = ""


class Contract(Frozen):
    """What a vendor owes and may do. A function outside `scope` cannot be sent to this vendor, however idle its people are."""

    id: Id
    vendor: Id
    title: Text
    starts: date
    ends: date
    notice: Duration
    scope: Annotated[tuple[Id, ...], Field(min_length=1)]
    exclusive: tuple[Id, ...] = ()
    """Functions that no other vendor may take, even in a disruption."""
    monthly_fee: Annotated[Number, Field(ge=0)] = 0.0
    surge: tuple[PoolLever, ...] = ()
    standby: tuple[PoolLever, ...] = ()
    step_in: StepIn | None = None
    takeover: tuple[Takeover, ...] = ()
    penalties: tuple[Penalty, ...] = ()
    credit_cap: Share = 0.12

    @model_validator(mode="after")
    def _dates(self) -> Self:
        if self.starts > self.ends:
            raise ValueError("the contract ends before it starts")
        return self


class Network(Frozen):
    """All of it, as it stands in `network/*.yaml`; references between the parts are checked by the workspace."""

    vendors: tuple[Vendor, ...] = ()
    hazards: tuple[Hazard, ...] = ()
    systems: tuple[System, ...] = ()
    sites: tuple[Site, ...] = ()
    pools: tuple[Pool, ...] = ()
    functions: tuple[Function, ...] = ()
    contracts: tuple[Contract, ...] = ()

    @cached_property
    def hash(self) -> str:
        """Content hash of the whole network, in whatever order its parts stand in the files."""
        parts = self.model_dump(mode="json", by_alias=True)
        return content_hash({name: sorted(rows, key=lambda row: str(row["id"])) for name, rows in parts.items()})

    @cached_property
    def vendor(self) -> dict[str, Vendor]:
        return {item.id: item for item in self.vendors}

    @cached_property
    def hazard(self) -> dict[str, Hazard]:
        return {item.id: item for item in self.hazards}

    @cached_property
    def system(self) -> dict[str, System]:
        return {item.id: item for item in self.systems}

    @cached_property
    def site(self) -> dict[str, Site]:
        return {item.id: item for item in self.sites}

    @cached_property
    def pool(self) -> dict[str, Pool]:
        return {item.id: item for item in self.pools}

    @cached_property
    def function(self) -> dict[str, Function]:
        return {item.id: item for item in self.functions}

    def site_of(self, pool: str) -> Site:
        """The site at which a pool works."""
        return self.site[self.pool[pool].site]

    def functions_at(self, site: str) -> tuple[Function, ...]:
        """Functions that a pool of this site serves today, in id order."""
        pools = {pool.id for pool in self.pools if pool.site == site}
        return tuple(sorted((f for f in self.functions if any(part.pool in pools for part in f.served_by)), key=lambda f: f.id))

    def ids(self, kind: str) -> tuple[str, ...]:
        """The ids of one kind (`site`, `system`, `vendor`, `pool`, `function`, `hazard`), sorted."""
        return tuple(sorted(getattr(self, kind))) if kind in _TABLES else ()

    def has(self, ref: str) -> bool:
        """Whether anything bears this reference."""
        kind, _, ident = ref.partition(":")
        return kind in _TABLES and ident in getattr(self, kind)

    @cached_property
    def names(self) -> dict[str, str]:
        """Reference → name, of everything that has one."""
        return {f"{kind}:{item.id}": item.name for kind in sorted(_TABLES) for item in getattr(self, kind).values()}

    def name_of(self, ref: str) -> str:
        """The name behind `site:MNL`; the bare id where nothing has it."""
        return self.names.get(ref, ref.partition(":")[2])


_TABLES = frozenset({"vendor", "hazard", "system", "site", "pool", "function"})
