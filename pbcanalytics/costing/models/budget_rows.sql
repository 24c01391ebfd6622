-- One row per payable spell, unbundled HRG of a spell, or cell of equal attendances, and price year:
-- what the activity of a budget is the sum of (model activity). What has no price has the reason and
-- empty pence. Of a spell's key only the provider's own number is told, or the day of admission that
-- stands in for it: the patient's pseudonym is left out.
WITH unbundled AS (
  SELECT u.*, p.person_id
  FROM priced_unbundled AS u
  JOIN priced_spells AS p ON p.spell_id = u.spell_id AND p.price_year IS NOT DISTINCT FROM u.price_year),
stays AS (
  SELECT 'spell' AS kind, spell_id, provider_code || '|' || person_id || '|' AS stem, practice_code,
         provider_code, commissioner_code, specialty_code, pod, hrg, discharge_date, financial_year,
         price_year, price_pence, unpriced_reason
  FROM priced_spells
  UNION ALL
  SELECT 'unbundled' AS kind, spell_id, provider_code || '|' || person_id || '|' AS stem, practice_code,
         provider_code, commissioner_code, specialty_code, pod, hrg, discharge_date, financial_year,
         price_year, price_pence, unpriced_reason
  FROM unbundled),
every AS (
  SELECT kind, CASE WHEN LEFT(spell_id, LENGTH(stem)) = stem THEN SUBSTRING(spell_id, LENGTH(stem) + 1)
                    END AS spell_number,
         practice_code, provider_code, commissioner_code, specialty_code, pod, hrg, discharge_date,
         CAST(DATE_TRUNC('month', discharge_date) AS DATE) AS month, financial_year, price_year,
         1 AS n_activity, price_pence, price_pence AS pence, unpriced_reason
  FROM stays
  UNION ALL
  SELECT 'attendances' AS kind, NULL AS spell_number, practice_code, provider_code, commissioner_code,
         specialty_code, pod, hrg, NULL AS discharge_date, month, financial_year, price_year,
         n_activity, price_pence, pence, unpriced_reason
  FROM priced_outpatients
  UNION ALL
  SELECT 'attendances' AS kind, NULL AS spell_number, practice_code, provider_code, commissioner_code,
         specialty_code, pod, hrg, NULL AS discharge_date, month, financial_year, price_year,
         n_activity, price_pence, pence, unpriced_reason
  FROM priced_emergency)
SELECT practice_code, pod, kind, spell_number, provider_code, commissioner_code, specialty_code, hrg,
       discharge_date, month, financial_year, price_year, CAST(n_activity AS BIGINT) AS n_activity,
       CAST(price_pence AS BIGINT) AS price_pence, CAST(pence AS BIGINT) AS pence, unpriced_reason
FROM every
WHERE COALESCE(unpriced_reason, '') NOT IN ('private_patient', 'excluded', 'open_spell',
                                            'regular_attender', 'outside_scope', 'not_attended')
