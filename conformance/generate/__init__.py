"""Consents and whole lifecycles that nobody wrote down, made by Hypothesis from the definitions and the pack.

An example is plain JSON: a consent, or a list of steps. It names people and places by stand-ins (`Patient/patient-0`)
that `conformance.generate.world` replaces by what the target holds. So an example can be tried again, made smaller,
shown, and kept. Only `exploring`, `values`, `resources`, `mutants` and `programs` import Hypothesis: import them where
they are used, since it costs a third of a second.
"""
