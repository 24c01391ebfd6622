-- One row per spell that SUS supplied, under the key that spells of episodes have (domain 2.1), and
-- without a spell number that is none.
WITH numbered AS (
  SELECT *, CASE WHEN REPLACE(REPLACE(spell_number, '0', ''), '-', '') <> '' THEN spell_number
                 END AS own_number
  FROM supplied_spells)
SELECT *, provider_code || '|' || CASE
         WHEN patient_class IN ('3', '4') THEN spell_key
         WHEN own_number IS NOT NULL THEN person_id || '|' || own_number
         ELSE person_id || '|' || CAST(admission_date AS VARCHAR) END AS spell_id
FROM numbered
