-- One row per practice and count date: its list. Ages and sexes are summed; a file that brings
-- only totals is taken at its word.
SELECT practice_code, count_date,
       CAST(COALESCE(SUM(CASE WHEN sex <> 'ALL' AND age <> 'ALL' THEN n_patients END),
                     MAX(n_patients)) AS BIGINT) AS n_patients
FROM list_sizes
GROUP BY practice_code, count_date
