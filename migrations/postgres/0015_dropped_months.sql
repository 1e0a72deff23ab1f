-- Sums of a month's operations are made in a table of its own, which takes their place the moment they are dropped.
-- Empty here: nothing is old enough to have been dropped.
DROP TABLE dropped_sum;
CREATE TABLE dropped_sum (
  merchant_id TEXT NOT NULL,
  start_at INTEGER NOT NULL,
  terminal_id TEXT NOT NULL,
  currency TEXT NOT NULL,
  outcome TEXT NOT NULL,
  reason_code INTEGER NOT NULL,
  count INTEGER NOT NULL,
  sum INTEGER NOT NULL,
  PRIMARY KEY (merchant_id, start_at, terminal_id, currency, outcome, reason_code)
) PARTITION BY RANGE (start_at);

-- One table in place of another, unless somebody reads for so long that all others would have to wait.
CREATE FUNCTION replace_month(gone text, sums text, first bigint, past bigint) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  SET LOCAL lock_timeout = '1s';
  EXECUTE format('DROP TABLE %I', gone);
  IF to_regclass(sums) IS NOT NULL AND NOT (SELECT relispartition FROM pg_class WHERE oid = to_regclass(sums)) THEN
    EXECUTE format('ALTER TABLE dropped_sum ATTACH PARTITION %I FOR VALUES FROM (%s) TO (%s)', sums, first, past);
  END IF;
  RETURN true;
EXCEPTION WHEN lock_not_available THEN
  RETURN false;
END
$$;
