"""The copies: DuckDB generations, the manifest that names them, queries over them."""
