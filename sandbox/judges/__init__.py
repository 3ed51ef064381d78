"""Other Oracle clients as judges of the stand-in: what they read has to be what was stored.

python-oracledb reads what it reads by its own rules; clients written by others find what it does
not look at. None of them proves anything about a real Oracle.
"""
