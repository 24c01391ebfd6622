-- One row per practice, provider, specialty, month, event, kind, source, point of delivery, sex and
-- age: what was asked of hospitals (domain 5.5). Referrals count by the day they were received,
-- appointments and A&E by their day, stays by their discharge, as they are paid. What a row does not
-- say is unknown; where an event knows no kind, source or point of delivery, it is none.
WITH elective_starts AS (
  -- Who started an elective stay is who referred to the last attendance of the same patient in the
  -- same specialty in the year and a half before.
  SELECT s.spell_id, o.referral_source,
         ROW_NUMBER() OVER (PARTITION BY s.spell_id
           ORDER BY o.appointment_date DESC, o.referral_source NULLS LAST) AS place
  FROM spells AS s
  JOIN outpatients AS o ON o.person_id = s.person_id AND o.specialty_code = s.specialty_code
    AND o.attended IN ('5', '6')
    AND DATE_DIFF('day', o.appointment_date, s.admission_date) BETWEEN 0 AND 548
  WHERE s.pod IN ('DC', 'EL')),
appointments AS (
  SELECT *, procedures IS NOT NULL AND procedures <> '' AS has_procedure,
         CASE WHEN attended IN ('5', '6') THEN 'attendance'
              WHEN attended IN ('3', '7') THEN 'missed'
              WHEN attended IN ('2', '4') THEN 'cancelled' ELSE 'unresolved' END AS event,
         CASE attendance_type WHEN '1' THEN 'first' WHEN '2' THEN 'follow_up'
              WHEN '3' THEN 'first_by_telephone' WHEN '4' THEN 'follow_up_by_telephone'
              WHEN '5' THEN 'administrative' ELSE 'unknown' END AS kind
  FROM outpatients),
stays AS (
  SELECT s.*, e.referral_source,
         CASE WHEN s.pod IN ('DC', 'EL') THEN e.referral_source
              WHEN s.pod = 'NEL' THEN
                CASE WHEN s.admission_method IN ('21', '2A') THEN '04'
                     WHEN s.admission_method = '22' THEN '03'
                     WHEN s.admission_method = '24' THEN '05' ELSE '97' END
              WHEN s.pod = 'NELNE' THEN '97' END AS start_code
  FROM spells AS s
  LEFT JOIN elective_starts AS e ON e.spell_id = s.spell_id AND e.place = 1
  WHERE COALESCE(s.administrative_category, '') <> '02'),
priced AS (
  SELECT *, unpriced_reason IS NULL AS is_priced
  FROM priced_spells
  WHERE COALESCE(is_reported, TRUE)
    AND COALESCE(unpriced_reason, '') NOT IN ('private_patient', 'excluded', 'open_spell',
                                              'regular_attender', 'outside_scope')),
every AS (
  SELECT practice_code, provider_code, specialty_code, request_date AS day, 'referral' AS event,
         CASE priority WHEN '1' THEN 'routine' WHEN '2' THEN 'urgent' WHEN '3' THEN 'two_weeks'
              ELSE 'unknown' END AS kind,
         COALESCE(referral_source, '') AS start_code, 'none' AS pod, sex, age_years, 0 AS n_days
  FROM referrals
  UNION ALL
  SELECT practice_code, provider_code, specialty_code, appointment_date AS day, event, kind,
         COALESCE(referral_source, '') AS start_code, 'none' AS pod, sex, age_years, 0 AS n_days
  FROM appointments
  UNION ALL
  SELECT practice_code, provider_code, specialty_code, appointment_date AS day,
         'procedure' AS event, kind, COALESCE(referral_source, '') AS start_code, 'none' AS pod,
         sex, age_years, 0 AS n_days
  FROM appointments
  WHERE event = 'attendance' AND has_procedure
  UNION ALL
  SELECT practice_code, provider_code, specialty_code, arrival_date AS day,
         CASE WHEN attendance_category = '2' THEN 'ae_follow_up' ELSE 'ae_attendance' END AS event,
         CASE WHEN disposal IN ('01', '1') THEN 'admitted'
              WHEN disposal IN ('98', '99') OR disposal IS NULL THEN 'unknown'
              ELSE 'not_admitted' END AS kind,
         NULL AS start_code, 'none' AS pod, sex, age_years, 0 AS n_days
  FROM emergency_attendances
  UNION ALL
  SELECT practice_code, provider_code, specialty_code, discharge_date AS day,
         'admission' AS event,
         CASE WHEN los_days = 0 THEN 'zero_days' WHEN los_days > 0 THEN 'with_nights'
              ELSE 'unknown' END AS kind,
         COALESCE(start_code, '') AS start_code, COALESCE(pod, 'unknown') AS pod, sex, age_years,
         GREATEST(0, COALESCE(los_days, 0)) AS n_days
  FROM stays
  UNION ALL
  SELECT practice_code, provider_code, specialty_code, discharge_date AS day,
         CASE WHEN is_priced THEN 'priced_stay' ELSE 'unpriced_stay' END AS event,
         CASE WHEN NOT is_priced THEN 'none' WHEN excess_bed_days > 0 THEN 'beyond_trim'
              ELSE 'within_trim' END AS kind,
         NULL AS start_code, COALESCE(pod, 'unknown') AS pod, sex, age_years,
         CASE WHEN is_priced THEN COALESCE(excess_bed_days, 0) ELSE 0 END AS n_days
  FROM priced),
started AS (
  SELECT *, COALESCE(specialty_code, 'unknown') AS specialty,
         CAST(DATE_TRUNC('month', day) AS DATE) AS month,
         CASE WHEN start_code IS NULL THEN 'none' WHEN start_code = '03' THEN 'gp'
              WHEN start_code = '05' THEN 'consultant'
              WHEN start_code IN ('01', '02', '11') THEN 'same_consultant'
              WHEN start_code IN ('04', '10') THEN 'emergency_department'
              WHEN start_code IN ('92', '93') THEN 'dentist' WHEN start_code = '06' THEN 'self'
              WHEN start_code IN ('07', '12', '13', '14', '15', '16', '17', '97') THEN 'other'
              ELSE 'unknown' END AS source
  FROM every)
SELECT practice_code, provider_code, specialty AS specialty_code, month, event, kind, source, pod, sex,
       age_years, COUNT(*) AS n_events, CAST(SUM(n_days) AS BIGINT) AS n_days,
       CAST(SUM(n_days * n_days) AS BIGINT) AS n_square_days
FROM started
GROUP BY practice_code, provider_code, specialty, month, event, kind, source, pod, sex, age_years
