#!/usr/bin/env bash
# Run once by the image, as SYSDBA: a user who owns tables, and one who may only read them.
set -euo pipefail
sqlplus -s -L / as sysdba <<SQL
WHENEVER SQLERROR EXIT FAILURE
ALTER SESSION SET CONTAINER = FREEPDB1;
CREATE USER duck_owner IDENTIFIED BY "${ORACLE_TEST_PASSWORD}" QUOTA UNLIMITED ON users DEFAULT TABLESPACE users;
GRANT CREATE SESSION, CREATE TABLE, CREATE VIEW TO duck_owner;
CREATE USER duck_reader IDENTIFIED BY "${ORACLE_TEST_PASSWORD}";
GRANT CREATE SESSION TO duck_reader;
GRANT SELECT ON sys.v_\$database TO duck_reader;
GRANT SELECT ON sys.gv_\$transaction TO duck_reader;
SQL
