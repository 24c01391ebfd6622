-- One row per emergency readmission within the days of the year's rule (domain 1.8), with the
-- discharge it followed, what it may be excluded for, and what not paying it would take off the
-- contract. The discharging provider bears it; a stay that went on elsewhere is elective if it began
-- so. Transplants and patients of another country are not told apart here.
WITH told AS (
  SELECT e.spell_id,
         MAX(CASE WHEN e.sequence = 1 THEN COALESCE(l.primary_diagnosis, l.diagnoses) END) AS diagnosis,
         MAX(CASE WHEN l.discharge_method = '2' THEN 1 ELSE 0 END) AS is_self_discharge,
         MAX(CASE WHEN ' ' || l.diagnoses LIKE '% V%' THEN 1 ELSE 0 END) AS is_transport_accident
  FROM spell_episodes AS e
  JOIN episodes AS l ON l.episode_id = e.episode_id
  GROUP BY e.spell_id),
again AS (
  SELECT p.spell_id, s.person_id, p.provider_code, s.admission_date, s.admission_method, p.hrg,
         p.age_years, p.price_pence - p.mff_pence AS gross_pence, t.readmission_rule,
         t.readmission_days, t.readmission_cut_millionths
  FROM priced_spells AS p
  JOIN spells AS s ON s.spell_id = p.spell_id
  JOIN contract_terms AS t ON t.financial_year = p.financial_year
  WHERE p.price_year = p.financial_year AND p.pod = 'NEL'),
discharged AS (
  SELECT s.spell_id, s.person_id, s.provider_code, s.commissioner_code, s.admission_date,
         s.discharge_date, s.admission_method, p.hrg, COALESCE(f.pod, s.pod) AS pod
  FROM spells AS s
  JOIN priced_spells AS p ON p.spell_id = s.spell_id AND p.is_reported
  LEFT JOIN continuous_spells AS c ON c.spell_id = s.spell_id
  LEFT JOIN spells AS f ON f.spell_id = c.continuous_spell_id
  WHERE s.pod IN ('DC', 'EL', 'NEL', 'NELNE')),
paired AS (
  SELECT a.*, i.spell_id AS index_spell_id, i.pod AS index_pod, i.hrg AS index_hrg,
         i.admission_method AS index_method, i.provider_code AS index_provider_code,
         i.commissioner_code, DATE_DIFF('day', i.discharge_date, a.admission_date) AS days_after,
         ROW_NUMBER() OVER (PARTITION BY a.spell_id
           ORDER BY i.discharge_date DESC, i.admission_date DESC, i.spell_id DESC) AS nearest
  FROM again AS a
  JOIN discharged AS i ON i.person_id = a.person_id
   AND DATE_DIFF('day', i.discharge_date, a.admission_date) BETWEEN 0 AND a.readmission_days
   AND (i.admission_date < a.admission_date
        OR (i.admission_date = a.admission_date AND i.spell_id < a.spell_id))),
judged AS (
  SELECT p.*, CASE WHEN p.index_pod IN ('DC', 'EL') THEN 'elective' ELSE 'emergency' END AS after_stay,
         CASE WHEN p.gross_pence IS NULL THEN 'no_tariff'
              WHEN p.age_years < 4 THEN 'under_four'
              WHEN p.hrg LIKE 'N%' OR p.index_hrg LIKE 'N%'
                   OR p.index_method IN ('31', '32', '82', '83') THEN 'maternity'
              WHEN r.diagnosis LIKE 'C%' OR o.diagnosis LIKE 'C%' THEN 'cancer'
              WHEN r.diagnosis LIKE 'Z51%' OR o.diagnosis LIKE 'Z51%'
                   OR p.hrg LIKE 'SB%' OR p.index_hrg LIKE 'SB%'
                   OR p.hrg LIKE 'SC%' OR p.index_hrg LIKE 'SC%' THEN 'chemotherapy_or_radiotherapy'
              WHEN r.diagnosis LIKE 'Z49%' OR o.diagnosis LIKE 'Z49%'
                   OR p.hrg LIKE 'LD%' OR p.index_hrg LIKE 'LD%' THEN 'dialysis'
              WHEN o.is_self_discharge = 1 THEN 'self_discharge'
              WHEN p.admission_method = '2B' THEN 'transfer'
              WHEN p.hrg LIKE 'VA14%' OR p.hrg LIKE 'VA15%' THEN 'multiple_trauma'
              WHEN r.is_transport_accident = 1 THEN 'transport_accident' END AS exclusion
  FROM paired AS p
  LEFT JOIN told AS r ON r.spell_id = p.spell_id
  LEFT JOIN told AS o ON o.spell_id = p.index_spell_id
  WHERE p.nearest = 1)
SELECT spell_id, index_spell_id, commissioner_code, index_provider_code AS provider_code,
       provider_code AS readmitting_provider_code, days_after, after_stay, exclusion, gross_pence,
       CASE WHEN exclusion IS NOT NULL THEN 0
            WHEN readmission_rule = 'not_paid_after_elective' AND after_stay = 'elective' THEN -gross_pence
            WHEN readmission_rule = 'not_paid_after_elective'
            THEN -((gross_pence * readmission_cut_millionths + 500000) // 1000000)
            END AS effect_pence
FROM judged
