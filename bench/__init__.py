"""Measurements, each beside a bound or a peer of the same run (`make bench`)."""
