-- When the whole overlap of a merchant was last read, and how many operations it held: known to every replica.
ALTER TABLE source ADD COLUMN whole_at INTEGER;
ALTER TABLE source ADD COLUMN whole_rows INTEGER NOT NULL DEFAULT 0;
