"""What the browser tests do to the widgets of the notebooks: one control of one widget, worked as a reader would.

Each case is a dict:

    notebook  the name of the notebook's file without .ipynb
    widget    the variable in its kernel that holds the Explorer (what digitnet_widgets.explore returned)
    control   the key of the control in `widget.controls`; on the page it is labelled with its description, the same
              name with spaces for underscores
    keys      for a slider: the keys that are pressed while its handle has the focus
    select    for a menu: the text of the option that is chosen (`keys` is absent then)

The picture that is expected afterwards is `widget.function(**values)`, evaluated in the kernel, where `values` are
`{name: control.value for name, control in widget.controls.items()}`; the value of `control` must have changed, and so
must the picture. The text that a reader hears is the aria-label of its <svg>. The cases of one notebook stand in an
order in which they can follow each other on one page.
"""

RIGHT, LEFT = ["ArrowRight"], ["ArrowLeft"]

CASES = [
    {"notebook": "01-the-digits", "widget": "digit_explorer", "control": "digit", "select": "1"},
    {"notebook": "01-the-digits", "widget": "digit_explorer", "control": "page", "keys": 3 * RIGHT},
    {"notebook": "01-the-digits", "widget": "digit_explorer", "control": "answers", "select": "misread"},
    {
        "notebook": "02-softmax-and-cross-entropy",
        "widget": "softmax_explorer",
        "control": "temperature",
        "keys": 5 * RIGHT,
    },
    {
        "notebook": "02-softmax-and-cross-entropy",
        "widget": "softmax_explorer",
        "control": "score_5",
        "keys": 10 * RIGHT,
    },
    {
        "notebook": "02-softmax-and-cross-entropy",
        "widget": "softmax_explorer",
        "control": "right_class",
        "select": "3",
    },
    {"notebook": "03-the-forward-pass", "widget": "start_explorer", "control": "factor", "keys": 5 * LEFT},
    {"notebook": "03-the-forward-pass", "widget": "start_explorer", "control": "hidden_layers", "keys": 2 * RIGHT},
    {"notebook": "04-backpropagation", "widget": "clinic_explorer", "control": "bug", "select": "no 1/n"},
    {"notebook": "04-backpropagation", "widget": "clinic_explorer", "control": "checked_on", "select": "one image"},
    {"notebook": "06-evaluation", "widget": "mistake_explorer", "control": "label", "select": "4"},
    {"notebook": "06-evaluation", "widget": "mistake_explorer", "control": "answer", "select": "9"},
    {"notebook": "06-evaluation", "widget": "threshold_explorer", "control": "threshold", "keys": 4 * LEFT},
    {"notebook": "07-inside-the-network", "widget": "explanations", "control": "digit", "keys": 3 * RIGHT},
    {"notebook": "07-inside-the-network", "widget": "explanations", "control": "square", "keys": 2 * RIGHT},
    {"notebook": "08-your-own-digits", "widget": "disturb", "control": "right", "keys": 4 * RIGHT},
    {"notebook": "09-how-far-can-it-go", "widget": "moves", "control": "rotation", "keys": 9 * RIGHT},
    {"notebook": "10-keras", "widget": "adam_steps", "control": "keras_epsilon", "keys": 10 * LEFT},
    {"notebook": "11-beyond-one-machine", "widget": "planner", "control": "message_ms", "keys": 10 * RIGHT},
]
