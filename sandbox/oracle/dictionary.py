"""The views of the data dictionary over tables and the database, release by release.

Columns: Oracle Database Reference 11.2, 19c and 23ai; those nobody asks for are left out.
"""

from collections.abc import Mapping

from sandbox.oracle.release import SERVICE, Setup

_VISIBLE = '(OWNER, TABLE_NAME) IN (SELECT OWNER, TABLE_NAME FROM SYS."VISIBLE$")'
#: The settings of a session; their values are variables of its DuckDB connection.
NLS = ("NLS_DATE_FORMAT", "NLS_TIMESTAMP_FORMAT", "NLS_TIMESTAMP_TZ_FORMAT",
       "NLS_NUMERIC_CHARACTERS", "NLS_LANGUAGE", "NLS_TERRITORY", "NLS_SORT", "NLS_COMP",
       "NLS_CALENDAR", "NLS_DATE_LANGUAGE")  # fmt: skip

BOOKKEEPING = """
CREATE TABLE SYS."DECLARED$" (OWNER VARCHAR, TABLE_NAME VARCHAR, COLUMN_NAME VARCHAR,
    DECLARED VARCHAR, STORAGE VARCHAR);
CREATE TABLE SYS."COLUMN$" (OWNER VARCHAR, TABLE_NAME VARCHAR, COLUMN_NAME VARCHAR,
    DATA_TYPE VARCHAR, DATA_LENGTH INTEGER, CHAR_LENGTH INTEGER, CHAR_USED VARCHAR,
    DATA_PRECISION INTEGER, DATA_SCALE INTEGER, NULLABLE VARCHAR, COLUMN_ID INTEGER);
CREATE TABLE SYS."CONSTRAINT$" (OWNER VARCHAR, TABLE_NAME VARCHAR, CONSTRAINT_NAME VARCHAR,
    CONSTRAINT_TYPE VARCHAR, COLUMN_NAME VARCHAR, POSITION INTEGER, R_CONSTRAINT_NAME VARCHAR);
CREATE TABLE SYS."STATS$" (OWNER VARCHAR, TABLE_NAME VARCHAR, NUM_ROWS BIGINT,
    AVG_ROW_LEN BIGINT, BLOCKS BIGINT, LAST_ANALYZED TIMESTAMP_S);
CREATE TABLE SYS."HIDDEN$" (OWNER VARCHAR, TABLE_NAME VARCHAR);
CREATE TABLE SYS."INDEX$" (OWNER VARCHAR, TABLE_NAME VARCHAR, INDEX_NAME VARCHAR,
    UNIQUENESS VARCHAR, COLUMN_NAME VARCHAR, POSITION INTEGER);
CREATE TABLE SYS."PARTITION$" (OWNER VARCHAR, TABLE_NAME VARCHAR, PARTITION_NAME VARCHAR,
    POSITION INTEGER, HIGH_VALUE VARCHAR, NUM_ROWS BIGINT);
CREATE TABLE SYS."SYNONYM$" (OWNER VARCHAR, SYNONYM_NAME VARCHAR, TABLE_OWNER VARCHAR,
    TABLE_NAME VARCHAR);
CREATE TABLE SYS."MODIFICATION$" (OWNER VARCHAR, TABLE_NAME VARCHAR, INSERTS BIGINT,
    UPDATES BIGINT, DELETES BIGINT, MODIFIED TIMESTAMP_S, TRUNCATED VARCHAR);
CREATE TABLE SYS."DDL$" (OWNER VARCHAR, TABLE_NAME VARCHAR, OBJECT_ID BIGINT, CREATED TIMESTAMP_S,
    CHANGED TIMESTAMP_S, SHAPE VARCHAR);
CREATE SEQUENCE SYS."OBJECT_ID$" START 73001;
CREATE TABLE SYS.DUAL (DUMMY VARCHAR);
INSERT INTO SYS.DUAL VALUES ('X');
CREATE VIEW SYS."OBJECT_NOW$" AS
    SELECT schema_name AS OWNER, table_name AS TABLE_NAME, 'TABLE' AS OBJECT_TYPE,
           comment AS COMMENTS
    FROM duckdb_tables() WHERE schema_name NOT IN ('SYS', 'main')
    UNION ALL
    SELECT schema_name, view_name, 'VIEW', comment
    FROM duckdb_views() WHERE NOT internal AND schema_name NOT IN ('SYS', 'main')
      AND (schema_name, view_name) NOT IN (SELECT OWNER, SYNONYM_NAME FROM SYS."SYNONYM$");
CREATE TABLE SYS."OBJECT$" AS FROM SYS."OBJECT_NOW$";
CREATE VIEW SYS."INDEXED$" AS
    SELECT OWNER, TABLE_NAME, CONSTRAINT_NAME AS INDEX_NAME, 'UNIQUE' AS UNIQUENESS, COLUMN_NAME,
           row_number() OVER (PARTITION BY OWNER, CONSTRAINT_NAME ORDER BY POSITION) AS POSITION
    FROM SYS."CONSTRAINT$" WHERE CONSTRAINT_TYPE = 'P'
    UNION ALL SELECT * FROM SYS."INDEX$";
"""


def views(setup: Setup) -> Mapping[str, str]:
    """Name and SELECT of every view here, in the columns that the release has."""
    return _tables(setup) | _constraints() | _storage() | _database(setup)


def _tables(setup: Setup) -> dict[str, str]:
    is_12c = setup.release.is_at_least(12)
    columns = f'SELECT * FROM SYS."COLUMN$" WHERE {_VISIBLE}'
    return {
        "ALL_TABLES": f"""
            SELECT OWNER, TABLE_NAME, 'USERS' AS TABLESPACE_NAME, 'VALID' AS STATUS,
                   'N' AS TEMPORARY,
                   CASE WHEN (OWNER, TABLE_NAME) IN (SELECT OWNER, TABLE_NAME FROM
                        SYS."PARTITION$") THEN 'YES' ELSE 'NO' END AS PARTITIONED,
                   NUM_ROWS, AVG_ROW_LEN, BLOCKS, LAST_ANALYZED
            FROM SYS."OBJECT$" LEFT JOIN SYS."STATS$" USING (OWNER, TABLE_NAME)
            WHERE OBJECT_TYPE = 'TABLE' AND {_VISIBLE}""",
        "ALL_VIEWS": f"""
            SELECT * FROM (SELECT schema_name AS OWNER, view_name AS VIEW_NAME,
                                  length(sql) AS TEXT_LENGTH, sql AS TEXT FROM duckdb_views())
            WHERE {_VISIBLE.replace("OWNER, TABLE_NAME", "OWNER, VIEW_NAME", 1)}""",
        "ALL_OBJECTS": f"""
            SELECT OWNER, TABLE_NAME AS OBJECT_NAME, OBJECT_ID, OBJECT_TYPE, CREATED,
                   CHANGED AS LAST_DDL_TIME,
                   strftime(CHANGED, '%Y-%m-%d:%H:%M:%S') AS TIMESTAMP, 'VALID' AS STATUS,
                   'N' AS TEMPORARY{", 'N' AS ORACLE_MAINTAINED" if is_12c else ""}
            FROM SYS."OBJECT$" JOIN SYS."DDL$" USING (OWNER, TABLE_NAME) WHERE {_VISIBLE}""",
        "ALL_USERS": f"""
            SELECT schema_name AS USERNAME, 100 + row_number() OVER (ORDER BY oid) AS USER_ID,
                   CAST(TIMESTAMP '2024-01-01' AS TIMESTAMP_S) AS CREATED
                   {
            ''', 'NO' AS COMMON, CASE WHEN schema_name = 'SYS' THEN 'Y' ELSE 'N' END
                         AS ORACLE_MAINTAINED'''
            if is_12c
            else ""
        }
            FROM duckdb_schemas()
            WHERE database_name NOT IN ('system', 'temp') AND NOT internal""",
        "ALL_TAB_COLUMNS": columns,
        "ALL_TAB_COLS": f"""
            SELECT *, 'NO' AS HIDDEN_COLUMN, 'NO' AS VIRTUAL_COLUMN FROM ({columns})""",
        "ALL_TAB_COMMENTS": f"""
            SELECT OWNER, TABLE_NAME, OBJECT_TYPE AS TABLE_TYPE, COMMENTS
            FROM SYS."OBJECT$" WHERE {_VISIBLE}""",
        "ALL_COL_COMMENTS": f"""
            SELECT * FROM (
                SELECT schema_name AS OWNER, table_name AS TABLE_NAME, column_name AS COLUMN_NAME,
                       comment AS COMMENTS
                FROM duckdb_columns())
            WHERE {_VISIBLE}""",
        "ALL_SYNONYMS": """
            SELECT OWNER, SYNONYM_NAME, TABLE_OWNER, TABLE_NAME, CAST(NULL AS VARCHAR) AS DB_LINK
            FROM SYS."SYNONYM$"
            WHERE (TABLE_OWNER, TABLE_NAME) IN (SELECT OWNER, TABLE_NAME FROM SYS."VISIBLE$")""",
    }


def _constraints() -> dict[str, str]:
    return {
        "ALL_CONSTRAINTS": f"""
            SELECT DISTINCT OWNER, CONSTRAINT_NAME, CONSTRAINT_TYPE, TABLE_NAME,
                   CASE WHEN R_CONSTRAINT_NAME IS NOT NULL THEN OWNER END AS R_OWNER,
                   R_CONSTRAINT_NAME, 'ENABLED' AS STATUS, 'VALIDATED' AS VALIDATED
            FROM SYS."CONSTRAINT$" WHERE {_VISIBLE}""",
        "ALL_CONS_COLUMNS": f"""
            SELECT OWNER, CONSTRAINT_NAME, TABLE_NAME, COLUMN_NAME,
                   row_number() OVER (PARTITION BY OWNER, CONSTRAINT_NAME ORDER BY POSITION)
                       AS POSITION
            FROM SYS."CONSTRAINT$" WHERE {_VISIBLE}""",
        "ALL_INDEXES": f"""
            SELECT DISTINCT OWNER, INDEX_NAME, 'NORMAL' AS INDEX_TYPE, OWNER AS TABLE_OWNER,
                   TABLE_NAME, 'TABLE' AS TABLE_TYPE, UNIQUENESS, 'VALID' AS STATUS,
                   'NO' AS PARTITIONED, 'VISIBLE' AS VISIBILITY
            FROM SYS."INDEXED$" WHERE {_VISIBLE}""",
        "ALL_IND_COLUMNS": f"""
            SELECT OWNER AS INDEX_OWNER, INDEX_NAME, OWNER AS TABLE_OWNER, TABLE_NAME, COLUMN_NAME,
                   POSITION AS COLUMN_POSITION, 'ASC' AS DESCEND
            FROM SYS."INDEXED$" WHERE {_VISIBLE}""",
    }


def _storage() -> dict[str, str]:
    """Partitions, statistics and changes since the statistics."""
    return {
        "ALL_PART_TABLES": f"""
            SELECT OWNER, TABLE_NAME, 'RANGE' AS PARTITIONING_TYPE,
                   'NONE' AS SUBPARTITIONING_TYPE, count(*) AS PARTITION_COUNT, 'VALID' AS STATUS
            FROM SYS."PARTITION$" WHERE {_VISIBLE} GROUP BY OWNER, TABLE_NAME""",
        "ALL_TAB_PARTITIONS": f"""
            SELECT OWNER AS TABLE_OWNER, TABLE_NAME, 'NO' AS COMPOSITE, PARTITION_NAME,
                   0 AS SUBPARTITION_COUNT, HIGH_VALUE, length(HIGH_VALUE) AS HIGH_VALUE_LENGTH,
                   POSITION AS PARTITION_POSITION, NUM_ROWS
            FROM SYS."PARTITION$" WHERE {_VISIBLE}""",
        "ALL_TAB_STATISTICS": f"""
            SELECT OWNER, TABLE_NAME, CAST(NULL AS VARCHAR) AS PARTITION_NAME,
                   'TABLE' AS OBJECT_TYPE, NUM_ROWS, BLOCKS, AVG_ROW_LEN, LAST_ANALYZED,
                   CASE WHEN NUM_ROWS IS NULL THEN NULL
                        WHEN INSERTS + UPDATES + DELETES > NUM_ROWS / 10 THEN 'YES'
                        ELSE 'NO' END AS STALE_STATS
            FROM SYS."OBJECT$" LEFT JOIN SYS."STATS$" USING (OWNER, TABLE_NAME)
            LEFT JOIN SYS."MODIFICATION$" USING (OWNER, TABLE_NAME)
            WHERE OBJECT_TYPE = 'TABLE' AND {_VISIBLE}""",
        "ALL_TAB_MODIFICATIONS": f"""
            SELECT OWNER AS TABLE_OWNER, TABLE_NAME, CAST(NULL AS VARCHAR) AS PARTITION_NAME,
                   CAST(NULL AS VARCHAR) AS SUBPARTITION_NAME, INSERTS, UPDATES, DELETES,
                   MODIFIED AS TIMESTAMP, TRUNCATED
            FROM SYS."MODIFICATION$" WHERE {_VISIBLE}""",
    }


def _database(setup: Setup) -> dict[str, str]:
    release = setup.release
    is_18c = release.is_at_least(18)
    full = f", '{release.version_full}' AS VERSION_FULL" if is_18c else ""
    banner_full = f", '{release.banner}' AS BANNER_FULL" if is_18c else ""
    components = [release.product, "PL/SQL "]
    if not is_18c:  # Oracle 18c cut the list down to the database itself
        components += ["NLSRTL ", "TNS for Linux: "]
    database_nls = {
        "NLS_CHARACTERSET": setup.character_set,
        "NLS_NCHAR_CHARACTERSET": setup.national_character_set,
        "NLS_LANGUAGE": "AMERICAN",
        "NLS_TERRITORY": "AMERICA",
        "NLS_DATE_FORMAT": "DD-MON-RR",
        "NLS_SORT": "BINARY",
        "NLS_COMP": "BINARY",
        "NLS_LENGTH_SEMANTICS": "BYTE",
        "NLS_RDBMS_VERSION": release.version_base,
    }
    return {
        "V$VERSION": f"SELECT '{release.banner}' AS BANNER{banner_full}",
        "PRODUCT_COMPONENT_VERSION": " UNION ALL ".join(
            f"SELECT '{product}' AS PRODUCT, '{release.version_base}' AS VERSION{full}, "
            "'Production' AS STATUS"
            for product in (components[:1] if is_18c else components)
        ),
        "V$INSTANCE": f"""
            SELECT 1 AS INSTANCE_NUMBER, '{SERVICE}' AS INSTANCE_NAME, 'localhost' AS HOST_NAME,
                   '{release.version_base}' AS VERSION{full}, 'OPEN' AS STATUS""",
        "NLS_DATABASE_PARAMETERS": " UNION ALL ".join(
            f"SELECT '{name}' AS PARAMETER, '{setting}' AS VALUE"
            for name, setting in database_nls.items()
        ),
        "NLS_SESSION_PARAMETERS": " UNION ALL ".join(
            f"SELECT '{name}' AS PARAMETER, CAST(getvariable('{name}') AS VARCHAR) AS VALUE"
            for name in NLS
        ),
    }
