-- One row per practice and count date: its list. Of a file that gives ages and sexes, these are
-- summed; of one that gives less, the totals that it gives.
WITH sums AS (
  SELECT practice_code, count_date,
         SUM(CASE WHEN sex <> 'ALL' AND age <> 'ALL' THEN n_patients END) AS by_both,
         SUM(CASE WHEN sex = 'ALL' AND age = 'ALL' THEN n_patients END) AS in_all,
         SUM(CASE WHEN sex <> 'ALL' AND age = 'ALL' THEN n_patients END) AS by_sex,
         SUM(CASE WHEN sex = 'ALL' AND age <> 'ALL' THEN n_patients END) AS by_age
  FROM list_sizes
  GROUP BY practice_code, count_date)
SELECT practice_code, count_date,
       CAST(COALESCE(by_both, in_all, by_sex, by_age) AS BIGINT) AS n_patients
FROM sums
