"""Peewee's few untyped corners, behind typed doors."""

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any, cast

import peewee as pw


def run(
    database: pw.Database | pw.DatabaseProxy, statement: str, values: Sequence[object] = ()
) -> sqlite3.Cursor:
    """Run one statement."""
    return cast("sqlite3.Cursor", database.execute_sql(statement, values))


def number(database: pw.Database, statement: str) -> int:
    """Run a statement whose answer is one number."""
    return int(run(database, statement).fetchone()[0])


def tuples(query: "pw.ModelSelect[Any]") -> Iterable[tuple[Any, ...]]:
    """Read a query as plain tuples, which is several times quicker than models."""
    return cast("Iterable[tuple[Any, ...]]", query.tuples())
