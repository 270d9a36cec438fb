"""Servers that we did not write, held against pack `r4`: whoever only ever judges its own server proves little.

`make interop` starts sekmet-fhir on loopback, certifies it open and with tokens, and holds each verdict against the
committed triage, which says whose fault it is and shows the raw exchange.
"""
