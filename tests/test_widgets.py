import json
import subprocess
import sys

import plotly.graph_objects as go
import pytest

from pbcanalytics.faces.widgets.panel import Panel, plotly_script
from pbcanalytics.faces.widgets.pulse import Pulse


@pytest.fixture
def sent(monkeypatch):
    messages = []
    for widget in (Panel, Pulse):
        monkeypatch.setattr(
            widget, "send", lambda _, content, buffers=None: messages.append((content, buffers))
        )
    return messages


def test_a_panel_carries_figures_and_stamp_in_one_message():
    panel = Panel()
    changes = []
    panel.observe(changes.append, "drawing")
    panel.show([go.Figure(go.Bar(y=[1, 2])), {"data": [], "layout": {}}], 'A81001 "2018/19"')
    drawing = json.loads(panel.drawing)
    assert drawing["stamp"] == 'A81001 "2018/19"'
    assert [len(figure["data"]) for figure in drawing["figures"]] == [1, 0]
    assert len(changes) == 1


def test_a_new_stamp_on_the_same_figures_is_a_change():
    panel = Panel()
    panel.show([], "A81001")
    before = panel.drawing
    panel.show([], "A81002")
    assert panel.drawing != before


def test_the_kernel_hands_over_plotly_only_when_asked(sent):
    panel = Panel()
    panel._answer(panel, {"ask": "something else"}, [])
    panel._answer(panel, "nonsense", [])
    assert sent == []
    panel._answer(panel, {"ask": "plotly"}, [])
    ((content, buffers),) = sent
    assert content == {"plotly": True}
    assert buffers == [plotly_script().read_bytes()]


def test_a_pulse_answers_a_beat_and_nothing_else(sent):
    pulse = Pulse(every=1, patience=2)
    pulse._answer(pulse, {"ask": "plotly"}, [])
    pulse._answer(pulse, {"ask": "beat"}, [])
    assert sent == [({"beat": True}, None)]


def test_a_page_imports_nothing_of_the_server():
    script = (
        "import sys; from pbcanalytics.faces import parameters; "
        "from pbcanalytics.faces.widgets import panel, pulse; "
        "print([m for m in ('voila', 'jupyter_server', 'plotly', 'pandas') if m in sys.modules])"
    )
    said = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert said.stdout.strip() == "[]"
