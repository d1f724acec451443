import type Database from 'libsql';

/** The version of the tables below; it stands in the database's `user_version`. */
export const schemaVersion = 1;

/** Makes the tables in a new database, in one transaction with its version. */
export function createTables(database: Database.Database): void {
  database.exec(`
    BEGIN IMMEDIATE;
    CREATE TABLE owners (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
    CREATE TABLE entries (
      owner INTEGER NOT NULL REFERENCES owners (id),
      key TEXT NOT NULL,
      grp TEXT,
      place REAL NOT NULL,
      value TEXT NOT NULL,
      PRIMARY KEY (owner, key)
    ) WITHOUT ROWID;
    CREATE INDEX entries_in_order ON entries (owner, grp, place);
    PRAGMA user_version = ${schemaVersion};
    COMMIT;
  `);
}
