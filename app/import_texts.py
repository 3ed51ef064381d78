"""What is said of tables that were imported from DuckDB files, in Korean and in English."""

IMPORT_FAILURES: dict[str, tuple[str, str]] = {
    "import_file_missing": (
        "{file} 파일이 없습니다. DuckDB 파일의 경로를 적어 주세요.",
        "There is no file {file}. Name the DuckDB file with its path.",
    ),
    "import_file_empty": (
        "{file}은(는) 0바이트인 빈 파일이라 가져올 것이 없습니다.",
        "{file} is empty: it has not a single byte, so there is nothing to import.",
    ),
    "import_file_foreign": (
        "{file}은(는) DuckDB 파일이 아닙니다. CSV, Parquet, SQLite 파일이라면 먼저 DuckDB로 파일을 만드세요: CREATE TABLE … AS FROM '그 파일'.",
        "{file} is not a DuckDB file. Of a CSV, Parquet or SQLite file make one with DuckDB first: CREATE TABLE … AS FROM 'that file'.",
    ),
    "import_file_in_use": (
        "{file}을(를) 다른 프로세스가 쓰기로 열어 두었습니다. 그쪽에서 닫거나, 닫은 뒤 복사한 파일을 가져오세요.",
        "{file} is in use: another process has it open to write. Close it there, or copy the file once it is closed and import the copy.",
    ),
    "import_file_newer": (
        "{file}은(는) 다른 버전의 DuckDB가 쓴 형식이라 Duckferry의 DuckDB {version}이(가) 읽을 수 없습니다. 그 DuckDB에서 (STORAGE_VERSION 'v1.0.0')으로 새 파일을 ATTACH하고 COPY FROM DATABASE로 옮긴 뒤 그 파일을 가져오세요.",
        "{file} has a format that DuckDB {version}, which Duckferry uses, cannot read: another release of DuckDB wrote it. There, ATTACH a new file with (STORAGE_VERSION 'v1.0.0'), COPY FROM DATABASE into it, and import that one.",
    ),
    "import_file_encrypted": (
        "{file}은(는) 암호화되어 있습니다. DuckDB로 암호화 없이 다시 쓴(COPY FROM DATABASE) 파일을 가져오세요.",
        "{file} is encrypted. Write it without encryption with DuckDB (COPY FROM DATABASE) and import that file.",
    ),
    "import_file_damaged": (
        "{file}을(를) 읽을 수 없습니다. 손상되었을 수 있습니다. DuckDB의 설명: {reason}",
        "{file} cannot be read, it may be damaged. DuckDB says: {reason}",
    ),
    "import_file_closed": (
        "이 사용자는 {file}을(를) 읽을 수 없습니다. 파일 권한을 바꾸거나 소유자로 실행하세요.",
        "{file} may not be read by this user. Change its mode, or run this as its owner.",
    ),
    "import_file_changed": (
        "테이블 목록을 보여 준 뒤 {file}이(가) 바뀌어 아무것도 가져오지 않았습니다. 다시 실행하세요.",
        "{file} has changed since its tables were shown, so nothing was imported. Run this again.",
    ),
    "import_running": (
        "이 웨어하우스로 다른 가져오기가 진행 중입니다. 끝난 뒤 다시 실행하세요.",
        "Another import into this warehouse is at work. Wait for it to end.",
    ),
    "nothing_to_import": (
        "{file}에는 가져올 수 있는 테이블이나 뷰가 없습니다.",
        "{file} has no table or view that can be imported.",
    ),
    "not_imported": (
        "{table}은(는) 가져온 테이블이 아니라 Oracle에서 복사한 것이라 없애지 않습니다. bot.toml에서 빼면 아무에게도 제공되지 않습니다.",
        "{table} was copied from Oracle, not imported, so it is not dropped. Take it out of bot.toml, and it is offered to nobody.",
    ),
    "not_from_oracle": (
        "{table}은(는) DuckDB 파일에서 가져온 테이블이라 Oracle에 없습니다. 동기화하거나 Oracle과 대조할 수 없습니다. 바꾸려면 관리자가 새 파일로 `botctl warehouse import`를 실행하면 됩니다.",
        "{table} was imported from a DuckDB file and is not in Oracle: it can neither be synced nor proven. An admin can replace it by `botctl warehouse import` of a newer file.",
    ),
}

IMPORT_PHRASES: dict[str, tuple[str, str]] = {
    "answer.basis_imported": (
        "근거: {table}, {rows}행, {when}에 {file}에서 가져옴, Oracle과 대조되지 않음",
        "based on: {table}, {rows} rows, imported from {file} on {when}, not proven against Oracle",
    ),
    "details.imported": (
        "{when}에 {file}에서 가져옴, Oracle과 대조되지 않음",
        "imported from {file} on {when}, not proven against Oracle",
    ),
    "receipt.proof_none": (
        "{file}에서 가져옴, Oracle과 대조되지 않음",
        "imported from {file}, not proven against Oracle",
    ),
}
