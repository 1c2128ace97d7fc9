"""What a verification found, in the forms that other programs read: JUnit's XML and a badge."""

import json
from xml.etree import ElementTree

from .compare import FAIL, UNINFORMATIVE
from .report import closing, diagnosis
from .runner import HELD, KNOWN, SKIPPED

# What a case without a verdict is to a reader that knows passed, failed and skipped alone.
PUT_ASIDE = (SKIPPED, UNINFORMATIVE, KNOWN)


def junit(report):
    """The report as JUnit's XML: a suite for each family, a case for each case.

    What is skipped, uninformative or a known failure is ``skipped``, with the reason; an unexpected
    pass has passed.

    Returns
    -------
    str
    """
    who = report.who
    top = ElementTree.Element("testsuites", name=_text(f"{who.name} {who.version}".strip()))
    _count(top, report.outcomes, report.seconds)
    for family in dict.fromkeys(outcome.case.family for outcome in report.outcomes):
        outcomes = [o for o in report.outcomes if o.case.family == family]
        suite = ElementTree.SubElement(top, "testsuite", name=family)
        _count(suite, outcomes, sum(o.seconds for o in outcomes))
        for outcome in outcomes:
            _case(suite, outcome, report)
    said = ElementTree.SubElement(top, "system-out")
    said.text = _text("\n".join([*report.remarks, *closing(report)]))
    ElementTree.indent(top)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ElementTree.tostring(top, "unicode")}\n'


def _count(element, outcomes, seconds):
    element.set("tests", str(len(outcomes)))
    element.set("failures", str(sum(o.verdict == FAIL for o in outcomes)))
    element.set("errors", "0")
    element.set("skipped", str(sum(o.verdict in PUT_ASIDE for o in outcomes)))
    element.set("time", f"{seconds:.3f}")


def _case(suite, outcome, report):
    case = outcome.case
    # Many readers sort by the class, which has dots: what is asked for, within its family.
    asked = f"{case.op}.{case.method}" if case.method else case.op
    names = {"classname": asked, "name": case.id, "time": f"{outcome.seconds:.3f}"}
    element = ElementTree.SubElement(suite, "testcase", names)
    if outcome.verdict == FAIL:
        sentences = diagnosis(outcome, report)
        kind = outcome.problem or "WrongValue"
        failure = ElementTree.SubElement(
            element, "failure", type=_text(kind), message=_text(sentences[0])
        )
        failure.text = _text("\n".join([*sentences, f"flags: {', '.join(case.flags)}"]))
    elif outcome.verdict in PUT_ASIDE:
        reason = f"{outcome.verdict}: {outcome.message}" if outcome.message else outcome.verdict
        ElementTree.SubElement(element, "skipped", message=_text(reason))
    elif outcome.message:
        ElementTree.SubElement(element, "system-out").text = _text(outcome.message)


def _text(words):
    """Words without the characters that XML 1.0 has no form for, which a program may have sent."""
    return "".join(c if c.isprintable() or c in "\n\t" else "\ufffd" for c in words)


def badge(report):
    """What an endpoint badge of shields.io is drawn from, as JSON.

    Returns
    -------
    str
    """
    failed, held = report.count(FAIL), report.count(*HELD)
    if report.left:
        message, color = "interrupted", "lightgrey"
    elif failed:
        message, color = f"{failed} of {failed + held} failed", "red"
    elif held:
        message, color = f"{held} passed", "brightgreen"
    else:
        message, color = "nothing compared", "lightgrey"
    shown = {
        "schemaVersion": 1,
        "label": "reference outputs",
        "message": message,
        "color": color,
    }
    return json.dumps(shown, indent=1) + "\n"
