"""How far a run is, as a value."""

from pydantic import BaseModel, ConfigDict


class Progress(BaseModel):
    """How far a run is, for cards and progress bars."""

    model_config = ConfigDict(frozen=True)

    table: str
    """``SCHEMA.TABLE`` being copied."""
    table_number: int
    """1-based, of `tables`."""
    tables: int
    rows: int
    expected_rows: int | None
    seconds: float
    """Since the run began."""
    table_seconds: float | None = None
    """Since this table's first batch was asked for."""
    is_paced: bool = False
    """Oracle is read no faster than bot.toml lets it be."""

    @property
    def rate(self) -> float | None:
        """Rows a second of this table so far; None while there is nothing to say."""
        seconds = self.seconds if self.table_seconds is None else self.table_seconds
        return self.rows / seconds if self.rows and seconds > 0 else None

    @property
    def percent(self) -> int | None:
        """How much of this table has arrived, by the dictionary; None where it knows nothing.

        The dictionary may be old: what exceeds it is 100.
        """
        return min(self.rows * 100 // self.expected_rows, 100) if self.expected_rows else None

    @property
    def eta_seconds(self) -> float | None:
        """How long the rest of this table takes at this rate; None where nobody can know."""
        if not self.rate or not self.expected_rows or self.rows > self.expected_rows:
            return None
        return (self.expected_rows - self.rows) / self.rate
