"""Credit scoring without a framework: pure, deterministic, no clock and no network.

Where things are:

- ``schema``: what a feature is, and which rows and frames fit the contract.
- ``application_schema``: the product's own features, version 1.
- ``training``: a frame and its outcomes in, a calibrated monotone model out.
- ``calibration``, ``scaling``: log-odds to probability, probability to points.
- ``artefact``: the model as text and JSON with a checksum; packing, loading, signing.
- ``serving``: scores one row or a frame, with exact attributions.
- ``metrics``: discrimination, calibration, stability, adverse impact (rule book 9).
- ``baseline``: what the development sample looked like, and how far new data moved.
- ``synthetic``: made-up markets with a known true probability of default.
- ``canonical``: the one byte form of a JSON value, the ground of every hash.
"""

VERSION = "2"
