"""Requirements about all answers of a run: pure functions over the recorded exchanges."""
