"""Every fault that this room can give: one code, one meaning. Codes are stable, because people search for them."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Literal

from riskreg.model.faults import Fault, Span

CODES: dict[str, str] = {
    # files
    "not-a-workspace": "The folder does not exist or has no riskreg.yaml.",
    "cannot-read": "The operating system would not let the file be read.",
    "cannot-write": "The operating system would not let the file be written; the old file is as it was.",
    "outside": "The path leads out of the workspace, by a symbolic link or otherwise; it is not followed.",
    "too-large": "The file is larger than the limit of its kind.",
    "encoding": "The file is not UTF-8 text.",
    "ignored": "The file or sheet lies where riskreg looks, but its name or form is not one that is read.",
    "folder-not-empty": "A workspace is started only in a folder that is empty or does not exist.",
    "unknown-example": "No shipped example has this name.",
    "locked": "Another process is writing in this workspace.",
    # YAML
    "yaml-syntax": "The text is not well-formed YAML.",
    "yaml-tab": "A tab stands where YAML allows only spaces.",
    "yaml-key": "A key of a mapping is not plain text.",
    "yaml-tag": "A YAML tag such as !!python is written; none is evaluated.",
    "yaml-merge": "The merge key '<<' of YAML 1.1 is written; it is not part of YAML 1.2.",
    "yaml-alias": "An alias names no earlier anchor, or the aliases of one file expand to too much.",
    "yaml-depth": "The file is nested more deeply than anything in a workspace needs.",
    "yaml-documents": "The file holds more than one YAML document.",
    "duplicate-key": "One mapping has the same key twice.",
    # fields
    "missing-field": "A field that is needed is not there.",
    "unknown-field": "The field does not exist here.",
    "wrong-type": "The value is of another type than the field needs.",
    "bad-value": "The value has the right type but breaks a rule of the field or of its neighbours.",
    "not-printable": "The text has a character that cannot be shown, turns what is shown around, or breaks a name's line.",
    "bad-id": "The text is not an identifier, or is reserved.",
    "bad-ref": "The text is not a typed reference such as site:MNL.",
    "bad-date": "The text is not a date or a time that exists.",
    "naive-time": "The time does not say its zone.",
    "unknown-choice": "The value is not one of the words that the field allows.",
    "out-of-range": "The number lies outside what is possible.",
    "unknown-zone": "The time zone is not in the IANA list.",
    # between files
    "duplicate-id": "Two things of one kind have the same id, or ids that differ only in upper and lower case.",
    "unknown-id": "A reference names something that no file defines.",
    "self-need": "Something needs itself.",
    "need-cycle": "Things need each other in a circle, so that none of them could ever start.",
    "cannot-serve": "A pool serves a function for which it lacks the language, channel, skill, certificate or country.",
    "not-staffed": "A function has demand at hours when nobody who serves it is staffed.",
    "wrong-party": "A clause or a reading names a place that another party runs.",
    "unknown-role": "A role is named that no file under people/ defines.",
    "unknown-tier": "An escalation tier is named that reaches no role.",
    # rules and playbooks
    "unknown-signal": "A rule waits for a signal that no detector gives.",
    "unknown-fact": "A rule waits for a fact that nobody asserts or concludes.",
    "unknown-fact-field": "A condition is on a field that this signal or fact never has.",
    "unknown-playbook": "A rule calls for a playbook that does not exist.",
    "unknown-rule": "Tests are written for a rule that does not exist, or expect something of one.",
    "test-expect": "A test expects a key that its rule does not give.",
    "test-vacuous": "A test that expects silence gives nothing that its rule could look at.",
    "unknown-metric": "A metric is named that no file under metrics/ defines.",
    "playbook-head": "A playbook template does not begin with a YAML head between lines of three dashes.",
    # readings
    "not-a-period": "A weekly or monthly reading does not stand at the start of its week or month.",
    "table-empty": "A readings file has no header row.",
    "table-syntax": "The file is not a table of its kind, or is cut short.",
    "wrong-delimiter": "The columns of a CSV file are separated by something other than commas.",
    "wrong-columns": "A row has more or fewer fields than the header.",
    "missing-column": "A column that is needed is not there.",
    "unknown-column": "The table has a column that riskreg does not know.",
    "duplicate-column": "Two columns of a table have the same heading.",
    "bad-number": "The cell holds no finite number.",
    "missing-value": "A cell that is needed is empty.",
    "formula": "A spreadsheet cell holds a formula; formulas are not evaluated.",
    "duplicate-reading": "The same metric, scope and time is given twice.",
    "superseded": "Readings of the inbox replace earlier ones of the same metric, scope and time.",
    "too-many-readings": "There are more readings than are kept in memory.",
    # files of facts
    "facts-empty": "A file of facts holds no fact.",
    "fact-syntax": "A line of a file of facts is not one JSON object, or is cut short.",
    "fact-id": "A fact has no id of its own.",
    "fact-duplicate": "Two facts have the same id.",
    "fact-kind": "A fact names neither a signal nor a fact, or both.",
    "fact-time": "The time of a fact cannot be read.",
    "fact-number": "A number cannot be compared exactly: not finite, or beyond 2^53.",
    "fact-too-long": "A text of a fact is longer than 1,000 characters.",
    "fact-type": "A field of a fact is no single value.",
}


def fault(
    code: str, message: str, span: Span, *, hint: str = "", example: str = "", severity: Literal["error", "warning"] = "error"
) -> Fault:
    """A fault of this room; KeyError for a code that the table does not explain."""
    CODES[code]  # a code without a meaning is a mistake of ours and must not reach a user
    message, hint, example = (_printable(text) for text in (message, hint, example))
    return Fault(code=code, message=message, span=span, hint=hint, example=example, severity=severity)


def _printable(text: str) -> str:
    # Faults quote what a file says, and a terminal obeys what it is sent.
    return text if text.isprintable() else "".join(char if char.isprintable() else "�" for char in text)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`Did you mean 'rto'?`, or nothing where no known word is near."""
    words = {item.lower(): item for item in sorted(known, reverse=True)}
    near = get_close_matches(word.lower(), words, n=1, cutoff=0.6)
    return f"Did you mean '{words[near[0]]}'?" if near else ""
