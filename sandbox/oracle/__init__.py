"""An Oracle stand-in over TCP: accepts the real python-oracledb driver, answers from DuckDB.

It proves that the driver, the network and the decoding of types work. It never proves that a
statement is valid Oracle SQL: what is not rewritten in `sql.py` is judged by DuckDB.
"""
