-- One row per indicator of coding (data/reference/indicators), provider and month: how many (upper) of
-- how many (lower), and the squares of what one stay adds where it may add more than one. What a row
-- does not say is left out of both. Where upper and lower come in different extracts, a month counts
-- only if the provider sent both: what was not sent is not nought.
WITH codes AS (
  SELECT episode_id, main_specialty_code, discharge_method, primary_diagnosis, procedures, coding_depth,
         unbundled_hrgs, COALESCE(diagnoses, '') <> '' AS has_diagnoses
  FROM episodes
  UNION ALL
  SELECT spell_key, main_specialty_code, discharge_method, primary_diagnosis, dominant_procedure,
         n_diagnoses, unbundled_hrgs, FALSE
  FROM keyed_supplied),
told AS (
  SELECT l.spell_id,
         MIN_BY(c.main_specialty_code, CASE WHEN c.main_specialty_code IS NOT NULL THEN l.sequence END)
           AS main_specialty_code,
         MIN_BY(REPLACE(c.primary_diagnosis, '.', ''),
                CASE WHEN c.primary_diagnosis IS NOT NULL THEN l.sequence END) AS diagnosis,
         MIN_BY(SPLIT_PART(c.procedures, ' ', 1),
                CASE WHEN COALESCE(c.procedures, '') <> '' THEN l.sequence END) AS operation,
         MAX_BY(c.discharge_method, CASE WHEN c.discharge_method IS NOT NULL THEN l.sequence END)
           AS discharge_method,
         MAX(c.coding_depth) AS coding_depth,
         MAX(CASE WHEN c.has_diagnoses THEN 1 ELSE 0 END) AS n_with_diagnoses,
         SUM(CASE WHEN COALESCE(c.unbundled_hrgs, '') = '' THEN 0
                  ELSE LENGTH(c.unbundled_hrgs) - LENGTH(REPLACE(c.unbundled_hrgs, ' ', '')) + 1 END)
           AS n_unbundled
  FROM spell_episodes AS l
  JOIN codes AS c ON c.episode_id = l.episode_id
  GROUP BY l.spell_id),
stays AS (
  SELECT p.spell_id, p.person_id, p.provider_code, p.pod, p.hrg, p.price_year, p.admission_date,
         p.discharge_date, p.los_days, CAST(DATE_TRUNC('month', p.discharge_date) AS DATE) AS month,
         s.discharge_destination, t.main_specialty_code, t.diagnosis, t.operation, t.discharge_method,
         t.coding_depth, t.n_with_diagnoses, t.n_unbundled
  FROM priced_spells AS p
  JOIN spells AS s ON s.spell_id = p.spell_id
  LEFT JOIN told AS t ON t.spell_id = p.spell_id
  WHERE COALESCE(p.is_reported, TRUE) AND p.discharge_date IS NOT NULL AND p.los_days >= 0
    AND p.pod IN ('DC', 'EL', 'NEL', 'NELNE', 'RA')
    AND COALESCE(p.unpriced_reason, '') NOT IN ('private_patient', 'excluded', 'ungroupable')),
inpatients AS (SELECT * FROM stays WHERE pod <> 'RA'),
seen AS (
  SELECT attendance_id, person_id, provider_code, specialty_code, main_specialty_code, attendance_type,
         referral_source, appointment_date, SPLIT_PART(COALESCE(procedures, ''), ' ', 1) AS operation,
         CAST(DATE_TRUNC('month', appointment_date) AS DATE) AS month
  FROM outpatients
  WHERE attended IN ('5', '6')),

-- I9: conditions that do not go away (ICD-10), and in how many earlier stays each was recorded.
conditions AS (
  SELECT 'diabetes' AS condition, 'E10' AS code UNION ALL SELECT 'diabetes', 'E11'
  UNION ALL SELECT 'diabetes', 'E13' UNION ALL SELECT 'diabetes', 'E14'
  UNION ALL SELECT 'hemiplegia', 'G81' UNION ALL SELECT 'parkinson', 'G20'
  UNION ALL SELECT 'multiple_sclerosis', 'G35' UNION ALL SELECT 'copd', 'J44'
  UNION ALL SELECT 'heart_failure', 'I50' UNION ALL SELECT 'kidney_disease', 'N18'
  UNION ALL SELECT 'dementia', 'F00' UNION ALL SELECT 'dementia', 'F01'
  UNION ALL SELECT 'dementia', 'F03' UNION ALL SELECT 'rheumatoid_arthritis', 'M05'
  UNION ALL SELECT 'rheumatoid_arthritis', 'M06'),
recorded AS (
  SELECT DISTINCT s.spell_id, s.person_id, k.condition
  FROM inpatients AS s
  JOIN spell_episodes AS l ON l.spell_id = s.spell_id
  JOIN episodes AS e ON e.episode_id = l.episode_id
  JOIN conditions AS k ON ' ' || e.diagnoses LIKE '% ' || k.code || '%'
  WHERE s.person_id IS NOT NULL),
ever AS (SELECT DISTINCT person_id, condition FROM recorded),
followed AS (
  SELECT s.provider_code, s.month, CASE WHEN r.spell_id IS NULL THEN 0 ELSE 1 END AS n_again,
         SUM(CASE WHEN r.spell_id IS NULL THEN 0 ELSE 1 END) OVER (
           PARTITION BY s.person_id, e.condition
           ORDER BY s.admission_date, s.discharge_date, s.spell_id
           ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS n_earlier
  FROM inpatients AS s
  JOIN ever AS e ON e.person_id = s.person_id
  LEFT JOIN recorded AS r ON r.spell_id = s.spell_id AND r.condition = e.condition
  WHERE s.n_with_diagnoses = 1),

-- I14, I15: procedures that are done either way, anywhere.
planned AS (
  SELECT * FROM inpatients
  WHERE operation IS NOT NULL AND (pod = 'DC' OR (pod = 'EL' AND los_days <= 1))),
in_beds AS (
  SELECT operation FROM planned GROUP BY operation HAVING MIN(pod) <> MAX(pod)),
procedures_seen AS (SELECT * FROM seen WHERE operation <> ''),
in_clinics AS (
  SELECT DISTINCT operation FROM planned
  WHERE pod = 'DC' AND operation IN (SELECT operation FROM procedures_seen)),

-- I16: the sixth day case, or a later one, with the same code within a year.
repeats AS (
  SELECT provider_code, month,
         DATE_DIFF('day', LAG(discharge_date, 5) OVER (
           PARTITION BY provider_code, person_id, COALESCE(operation, hrg)
           ORDER BY discharge_date, spell_id), discharge_date) AS days_for_six
  FROM inpatients
  WHERE pod = 'DC' AND person_id IS NOT NULL AND COALESCE(operation, hrg) IS NOT NULL),

-- I20: sites of one trust share the first three signs of their codes.
returns AS (
  SELECT provider_code, month, pod,
         DATE_DIFF('day', LAG(discharge_date) OVER (
           PARTITION BY LEFT(provider_code, 3), person_id
           ORDER BY admission_date, discharge_date, spell_id), admission_date) AS days_away
  FROM inpatients
  WHERE person_id IS NOT NULL),

-- I21b: a first attendance can be matched once a year of referrals is held.
since AS (
  SELECT provider_code, MIN(request_date) AS first_day FROM referrals GROUP BY provider_code),
matched AS (
  SELECT o.provider_code, o.month,
         CASE WHEN EXISTS (SELECT 1 FROM referrals AS r
                           WHERE r.person_id = o.person_id AND r.provider_code = o.provider_code
                             AND r.specialty_code = o.specialty_code
                             AND DATE_DIFF('day', r.request_date, o.appointment_date) BETWEEN 0 AND 365)
              THEN 0 ELSE 1 END AS n_alone
  FROM seen AS o
  JOIN since AS f ON f.provider_code = o.provider_code
    AND DATE_DIFF('day', f.first_day, o.appointment_date) >= 365
  WHERE o.attendance_type = '1' AND o.person_id IS NOT NULL AND o.specialty_code IS NOT NULL),

-- I24: the dearest HRG of a stay as it first came and as it is held, by one price list.
latest AS (SELECT MAX(financial_year) AS financial_year FROM tariff),
listed AS (
  SELECT t.hrg, COALESCE(t.non_elective_pence, t.elective_pence) AS pence
  FROM tariff AS t
  JOIN latest AS y ON y.financial_year = t.financial_year),
submitted AS (
  SELECT provider_code, person_id, spell_number, discharge_date, hrg, load_id, 0 AS n_held
  FROM superseded_episodes
  UNION ALL
  SELECT provider_code, person_id, spell_number, discharge_date, hrg, load_id, 0
  FROM superseded_supplied_spells
  UNION ALL
  SELECT provider_code, person_id, spell_number, discharge_date, hrg, 0, 1 FROM episodes
  UNION ALL
  SELECT provider_code, person_id, spell_number, discharge_date, hrg, 0, 1 FROM supplied_spells),
valued AS (
  SELECT b.provider_code, b.person_id, b.spell_number, b.n_held, MAX(b.discharge_date) AS discharge_date,
         COUNT(*) AS n_parts, MAX(p.pence) AS pence,
         ROW_NUMBER() OVER (PARTITION BY b.provider_code, b.person_id, b.spell_number, b.n_held
                            ORDER BY b.load_id) AS place
  FROM submitted AS b
  LEFT JOIN listed AS p ON p.hrg = b.hrg
  WHERE REPLACE(REPLACE(b.spell_number, '0', ''), '-', '') <> ''
  GROUP BY b.provider_code, b.person_id, b.spell_number, b.n_held, b.load_id),
recoded AS (
  SELECT n.provider_code, CAST(DATE_TRUNC('month', n.discharge_date) AS DATE) AS month,
         CASE WHEN n.pence > b.pence THEN 1 ELSE -1 END AS n_net
  FROM valued AS n
  JOIN valued AS b ON b.provider_code = n.provider_code AND b.person_id = n.person_id
    AND b.spell_number = n.spell_number
  WHERE n.n_held = 1 AND b.n_held = 0 AND n.place = 1 AND b.place = 1 AND n.n_parts = b.n_parts
    AND n.pence <> b.pence AND n.discharge_date IS NOT NULL),

-- I25: days beyond the trim point, and whether a short emergency stay is paid less.
limits AS (
  SELECT s.provider_code, s.month, s.pod, s.los_days, t.short_stay_millionths,
         s.los_days - CASE WHEN s.pod = 'EL' THEN t.elective_trim_days
                           ELSE t.non_elective_trim_days END AS days_beyond
  FROM inpatients AS s
  JOIN tariff AS t ON t.hrg = s.hrg AND t.financial_year = s.price_year
  WHERE s.pod IN ('EL', 'NEL', 'NELNE')),
unbundling AS (SELECT DISTINCT provider_code FROM stays WHERE n_unbundled > 0),

every AS (
  SELECT 'coding_depth' AS indicator, provider_code, month, coding_depth - 1 AS n_upper, 1 AS n_lower,
         (coding_depth - 1) * (coding_depth - 1) AS n_square, 1 AS has_upper, 1 AS has_lower
  FROM inpatients WHERE coding_depth >= 1
  UNION ALL
  SELECT 'lifelong_carried_forward', provider_code, month, n_again, 1, 0, 1, 1
  FROM followed WHERE n_earlier >= 2
  UNION ALL
  SELECT 'sepsis_share', provider_code, month,
         CASE WHEN LEFT(diagnosis, 3) IN ('A40', 'A41') THEN 1 ELSE 0 END, 1, 0, 1, 1
  FROM inpatients
  WHERE pod = 'NEL' AND (LEFT(diagnosis, 3) IN ('A40', 'A41') OR diagnosis LIKE 'N390%'
                         OR LEFT(diagnosis, 3) BETWEEN 'J12' AND 'J18')
  UNION ALL
  SELECT 'elective_ordinary_share', p.provider_code, p.month, CASE WHEN p.pod = 'EL' THEN 1 ELSE 0 END,
         1, 0, 1, 1
  FROM planned AS p
  JOIN in_beds AS b ON b.operation = p.operation
  UNION ALL
  SELECT 'day_case_of_procedures', p.provider_code, p.month, 1, 1, 0, 1, 0
  FROM planned AS p
  JOIN in_clinics AS c ON c.operation = p.operation
  WHERE p.pod = 'DC'
  UNION ALL
  SELECT 'day_case_of_procedures', provider_code, month, 0, 0, 0, 1, 0 FROM inpatients
  UNION ALL
  SELECT 'day_case_of_procedures', p.provider_code, p.month, 0, 1, 0, 0, 1
  FROM procedures_seen AS p
  JOIN in_clinics AS c ON c.operation = p.operation
  UNION ALL
  SELECT 'repeated_day_cases', provider_code, month, 1, 1, 0, 1, 1
  FROM repeats WHERE days_for_six <= 365
  UNION ALL
  SELECT 'repeated_day_cases', provider_code, month, 0, 1, 0, 1, 1 FROM stays WHERE pod = 'RA'
  UNION ALL
  SELECT 'zero_day_rate', provider_code, month,
         CASE WHEN los_days = 0 AND operation IS NULL
                AND COALESCE(discharge_method, '') NOT IN ('4', '5')
                AND COALESCE(discharge_destination, '') <> '79' THEN 1 ELSE 0 END, 0, 0, 1, 0
  FROM inpatients WHERE pod = 'NEL'
  UNION ALL
  SELECT 'zero_day_rate', provider_code, CAST(DATE_TRUNC('month', arrival_date) AS DATE), 0, 1, 0, 0, 1
  FROM emergency_attendances
  WHERE COALESCE(department_type, '1') IN ('1', '01') AND COALESCE(attendance_category, '1') <> '2'
  UNION ALL
  SELECT 'decision_unit_share', provider_code, month,
         CASE WHEN main_specialty_code = '180' THEN 1 ELSE 0 END, 1, 0, 1, 1
  FROM inpatients WHERE pod = 'NEL' AND main_specialty_code IS NOT NULL
  UNION ALL
  SELECT 'spell_splitting', provider_code, month,
         CASE WHEN days_away BETWEEN 0 AND 2 THEN 1 ELSE 0 END, 1, 0, 1, 1
  FROM returns WHERE pod <> 'DC'
  UNION ALL
  SELECT 'first_share', provider_code, month, CASE WHEN attendance_type = '1' THEN 1 ELSE 0 END, 1, 0,
         1, 1
  FROM seen WHERE attendance_type IN ('1', '2')
  UNION ALL
  SELECT 'firsts_unreferred', provider_code, month, n_alone, 0, 0, 1, 0 FROM matched
  UNION ALL
  SELECT 'firsts_unreferred', provider_code, CAST(DATE_TRUNC('month', request_date) AS DATE), 0, 1, 0,
         0, 1
  FROM referrals
  UNION ALL
  SELECT 'ward_attender_rate', provider_code, month,
         CASE WHEN main_specialty_code = '950' THEN 1 ELSE 0 END, 0, 0, 1, 0
  FROM seen WHERE main_specialty_code IS NOT NULL
  UNION ALL
  SELECT 'ward_attender_rate', provider_code, month, 0, 1, 0, 0, 1 FROM inpatients
  UNION ALL
  SELECT 'consultant_to_consultant', provider_code, month,
         CASE WHEN referral_source = '05' THEN 1 ELSE 0 END, 1, 0, 1, 1
  FROM seen WHERE attendance_type = '1' AND referral_source IS NOT NULL
  UNION ALL
  SELECT 'recoded_dearer', provider_code, month, n_net, 1, 0, 1, 1 FROM recoded
  UNION ALL
  SELECT 'trim_point_bunching', provider_code, month, CASE WHEN days_beyond > 0 THEN 1 ELSE -1 END, 1,
         0, 1, 1
  FROM limits WHERE days_beyond BETWEEN -1 AND 2
  UNION ALL
  SELECT 'two_day_bunching', provider_code, month, CASE WHEN los_days >= 2 THEN 1 ELSE -1 END, 1, 0, 1,
         1
  FROM limits WHERE pod = 'NEL' AND short_stay_millionths < 1000000 AND los_days <= 3
  UNION ALL
  SELECT 'unbundled_rate', s.provider_code, s.month, s.n_unbundled, 1, s.n_unbundled * s.n_unbundled,
         1, 1
  FROM inpatients AS s
  JOIN unbundling AS u ON u.provider_code = s.provider_code
  WHERE s.n_unbundled IS NOT NULL
  UNION ALL
  SELECT 'same_day_duplicates', provider_code, month,
         CASE WHEN ROW_NUMBER() OVER (PARTITION BY provider_code, person_id, appointment_date,
                                      specialty_code ORDER BY attendance_id) > 1 THEN 1 ELSE 0 END,
         1, 0, 1, 1
  FROM seen WHERE person_id IS NOT NULL AND specialty_code IS NOT NULL)
SELECT indicator, provider_code, month, CAST(SUM(n_upper) AS BIGINT) AS n_upper,
       CAST(SUM(n_lower) AS BIGINT) AS n_lower, CAST(SUM(n_square) AS BIGINT) AS n_square
FROM every
WHERE provider_code IS NOT NULL AND month IS NOT NULL
GROUP BY indicator, provider_code, month
HAVING MAX(has_upper) = 1 AND MAX(has_lower) = 1 AND SUM(n_lower) > 0
