"""What the workspace has agreed about scores: their bands, how soon each is reviewed, and which difference is material."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from riskreg.model.base import Frozen
from riskreg.model.finding import Finding
from riskreg.model.risk import Assessment, Score
from riskreg.model.settings import Band, Cadence, Matrix, Settings

MATERIAL = 4
"""The least difference between two score numbers (1 to 25) that is material within one band."""

_SEVERITY = ("low", "medium", "high", "critical")


class Policy(Frozen):
    """Matrix, cadence and the zone in which days are meant.

    What they decide is recorded in the event, so that a later policy rewrites no history.
    """

    matrix: Matrix = Matrix()
    cadence: Cadence = Cadence()
    zone: str = "UTC"

    @classmethod
    def of(cls, settings: Settings | None) -> Policy:
        """The policy of a workspace; the shipped matrix and cadence without one."""
        return cls(matrix=settings.matrix, cadence=settings.cadence, zone=settings.time_zone) if settings else cls()

    def band(self, score: Score) -> Band:
        return self.matrix.band(score.likelihood, score.impact)

    def rank(self, score: Score | None) -> int:
        """Orders scores, worst largest (see `Matrix.rank`). Not known comes last."""
        return self.matrix.rank(score.likelihood, score.impact) if score else -1

    def due(self, at: datetime, score: Score | None, findings: Iterable[Finding] = ()) -> datetime:
        """The next review after one at `at`: as often as the band asks, and by the first deadline of `findings` still to come.

        A risk without a score is reviewed like a high one: not known is not low.
        """
        band: Band = self.band(score) if score else "high"
        seconds: int = getattr(self.cadence, band)
        regular = at.astimezone(UTC) + timedelta(seconds=seconds)
        return min((regular, *(moment for moment in self.deadlines(findings) if moment > at)))

    def call(self, at: datetime, findings: Iterable[Finding]) -> datetime | None:
        """By when findings that are new at `at` ask for a review; a deadline that has passed asks at once. None without any."""
        return max(at.astimezone(UTC), moment) if (moment := min(self.deadlines(findings), default=None)) else None

    def deadlines(self, findings: Iterable[Finding]) -> Iterator[datetime]:
        """Noon of each finding's last day, so that it is the same day in whatever zone it is read."""
        for finding in findings:
            if finding.due:
                yield datetime.combine(finding.due, time(12), ZoneInfo(self.zone)).astimezone(UTC)

    def differs(self, one: Score, other: Score) -> bool:
        """Whether two scores differ materially: another band, or numbers at least `MATERIAL` apart."""
        return self.band(one) != self.band(other) or abs(one.number - other.number) >= MATERIAL

    def proposes(self, indicated: Score | None, assessed: Assessment | None) -> bool:
        """Whether what findings indicate asks the owner to look again.

        It does when it differs materially from the owner's score and from what the owner had before them when they assessed:
        an indication that was answered once is not put to the same person again.
        """
        if indicated is None or assessed is None or not self.differs(indicated, assessed.score):
            return False
        return assessed.indicated is None or self.differs(indicated, assessed.indicated)


def score_of(finding: Finding) -> Score | None:
    """What one finding indicates; None where it raises no risk. ValueError for an impact that nobody has resolved to a number."""
    if finding.likelihood is None:
        return None
    if not isinstance(finding.impact, int):
        raise ValueError(f"finding {finding.id} of rule {finding.rule}: impact is '{finding.impact}', a number is needed here")
    return Score(likelihood=finding.likelihood, impact=finding.impact)


def indicated_by(findings: Iterable[Finding]) -> Score | None:
    """The maximum likelihood and the maximum impact over findings; None without any that has a score."""
    scores = [score for finding in findings if (score := score_of(finding))]
    if not scores:
        return None
    return Score(likelihood=max(s.likelihood for s in scores), impact=max(s.impact for s in scores))


def worst_first(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """By score number, then severity, then id."""

    def rank(finding: Finding) -> tuple[int, int, str]:
        score = score_of(finding)
        return -(score.number if score else 0), -_SEVERITY.index(finding.severity), finding.id

    return tuple(sorted(findings, key=rank))
