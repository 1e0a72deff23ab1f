-- Which of several replicas has an update in hand; none is said by those of an older version.
ALTER TABLE inbox ADD COLUMN taken_by TEXT NOT NULL DEFAULT '';
