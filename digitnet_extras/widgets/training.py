"""The bench of notebook 05."""

import html
import threading
import time

import ipywidgets
import numpy as np

from digitnet_helpers import OPTIMIZERS, init_params, training

from .common import drawing, lines

__all__ = ["TrainingBench", "training_picture"]


def training_picture(runs):
    """Return an SVG of several trainings, {label: history}: cost on the left, validation accuracy on the right."""
    epochs = {label: np.arange(1, len(history["cost"]) + 1) for label, history in runs.items()}
    costs = {label: (epochs[label], history["cost"]) for label, history in runs.items()}
    shares = {label: (epochs[label], 100 * history["val_accuracy"]) for label, history in runs.items()}
    longest = max((len(numbers) for numbers in epochs.values()), default=1)
    best = max((history["val_accuracy"].max() for history in runs.values() if len(history["cost"])), default=0)
    xlim = (1, max(longest, 2))
    return drawing(
        700,
        270,
        lines(costs, 0, 0, 340, 270, "Cost on the training images", "epoch", "nats", xlim),
        lines(shares, 360, 0, 340, 270, "Accuracy on the validation images", "epoch", "%", xlim, legend=None),
        alt=f"Cost and validation accuracy by epoch of {len(runs)} runs; the best accuracy is {100 * best:.1f}%.",
    )


class TrainingBench(ipywidgets.VBox):
    """Train and Stop buttons, hyperparameters, and the curves of this run beside those of earlier ones.

    The training runs in a thread of its own, so that the page stays alive. What was learned is kept when Stop is
    pressed: `.params` and `.history` are the last run's, `.runs` holds {label: history} of all.
    `X` (n, 784) and `y` (n,) are trained on, `validation` is a pair (X_val, y_val) that is only measured.
    """

    def __init__(self, X, y, validation):
        self.data, self.validation = (X, y), validation
        self.params, self.history, self.runs, self.started = None, None, {}, 0
        self._stop, self._thread = threading.Event(), None
        self.optimizer = ipywidgets.Dropdown(options=list(OPTIMIZERS), value="adam")
        self.rate = ipywidgets.FloatLogSlider(value=10**-2.5, min=-4, max=1, step=0.05, readout_format=".3g")
        self.batch = ipywidgets.Dropdown(
            options={"32": 32, "128": 128, "512": 512, "2048": 2048, "all": None}, value=128
        )
        self.hidden = ipywidgets.Text(value="25, 15", continuous_update=False)
        self.epochs = ipywidgets.IntSlider(value=10, min=1, max=100)
        self.seed = ipywidgets.BoundedIntText(value=0, min=0, max=10**6)
        named = {
            "optimizer": self.optimizer, "learning rate": self.rate, "batch size": self.batch,
            "hidden layers": self.hidden, "epochs": self.epochs, "seed": self.seed,
        }  # fmt: skip
        for name, control in named.items():
            control.description, control.style.description_width, control.layout.width = name, "100px", "330px"
            control.observe(self._say_line, names="value")
        self.start = ipywidgets.Button(description="Train", button_style="primary", icon="play")
        self.halt = ipywidgets.Button(description="Stop", icon="stop", disabled=True)
        self.forget = ipywidgets.Button(description="Forget earlier runs", layout={"width": "170px"})
        self.start.on_click(self._start)
        self.halt.on_click(lambda _: self.stop())
        self.forget.on_click(self._forget)
        self.progress = ipywidgets.FloatProgress(min=0, max=1, layout={"width": "300px"})
        self.status = ipywidgets.HTML("<span role='status'>Not trained yet.</span>")
        self.line = ipywidgets.Textarea(rows=3, disabled=False, layout={"width": "690px"})
        self.picture = ipywidgets.HTML(training_picture({}))
        grid = {"grid_template_columns": "350px 350px"}
        super().__init__(
            [
                ipywidgets.GridBox(list(named.values()), layout=grid),
                ipywidgets.HBox([self.start, self.halt, self.forget, self.progress]),
                self.status,
                self.picture,
                ipywidgets.Label("The same training as a line of Python, to be copied:"),
                self.line,
            ]
        )
        self._say_line()

    def __repr__(self):
        return "[widget: Train and Stop, with live curves of cost and accuracy. Run this cell to work it.]"

    def settings(self):
        """The chosen hyperparameters: (layer sizes, keyword arguments of `train`). Raises ValueError for bad sizes."""
        try:
            hidden = [int(size) for size in self.hidden.value.replace(",", " ").split()]
        except ValueError:
            hidden = [0]
        if any(not 1 <= size <= 512 for size in hidden):
            raise ValueError(f"hidden layers is {self.hidden.value!r}; expected numbers from 1 to 512, such as 25, 15")
        keywords = {
            "epochs": self.epochs.value, "batch_size": self.batch.value, "optimizer": self.optimizer.value,
            "learning_rate": float(f"{self.rate.value:.3g}"), "seed": self.seed.value,
        }  # fmt: skip
        return (self.data[0].shape[1], *hidden, 10), keywords

    def _say_line(self, change=None):
        try:
            sizes, keywords = self.settings()
        except ValueError as error:
            self.line.value = f"# {error}"
            return
        given = ", ".join(f"{name}={value!r}" for name, value in keywords.items())
        start = f"init_params({sizes}, seed={self.seed.value}, dtype=X_train.dtype)"
        self.line.value = f"params, history = train({start}, X_train, y_train, {given}, validation=(X_val, y_val))"

    def _start(self, _=None):
        if self._thread and self._thread.is_alive():
            return
        try:
            sizes, keywords = self.settings()
        except ValueError as error:
            self._say(f"✗ {error}")
            return
        self._stop.clear()
        self.start.disabled, self.halt.disabled, self.progress.value = True, False, 0
        self.started += 1
        label = f"{self.started}: {keywords['optimizer']} {keywords['learning_rate']:g}, {self.batch.label}"
        self._thread = threading.Thread(target=self._train, args=(label, sizes, keywords), daemon=True)
        self._thread.start()

    def stop(self):
        """Stop after the present update; what was learned is kept."""
        self._stop.set()

    def wait(self):
        """Return when the present training has ended."""
        if self._thread:
            self._thread.join()

    def _train(self, label, sizes, keywords):
        start, drawn, pause = time.perf_counter(), 0.0, 0.2
        try:
            params = init_params(sizes, seed=keywords["seed"], dtype=self.data[0].dtype)
            steps = training(params, *self.data, validation=self.validation, **keywords)
            for state in steps:
                now = time.perf_counter()
                if self._stop.is_set():
                    break
                if now - drawn > pause:
                    self._keep(label, state)
                    self._draw(state, now - start)
                    drawn = time.perf_counter()
                    pause = max(0.2, 60 * (drawn - now))  # a picture every sixty times as long as one takes: under 2%
            self._keep(label, state)
            stopped = "stopped" if self._stop.is_set() else "finished"
            self._draw(state, time.perf_counter() - start, stopped)
            steps.close()
        except Exception as error:  # in a thread nobody else would see it
            self._say(f"✗ {label}: {error}")
        finally:
            self.start.disabled, self.halt.disabled = False, True

    def _keep(self, label, state):
        self.params = [(W.copy(), b.copy()) for W, b in state.params]
        self.history = self.runs[label] = state.history

    def _draw(self, state, seconds, ended="training"):
        self.progress.value = (state.epoch + state.step / state.steps) / state.epochs
        self.picture.value = training_picture(self.runs)
        shares, costs = self.history["val_accuracy"], self.history["cost"]
        reached = f": cost {costs[-1]:.4f}, validation accuracy {100 * shares[-1]:.2f}%" if len(costs) else ""
        self._say(f"Run {self.started}, {ended}, epoch {state.epoch} of {state.epochs}, {seconds:.1f} s{reached}")

    def _say(self, words):
        self.status.value = f"<span role='status'>{html.escape(words)}</span>"

    def _forget(self, _=None):
        if not (self._thread and self._thread.is_alive()):
            self.runs, self.started = {}, 0
            self.picture.value = training_picture({})
