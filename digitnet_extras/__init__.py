"""What surrounds the network and is not derived: figures, widgets, drawings, exercises."""
