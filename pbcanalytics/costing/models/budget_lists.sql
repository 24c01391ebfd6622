-- One row per row of a list of patients that counts in its practice's total (model practice_lists):
-- those by age and sex where the file gives them, else the totals that it gives.
WITH ranked AS (
  SELECT load_id, line_number, practice_code, count_date, sex, age, n_patients,
         CASE WHEN sex <> 'ALL' AND age <> 'ALL' THEN 1
              WHEN sex = 'ALL' AND age = 'ALL' THEN 2
              WHEN age = 'ALL' THEN 3 ELSE 4 END AS choice
  FROM list_sizes
  WHERE n_patients IS NOT NULL),
chosen AS (
  SELECT practice_code, count_date, MIN(choice) AS choice
  FROM ranked
  GROUP BY practice_code, count_date)
SELECT r.load_id, r.line_number, r.practice_code, r.count_date, r.sex, r.age, r.n_patients
FROM ranked AS r
JOIN chosen AS c ON c.practice_code = r.practice_code AND c.count_date = r.count_date
  AND c.choice = r.choice
